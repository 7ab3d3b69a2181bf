//! A cell compiled by rustc alone is, for evcxr, one that cargo has compiled.

use lab::home::Home;
use lab::installed::Installed;
use lab::toolchain::Toolchain;
use lab::{shims, stock};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A kernel's folder with a program that depends on nothing.
struct Folder {
    place: tempfile::TempDir,
    toolchain: Toolchain,
}

impl Folder {
    fn new() -> Folder {
        let home = Home::of_this_program().expect("the repository");
        let toolchain = Toolchain::find(&home).expect("a toolchain");
        let place = tempfile::tempdir().expect("a temporary folder");
        let installed = Installed {
            toolchain: toolchain.clone(),
            evcxr: PathBuf::new(),
            rust_src: PathBuf::new(),
            launcher: env!("CARGO_BIN_EXE_lab").into(),
            python: PathBuf::new(),
            cargo_home: PathBuf::new(),
            template: None,
        };
        let settings = shims::Settings::new(&installed, place.path().join("answers"));
        shims::write(place.path(), &settings).expect("a writable folder");
        let folder = Folder { place, toolchain };
        folder.write("build/Cargo.toml", &stock::manifest("0", ""));
        // A lock file that names `support` is whole: nothing is put back.
        folder.write("Cargo.lock", "version = 4\n");
        folder
    }

    fn path(&self) -> &Path {
        self.place.path()
    }

    fn write(&self, name: &str, text: &str) {
        let file = self.path().join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a writable folder");
        std::fs::write(file, text).expect("a writable folder");
    }

    /// Compiles `source`, as evcxr asks the kernel's `cargo` to.
    fn build(&self, source: &str, variables: &[(&str, &str)]) -> Build {
        self.write(&format!("build/{}", stock::SOURCE), source);
        self.build_again("build", variables)
    }

    /// Compiles what stands there.
    fn build_again(&self, command: &str, variables: &[(&str, &str)]) -> Build {
        let log = self.path().join("log");
        let _ = std::fs::remove_file(&log);
        let mut cargo = Command::new(self.path().join("bin/cargo"));
        lab::template::without_callers_cargo(&mut cargo);
        let output = cargo
            .args(stock::cargo_arguments(command, self.toolchain.host()))
            .current_dir(self.path().join("build"))
            .env(stock::variables::BUILD, self.path().join("build"))
            .env("CARGO_TARGET_DIR", stock::TARGET)
            .env("CARGO_BUILD_BUILD_DIR", stock::TARGET)
            .env("RUSTC", self.toolchain.bin().join("rustc"))
            .env("RUSTFLAGS", stock::rust_flags())
            .env_remove(shims::ALWAYS)
            .env(shims::LOG, &log)
            .envs(variables.iter().copied())
            .output()
            .expect("the kernel's cargo starts");
        let line = std::fs::read_to_string(&log).expect("a line in the log");
        let line: Value = serde_json::from_str(line.trim()).expect("one line");
        let how = line["how"].as_str().unwrap_or_default().to_owned();
        Build { how, output }
    }

    /// Takes the library away, as evcxr does.
    fn take_library(&self) -> Vec<u8> {
        let folder = self.path().join("build").join(stock::TARGET);
        let file = folder
            .join(self.toolchain.host())
            .join("debug")
            .join(stock::LIBRARY);
        let bytes = std::fs::read(&file).expect("a library where cargo puts it");
        std::fs::remove_file(&file).expect("a library");
        bytes
    }
}

struct Build {
    how: String,
    output: Output,
}

impl Build {
    /// cargo's messages, without what differs from run to run.
    fn messages(&self) -> Vec<Value> {
        let text = String::from_utf8_lossy(&self.output.stdout);
        let messages = text.lines().map(|line| {
            let mut message: Value = serde_json::from_str(line).expect("a message");
            // Only cargo can tell whether it had to do something.
            message.as_object_mut().expect("an object").remove("fresh");
            message
        });
        messages.collect()
    }

    /// What cargo says to people when it could not compile.
    fn complaint(&self) -> String {
        let text = String::from_utf8_lossy(&self.output.stderr);
        let lines = text.lines().filter(|line| line.starts_with("error"));
        lines.collect::<Vec<_>>().join("\n")
    }
}

