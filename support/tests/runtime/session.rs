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
    let joined = thread::spawn(move || task.join()).join().unwrap();
    assert_eq!(joined, Ok(Ok("a word")));
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
    let names: HashSet<String> = tasks.into_iter().map(|task| task.join().unwrap()).collect();
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
    assert_eq!(ready.join(), Ok(1));
    spawn_blocking(move || barrier.wait()).join().unwrap();
    for task in all {
        assert!(task.join().unwrap().starts_with("blocking "));
    }
}

#[test]
fn tasks_spawn_and_await_tasks() {
    let outer = spawn(async {
        let inner = spawn_named("inner", async { 20 });
        let other = tokio::spawn(async { 22 });
        inner.await.unwrap() + other.await.unwrap()
    });
    assert_eq!(outer.join(), Ok(42));
}

#[test]
fn joins_within_tasks_are_refused_in_one_sentence() {
    let of = |ended: Result<(), support::runtime::Ended>| ended.unwrap_err().to_string();
    let message = "would block the runtime's thread within async code: write `.await` there";
    let joined = spawn(async { drop(spawn(async {}).join()) }).join();
    assert_eq!(of(joined), format!("the task panicked: join {message}"));
    let joined = spawn(async { drop(spawn(async {}).join_timeout(LIMIT)) }).join();
    assert_eq!(
        of(joined),
        format!("the task panicked: join_timeout {message}")
    );
    let blocked = spawn(async { block_on(async {}) }).join();
    assert_eq!(
        of(blocked),
        format!("the task panicked: block_on {message}")
    );
    let nested = std::panic::catch_unwind(|| block_on(async { block_on(async {}) }));
    let nested = *nested.unwrap_err().downcast::<String>().unwrap();
    assert_eq!(nested, format!("block_on {message}"));
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
