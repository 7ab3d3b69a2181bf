//! `cargo lab install`: an installation that is read-only and another's, without the clone that it was
//! made from, and what its users leave behind.

use end_to_end::commands::{BoundedOutput, Ran, run, run_within};
use end_to_end::processes::{wait_until, wait_until_begun, with_variable};
use end_to_end::{at_exit, cargo_lab, repository, said};
use nix::unistd::Uid;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// As notebooks name it.
const NAME: &str = "rust";

/// For an installation, most of it for compiling `support`, on a busy machine.
const INSTALLING: Duration = Duration::from_secs(1800);

/// Starts a kernel as Jupyter does, runs the cells of its first argument, and writes what came of each
/// as JSON, with the bytes that the user's folders take while the kernel runs.
const CLIENT: &str = r#"
import json, os, sys, time
from jupyter_client.manager import start_new_kernel

def size(folder):
    found = 0
    for here, folders, files in os.walk(folder):
        for name in folders + files:
            found += os.lstat(os.path.join(here, name)).st_blocks * 512
    return found

began = time.monotonic()
manager, client = start_new_kernel(kernel_name="rust", startup_timeout=300)
told = {"info": client.kernel_info(reply=True, timeout=60)["content"]["language_info"], "cells": []}
for source in json.loads(sys.argv[1]):
    cell = {"text": "", "kinds": []}
    def hear(message):
        content = message["content"]
        cell["text"] += content.get("text", "") + "\n".join(content.get("traceback", []))
        cell["kinds"] += content.get("data", {})
    reply = client.execute_interactive(source, timeout=600, output_hook=hear)
    cell["status"] = reply["content"]["status"]
    cell["seconds"] = time.monotonic() - began
    told["cells"].append(cell)
told["temporary"] = size(os.environ["TMPDIR"])
client.stop_channels()
manager.shutdown_kernel()
told["left"] = {name: os.listdir(os.environ[name]) for name in ["TMPDIR", "HOME"]}
print("TOLD", json.dumps(told))
"#;

/// An installation, and the folder that it is in.
pub struct Installed {
    folder: PathBuf,
    /// What the command said.
    words: String,
}

/// The one of all tests, users of a hub's among them: it takes minutes, and a gigabyte.
pub fn shared() -> &'static Installed {
    static SHARED: OnceLock<Installed> = OnceLock::new();
    extern "C" fn remove() {
        if let Some(installed) = SHARED.get() {
            let _ = fs::remove_dir_all(&installed.folder);
        }
    }
    SHARED.get_or_init(|| {
        at_exit(remove);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path(), open).expect("a folder");
        let mut installed = Installed {
            folder: folder.keep(),
            words: String::new(),
        };
        let started = Instant::now();
        let ran = run_within(INSTALLING, &mut installed.command(), "");
        assert!(ran.passed, "{}", ran.said);
        eprintln!("installed after {:?}: {}", started.elapsed(), ran.said);
        installed.words = ran.said;
        installed
    })
}

impl Installed {
    pub fn prefix(&self) -> PathBuf {
        self.folder.join("prefix")
    }

    fn all(&self) -> PathBuf {
        self.prefix().join("lib/rust-notebooks").join(NAME)
    }

    /// The numbers of the installations that are there.
    fn numbers(&self) -> Vec<String> {
        let entries = fs::read_dir(self.all()).expect("a folder").flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut numbers: Vec<_> = names.filter(|name| name.parse::<u64>().is_ok()).collect();
        numbers.sort();
        numbers
    }

    /// The program itself: one test has cargo find nothing.
    fn command(&self) -> Command {
        let mut command = Command::new(repository().join("target/debug/lab"));
        lab::template::without_callers_cargo(&mut command);
        command.args(["install", "--name", NAME, "--prefix"]);
        command.arg(self.prefix());
        command
    }
}

/// Who uses it: another user than its owner where root runs the tests, and in a view of the file system
/// without the clone, without root's home, and with a prefix that nobody can write to.
struct User {
    id: u32,
    home: PathBuf,
}

impl User {
    fn new(installed: &Installed, id: u32) -> User {
        let home = installed.folder.join(format!("home-{id}"));
        fs::create_dir_all(home.join("tmp")).expect("a writable folder");
        fs::create_dir_all(home.join("own")).expect("a writable folder");
        if Uid::effective().is_root() {
            for folder in [&home, &home.join("tmp"), &home.join("own")] {
                std::os::unix::fs::chown(folder, Some(id), Some(id)).expect("root");
            }
        }
        User { id, home }
    }