const FIRST: &str = "#[unsafe(no_mangle)] pub extern \"C\" fn first() {}";
const CELLS: [(&str, &str); 7] = [
    (
        "good",
        "#[unsafe(no_mangle)] pub extern \"C\" fn second() {}",
    ),
    ("a warning", "pub fn f() { let unused = 1; }"),
    (
        "an error with notes",
        "pub fn f() -> String { let a = vec![1]; drop(a); a.len(); 5 }",
    ),
    (
        "errors and warnings",
        "pub fn f() { let a = 1; nosuch(); other(); }\nfn g() { let b = 2; }",
    ),
    ("no syntax", "pub fn f( {"),
    (
        "beyond ASCII",
        "pub fn f() { let grüße: &str = \"世界\"; let n: i32 = grüße; }",
    ),
    (
        "an error in a macro",
        "pub fn f() { println!(\"{}\", missing); assert_eq!(1, \"a\"); }",
    ),
];

#[test]
fn it_says_and_makes_what_cargo_would() {
    let folder = Folder::new();
    assert_eq!(folder.build(FIRST, &[]).how, "cargo");
    folder.take_library();
    for (name, source) in CELLS {
        let direct = folder.build(source, &[]);
        assert_eq!(direct.how, "direct", "{name}");
        let made = direct
            .output
            .status
            .success()
            .then(|| folder.take_library());
        let by_cargo = folder.build(source, &[(shims::ALWAYS, "1")]);
        assert_eq!(by_cargo.how, "cargo", "{name}");
        assert_eq!(direct.messages(), by_cargo.messages(), "{name}");
        assert_eq!(direct.output.status, by_cargo.output.status, "{name}");
        assert_eq!(direct.complaint(), by_cargo.complaint(), "{name}");
        if let Some(made) = made {
            assert!(made == folder.take_library(), "{name}: another library");
        }
    }
}

#[test]
fn a_check_says_what_a_build_would_and_makes_nothing() {
    let folder = Folder::new();
    folder.build(FIRST, &[]);
    folder.take_library();
    let file = format!("build/{}", stock::SOURCE);
    for (name, source) in CELLS.into_iter().filter(|(name, _)| *name != "good") {
        folder.write(&file, source);
        let checked = folder.build_again("check", &[]);
        assert_eq!(checked.how, "direct", "{name}");
        let said = |build: &Build| -> Vec<Value> {
            let all = build.messages().into_iter();
            all.filter(|message| message["reason"] == "compiler-message")
                .collect()
        };
        let built = folder.build(source, &[]);
        assert_eq!(said(&checked), said(&built), "{name}");
    }
    folder.write(&file, "pub fn good() {}");
    assert!(folder.build_again("check", &[]).output.status.success());
    // Only the build makes a library.
    folder.build("pub fn good() {}", &[]);
    folder.take_library();
}

#[test]
fn a_cell_that_does_not_compile_is_compiled_once() {
    let folder = Folder::new();
    folder.build(FIRST, &[]);
    let failed = folder.build("pub fn f() { nosuch() }", &[]);
    let again = folder.build_again("build", &[]);
    assert_eq!((&*failed.how, &*again.how), ("direct", "repeated"));
    assert_eq!(failed.messages(), again.messages());
    assert_eq!(failed.output.stderr, again.output.stderr);
    // Written anew, it may be about files that are there by now.
    let later = folder.build("pub fn f() { nosuch() }", &[]);
    assert_eq!(later.how, "direct");
}

#[test]
fn whatever_else_has_changed_is_for_cargo() {
    let folder = Folder::new();
    folder.build(FIRST, &[]);
    let mut number = 0;
    let mut how = |variables: &[(&str, &str)]| {
        number += 1;
        folder
            .build(&format!("pub const N: i32 = {number};"), variables)
            .how
    };
    assert_eq!(how(&[]), "direct");
    // The environment, and back.
    assert_eq!(how(&[("SOMETHING", "else")]), "cargo");
    assert_eq!(how(&[("SOMETHING", "else")]), "direct");
    assert_eq!(how(&[]), "direct");
    // A wrapper of the reader's own stands before rustc.
    let wrapper = folder.path().join("wrapper");
    std::fs::write(&wrapper, "#!/bin/sh\nexec \"$@\"\n").expect("a writable folder");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&wrapper, mode).expect("a file");
    let wrapper = wrapper.to_string_lossy().into_owned();
    for _ in 0..2 {
        assert_eq!(how(&[("RUSTC_WRAPPER", &wrapper)]), "cargo");
    }
    // The manifest.
    folder.write("build/Cargo.toml", &stock::manifest("1", ""));
    assert_eq!(how(&[]), "cargo");
    assert_eq!(how(&[]), "direct");
    // cargo's configuration.
    folder.write("build/.cargo/config.toml", "[build]\njobs = 1\n");
    assert_eq!(how(&[]), "cargo");
    assert_eq!(how(&[]), "direct");
}

