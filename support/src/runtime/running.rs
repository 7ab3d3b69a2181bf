//! Which task the calling thread polls: for the line that a panic prints, and for calls that would
//! block the very thread that has to go on for them to return.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;

use tokio::task::futures::TaskLocalFuture;

tokio::task_local! {
    static POLLED: Polled;
}

/// What a runtime of ours polls.
#[derive(Clone)]
pub(super) enum Polled {
    /// The future of a `block_on`: what panics there is the thread.
    Main,
    /// A task, with its name if it was given one.
    Task(Option<Arc<str>>),
}

/// A future that is known to be polled while it is.
pub(super) type Running<F> = TaskLocalFuture<Polled, F>;

/// The future of a `block_on`: of one type, so that tokio's loop is compiled here and not in each cell.
pub(super) type Main<'a> = Running<Pin<&'a mut (dyn Future<Output = ()> + 'a)>>;

/// A task's future: whoever polls it is compiled once for a type of output, not in each cell.
pub(super) type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl Polled {
    pub fn run<F: Future>(self, future: F) -> Running<F> {
        POLLED.scope(self, future)
    }
}

/// What a panic of the caller is told to be a panic of, if that is a task.
pub(crate) fn task() -> Option<String> {
    match POLLED.try_with(Polled::clone).ok()? {
        Polled::Main => None,
        Polled::Task(Some(name)) => Some(format!("task '{name}'")),
        Polled::Task(None) => Some("an unnamed task".to_string()),
    }
}

/// Waits by `drive` for a future of any type, and returns what it gives.
#[track_caller]
pub(super) fn wait<F: Future>(future: F, drive: impl FnOnce(Main<'_>)) -> F::Output {
    // It would wait for itself.
    if POLLED.try_with(|_| ()).is_ok() {
        panic!("block_on would block the runtime's thread within async code: write `.await` there");
    }
    let mut output = None;
    drive(Polled::Main.run(pin!(async { output = Some(future.await) })));
    output.expect("the future is ready")
}

#[cfg(test)]
mod tests {
    use super::task;
    use crate::runtime::{block_on, current_thread, spawn, spawn_blocking, spawn_named};

    #[test]
    fn whose_panic_it_would_be_is_known() {
        let named = block_on(spawn_named("adder", async { task() })).unwrap();
        assert_eq!(named.as_deref(), Some("task 'adder'"));
        let unnamed = block_on(spawn(async { task() })).unwrap();
        assert_eq!(unnamed.as_deref(), Some("an unnamed task"));
        let here = current_thread();
        let local = here.block_on(here.spawn_local(async { task() })).unwrap();
        assert_eq!(local.as_deref(), Some("an unnamed task"));
        // A thread has a name of its own.
        assert_eq!(block_on(spawn_blocking(task)).unwrap(), None);
        assert_eq!((block_on(async { task() }), task()), (None, None));
    }
}
