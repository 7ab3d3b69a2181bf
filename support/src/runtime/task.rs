//! A task on the session's runtime, and how it ended.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};

use super::running::{self, Name, Running};
use super::session;

/// A task started by [`spawn`](super::spawn), [`spawn_named`](super::spawn_named) or
/// [`spawn_blocking`](super::spawn_blocking). Dropped, the task goes on without it.
///
/// It is a future itself: `task.await` within async code, [`Task::join`] outside of it.
///
/// ```
/// use support::runtime::{block_on, spawn, Task};
///
/// let task: Task<u32> = spawn(async { 1 + 1 });
/// assert_eq!(block_on(async { task.await.unwrap() + 1 }), 3);
/// ```
#[must_use = "a task goes on when its handle is dropped, but nobody learns how it ended"]
pub struct Task<T> {
    raw: Raw,
    /// What the task returned. Not by tokio's own handle: that would be compiled in each cell.
    value: Arc<Mutex<Option<T>>>,
}

/// All of a task but the type of what it returns: the same code for all of them.
struct Raw {
    handle: JoinHandle<()>,
    name: Name,
    pid: u32,
}

/// Why a task did not return anything.
///
/// ```
/// use support::runtime::{Ended, spawn};
///
/// let task = spawn(async { panic!("no luck") });
/// assert_eq!(task.join(), Err::<(), _>(Ended::Panicked("no luck".to_string())));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// It panicked, with this message.
    Panicked(String),
    /// It was cancelled before it was ready.
    Cancelled,
    /// It is a task of the process of this pid, of which the caller is a forked child.
    Elsewhere(u32),
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ended::Panicked(message) => write!(f, "the task panicked: {message}"),
            Ended::Cancelled => f.write_str("the task was cancelled"),
            Ended::Elsewhere(pid) => write!(
                f,
                "the task runs in process {pid}, and cannot be awaited in a process forked from it"
            ),
        }
    }
}

impl std::error::Error for Ended {}

impl Ended {
    pub(super) fn told(error: JoinError) -> Ended {
        match error.try_into_panic() {
            Ok(payload) => Ended::Panicked(crate::threads::message(payload.as_ref()).to_string()),
            Err(_) => Ended::Cancelled,
        }
    }
}

impl<T: Send + 'static> Task<T> {
    pub(super) fn start<F>(name: Option<&str>, future: F) -> Task<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let value = Arc::new(Mutex::new(None));
        let place = Arc::clone(&value);
        let body = Box::pin(async move {
            let returned = future.await;
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(returned);
        });
        let raw = Raw::start(name, body);
        Task { raw, value }
    }

    pub(super) fn start_blocking<F>(work: F) -> Task<T>
    where
        F: FnOnce() -> T + Send + 'static,
    {
        let value = Arc::new(Mutex::new(None));
        let place = Arc::clone(&value);
        let raw = Raw::start_blocking(Box::new(move || {
            let returned = work();
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(returned);
        }));
        Task { raw, value }
    }
}

impl<T> Task<T> {
    /// Waits for the task's end, however long, and returns what it returned.
    ///
    /// # Errors
    ///
    /// Why the task returned nothing: it panicked, was cancelled, or is a parent process's.
    ///
    /// # Panics
    ///
    /// If called within async code, where `task.await` is what is meant.
    ///
    /// ```
    /// use support::runtime::spawn;
    ///
    /// assert_eq!(spawn(async { 7 }).join().unwrap(), 7);
    /// let failed = spawn(async { panic!("no {}", "luck") }).join();
    /// assert_eq!(failed.unwrap_err().to_string(), "the task panicked: no luck");
    /// ```
    #[track_caller]
    pub fn join(mut self) -> Result<T, Ended> {
        running::may_block("join");
        self.raw.join().map(|()| self.take())
    }

