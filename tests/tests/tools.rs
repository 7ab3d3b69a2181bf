//! The tools that people run notebooks with: each passes on a good notebook and fails on one that
//! panics.

use end_to_end::{books, repository, said, tool};
use std::path::{Path, PathBuf};
use std::process::Command;

const GOOD: [(&str, &[&str]); 2] = [
    ("use support::prelude::*;\nlet x = 20;", &[]),
    ("println!(\"{}\", x + 1);\nassert_eq!(x + 1, 21);", &[]),
];
const PANICS: [(&str, &[&str]); 2] = [("let x = 20;", &[]), ("assert_eq!(x + 1, 22);", &[])];

/// Runs a tool on both notebooks; `command` makes its command line and says where it writes.
fn check(command: impl Fn(&Path, &Path) -> (Command, Option<PathBuf>)) {
    repository();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let good = books::write(folder.path(), "good.ipynb", &GOOD);
    let panics = books::write(folder.path(), "panics.ipynb", &PANICS);
    let (mut on_good, written) = command(&good, folder.path());
    let output = on_good
        .current_dir(folder.path())
        .output()
        .expect("the tool starts");
    assert!(
        output.status.success(),
        "on a good notebook: {}",
        said(&output)
    );
    if let Some(written) = written {
        let text = std::fs::read_to_string(&written).expect("the tool wrote its result");
        assert!(
            text.contains("21\\n\""),
            "the output is in the notebook: {text}"
        );
    }
    let (mut on_panics, _) = command(&panics, folder.path());
    let output = on_panics
        .current_dir(folder.path())
        .output()
        .expect("the tool starts");
    assert!(
        !output.status.success(),
        "on a notebook that panics: {}",
        said(&output)
    );
}

#[test]
fn jupyter_execute() {
    check(|notebook, _| {
        let mut command = tool("jupyter");
        command.args(["execute", "--inplace"]).arg(notebook);
        (command, Some(notebook.to_owned()))
    });
}

#[test]
fn jupyter_nbconvert() {
    check(|notebook, folder| {
        let mut command = tool("jupyter");
        command
            .args([
                "nbconvert",
                "--to",
                "notebook",
                "--execute",
                "--output",
                "converted",
            ])
            .arg(notebook);
        (command, Some(folder.join("converted.ipynb")))
    });
}

#[test]
fn papermill() {
    check(|notebook, folder| {
        let mut command = tool("papermill");
        let written = folder.join("milled.ipynb");
        command
            .args(["--no-progress-bar"])
            .arg(notebook)
            .arg(&written);
        (command, Some(written))
    });
}

#[test]
fn pytest_nbmake() {
    check(|notebook, _| {
        let mut command = tool("python");
        command
            .args([
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                "--nbmake",
                "--nbmake-kernel=rust",
            ])
            .arg(notebook);
        (command, None)
    });
}
