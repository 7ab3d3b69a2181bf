//! Where the set-up takes evcxr_jupyter from: with tools that bring it, fail, or bring a program that
//! does not run here. Nothing is downloaded or compiled: the tools are scripts, and write down how
//! they were called.

use end_to_end::processes::wait_until;
use lab::evcxr::{self, Tools, VERSION, Wanted};
use lab::home::Home;
use lab::toolchain::Toolchain;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;
use tempfile::TempDir;

/// A repository and a machine of its own.
struct Machine {
    folder: TempDir,
    tools: Tools,
}

/// A program that a tool may bring.
#[derive(Clone, Copy)]
enum Program {
    /// Plays evcxr_jupyter of a version.
    Evcxr(&'static str),
    /// For another processor.
    Foreign,
    /// Ends with a complaint.
    Broken,
    /// Says nothing.
    Silent,
}

/// What a tool does.
#[derive(Clone, Copy)]
enum Tool {
    Brings(Program),
    Fails,
}

use Program::{Broken, Evcxr, Foreign, Silent};
use Tool::{Brings, Fails};

const RIGHT: Program = Evcxr(VERSION);

impl Machine {
    fn new() -> Machine {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = |name: &str| {
            let place = folder.path().join(name);
            fs::create_dir_all(&place).expect("a writable folder");
            place
        };
        fs::write(place("clone/support").join("Cargo.toml"), "").expect("a writable folder");
        place("clone/.lab");
        let tools = Tools {
            path: place("bin").into(),
            cargo_home: Some(place("cargo")),
            conda_prefix: None,
            conda: None,
            patience: Duration::from_secs(60),
        };
        Machine { folder, tools }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn home(&self) -> Home {
        Home::at(&self.path("clone")).expect("a repository")
    }

    /// Puts a program at a place, which writes each of its runs down.
    fn put(&self, program: Program, place: &str) -> PathBuf {
        let path = self.path(place);
        let note = self.note(place);
        let text = match program {
            Evcxr(version) => format!(
                "#!/bin/sh\n{note}\nexec '{}' evcxr_jupyter {version} \"$@\"\n",
                env!("CARGO_BIN_EXE_fake-kernel")
            ),
            // An ELF header's first bytes, for a machine that does not exist.
            Foreign => "\u{7f}ELF\u{2}\u{1}\u{1}".to_owned(),
            Broken => "#!/bin/sh\necho 'libodd.so: not found' >&2\nexit 127\n".to_owned(),
            Silent => "#!/bin/sh\n/bin/sleep 600\n".to_owned(),
        };
        write_program(&path, &text);
        path
    }

    /// A tool that fails, or puts a program where its arguments say.
    fn tool(&self, name: &str, place: &str, tool: Tool) {
        let note = self.note(name);
        let text = match tool {
            Fails => format!("#!/bin/sh\n{note}\necho 'no such package' >&2\nexit 1\n"),
            Brings(program) => {
                let brought = self.put(program, &format!("brought-by-{name}"));
                format!(
                    r#"#!/bin/sh
{note}
PATH=/usr/bin:/bin
into={}
while [ $# -gt 0 ]; do
    case $1 in --prefix | --root) into=$2/bin ;; --install-path) into=$2 ;; esac
    shift
done
mkdir -p "$into" && cp '{}' "$into/evcxr_jupyter"
"#,
                    self.path("cargo/bin").display(),
                    brought.display()
                )
            }
        };
        write_program(&self.path(place), &text);
    }

    fn with_conda(mut self, tool: Tool) -> Machine {
        self.tools.conda_prefix = Some(self.path("env"));
        self.tools.conda = Some(self.path("conda"));
        self.tool("conda", "conda", tool);
        self
    }

    fn with_binstall(self, tool: Tool) -> Machine {
        self.tool("binstall", "bin/cargo-binstall", tool);
        self
    }

    fn with_cargo(self, tool: Tool) -> Machine {
        self.tool("cargo", "bin/cargo", tool);
        self
    }

    /// The shell's words that write a call down.
    fn note(&self, name: &str) -> String {
        format!("echo \"{name} $*\" >> '{}'", self.path("calls").display())
    }