    /// Waits for the task's end, but no longer than `timeout`; of a task that goes on, `Err` gives
    /// the handle back. Within async code `tokio::time::timeout` does that.
    ///
    /// # Errors
    ///
    /// The handle, if the task did not end in time. The inner result is that of [`Task::join`].
    ///
    /// # Panics
    ///
    /// If called within async code.
    ///
    /// ```
    /// use std::time::Duration;
    /// use support::runtime::{spawn, Ended};
    ///
    /// let task = spawn(std::future::pending::<()>());
    /// let task = task.join_timeout(Duration::from_millis(1)).unwrap_err();
    /// task.cancel();
    /// let ended = task.join_timeout(Duration::from_secs(60)).unwrap();
    /// assert_eq!(ended, Err(Ended::Cancelled));
    /// ```
    #[track_caller]
    pub fn join_timeout(mut self, timeout: Duration) -> Result<Result<T, Ended>, Task<T>> {
        running::may_block("join_timeout");
        match self.raw.join_timeout(timeout) {
            Some(ended) => Ok(ended.map(|()| self.take())),
            None => Err(self),
        }
    }

    /// Whether the task has ended, in whatever way. Does not block.
    ///
    /// ```
    /// let task = support::runtime::spawn(std::future::pending::<()>());
    /// assert!(!task.is_finished());
    /// task.cancel();
    /// ```
    pub fn is_finished(&self) -> bool {
        self.raw.handle.is_finished()
    }

    /// Asks the runtime to drop the task's future where it next stands at an `.await`: Python's
    /// `task.cancel()`.
    ///
    /// Does not block: the task may run for a moment longer, and a task that never awaits runs to
    /// its end. What its future owns is dropped, so locks and files are given back. Unlike in
    /// Python, the task cannot catch it. Without effect on a task that has ended, on a
    /// [`spawn_blocking`](super::spawn_blocking) closure that has begun, and in a forked child.
    ///
    /// ```
    /// use support::runtime::{spawn, Ended};
    ///
    /// let task = spawn(std::future::pending::<()>());
    /// task.cancel();
    /// assert_eq!(task.join().unwrap_err(), Ended::Cancelled);
    /// ```
    pub fn cancel(&self) {
        if self.raw.is_here() {
            self.raw.handle.abort();
        }
    }

    /// The name that the task was spawned with, if any.
    ///
    /// ```
    /// use support::runtime::{spawn, spawn_named};
    ///
    /// assert_eq!(spawn_named("one", async {}).name(), Some("one"));
    /// assert_eq!(spawn(async {}).name(), None);
    /// ```
    pub fn name(&self) -> Option<&str> {
        self.raw.name.as_deref()
    }

    fn take(&mut self) -> T {
        let mut value = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        value
            .take()
            .expect("the task has returned and is asked once")
    }
}

/// Polled again after it was ready, it panics.
impl<T> Future for Task<T> {
    type Output = Result<T, Ended>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T, Ended>> {
        let ended = std::task::ready!(self.raw.poll(context));
        Poll::Ready(ended.map(|()| self.take()))
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("name", &self.raw.name)
            .field("finished", &self.is_finished())
            .finish()
    }
}

impl Raw {
    #[inline(never)]
    fn start(name: Option<&str>, body: Pin<Box<dyn Future<Output = ()> + Send>>) -> Raw {
        let name: Name = name.map(Into::into);
        let handle = session::handle().spawn(Running::task(name.clone(), body));
        Raw::of(name, handle)
    }

    #[inline(never)]
    fn start_blocking(work: Box<dyn FnOnce() + Send>) -> Raw {
        Raw::of(None, session::handle().spawn_blocking(work))
    }

    fn of(name: Name, handle: JoinHandle<()>) -> Raw {
        let pid = std::process::id();
        Raw { handle, name, pid }
    }

    fn is_here(&self) -> bool {
        self.pid == std::process::id()
    }

    #[inline(never)]
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Ended>> {
        if !self.is_here() {
            return Poll::Ready(Err(Ended::Elsewhere(self.pid)));
        }
        let ended = Pin::new(&mut self.handle).poll(context);
        ended.map_err(Ended::told)
    }

    #[inline(never)]
    fn join(&mut self) -> Result<(), Ended> {
        let mut ended = Ok(());
        session::drive(std::pin::pin!(async {
            ended = std::future::poll_fn(|context| self.poll(context)).await;
        }));
        ended
    }

    #[inline(never)]
    fn join_timeout(&mut self, timeout: Duration) -> Option<Result<(), Ended>> {
        let mut ended = None;
        session::drive(std::pin::pin!(async {
            let end = std::future::poll_fn(|context| self.poll(context));
            ended = tokio::time::timeout(timeout, end).await.ok();
        }));
        ended
    }
}
