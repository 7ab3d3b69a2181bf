//! A lab room: a hub on a machine with accounts, three students, their teacher, and an assignment.
//!
//! The machine is a view of this one, in which its accounts, homes and temporary files are the test's
//! own, and of which no process is left when the test ends.

use crate::classroom::course;
use crate::install;
use end_to_end::commands::BoundedOutput;
use end_to_end::{cargo_lab, commands, repository, said, tool};
use nix::unistd::Uid;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the room is made of, beside what the machine has.
const FOLDERS: [&str; 6] = ["etc", "home", "srv", "opt", "tmp", "run"];

/// A machine for a hub. Its folder goes with it.
struct Room {
    folder: tempfile::TempDir,
}

impl Room {
    /// `None`, and why is said, where it cannot be made.
    fn new() -> Option<Room> {
        if !Uid::effective().is_root() {
            eprintln!("NOT RUN: a hub starts servers as other users, which only root can");
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let room = Room { folder };
        for name in FOLDERS {
            let place = room.place(name);
            fs::create_dir(&place).expect("a writable folder");
            let mode = if name == "tmp" { 0o1777 } else { 0o755 };
            fs::set_permissions(place, fs::Permissions::from_mode(mode)).expect("an own folder");
        }
        let copy = ["-a", "/etc/.", &room.place("etc").to_string_lossy()].map(str::to_owned);
        must(Command::new("cp").args(copy));
        let source = course::source().to_string();
        let config = repository().join("notebooks/assignments/nbgrader_config.py");
        let course = room.place("srv/course");
        fs::create_dir_all(course.join("source/sum")).expect("a writable folder");
        fs::write(course.join("source/sum/sum.ipynb"), source).expect("disk space");
        fs::copy(config, course.join("nbgrader_config.py")).expect("disk space");
        Some(room)
    }

    fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Has a program visit the hub of the room, with these students; what it wrote down.
    fn visit(&self, students: &str, memory: &str, program: &[&str]) -> Value {
        let root = repository();
        install_tools();
        let installation = install::shared().prefix();
        must(&mut cargo_lab(&["hub", "--", "--version"]));
        // Processes of its own, of which none outlives the first. bubblewrap can make them too, but in its
        // view of them no sandbox for a submission can be made.
        let mut room = Command::new("setpriv");
        room.args([
            "--pdeathsig",
            "KILL",
            "unshare",
            "--pid",
            "--fork",
            "--kill-child",
        ]);
        room.args([
            "--mount-proc",
            "bwrap",
            "--dev-bind",
            "/",
            "/",
            "--cap-add",
            "ALL",
        ]);
        room.args(["--die-with-parent", "--unshare-net"]);
        for name in FOLDERS {
            room.arg("--bind")
                .arg(self.place(name))
                .arg(format!("/{name}"));
        }
        // What accounts run may lie in folders that the room has of its own, or that are closed to them.
        let used = [root.clone(), base_of_python(&root)];
        for (part, closed) in used
            .iter()
            .filter_map(|part| Some((part, closed_above(part)?)))
        {
            room.args(["--perms", "0755", "--tmpfs"]).arg(&closed);
            make_the_way(&mut room, part, &closed);
        }
        for part in &used {
            room.arg("--bind").arg(part).arg(part);
        }
        make_the_way(&mut room, &installation, Path::new("/tmp"));
        room.arg("--ro-bind").arg(&installation).arg(&installation);
        room.args(["--", "env", "-i", "HOME=/root", "LANG=C.UTF-8"]);
        room.arg(format!(
            "PATH={}",
            std::env::var("PATH").unwrap_or_default()
        ));
        for (name, value) in [
            ("STUDENTS", students),
            ("HUB_KERNEL", &*installation.to_string_lossy()),
            ("HUB_STATE", "/srv/jupyterhub"),
            ("HUB_MEMORY", memory),
        ] {
            room.arg(format!("{name}={value}"));
        }
        room.arg("sh")
            .arg(root.join("tests/tests/whole/hub/room.sh"));
        room.arg(&root)
            .args([program[0], "/srv/seen.json"])
            .args(&program[1..]);
        let ran = commands::run(&mut room, "");
        let seen = fs::read_to_string(self.place("srv/seen.json")).unwrap_or_default();
        serde_json::from_str(&seen)
            .unwrap_or_else(|_| panic!("{}\nthe hub: {}", ran.said, self.log()))
    }

    /// What the hub said last.
    fn log(&self) -> String {
        let log = fs::read_to_string(self.place("srv/hub.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }
}

impl Drop for Room {
    /// Control groups are the machine's: a hub that was killed has left them.
    fn drop(&mut self) {
        for group in groups() {
            let _ = fs::remove_dir(group);
        }
    }
}

/// Of hubs' users, wherever they are.
fn groups() -> Vec<PathBuf> {
    let all = glob::glob("/sys/fs/cgroup/memory/**/jupyterhub-*").expect("a pattern");
    all.flatten().collect()
}

/// What the room is made with, and what the hub's proxy runs on.
fn install_tools() {
    for (program, packages) in [("bwrap", "bubblewrap"), ("npm", "nodejs npm")] {
        if lab::setup::find_program(program).is_none() {
            must(
                Command::new("apt-get")
                    .args(["install", "--yes"])
                    .args(packages.split(' ')),
            );
        }
    }
}

/// The first folder on the way to `part` that only its owner may pass.
fn closed_above(part: &Path) -> Option<PathBuf> {
    let above: Vec<&Path> = part.ancestors().skip(1).collect();
    let is_closed = |folder: &&Path| {
        let metadata = fs::metadata(folder).expect("a folder");
        metadata.permissions().mode() & 0o001 == 0
    };
    above.into_iter().rev().find(is_closed).map(Path::to_owned)
}

/// Makes the folders between one of the room's own and what is shown in it, open to all: those that
/// bubblewrap makes by itself are root's alone.
fn make_the_way(room: &mut Command, to: &Path, from: &Path) {
    let mut between: Vec<&Path> = to.ancestors().skip(1).collect();
    between.retain(|folder| folder.starts_with(from) && *folder != from);
    for folder in between.into_iter().rev() {
        room.args(["--perms", "0755", "--dir"]).arg(folder);
    }
}

/// The installation of Python that the environment was made with.
fn base_of_python(root: &Path) -> PathBuf {
    let mut python = Command::new(root.join(".venv/bin/python"));
    python.args(["-c", "import sys; print(sys.base_prefix)"]);
    let answer = python.bounded_output();
    String::from_utf8_lossy(&answer.stdout).trim().into()
}

fn must(command: &mut Command) {
    let output = command.bounded_output();
    assert!(output.status.success(), "{command:?}: {}", said(&output));
}

#[test]
fn three_students_run_a_cell_and_submit_and_their_teacher_grades() {
    let Some(room) = Room::new() else { return };
    let mut seen = room.visit("ada ben cleo", "1G", &["lesson.py"]);
    let seen = seen.as_object_mut().expect("an object");
    if let Some(wrong) = seen.get("wrong") {
        panic!("{wrong}\nso far: {seen:?}\nthe hub: {}", room.log());
    }
    let is_limited = seen.remove("memory is limited");
    if is_limited == Some(json!(false)) {
        eprintln!("NOT RUN: memory is not limited, as no control group can be made here");
    }
    let threads = seen.remove("threads").and_then(|it| it.as_u64());
    assert!(
        threads.is_some_and(|begun| (500..2000).contains(&begun)),
        "{threads:?}"
    );
    let lessons = seen.remove("lessons").and_then(|it| it.as_u64());
    assert!(lessons.is_some_and(|lessons| lessons > 20), "{lessons:?}");
    assert_eq!(
        Value::Object(std::mem::take(seen)),
        json!({
            "let in": [false, false],
            "an open home": true,
            "pictures": 3,
            "marks": { "ada": [3.0, 3.0], "ben": [2.0, 3.0], "cleo": [0.0, 3.0] },
            "feedback": [true],
            "formgrader for a student": 404,
            "another's server": 403,
            "lessons are private": true,
        })
    );
    assert_eq!(
        groups(),
        [] as [PathBuf; 0],
        "the hub has left control groups"
    );
}

/// Helm and a cluster are not to be had here: what Helm checks before anything else is.
#[test]
fn values_for_a_cluster_are_what_the_chart_takes() {
    let root = repository();
    let checker = root.join("tests/tests/whole/hub/values.py");
    let of_ours = ["values.yaml", "exchange.yaml"].map(|name| root.join("hub/cluster").join(name));
    let mut python = tool("python");
    let ran = commands::run(python.arg("-B").arg(checker).args(of_ours), "");
    assert!(ran.passed && ran.said.is_empty(), "{}", ran.said);
}

/// Numbers for `hub/README.md`: `cargo test -p end-to-end --test whole hub -- --ignored --nocapture`
#[test]
#[ignore = "measures, for some minutes"]
fn ten_begin_at_once() {
    let Some(room) = Room::new() else { return };
    let students: Vec<String> = (0..10).map(|number| format!("student{number}")).collect();
    let seen = room.visit(&students.join(" "), "2G", &["crowd.py", "1", "10"]);
    println!("{seen:#}");
}
