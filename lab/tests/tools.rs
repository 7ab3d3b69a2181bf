//! What the README of `notebooks/programs/12-tools` says of the plain test and of loom is what they say.

use lab::home::Home;
use lab::template::without_callers_cargo;
use lab::toolchain::Toolchain;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Long enough to compile loom on a busy machine.
const LIMIT: Duration = Duration::from_secs(300);

fn folder() -> PathBuf {
    let home = Home::of_this_program().expect("the repository");
    home.root.join("notebooks/programs/12-tools")
}

/// Whether the package's tests pass, and what they say. Its lock file has only what the repository's
/// has, so nothing is fetched that was not fetched for this test.
fn test(name: &str, flags: &str) -> (bool, String) {
    let home = Home::of_this_program().expect("the repository");
    let toolchain = Toolchain::find(&home).expect("a toolchain");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tools");
    let mut output = tempfile::NamedTempFile::new().expect("a temporary file");
    let mut file = || output.as_file_mut().try_clone().expect("a descriptor");
    let mut cargo = Command::new(toolchain.bin().join("cargo"));
    without_callers_cargo(&mut cargo);
    cargo
        .args(["test", "--locked", "--test", name])
        .current_dir(folder())
        .env("CARGO_TARGET_DIR", target)
        .env("RUSTC", toolchain.bin().join("rustc"))
        .env("RUSTFLAGS", flags)
        .env("RUST_BACKTRACE", "0")
        .env("LOOM_LOCATION", "1")
        .stdin(Stdio::null())
        .stdout(file())
        .stderr(file())
        .process_group(0);
    let mut child = cargo.spawn().expect("cargo starts");
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break Some(status);
        }
        if started.elapsed() > LIMIT {
            let group = i32::try_from(child.id()).expect("a process id");
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
            let _ = child.wait();
            break None;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let said = std::fs::read_to_string(output.path()).expect("a text");
    let status = status.unwrap_or_else(|| panic!("no end in {LIMIT:?}: {said}"));
    (status.success(), said)
}

/// Each line has been said, and is quoted.
fn quoted(said: &str, lines: &[&str]) {
    let readme = std::fs::read_to_string(folder().join("README.md")).expect("a README");
    for line in lines {
        assert!(said.contains(line), "{line} is not said: {said}");
        assert!(readme.contains(line), "{line} is not quoted");
    }
}

#[test]
fn ten_thousand_runs_find_nothing() {
    let (passed, said) = test("many_runs", "");
    assert!(passed, "{said}");
    quoted(&said, &["test broken ... ok", "test right ... ok"]);
}

#[test]
fn loom_finds_the_broken_lock_and_passes_the_right_one() {
    let (passed, said) = test("every_order", "--cfg loom");
    assert!(!passed, "{said}");
    let lines = [
        "test broken ... FAILED",
        "test right ... ok",
        "Causality violation: Concurrent write accesses to `UnsafeCell`.",
        "      created: src/lib.rs:48:49",
        "    write one: thread #1 @ src/lib.rs:41:18",
        "    write two: thread #2 @ src/lib.rs:41:18",
        "test result: FAILED. 1 passed; 1 failed; ",
    ];
    quoted(&said, &lines);
}
