use std::future::pending;
use std::sync::mpsc::channel;
use std::time::Duration;

use support::runtime::{JoinError, Task, block_on, spawn, spawn_blocking, spawn_named};
use support::tokio;
use support::tokio::time::timeout;

use crate::LIMIT;

/// Tells when it is dropped.
struct Dropped(std::sync::mpsc::Sender<()>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

fn panicked<T: std::fmt::Debug>(task: Task<T>) -> String {
    let error: JoinError = block_on(task).unwrap_err();
    assert!(error.is_panic());
    error.to_string()
}

#[test]
fn a_panic_is_the_tasks_error_and_no_one_elses() {
    let unlucky = spawn_named("unlucky", async { panic!("number {}", 13) });
    let other = spawn(async {
        tokio::task::yield_now().await;
        "well"
    });
    assert!(panicked::<()>(unlucky).ends_with(" panicked with message \"number 13\""));
    assert_eq!(block_on(other).unwrap(), "well");
    let odd = spawn(async { std::panic::panic_any(7) });
    let odd: Result<(), JoinError> = block_on(odd);
    assert_eq!(*odd.unwrap_err().into_panic().downcast::<i32>().unwrap(), 7);
    let blocking = spawn_blocking(|| panic!("outside"));
    assert!(panicked::<()>(blocking).ends_with(" panicked with message \"outside\""));
}

#[test]
fn cancelling_drops_what_the_future_owns() {
    let (send, dropped) = channel();
    let (began, begun) = channel();
    let owned = Dropped(send);
    let task = spawn(async move {
        let _owned = owned;
        began.send(()).unwrap();
        pending::<()>().await;
    });
    begun.recv_timeout(LIMIT).unwrap();
    assert!(dropped.try_recv().is_err() && !task.is_finished());
    task.abort();
    assert!(block_on(task).unwrap_err().is_cancelled());
    dropped.recv_timeout(LIMIT).unwrap();
}

#[test]
fn cancelling_what_has_ended_changes_nothing() {
    let task = spawn(async { 5 });
    while !task.is_finished() {
        std::thread::yield_now();
    }
    task.abort();
    assert_eq!(block_on(task).unwrap(), 5);
}

#[test]
fn a_cancelled_task_is_cancelled_for_an_awaiting_task() {
    let task = spawn(pending::<u8>());
    task.abort();
    let inner = block_on(spawn(task)).unwrap();
    assert!(inner.unwrap_err().is_cancelled());
}

#[test]
fn a_wait_with_a_limit_leaves_the_task_alone() {
    let (send, receive) = tokio::sync::oneshot::channel();
    let mut task = spawn(receive);
    for limit in [Duration::ZERO, Duration::from_millis(2)] {
        let ended = block_on(async { timeout(limit, &mut task).await });
        assert!(ended.is_err());
    }
    send.send(1).unwrap();
    let ended = block_on(async { timeout(LIMIT, task).await });
    assert_eq!(ended.unwrap().unwrap(), Ok(1));
}

#[test]
fn a_dropped_task_goes_on() {
    let (send, receive) = tokio::sync::oneshot::channel();
    let (done, wait) = channel();
    drop(spawn(async move { done.send(receive.await.unwrap()) }));
    send.send(9).unwrap();
    assert_eq!(wait.recv_timeout(LIMIT), Ok(9));
}

#[test]
fn values_that_nobody_takes_are_dropped() {
    let (send, dropped) = channel();
    drop(spawn(async move { Dropped(send) }));
    dropped.recv_timeout(LIMIT).unwrap();
}