    /// What was called since the last look: the tools whose names are asked for.
    fn calls(&self, of: &str) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let calls = calls.lines().filter(|call| call.starts_with(of));
        calls.map(str::to_owned).collect()
    }

    fn set_up(&self, wanted: Wanted) -> (Result<PathBuf, String>, String) {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let toolchain = Toolchain::find(&Home::at(root).expect("the repository"));
        let toolchain = toolchain.expect("a toolchain");
        let said = Mutex::new(String::new());
        let say = |line: &str| {
            let mut said = said.lock().expect("no panic");
            *said += line;
            *said += "\n";
        };
        let found = evcxr::set_up(&self.home(), &toolchain, &self.tools, wanted, &say);
        (
            found.map_err(|error| format!("{error:#}")),
            said.into_inner().expect("no panic"),
        )
    }

    /// Sets up and expects the program at a place, and a line that says so.
    fn expect(&self, place: &str, line: &str) -> String {
        let (found, said) = self.set_up(Wanted::Any);
        let place = self.home().root.parent().expect("a folder").join(place);
        let found = found.expect("a kernel").canonicalize().expect("a file");
        assert_eq!(found, place, "{said}");
        assert!(said.contains(line), "{line:?} is not in: {said}");
        said
    }
}

fn write_program(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a writable folder");
    fs::write(path, text).expect("a writable folder");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a file");
}

#[test]
fn one_that_is_there_is_taken_and_tried_once() {
    for place in [
        "bin/evcxr_jupyter",
        "cargo/bin/evcxr_jupyter",
        "env/bin/evcxr_jupyter",
    ] {
        let machine = Machine::new()
            .with_conda(Fails)
            .with_binstall(Fails)
            .with_cargo(Fails);
        machine.put(RIGHT, place);
        machine.expect(place, "evcxr_jupyter 0.22.0: found at ");
        let tried = machine.calls(place).len();
        assert!(tried > 0);
        let (found, said) = machine.set_up(Wanted::Any);
        assert!(found.is_ok() && said.is_empty(), "{said}");
        assert_eq!(machine.calls(place).len(), tried);
        for tool in ["conda", "binstall", "cargo"] {
            assert_eq!(machine.calls(&format!("{tool} ")), [""; 0]);
        }
    }
}

#[test]
fn another_file_in_its_place_is_tried_again() {
    let machine = Machine::new();
    let place = "bin/evcxr_jupyter";
    machine.put(RIGHT, place);
    machine.expect(place, "found at");
    fs::remove_file(machine.path(place)).expect("a file");
    machine.put(Broken, place);
    let machine = machine.with_cargo(Brings(RIGHT));
    let said = machine.expect(
        "cargo/bin/evcxr_jupyter",
        "it ended instead of answering: libodd.so: not found",
    );
    assert!(said.contains("bin/evcxr_jupyter is not taken"), "{said}");
}

#[test]
fn one_that_does_not_serve_is_passed_over_and_the_screen_says_why() {
    for (program, why) in [
        (
            Evcxr("0.21.1"),
            "it says that it is evcxr_jupyter 0.21.1, not evcxr_jupyter 0.22.0",
        ),
        (Foreign, "it cannot be started: Exec format error"),
        (
            Broken,
            "it ended instead of answering: libodd.so: not found",
        ),
    ] {
        let machine = Machine::new();
        machine.put(program, "bin/evcxr_jupyter");
        machine.put(RIGHT, "cargo/bin/evcxr_jupyter");
        machine.expect("cargo/bin/evcxr_jupyter", why);
    }
}

#[test]
fn one_that_is_silent_is_ended_at_a_limit() {
    let mut machine = Machine::new().with_cargo(Fails);
    let silent = machine.put(Silent, "bin/evcxr_jupyter");
    machine.tools.patience = Duration::from_secs(1);
    let (found, said) = machine.set_up(Wanted::Any);
    assert!(
        found.is_err() && said.contains("it did not answer within 1 s"),
        "{said}"
    );
    let runs = |pid: &Path| {
        let arguments = fs::read(pid.join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&arguments).contains(&*silent.to_string_lossy())
    };
    wait_until("it has ended", || {
        let mut processes = fs::read_dir("/proc").expect("/proc").flatten();
        !processes.any(|process| runs(&process.path()))
    });
}

