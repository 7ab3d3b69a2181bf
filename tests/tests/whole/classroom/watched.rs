//! `cargo lab grade --watch`: verdicts before the deadline.

use super::course::{Course, REFERENCE, STUB};
use crate::cli::lab_program;
use end_to_end::processes::{wait_until, wait_until_begun, with_variable};
use end_to_end::repository;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Grades on in a folder.
struct Watching<'a> {
    process: Child,
    mark: &'a str,
}

impl Watching<'_> {
    fn start<'a>(course: &Path, wait: &str, mark: &'a str) -> Watching<'a> {
        repository();
        let process = Command::new(lab_program())
            .args(["grade", "--watch", "--wait", wait, "--out"])
            .arg(course.join("verdicts"))
            .arg(course.join("submitted"))
            .env("MARK_OF_THIS_TEST", mark)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("lab starts");
        Watching { process, mark }
    }

    /// As by Ctrl-C.
    fn interrupt(mut self) {
        let pid = Pid::from_raw(self.process.id() as i32);
        kill(pid, Signal::SIGINT).expect("it grades on");
        self.process.wait().expect("a child");
        wait_until("nothing of it is left", || {
            with_variable("MARK_OF_THIS_TEST", self.mark).is_empty()
        });
    }
}

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn who_submits_gets_a_verdict_and_not_another_at_once() {
    let course = Course::new();
    let mark = course.path().to_string_lossy().into_owned();
    fs::create_dir_all(course.path().join("submitted")).expect("a writable folder");
    let said = |student: &str, file: &str| {
        let file = course
            .path()
            .join("verdicts")
            .join(student)
            .join("sum")
            .join(file);
        fs::read_to_string(file).unwrap_or_default()
    };
    let watching = Watching::start(course.path(), "60", &mark);
    course.submit("ada", REFERENCE);
    wait_until_begun("ada has a verdict", || {
        said("ada", "verdict.txt").contains("3/3")
    });
    assert!(said("ada", "results.json").contains("\"score\": 3.0"));
    // Who changes a graded submission waits; who is new does not.
    course.submit("ada", STUB);
    wait_until_begun("ada is told to wait", || {
        said("ada", "waits.txt").contains("comes in 60 min")
    });
    course.submit("ben", STUB);
    wait_until_begun("ben has a verdict", || {
        said("ben", "verdict.txt").contains("0/3")
    });
    assert!(
        said("ben", "verdict.txt").contains("not yet implemented"),
        "it says why"
    );
    assert!(said("ada", "verdict.txt").contains("3/3"));
    watching.interrupt();
    // What is known lies in the folder: whoever waits no longer is graded.
    let watching = Watching::start(course.path(), "0", &mark);
    wait_until_begun("ada has another verdict", || {
        said("ada", "verdict.txt").contains("0/3")
    });
    assert_eq!(said("ada", "waits.txt"), "");
    watching.interrupt();
}