    /// Runs cells in a kernel of its own, and tells what it saw.
    fn runs(&self, installed: &Installed, cells: &[&str]) -> Value {
        let root = repository();
        let environment = lab::home::Home::at(&root).expect("a repository");
        let environment = lab::environment::Environment::existing(&environment);
        let python = environment.program("python");
        let mut command = Command::new("bwrap");
        command.args(["--dev-bind", "/", "/", "--die-with-parent"]);
        let own = std::env::home_dir().expect("a home");
        let interpreter = python.canonicalize().expect("a Python");
        let mut shown = vec![environment.prefix.clone()];
        if Uid::effective().is_root() {
            command.args(["--cap-add", "ALL"]);
        }
        command.args(["--perms", "0755", "--tmpfs"]).arg(&own);
        if let Ok(below) = interpreter.strip_prefix(&own) {
            shown.push(own.join(below.components().next().expect("a folder")));
        }
        command.args(["--perms", "0755", "--tmpfs"]).arg(&root);
        for folder in shown {
            command.arg("--ro-bind").arg(&folder).arg(&folder);
        }
        let prefix = installed.prefix();
        command.arg("--ro-bind").arg(&prefix).arg(&prefix).arg("--");
        if Uid::effective().is_root() {
            let id = self.id.to_string();
            command.args(["setpriv", "--clear-groups", "--no-new-privs"]);
            command.args(["--bounding-set", "-all", "--inh-caps", "-all"]);
            command.args(["--reuid", &id, "--regid", &id]);
        }
        command
            .args(["env", "-i", "PYTHONDONTWRITEBYTECODE=1", "LANG=C.UTF-8"])
            .arg("PATH=/usr/local/bin:/usr/bin:/bin")
            .arg(format!("IPYTHONDIR={}", self.home.display()))
            .arg(format!("HOME={}", self.home.join("own").display()))
            .arg(format!("TMPDIR={}", self.home.join("tmp").display()))
            .arg(format!("JUPYTER_RUNTIME_DIR={}", self.home.display()))
            .arg(format!("JUPYTER_PATH={}/share/jupyter", prefix.display()))
            .arg(python)
            .args(["-c", CLIENT, &json!(cells).to_string()])
            .current_dir(&self.home);
        let said = said(&command.bounded_output());
        let told = said.lines().find_map(|line| line.strip_prefix("TOLD "));
        let told = told.unwrap_or_else(|| panic!("user {}: {said}", self.id));
        serde_json::from_str(told).expect("JSON")
    }
}

/// Everything below a folder, and when it was last changed in any way.
fn state(folder: &Path) -> BTreeMap<PathBuf, (u64, i64, i64)> {
    let mut found = BTreeMap::new();
    let mut next = vec![folder.to_owned()];
    while let Some(path) = next.pop() {
        let metadata = path.symlink_metadata().expect("a file");
        if metadata.is_dir() {
            let entries = fs::read_dir(&path).expect("a folder").flatten();
            next.extend(entries.map(|entry| entry.path()));
        }
        let state = (metadata.len(), metadata.ctime(), metadata.ctime_nsec());
        found.insert(path, state);
    }
    found
}

const SETS_UP: &str = ":dep support = { path = \"../support\" }\nuse support::prelude::*;";
const DRAWS: &str = "let trace = Trace::new();\nlet thread = trace.spawn(\"thread\", |trace| trace.busy(Duration::from_millis(5)));\ntrace.join(thread).unwrap();\ntrace.timeline()";
const FORKS: &str = "use nix::unistd::{ForkResult, fork};\nuse nix::sys::wait::waitpid;\nmatch unsafe { fork() }.unwrap() {\n    ForkResult::Child => { println!(\"child\"); std::process::exit(0); }\n    ForkResult::Parent { child } => { waitpid(child, None).unwrap(); println!(\"parent\"); }\n};";

