//! Each test's body runs alone: a child that starts threads may wait for ever if a thread of its
//! parent was beginning or ending as it was forked, and other tests' threads do so all the time.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use support::libc;
use support::processes::{Exit, Process};
use support::runtime::{block_on, current_thread, spawn};
use support::tokio;

use crate::LIMIT;
use crate::alone::alone;
use crate::forked::{child, ended_well};

/// A child that hangs is killed, and fails its test.
fn limited() {
    // SAFETY: a system call that takes a number.
    unsafe { libc::alarm(60) };
}

#[test]
fn a_child_makes_its_own_runtime() {
    alone("forks::a_child_makes_its_own_runtime", || {
        let parents = spawn(pending::<()>());
        let parent = std::process::id();
        let child = child(|| {
            limited();
            let own = spawn(async {
                tokio::time::sleep(Duration::from_millis(1)).await;
                std::process::id()
            });
            // A copy of a handle says what was so at the fork, and is dropped without harm.
            let alive = !parents.is_finished();
            drop(parents);
            alive && block_on(own).unwrap() == std::process::id() && std::process::id() != parent
        });
        ended_well(child);
        // The parent's goes on.
        assert_eq!(block_on(spawn(async { 1 })).unwrap(), 1);
    });
}

#[test]
fn a_child_of_a_child_makes_its_own_runtime_too() {
    alone(
        "forks::a_child_of_a_child_makes_its_own_runtime_too",
        || {
            assert_eq!(block_on(async { 1 }), 1);
            ended_well(child(|| {
                limited();
                let here = block_on(async { 2 }) == 2;
                let grandchild = child(|| {
                    limited();
                    block_on(spawn(async { 3 })).unwrap() == 3
                });
                ended_well(grandchild);
                here && block_on(spawn(async { 4 })).unwrap() == 4
            }));
        },
    );
}

#[test]
fn a_loop_of_the_parents_is_refused_and_left_alone() {
    alone(
        "forks::a_loop_of_the_parents_is_refused_and_left_alone",
        || {
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
            assert_eq!(parents.block_on(task).unwrap(), 6);
        },
    );
}
