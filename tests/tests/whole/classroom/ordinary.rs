//! An ordinary user who grades, made by tests that root runs.
//!
//! What they need of root's is shown to them where it is, in a file system view of their own: the
//! toolchain and Python, which may lie in root's home, and a copy of `.lab` that is theirs.

use super::course;
use end_to_end::{commands, repository};
use nix::unistd::Uid;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Nobody's id.
const USER: &str = "91234";

pub struct Ordinary {
    /// Holds their `.lab`.
    folder: tempfile::TempDir,
}

impl Ordinary {
    /// `None` where the tests are run by one.
    pub fn new() -> Option<Ordinary> {
        if !Uid::effective().is_root() {
            return None;
        }
        // What grading compiles is there, so that each test need not.
        let folder = tempfile::tempdir().expect("a temporary folder");
        let state = repository().join(".lab");
        let copied = "chmod 755 \"$1\" && cp -a --reflink=auto \"$0\" \"$1/lab\" && chown -R \"$2:$2\" \"$1/lab\"";
        let mut copy = Command::new("sh");
        copy.args(["-c", copied]).arg(&state).arg(folder.path());
        let ran = commands::run(copy.arg(USER), "");
        assert!(ran.passed, "{}", ran.said);
        Some(Ordinary { folder })
    }

    /// `lab grade --json`, run by them: what it wrote.
    pub fn grade(&self, paths: &[&Path], options: &[&str]) -> Value {
        self.grade_by(None, paths, options)
    }

    /// The same, with programs of this folder before others.
    pub fn grade_by(&self, first: Option<&Path>, paths: &[&Path], options: &[&str]) -> Value {
        let path = first.map(|first| format!("PATH={}", course::path_with(first)));
        course::report(&mut self.grading(path.as_slice(), paths, options))
    }

    /// The command that it is, with these variables (`NAME=VALUE`). What it writes down of its set-up, it
    /// writes into their copy.
    pub fn grading(&self, variables: &[String], paths: &[&Path], options: &[&str]) -> Command {
        let root = repository();
        let home = PathBuf::from(std::env::var_os("HOME").expect("a home"));
        let mut command = Command::new("bwrap");
        command.args(["--dev-bind", "/", "/", "--die-with-parent"]);
        command.args(["--cap-add", "ALL", "--perms", "0755", "--tmpfs"]);
        command.arg(&home);
        for part in needed(&root, &home) {
            command.arg("--ro-bind").arg(&part).arg(&part);
        }
        let state = self.folder.path().join("lab");
        command.arg("--bind").arg(state).arg(root.join(".lab"));
        command.args(["--", "setpriv", "--clear-groups", "--no-new-privs"]);
        command.args(["--reuid", USER, "--regid", USER, "env", "HOME=/tmp"]);
        for (variable, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            let at = std::env::var_os(variable).map_or_else(|| home.join(folder), PathBuf::from);
            command.arg(format!("{variable}={}", at.display()));
        }
        command.args(variables);
        // As `cargo lab` compiled it in the set-up.
        let lab = root.join("target/debug/lab");
        command.arg(lab).args(["grade", "--json"]).args(options);
        command.arg("--").args(paths);
        command
    }
}

/// Folders of the home in which the repository, the toolchain and Python lie.
fn needed(root: &Path, home: &Path) -> BTreeSet<PathBuf> {
    let installed = std::fs::read(root.join(".lab/installed.json")).expect("a set-up repository");
    let installed: Value = serde_json::from_slice(&installed).expect("JSON");
    let at = |path: &Value| PathBuf::from(path.as_str().unwrap_or_default());
    let python = at(&installed["python"]).canonicalize().unwrap_or_default();
    let used = [
        root.to_owned(),
        python,
        at(&installed["toolchain"]["sysroot"]),
        at(&installed["cargo_home"]),
        home.join(".rustup"),
    ];
    let below = used.iter().filter_map(|path| {
        let first = path.strip_prefix(home).ok()?.components().next()?;
        Some(home.join(first))
    });
    below.filter(|folder| folder.exists()).collect()
}

#[test]
fn each_reference_solution_gets_all_points_from_them() {
    let Some(user) = Ordinary::new() else { return };
    let sources = repository().join("notebooks/assignments/source");
    let report = user.grade(&[&sources], &["--again"]);
    let graded = course::verdicts(&report);
    let sources = std::fs::read_dir(sources).expect("a folder");
    assert_eq!(graded.len(), sources.count());
    // Such a user, too, has namespaces, where the system lets them be made.
    let mut made = Command::new("setpriv");
    made.args(["--reuid", USER, "--regid", USER, "--clear-groups"]);
    let made = made.args(["unshare", "--user", "--net", "true"]).output();
    let made = made.expect("setpriv").status.success();
    for one in graded {
        assert_eq!(one["points"], one["most"], "{one:#}");
        let not_held = &one["resources"]["not_held"];
        assert_eq!(not_held.is_null(), made, "{one:#}");
    }
}
