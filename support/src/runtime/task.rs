//! A task's handle: tokio's, in a type that a cell's variable need not be given.

use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::{JoinError, JoinHandle};

/// A task of the session's runtime: tokio's [`JoinHandle`], with all that it has.
///
/// The kernel's rust-analyzer does not read tokio, and could not tell the type of
/// `let task = spawn(…)` in a cell if it were tokio's own.
///
/// It is a future: it gives what the task returned, or a [`JoinError`]. The task goes on when its handle
/// is dropped.
///
/// ```
/// use support::runtime::{Task, block_on, spawn};
/// use support::tokio::task::JoinHandle;
///
/// let task: Task<u8> = spawn(async { 7 });
/// let tokios: JoinHandle<u8> = task.into();
/// assert_eq!(block_on(tokios).unwrap(), 7);
/// ```
pub struct Task<T>(JoinHandle<T>);

impl<T> Future for Task<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl<T> Deref for Task<T> {
    type Target = JoinHandle<T>;

    fn deref(&self) -> &JoinHandle<T> {
        &self.0
    }
}

impl<T> DerefMut for Task<T> {
    fn deref_mut(&mut self) -> &mut JoinHandle<T> {
        &mut self.0
    }
}

impl<T> From<JoinHandle<T>> for Task<T> {
    fn from(handle: JoinHandle<T>) -> Task<T> {
        Task(handle)
    }
}

impl<T> From<Task<T>> for JoinHandle<T> {
    fn from(task: Task<T>) -> JoinHandle<T> {
        task.0
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("id", &self.0.id())
            .field("finished", &self.0.is_finished())
            .finish()
    }
}