#[test]
fn a_local_dependency_is_looked_at() {
    let folder = Folder::new();
    folder.write(
        "own/Cargo.toml",
        "[package]\nname = \"own\"\nedition = \"2024\"\n",
    );
    folder.write("own/src/lib.rs", "pub fn number() -> i32 { 1 }");
    let own = stock::dependency("own", &folder.path().join("own"));
    folder.write("build/Cargo.toml", &stock::manifest("0", &own));
    let mut number = 0;
    let mut how = || {
        number += 1;
        let source = format!("pub fn n() -> i32 {{ own::number() + {number} }}");
        let build = folder.build(&source, &[]);
        assert!(build.output.status.success(), "{:?}", build.output);
        build.how
    };
    assert_eq!([how(), how()], ["cargo", "direct"]);
    folder.write("own/src/lib.rs", "pub fn number() -> i32 { 20 }");
    assert_eq!([how(), how()], ["cargo", "direct"]);
    // What a build script depends on only cargo knows.
    folder.write("own/build.rs", "fn main() {}");
    folder.write("own/src/lib.rs", "pub fn number() -> i32 { 300 }");
    assert_eq!([how(), how()], ["cargo", "cargo"]);
}

#[test]
fn what_a_local_dependency_is_made_of_is_looked_at() {
    let folder = Folder::new();
    let manifest = "[package]\nname = \"own\"\nedition = \"2024\"\n\
                    [dependencies]\nbelow = { path = \"below\" }\n";
    folder.write("own/Cargo.toml", manifest);
    folder.write(
        "own/src/lib.rs",
        "pub fn number() -> i32 { below::number() }",
    );
    folder.write(
        "own/below/Cargo.toml",
        "[package]\nname = \"below\"\nedition = \"2024\"\n",
    );
    folder.write("own/below/src/lib.rs", "pub fn number() -> i32 { 1 }");
    let own = stock::dependency("own", &folder.path().join("own"));
    folder.write("build/Cargo.toml", &stock::manifest("0", &own));
    let how = |number: i32| {
        let source = format!("pub fn n() -> i32 {{ own::number() + {number} }}");
        let build = folder.build(&source, &[]);
        assert!(build.output.status.success(), "{:?}", build.output);
        build.how
    };
    assert_eq!([how(1), how(2)], ["cargo", "direct"]);
    folder.write("own/below/src/lib.rs", "pub fn number() -> i32 { 20 }");
    assert_eq!([how(3), how(4)], ["cargo", "direct"]);
}

#[test]
fn a_compiler_that_is_killed_is_no_verdict() {
    let folder = Folder::new();
    folder.build(FIRST, &[]);
    // rustc calls the linker, which kills it.
    let linker = folder.path().join("linker");
    std::fs::write(&linker, "#!/bin/sh\nkill -9 $PPID\n").expect("a writable folder");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&linker, mode).expect("a file");
    let path = format!(
        "{}:{}",
        folder.path().join("own-bin").display(),
        std::env::var("PATH").expect("a PATH")
    );
    std::fs::create_dir(folder.path().join("own-bin")).expect("a writable folder");
    std::os::unix::fs::symlink(&linker, folder.path().join("own-bin/cc")).expect("a link");
    // The first build in this environment is cargo's; its command is not kept, as it failed.
    let killed = folder.build("pub const N: i32 = 1;", &[("PATH", &path)]);
    assert!(!killed.output.status.success());
    let complaint = killed.complaint();
    assert!(
        complaint.starts_with("error: could not compile `ctx` (lib)"),
        "{complaint}"
    );
    // The same text in the usual environment: nothing is repeated.
    let built = folder.build_again("build", &[]);
    assert_eq!(
        (&*built.how, built.output.status.success()),
        ("direct", true)
    );
}
