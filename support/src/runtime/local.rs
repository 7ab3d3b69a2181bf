//! A runtime on one thread: the caller's.

use std::future::Future;
use std::pin::Pin;

use tokio::runtime::{self, Builder, LocalOptions};

use super::running::{self, Main, Polled};
use super::task::Task;

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
#[derive(Debug)]
pub struct LocalRuntime {
    /// Always there until it is dropped.
    inner: Option<runtime::LocalRuntime>,
    pid: u32,
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
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default());
    LocalRuntime {
        inner: Some(runtime.unwrap_or_else(|error| panic!("cannot start a runtime: {error}"))),
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
        let runtime = self.inner();
        running::wait(future, |future| drive(runtime, future))
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
    pub fn spawn_local<T, F>(&self, future: F) -> Task<T>
    where
        F: Future<Output = T> + 'static,
        T: 'static,
    {
        let future: Pin<Box<dyn Future<Output = T>>> = Box::pin(future);
        self.inner()
            .spawn_local(Polled::Task(None).run(future))
            .into()
    }

    #[track_caller]
    fn inner(&self) -> &runtime::LocalRuntime {
        let pid = self.pid;
        if pid != std::process::id() {
            panic!("this runtime is process {pid}'s: make one after the fork");
        }
        self.inner.as_ref().expect("it has not been dropped")
    }
}

impl Drop for LocalRuntime {
    fn drop(&mut self) {
        // In a forked child it is left alone: its descriptors are the parent's as well, and sockets
        // that leave it would leave the parent's.
        if self.pid != std::process::id() {
            std::mem::forget(self.inner.take());
        }
    }
}

#[inline(never)]
fn drive(runtime: &runtime::LocalRuntime, future: Main) {
    runtime.block_on(future);
}
