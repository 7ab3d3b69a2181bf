//! A runtime on one thread: the caller's.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinHandle, LocalSet};

use super::Ended;
use super::running::{self, Running};

/// An event loop on the thread that calls [`LocalRuntime::block_on`], for tasks that need not be
/// `Send`; made by [`current_thread`].
///
/// Tasks run only while `block_on` does. Within them, `tokio::task::spawn_local` starts further
/// ones on the same thread; [`spawn`](super::spawn) starts tasks on the session's other threads.
/// Dropped, it cancels the tasks that are left.
///
/// ```
/// use std::cell::Cell;
/// use std::rc::Rc;
///
/// let runtime = support::runtime::current_thread();
/// let count = Rc::new(Cell::new(0)); // no lock: one thread
/// let tasks: Vec<_> = (0..3)
///     .map(|_| {
///         let count = count.clone();
///         runtime.spawn_local(async move { count.set(count.get() + 1) })
///     })
///     .collect();
/// runtime.block_on(async {
///     for task in tasks {
///         task.await.unwrap();
///     }
/// });
/// assert_eq!(count.get(), 3);
/// ```
pub struct LocalRuntime {
    inner: ManuallyDrop<Inner>,
    pid: u32,
}

/// In the order in which they are dropped.
struct Inner {
    tasks: LocalSet,
    runtime: Runtime,
}

/// A runtime of its own for the calling thread.
///
/// For lessons about what one thread does, and for an event loop in a forked child. Where the
/// thread does not matter, [`spawn`](super::spawn) and [`block_on`](super::block_on) need none.
///
/// # Panics
///
/// If the system has no descriptors left for it: it takes three.
///
/// ```
/// let runtime = support::runtime::current_thread();
/// assert_eq!(runtime.block_on(async { 1 + 1 }), 2);
/// ```
pub fn current_thread() -> LocalRuntime {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.unwrap_or_else(|error| panic!("cannot start a runtime: {error}"));
    let tasks = LocalSet::new();
    LocalRuntime {
        inner: ManuallyDrop::new(Inner { tasks, runtime }),
        pid: std::process::id(),
    }
}

impl LocalRuntime {
    /// Runs a future, and the tasks beside it, on the calling thread until the future is ready.
    ///
    /// Tasks that are not ready by then stay where they are; a later `block_on` goes on with them.
    ///
    /// # Panics
    ///
    /// If called within async code, or in a child forked after the runtime was made; if the
    /// future panics.
    ///
    /// ```
    /// let runtime = support::runtime::current_thread();
    /// let here = std::thread::current().id();
    /// let task = runtime.spawn_local(async { std::thread::current().id() });
    /// assert_eq!(runtime.block_on(task).unwrap(), here);
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        running::may_block("block_on");
        self.check_pid();
        let mut output = None;
        self.drive(pin!(async { output = Some(future.await) }));
        output.expect("the future is ready")
    }

    /// Makes a task of a future; it first runs in the next [`LocalRuntime::block_on`].
    ///
    /// # Panics
    ///
    /// In a child forked after the runtime was made.
    ///
    /// ```
    /// let runtime = support::runtime::current_thread();
    /// let task = runtime.spawn_local(async { 1 + 1 });
    /// assert!(!task.is_finished());
    /// assert_eq!(runtime.block_on(task).unwrap(), 2);
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> LocalTask<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.check_pid();
        let value = Rc::new(RefCell::new(None));
        let place = Rc::clone(&value);
        let handle = self.start(Box::pin(async move {
            let returned = future.await;
            *place.borrow_mut() = Some(returned);
        }));
        LocalTask { handle, value }
    }

    #[inline(never)]
    fn drive(&self, future: Pin<&mut dyn Future<Output = ()>>) {
        let Inner { tasks, runtime } = &*self.inner;
        tasks.block_on(runtime, Running::main(future));
    }

    #[inline(never)]
    fn start(&self, body: Pin<Box<dyn Future<Output = ()>>>) -> JoinHandle<()> {
        self.inner.tasks.spawn_local(Running::task(None, body))
    }

    #[track_caller]
    fn check_pid(&self) {
        if self.pid != std::process::id() {
            panic!(
                "this runtime is process {}'s: make one after the fork",
                self.pid
            );
        }
    }
}

impl Drop for LocalRuntime {
    fn drop(&mut self) {
        // In a forked child it is left alone: its descriptors are the parent's as well, and sockets
        // that leave it would leave the parent's.
        if self.pid == std::process::id() {
            // SAFETY: this is the only place where it is dropped, and it is not used again.
            unsafe { ManuallyDrop::drop(&mut self.inner) };
        }
    }
}

impl fmt::Debug for LocalRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalRuntime")
            .field("pid", &self.pid)
            .finish_non_exhaustive()
    }
}

/// A task of a [`LocalRuntime`]: to be awaited there. Dropped, the task goes on without it.
///
/// It has no `join`: a task of the caller's own thread would wait for its joiner for ever.
///
/// ```
/// use support::runtime::{LocalTask, current_thread};
///
/// let runtime = current_thread();
/// let task: LocalTask<u32> = runtime.spawn_local(async { 1 + 1 });
/// assert_eq!(runtime.block_on(task), Ok(2));
/// ```
#[must_use = "a task goes on when its handle is dropped, but nobody learns how it ended"]
pub struct LocalTask<T> {
    handle: JoinHandle<()>,
    value: Rc<RefCell<Option<T>>>,
}

impl<T> LocalTask<T> {
    /// Whether the task has ended, in whatever way. Does not block.
    ///
    /// ```
    /// let runtime = support::runtime::current_thread();
    /// let task = runtime.spawn_local(async {});
    /// assert!(!task.is_finished()); // nobody has run it yet
    /// ```
    pub fn is_finished(&self) -> bool {
        self.handle.is_finished()
    }

    /// Drops the task's future when the runtime next gets to it; see
    /// [`Task::cancel`](super::Task::cancel).
    ///
    /// ```
    /// use support::runtime::{Ended, current_thread};
    ///
    /// let runtime = current_thread();
    /// let task = runtime.spawn_local(std::future::pending::<()>());
    /// task.cancel();
    /// assert_eq!(runtime.block_on(task), Err(Ended::Cancelled));
    /// ```
    pub fn cancel(&self) {
        self.handle.abort();
    }
}

/// Polled again after it was ready, it panics.
impl<T> Future for LocalTask<T> {
    type Output = Result<T, Ended>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T, Ended>> {
        let ended = std::task::ready!(Pin::new(&mut self.handle).poll(context));
        Poll::Ready(ended.map_err(Ended::told).map(|()| {
            let value = self.value.borrow_mut().take();
            value.expect("the task has returned and is asked once")
        }))
    }
}

impl<T> fmt::Debug for LocalTask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalTask")
            .field("finished", &self.is_finished())
            .finish()
    }
}
