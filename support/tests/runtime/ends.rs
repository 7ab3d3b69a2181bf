use std::future::pending;
use std::sync::mpsc::channel;
use std::time::Duration;

use support::runtime::{Ended, block_on, spawn, spawn_blocking, spawn_named};
use support::tokio;

use crate::LIMIT;

/// Tells when it is dropped.
struct Dropped(std::sync::mpsc::Sender<()>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[test]
fn a_panic_is_the_tasks_error_and_no_one_elses() {
    let unlucky = spawn_named("unlucky", async { panic!("number {}", 13) });
    let other = spawn(async {
        tokio::task::yield_now().await;
        "well"
    });
    let error: Ended = Result::<(), _>::unwrap_err(unlucky.join());
    assert_eq!(error, Ended::Panicked("number 13".to_string()));
    assert_eq!(other.join(), Ok("well"));
    let odd = spawn(async { std::panic::panic_any(7) });
    assert_eq!(
        odd.join(),
        Err::<(), _>(Ended::Panicked("(a value that is not text)".to_string()))
    );
    let blocking = spawn_blocking(|| panic!("outside"));
    assert_eq!(
        block_on(blocking),
        Err::<(), _>(Ended::Panicked("outside".to_string()))
    );
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
    task.cancel();
    assert_eq!(task.join(), Err(Ended::Cancelled));
    dropped.recv_timeout(LIMIT).unwrap();
}

#[test]
fn cancelling_what_has_ended_changes_nothing() {
    let task = spawn(async { 5 });
    while !task.is_finished() {
        std::thread::yield_now();
    }
    task.cancel();
    assert_eq!(task.join(), Ok(5));
}

#[test]
fn a_cancelled_task_is_cancelled_for_an_awaiting_task() {
    let task = spawn(pending::<u8>());
    task.cancel();
    assert_eq!(block_on(spawn(task)), Ok(Err(Ended::Cancelled)));
}

#[test]
fn a_join_with_a_limit_gives_the_task_back() {
    let (send, receive) = tokio::sync::oneshot::channel();
    let task = spawn(receive);
    let task = task.join_timeout(Duration::ZERO).unwrap_err();
    let task = task.join_timeout(Duration::from_millis(2)).unwrap_err();
    send.send(1).unwrap();
    assert_eq!(task.join_timeout(LIMIT).unwrap(), Ok(Ok(1)));
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

#[test]
fn ends_are_said_in_a_sentence() {
    let said = [
        Ended::Panicked("why".to_string()).to_string(),
        Ended::Cancelled.to_string(),
        Ended::Elsewhere(7).to_string(),
    ];
    assert_eq!(
        said,
        [
            "the task panicked: why",
            "the task was cancelled",
            "the task runs in process 7, and cannot be awaited in a process forked from it"
        ]
    );
}