#[test]
fn users_of_an_installation_change_nothing_in_it_and_keep_nothing_of_it() {
    let installed = shared();
    let words = &installed.words;
    for part in [
        "JUPYTER_PATH=",
        "/share/jupyter",
        "To remove it: rm -r ",
        "cp -r",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let before = state(&installed.prefix());

    // Two at once, one of them with a crate of their own.
    let users = [91234, 91235].map(|id| User::new(installed, id));
    let own = users[0].home.join("own-crate");
    fs::create_dir_all(own.join("src")).expect("a writable folder");
    let manifest = "[package]\nname = \"own-crate\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    fs::write(own.join("Cargo.toml"), manifest).expect("a writable folder");
    fs::write(own.join("src/lib.rs"), "pub fn seven() -> u32 { 7 }").expect("a writable folder");
    let adds = ":dep own-crate = { path = \"own-crate\" }\nprintln!(\"{}\", own_crate::seven());";
    let cells = [SETS_UP, DRAWS, FORKS, adds];
    let both = std::thread::scope(|scope| {
        let first = scope.spawn(|| users[0].runs(installed, &cells));
        let second = users[1].runs(installed, &cells[..3]);
        [first.join().expect("what user 0 was told"), second]
    });
    for (user, told) in users.iter().zip(both) {
        let cells = told["cells"].as_array().expect("a list");
        for cell in cells {
            assert_eq!(cell["status"], "ok", "{cell:#}");
        }
        let kinds = cells[1]["kinds"].as_array().expect("a list");
        assert!(kinds.contains(&"image/svg+xml".into()), "{:#}", cells[1]);
        assert_eq!(cells[2]["text"], "child\nparent\n");
        if let Some(cell) = cells.get(3) {
            assert_eq!(cell["text"], "7\n", "support was compiled again: {cell:#}");
        }
        // A notebook that names this kernel has in it what JupyterLab writes: nothing differs.
        assert_eq!(told["info"], lab::kernelspec::language_info());
        eprintln!(
            "user {}: first picture after {:.1} s, {} MB of temporary files",
            user.id,
            cells[1]["seconds"].as_f64().expect("a number"),
            told["temporary"].as_u64().expect("a number") / 1_000_000
        );
        // Copies of the libraries would be four times that.
        assert!(told["temporary"].as_u64() < Some(128_000_000), "{told:#}");
        assert_eq!(told["left"], json!({"TMPDIR": [], "HOME": []}));
    }
    assert_eq!(state(&installed.prefix()), before);
    let hidden = installed.all().join("current/notebooks/assignments");
    assert!(!hidden.exists(), "students would read the hidden tests");

    // One that is killed leaves the first in use; and so does one that fails, which also tidies up.
    let mut killed = installed.command();
    let mut killed = killed
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program");
    wait_until_begun("another installation has begun", || {
        installed.numbers().len() == 2
    });
    killed.kill().expect("a child");
    killed.wait().expect("a child");
    wait_until("nobody holds the killed one's lock", || {
        let lock = fs::File::open(installed.all().join("lock")).expect("a file");
        lock.try_lock().is_ok()
    });
    let empty = tempfile::tempdir().expect("a temporary folder");
    let mut fails = installed.command();
    fails
        .env("CARGO_HOME", empty.path())
        .env("CARGO_NET_OFFLINE", "true");
    let ran = run_within(INSTALLING, &mut fails, "");
    assert!(!ran.passed, "{}", ran.said);
    assert_eq!(installed.numbers(), ["1"]);
    let current = fs::read_link(installed.all().join("current")).expect("a link");
    assert_eq!(current, Path::new("1"));
    let told = users[1].runs(installed, &["println!(\"{}\", 6 * 7)"]);
    assert_eq!(told["cells"][0]["text"], "42\n");
    let mark = users[1].home.join("tmp");
    assert!(with_variable("TMPDIR", &mark.to_string_lossy()).is_empty());
}

#[test]
fn a_place_that_is_none_is_refused_in_one_sentence() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let prefix = folder.path().join("prefix");
    let stock = prefix.join("share/jupyter/kernels/rust");
    fs::create_dir_all(&stock).expect("a writable folder");
    fs::write(stock.join("kernel.json"), "{}").expect("a writable folder");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("a writable folder");
    let at = |path: &Path| path.to_string_lossy().into_owned();
    for (arguments, sentence) in [
        (
            vec!["--prefix".into(), at(&repository().join("target"))],
            "is in the repository",
        ),
        (
            vec!["--prefix".into(), at(&file)],
            "install as its owner, or choose another folder",
        ),
        (
            vec![
                "--prefix".into(),
                at(&prefix),
                "--name".into(),
                "rust".into(),
            ],
            "is another program's kernel: choose another --name",
        ),
        (
            vec![
                "--prefix".into(),
                at(&prefix),
                "--name".into(),
                "a/b".into(),
            ],
            "is no name for a kernelspec",
        ),
        (vec![], "required"),
        (
            vec!["--prefix".into(), at(&prefix), "--user".into()],
            "cannot be used with",
        ),
    ] {
        let mut command = cargo_lab(&["install"]);
        command.args(&arguments);
        let Ran {
            passed,
            said: words,
        } = run(&mut command, "");
        assert!(
            !passed && words.contains(sentence),
            "{arguments:?}: {words}"
        );
        if words.starts_with("cargo lab: ") {
            assert_eq!(words.trim().lines().count(), 1, "{words}");
        }
    }
    assert!(!prefix.join("lib").exists());
}
