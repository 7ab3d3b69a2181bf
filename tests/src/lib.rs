//! Helpers of the end-to-end tests: the set-up, a kernel to talk to, notebooks to run, processes
//! to look for. They talk to the real kernel through the kernelspec, as Jupyter does.

pub mod books;
pub mod commands;
pub mod kernel;
pub mod lent;
pub mod processes;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The repository, set up by its own command; the first call in a test program does it.
///
/// # Panics
/// When the set-up fails, with what it said.
pub fn repository() -> PathBuf {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .canonicalize()
            .expect("the repository");
        // stderr is not captured: on a new machine this takes minutes and says what it does.
        let status = cargo(&["lab", "setup"], &root).status();
        assert!(status.expect("cargo").success(), "`cargo lab setup` failed");
        root
    })
    .clone()
}

/// Has this done when the test program ends: what tests share is no single test's to tidy up.
pub fn at_exit(work: extern "C" fn()) {
    // SAFETY: the function stays where it is, and unwinds into nothing.
    assert_eq!(unsafe { nix::libc::atexit(work) }, 0);
}

/// A command of the environment that the set-up made.
pub fn tool(name: &str) -> Command {
    let home = lab::home::Home::at(&repository()).expect("the repository");
    lab::environment::Environment::existing(&home).command(name)
}

/// `cargo lab` with arguments.
pub fn cargo_lab(arguments: &[&str]) -> Command {
    let mut command = cargo(&["run", "--quiet", "--package", "lab", "--"], &repository());
    command.args(arguments);
    command
}

/// A cargo of its own: with the variables of the cargo that runs the tests, it would compile some
/// crates anew each time.
pub fn cargo(arguments: &[&str], root: &Path) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).current_dir(root);
    lab::template::without_callers_cargo(&mut command);
    command
}

/// What a command wrote, stdout before stderr.
pub fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
