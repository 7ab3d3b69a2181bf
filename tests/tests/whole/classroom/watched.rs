//! `cargo lab grade --watch`: verdicts before the deadline.

use super::course::{self, Course, REFERENCE, STUB};
use crate::cli::lab_program;
use end_to_end::processes::{Guard, MARK, wait_until, wait_until_begun, with_variable};
use end_to_end::repository;
use nix::sys::signal::{SigHandler, Signal, kill, signal};
use nix::unistd::{Pid, Uid, User};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Grades on in a folder.
struct Watching<'a> {
    process: Child,
    mark: &'a str,
    _guard: Guard,
}

impl Watching<'_> {
    fn start<'a>(course: &Path, submitted: &Path, wait: &str, mark: &'a str) -> Watching<'a> {
        repository();
        let mut command = Command::new(lab_program());
        command
            .args(["grade", "--watch", "--wait", wait, "--out"])
            .arg(course.join("verdicts"))
            .arg("--course")
            .arg(course)
            .arg(submitted)
            .env(MARK, mark)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // Whoever starts the tests in the background of a script leaves them an ignored interrupt.
        // SAFETY: the call is safe between fork and exec, and no handler is set.
        unsafe {
            command.pre_exec(|| Ok(signal(Signal::SIGINT, SigHandler::SigDfl).map(drop)?));
        }
        let process = command.spawn().expect("lab starts");
        Watching {
            process,
            mark,
            _guard: Guard::of(mark),
        }
    }

    /// As by Ctrl-C.
    fn interrupt(mut self) {
        let pid = Pid::from_raw(self.process.id() as i32);
        kill(pid, Signal::SIGINT).expect("it grades on");
        wait_until("it ends", || {
            self.process.try_wait().expect("a child").is_some()
        });
        wait_until("nothing of it is left", || {
            with_variable(MARK, self.mark).is_empty()
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
    let submitted = course.submitted();
    fs::create_dir_all(&submitted).expect("a writable folder");
    let said = |student: &str, file: &str| {
        let file = course
            .path()
            .join("verdicts")
            .join(student)
            .join("sum")
            .join(file);
        fs::read_to_string(file).unwrap_or_default()
    };
    let watching = Watching::start(course.path(), &submitted, "60", &mark);
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
    let watching = Watching::start(course.path(), &submitted, "0", &mark);
    wait_until_begun("ada has another verdict", || {
        said("ada", "verdict.txt").contains("0/3")
    });
    assert_eq!(said("ada", "waits.txt"), "");
    watching.interrupt();
}

/// As `nbgrader submit` leaves them, in a folder for each time.
#[test]
fn what_comes_through_the_exchange_has_a_verdict_too() {
    let course = Course::new();
    let exchange = tempfile::tempdir().expect("a temporary folder");
    let inbound = exchange.path().join("concurrency/inbound");
    let mark = exchange.path().to_string_lossy().into_owned();
    let submit = |folder: &str, solution: &str| {
        let folder = inbound.join(folder);
        fs::create_dir_all(&folder).expect("a writable folder");
        let book = course::with_solution(&course::source(), solution);
        fs::write(folder.join("sum.ipynb"), book.to_string()).expect("disk space");
        folder
    };
    let said = |student: &str| {
        let file = format!("verdicts/{student}/sum/verdict.txt");
        fs::read_to_string(course.path().join(file)).unwrap_or_default()
    };
    let hers = submit("ada+sum+2026-01-02 03:04:05.000006 UTC+cmFuZG9t", STUB);
    // A link to what somebody else has submitted, and a course of one's own.
    let linked = inbound.join("eve+sum+2026-01-02 03:05:00.000000 UTC+bGluaw");
    std::os::unix::fs::symlink(&hers, linked).expect("a link");
    let own = submit("mallory+sum+2026-01-02 03:06:00.000000 UTC+b3du", STUB);
    let mut book = course::source();
    book["cells"][0]["source"] = STUB.into();
    book["cells"][2]["source"] = "// BEGIN HIDDEN TESTS\nOk(())\n// END HIDDEN TESTS".into();
    fs::create_dir_all(own.join("source/sum")).expect("a writable folder");
    fs::write(own.join("source/sum/sum.ipynb"), book.to_string()).expect("disk space");
    fs::write(own.join("nbgrader_config.py"), "").expect("disk space");
    let watching = Watching::start(course.path(), &inbound, "0", &mark);
    wait_until_begun("ada has a verdict", || said("ada").contains("0/3"));
    wait_until_begun("mallory has one, by the course's tests", || {
        said("mallory").contains("0/3")
    });
    // Another user's, in a student's name: only root can put it there.
    let name = "aaron+sum+2026-01-02 03:07:00.000000 UTC+bm90aGVycw";
    let not_hers = submit(&format!("../{name}"), STUB);
    if Uid::effective().is_root() {
        let other = User::from_name("nobody").expect("accounts");
        let other = other.expect("an account").uid.as_raw();
        let notebook = not_hers.join("sum.ipynb");
        std::os::unix::fs::chown(notebook, Some(other), None).expect("root's right");
    }
    fs::rename(not_hers, inbound.join(name)).expect("the same disk");
    submit("ada+sum+2026-01-03 03:04:05.000006 UTC+YWdhaW4", REFERENCE);
    wait_until_begun("ada's last one counts", || said("ada").contains("3/3"));
    // The oldest comes first, and of one moment the first by name: aaron's has had its turn.
    assert_eq!(said("aaron").is_empty(), Uid::effective().is_root());
    let links = course.path().join("verdicts/eve/*/verdict.txt");
    wait_until_begun("eve's link is none", || {
        let found = glob::glob(&links.display().to_string()).expect("a pattern");
        let told = |file| fs::read_to_string(file).is_ok_and(|it| it.contains("is a link"));
        found.flatten().any(told)
    });
    watching.interrupt();
}
