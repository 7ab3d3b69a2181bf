use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use support::libc;
use support::processes::{Exit, Process};
use support::runtime::{Ended, block_on, current_thread, spawn};
use support::tokio;

use crate::LIMIT;
use crate::forked::{child, ended_well};

/// A child that hangs is killed, and fails its test.
fn limited() {
    // SAFETY: a system call that takes a number.
    unsafe { libc::alarm(60) };
}

#[test]
fn a_child_makes_its_own_runtime() {
    let parents = spawn(pending::<()>());
    let parent = std::process::id();
    let child = child(|| {
        limited();
        let elsewhere = Ended::Elsewhere(parent);
        parents.cancel();
        let parents = match parents.join_timeout(Duration::from_secs(50)) {
            Ok(ended) => ended == Err(elsewhere),
            Err(_) => false,
        };
        let own = spawn(async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            std::process::id()
        });
        parents && own.join() == Ok(std::process::id()) && std::process::id() != parent
    });
    ended_well(child);
    // The parent's goes on.
    assert_eq!(spawn(async { 1 }).join(), Ok(1));
}

#[test]
fn a_child_of_a_child_makes_its_own_runtime_too() {
    assert_eq!(block_on(async { 1 }), 1);
    ended_well(child(|| {
        limited();
        let here = block_on(async { 2 }) == 2;
        let grandchild = child(|| {
            limited();
            spawn(async { 3 }).join() == Ok(3)
        });
        ended_well(grandchild);
        here && spawn(async { 4 }).join() == Ok(4)
    }));
}

#[test]
fn a_loop_of_the_parents_is_refused_and_left_alone() {
    let parents = current_thread();
    let task = parents.spawn_local(async { 6 });
    // A process whose panics take no lock that another test may hold.
    let child = Process::spawn("child", || {
        let used = AssertUnwindSafe(|| parents.block_on(async {}));
        let refused = catch_unwind(used).unwrap_err();
        let message = *refused.downcast::<String>().unwrap();
        let own = current_thread();
        assert!(
            message.ends_with("'s: make one after the fork"),
            "{message}"
        );
        assert_eq!(own.block_on(async { 5 }), 5);
    });
    let ended = child.join_timeout(LIMIT);
    assert!(ended.is_some_and(Exit::success), "{ended:?}");
    assert_eq!(parents.block_on(task), Ok(6));
}
