use std::collections::HashSet;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use support::runtime::{block_on, enter, handle, spawn, spawn_blocking, spawn_named};
use support::tokio;
use tokio::sync::oneshot;

use crate::LIMIT;

#[test]
fn a_task_spawned_by_one_thread_is_awaited_by_another() {
    let (send, receive) = oneshot::channel();
    let task = thread::spawn(|| spawn(receive)).join().unwrap();
    assert!(!task.is_finished());
    send.send("a word").unwrap();
    let joined = thread::spawn(move || block_on(task)).join().unwrap();
    assert_eq!(joined.unwrap(), Ok("a word"));
}

#[test]
fn block_on_takes_futures_that_borrow_and_stay() {
    let mut list = vec![1];
    let rc = std::rc::Rc::new(2);
    block_on(async {
        tokio::task::yield_now().await;
        list.push(*rc);
    });
    assert_eq!(list, [1, 2]);
}

#[test]
fn tasks_run_on_several_workers_at_once() {
    // Each blocks its worker until the other one runs.
    let barrier = Arc::new(Barrier::new(2));
    let tasks: Vec<_> = (0..2)
        .map(|_| {
            let barrier = barrier.clone();
            spawn(async move {
                barrier.wait();
                support::threads::name()
            })
        })
        .collect();
    let names: HashSet<String> = tasks
        .into_iter()
        .map(|task| block_on(task).unwrap())
        .collect();
    assert_eq!(names.len(), 2);
    assert!(
        names.iter().all(|name| name.starts_with("worker ")),
        "{names:?}"
    );
}

#[test]
fn blocking_closures_do_not_hold_up_tasks() {
    // More of them than there are workers, all waiting for a task.
    let count = 3 * support::cpus::count().max(2);
    let (barrier, ready) = (Arc::new(Barrier::new(count + 1)), spawn(async { 1 }));
    let all: Vec<_> = (0..count)
        .map(|_| {
            let barrier = barrier.clone();
            spawn_blocking(move || {
                barrier.wait();
                // They may block on the runtime, too.
                block_on(async { support::threads::name() })
            })
        })
        .collect();
    assert_eq!(block_on(ready).unwrap(), 1);
    block_on(spawn_blocking(move || barrier.wait())).unwrap();
    for task in all {
        assert!(block_on(task).unwrap().starts_with("blocking "));
    }
}

#[test]
fn tasks_spawn_and_await_tasks() {
    let outer = spawn(async {
        let inner = spawn_named("inner", async { 20 });
        let other = tokio::spawn(async { 22 });
        inner.await.unwrap() + other.await.unwrap()
    });
    assert_eq!(block_on(outer).unwrap(), 42);
}

#[test]
fn waiting_within_a_task_is_refused_in_one_sentence() {
    let message =
        "block_on would block the runtime's thread within async code: write `.await` there";
    let blocked = block_on(spawn(async { block_on(async {}) })).unwrap_err();
    assert_eq!(*blocked.into_panic().downcast::<&str>().unwrap(), message);
    let nested = std::panic::catch_unwind(|| block_on(async { block_on(async {}) }));
    assert_eq!(*nested.unwrap_err().downcast::<&str>().unwrap(), message);
    // It was only said within: this thread may go on.
    assert_eq!(block_on(async { 1 }), 1);
}

#[test]
fn tokios_own_types_are_made_outside_of_async_code() {
    let mut sleep = {
        let _guard = enter();
        Box::pin(tokio::time::sleep(Duration::from_millis(1)))
    };
    block_on(async {
        tokio::select! {
            () = &mut sleep => {}
            () = tokio::time::sleep(LIMIT) => panic!("the timer has not fired"),
        }
    });
    assert_eq!(block_on(handle().spawn(async { 3 })).unwrap(), 3);
}
