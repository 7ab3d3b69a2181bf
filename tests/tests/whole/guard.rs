//! What a test has started ends with it.

use end_to_end::processes::{Guard, MARK, wait_until};
use std::os::unix::process::ExitStatusExt;
use std::panic::{catch_unwind, resume_unwind};
use std::process::{Child, Command};

fn sleeper(mark: &str) -> Child {
    let mut sleeper = Command::new("sleep");
    sleeper.arg("600").env(MARK, mark);
    sleeper.spawn().expect("a sleeper")
}

#[test]
fn what_a_failed_test_has_started_is_ended_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mark = folder.path().to_string_lossy();
    let mut own = sleeper(&mark);
    let mut others = sleeper(&format!("{mark}-of-another"));
    drop(Guard::of(&mark));
    let is_over = |child: &mut Child| child.try_wait().expect("a child").is_some();
    assert!(!is_over(&mut own), "a test that passes looks itself");
    // The guard's stdin ends, as it does when the test program is killed.
    let failed = catch_unwind(|| {
        let _guard = Guard::of(&mark);
        resume_unwind(Box::new("as a failed test"))
    });
    failed.expect_err("it unwinds");
    wait_until("the test's own is ended", || is_over(&mut own));
    assert_eq!(own.wait().expect("a child").signal(), Some(9));
    assert!(!is_over(&mut others));
    others.kill().expect("a child");
    others.wait().expect("a child");
}