#[test]
fn an_active_conda_brings_it_from_conda_forge_into_an_environment_of_its_own() {
    let machine = Machine::new()
        .with_conda(Brings(RIGHT))
        .with_binstall(Fails);
    machine.expect(
        "clone/.lab/evcxr-conda/bin/evcxr_jupyter",
        "taken from conda-forge by conda, into ",
    );
    let [call] = &machine.calls("conda ")[..] else {
        panic!("one call");
    };
    assert!(call.contains("create --yes") && call.ends_with("--channel conda-forge evcxr=0.22.0"));
    assert!(machine.calls("binstall ").is_empty());
}

#[test]
fn a_conda_that_is_not_active_is_not_asked() {
    let mut machine = Machine::new()
        .with_conda(Brings(RIGHT))
        .with_binstall(Brings(RIGHT));
    machine.tools.conda_prefix = None;
    machine.expect(
        "clone/.lab/evcxr-binstall/bin/evcxr_jupyter",
        "taken by cargo-binstall, into ",
    );
    assert!(machine.calls("conda ").is_empty());
}

#[test]
fn after_a_tool_that_fails_or_brings_what_does_not_run_here_the_next_is_asked() {
    for (tool, why) in [
        (Fails, "conda has no evcxr_jupyter 0.22.0 for this machine"),
        (Brings(Foreign), "it cannot be started"),
        (
            Brings(Evcxr("0.21.1")),
            "it says that it is evcxr_jupyter 0.21.1",
        ),
    ] {
        let machine = Machine::new()
            .with_conda(tool)
            .with_binstall(Brings(RIGHT))
            .with_cargo(Fails);
        machine.expect("clone/.lab/evcxr-binstall/bin/evcxr_jupyter", why);
        let [call] = &machine.calls("binstall ")[..] else {
            panic!("one call");
        };
        // It would compile too, and as a program is compiled that one uses every day.
        assert!(call.contains("--disable-strategies compile"), "{call}");
        assert!(call.ends_with("evcxr_jupyter@0.22.0"), "{call}");
        assert!(machine.calls("cargo ").is_empty());
    }
    for (tool, why) in [
        (Fails, "cargo-binstall has no evcxr_jupyter 0.22.0"),
        (
            Brings(Broken),
            "it ended instead of answering: libodd.so: not found",
        ),
    ] {
        let machine = Machine::new().with_binstall(tool).with_cargo(Brings(RIGHT));
        machine.expect("cargo/bin/evcxr_jupyter", why);
        assert_eq!(
            machine
                .calls("cargo install --locked evcxr_jupyter --version 0.22.0")
                .len(),
            1
        );
    }
}

#[test]
fn from_source_refuses_binaries_and_what_it_compiled_stays() {
    let machine = Machine::new()
        .with_conda(Brings(RIGHT))
        .with_binstall(Brings(RIGHT))
        .with_cargo(Brings(RIGHT));
    machine.put(RIGHT, "bin/evcxr_jupyter");
    machine.expect("bin/evcxr_jupyter", "found at");
    let own = machine.path("clone/.lab/evcxr/bin/evcxr_jupyter");
    for round in [Wanted::FromSource, Wanted::FromSource, Wanted::Any] {
        let (found, said) = machine.set_up(round);
        assert_eq!(
            found.expect("a kernel"),
            own.canonicalize().expect("a file"),
            "{said}"
        );
    }
    assert_eq!(machine.calls("cargo ").len(), 1);
    assert!(machine.calls("conda ").is_empty() && machine.calls("binstall ").is_empty());
}

#[test]
fn what_cannot_be_compiled_or_does_not_run_then_is_an_error_with_the_log() {
    let (found, _) = Machine::new().with_cargo(Fails).set_up(Wanted::Any);
    let said = found.expect_err("no kernel");
    assert!(said.contains("cargo ended with exit status: 1"), "{said}");
    assert!(
        said.contains("log/evcxr.txt") && said.ends_with("no such package"),
        "{said}"
    );
    let (found, _) = Machine::new()
        .with_cargo(Brings(Broken))
        .set_up(Wanted::Any);
    let said = found.expect_err("no kernel");
    assert!(said.contains("was compiled and does not work"), "{said}");
    assert!(said.contains("libodd.so: not found"), "{said}");
}
