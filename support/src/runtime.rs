//! The one tokio runtime of the session: tasks that are spawned in one cell and awaited in another.
//!
//! ```
//! use std::time::Duration;
//! use support::runtime::{block_on, spawn};
//! use support::tokio::time::sleep;
//!
//! let task = spawn(async {
//!     sleep(Duration::from_millis(1)).await;
//!     6 * 7
//! });
//! assert_eq!(block_on(task).unwrap(), 42);
//! ```
//!
//! It is made at first use, with a thread for each CPU (two at least), lives as long as the
//! process, and its tasks go on between cells. Nothing of it outlives the kernel.
//!
//! | Python | here | tokio |
//! |---|---|---|
//! | `asyncio.run(main())` | [`block_on`]`(main())`; [`current_thread`] for a loop on one thread | `Runtime::block_on` |
//! | `asyncio.create_task(f())` | [`spawn`], [`spawn_named`] | `tokio::spawn` |
//! | `await task` | `task.await`, which gives a `Result` | the same |
//! | `task.cancel()`, `task.done()` | | [`abort`](JoinHandle::abort), [`is_finished`](JoinHandle::is_finished) |
//! | `asyncio.sleep(s)` | | `tokio::time::sleep` |
//! | `asyncio.wait_for(f(), s)` | | `tokio::time::timeout` |
//! | `asyncio.gather(f(), g())` | | `tokio::join!`, `tokio::task::JoinSet` |
//! | `asyncio.wait(…, FIRST_COMPLETED)` | | `tokio::select!` |
//! | `asyncio.to_thread(f)` | [`spawn_blocking`] | `tokio::task::spawn_blocking` |
//! | `asyncio.get_running_loop()` | [`handle`] | `Handle::current` |
//! | `asyncio.Queue`, `Lock`, `Event`, `Semaphore` | | `tokio::sync` |
//!
//! tokio itself is [`support::tokio`](crate::tokio), the same copy for all cells, and a [`Task`] is
//! tokio's own [`JoinHandle`] by another name. At a cell's top level [`block_on`] waits for a task. (So does
//! `.await`, which this project's kernel has run here too; stock evcxr has another runtime for it.) With a limit:
//!
//! ```
//! use std::time::Duration;
//! use support::runtime::{block_on, spawn};
//! use support::tokio::time::timeout;
//!
//! let mut task = spawn(std::future::pending::<()>());
//! let limit = Duration::from_millis(1);
//! assert!(block_on(async { timeout(limit, &mut task).await }).is_err());
//! task.abort();
//! assert!(block_on(task).unwrap_err().is_cancelled());
//! ```
//!
//! For: tasks that wait. Not for: work that computes, or calls that block their thread
//! ([`spawn_blocking`] takes those), which keep the other tasks of that thread from running.
//!
//! # After a fork
//!
//! A forked child has none of the runtime's threads. Its own first use makes its own runtime; a
//! task of its parent's never ends there, so await and abort it in the parent. Fork before the
//! first use, as a child of a process with many threads may find a lock held by a thread that it
//! does not have; and carry no tokio socket into a child, where dropping it would make the
//! parent's deaf.

mod local;
mod running;
mod session;
mod task;

use std::future::Future;

use tokio::runtime::EnterGuard;
#[cfg(doc)]
use tokio::task::JoinHandle;

pub use local::{LocalRuntime, current_thread};
pub(crate) use running::task;
pub use session::handle;
pub use task::{JoinError, Task};

use running::{Boxed, Polled};

/// Runs a future on the calling thread until it is ready, and returns what it gives: Python's
/// `asyncio.run()`.
///
/// The thread is blocked meanwhile. Tasks that the future spawns run on the runtime's own
/// threads, and go on afterwards. The future need be neither `Send` nor `'static`.
///
/// # Panics
///
/// If called within a task or another `block_on`, where `.await` is what is meant; if the future
/// panics; if the system has no room for the runtime's threads.
///
/// ```
/// use support::runtime::block_on;
///
/// let text = String::from("borrowed");
/// assert_eq!(block_on(async { text.len() }), 8);
/// ```
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    running::wait(future, session::drive)
}

/// Starts a task on the runtime's threads: Python's `asyncio.create_task()`.
///
/// Does not block, and works within tasks as well. The task begins to run at once, not at the
/// first `.await`, and goes on when the handle is dropped.
///
/// The handle is a future: it gives what the task returned, or a [`JoinError`], which says whether the task panicked or was aborted.
/// [`abort`](JoinHandle::abort), Python's `task.cancel()`, drops the task's future where it next
/// stands at an `.await`; unlike in Python, the task cannot catch that.
///
/// # Panics
///
/// If the system has no room for the runtime's threads.
///
/// ```
/// use support::runtime::{block_on, spawn};
///
/// let task = spawn(async { 1 + 1 });
/// assert_eq!(block_on(task).unwrap(), 2);
///
/// let unlucky = spawn(async { panic!("no luck") });
/// assert!(block_on(unlucky).unwrap_err().is_panic());
/// ```
pub fn spawn<T, F>(future: F) -> Task<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    start(None, Box::pin(future))
}

/// As [`spawn`], with a name: in a notebook, a panic's line says "task 'adder' panicked".
///
/// A future made by [`Trace::task`](timeline::trace::Trace::task) has a name already.
///
/// ```
/// use support::runtime::{block_on, spawn_named};
///
/// let task = spawn_named("adder", async { 1 + 1 });
/// assert_eq!(block_on(task).unwrap(), 2);
/// ```
pub fn spawn_named<T, F>(name: &str, future: F) -> Task<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    start(Some(name), Box::pin(future))
}

/// Runs a closure that may block on a thread kept for such: Python's `asyncio.to_thread()`.
///
/// There are up to 512 of these threads, named "blocking 1", "blocking 2", …; one that has had
/// nothing to do for ten seconds ends. [`abort`](JoinHandle::abort) has no effect on a closure that has begun.
///
/// ```
/// use support::runtime::{block_on, spawn_blocking};
///
/// let task = spawn_blocking(|| std::thread::current().name().unwrap().to_string());
/// assert!(block_on(task).unwrap().starts_with("blocking "));
/// ```
pub fn spawn_blocking<T, F>(work: F) -> Task<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let work: Box<dyn FnOnce() -> T + Send> = Box::new(work);
    handle().spawn_blocking(work).into()
}

/// Compiled here for the commonest result, so that cells whose tasks return nothing need not.
#[used]
static START: fn(Option<&str>, Boxed<()>) -> Task<()> = start;

fn start<T: Send + 'static>(name: Option<&str>, future: Boxed<T>) -> Task<T> {
    let polled = Polled::Task(name.map(Into::into));
    handle().spawn(polled.run(future)).into()
}

/// Makes the runtime known to the calling thread while the guard lives, for those of tokio's types
/// that ask for one when they are made.
///
/// ```
/// use std::time::Duration;
/// use support::tokio::time::interval;
///
/// let mut ticks = {
///     let _guard = support::runtime::enter();
///     interval(Duration::from_millis(1))
/// };
/// support::runtime::block_on(ticks.tick());
/// ```
pub fn enter() -> EnterGuard<'static> {
    handle().enter()
}
