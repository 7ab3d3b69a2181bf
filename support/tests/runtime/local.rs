use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use support::runtime::{block_on, current_thread, spawn};
use support::tokio;
use tokio::time::{Instant, pause, sleep, timeout};

#[test]
fn all_tasks_run_on_the_callers_thread() {
    let runtime = current_thread();
    let here = support::threads::tid();
    let tasks: Vec<_> = (0..5)
        .map(|_| {
            runtime.spawn_local(async {
                tokio::task::yield_now().await;
                let further = tokio::task::spawn_local(async { support::threads::tid() });
                (support::threads::tid(), further.await.unwrap())
            })
        })
        .collect();
    runtime.block_on(async {
        for task in tasks {
            assert_eq!(task.await.unwrap(), (here, here));
        }
        // The session's runtime is another.
        let there = spawn(async { support::threads::tid() }).await;
        assert_ne!(there.unwrap(), here);
    });
}

#[test]
fn tasks_take_turns_and_wait_for_the_next_block_on() {
    let runtime = current_thread();
    let said = Rc::new(RefCell::new(Vec::new()));
    for name in ["a", "b"] {
        let said = said.clone();
        drop(runtime.spawn_local(async move {
            for round in 0..3 {
                said.borrow_mut().push(format!("{name}{round}"));
                tokio::task::yield_now().await;
            }
        }));
    }
    assert!(said.borrow().is_empty());
    runtime.block_on(async {
        while said.borrow().len() < 4 {
            tokio::task::yield_now().await;
        }
    });
    // Who goes first in a round is tokio's affair.
    assert_eq!(sorted(&said.borrow()[..4]), ["a0", "a1", "b0", "b1"]);
    runtime.block_on(async {
        while said.borrow().len() < 6 {
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(sorted(&said.borrow()[4..]), ["a2", "b2"]);
}

fn sorted(said: &[String]) -> Vec<String> {
    let mut said = said.to_vec();
    said.sort();
    said
}

#[test]
fn timers_fire_in_their_order_in_paused_time() {
    let runtime = current_thread();
    let said = Rc::new(RefCell::new(Vec::new()));
    let real = std::time::Instant::now();
    runtime.block_on(async {
        pause();
        let begin = Instant::now();
        let tasks = [3, 1, 2].map(|hours| {
            let said = said.clone();
            runtime.spawn_local(async move {
                sleep(Duration::from_secs(3600 * hours)).await;
                said.borrow_mut()
                    .push((hours, begin.elapsed().as_secs() / 3600));
            })
        });
        for task in tasks {
            task.await.unwrap();
        }
        // A limit passes when the tasks are asleep, and drops what it limited.
        assert!(
            timeout(Duration::from_secs(60), pending::<()>())
                .await
                .is_err()
        );
        assert_eq!(begin.elapsed().as_secs(), 3 * 3600 + 60);
    });
    assert_eq!(*said.borrow(), [(1, 1), (2, 2), (3, 3)]);
    assert!(real.elapsed() < Duration::from_secs(3600));
}

#[test]
fn a_panic_is_the_tasks_error() {
    let runtime = current_thread();
    let unlucky = runtime.spawn_local(async { panic!("no luck") });
    let other = runtime.spawn_local(async { 8 });
    let ended: Result<(), _> = runtime.block_on(unlucky);
    assert!(ended.unwrap_err().is_panic());
    assert_eq!(runtime.block_on(other).unwrap(), 8);
}

#[test]
fn a_dropped_runtime_drops_its_tasks() {
    let runtime = current_thread();
    let owned = Rc::new(());
    let there = owned.clone();
    let task = runtime.spawn_local(async move {
        let _there = there;
        pending::<()>().await;
    });
    runtime.block_on(tokio::task::yield_now());
    assert_eq!((Rc::strong_count(&owned), task.is_finished()), (2, false));
    drop(runtime);
    assert_eq!((Rc::strong_count(&owned), task.is_finished()), (1, true));
}

#[test]
fn a_loop_within_a_loop_is_refused() {
    let runtime = current_thread();
    let within = || block_on(async { runtime.block_on(async {}) });
    let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(within)).unwrap_err();
    let message = *refused.downcast::<&str>().unwrap();
    assert!(message.starts_with("block_on would block"), "{message}");
    let within = || runtime.block_on(async { block_on(async {}) });
    let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(within)).unwrap_err();
    let message = *refused.downcast::<&str>().unwrap();
    assert!(message.starts_with("block_on would block"), "{message}");
    assert_eq!(runtime.block_on(async { 1 }), 1);
}
