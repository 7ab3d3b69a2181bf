//! A task's handle and its error: tokio's, in types that a cell's variables need not be given.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::JoinHandle;

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
        let ended = Pin::new(&mut self.0).poll(context);
        ended.map_err(JoinError)
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

/// Why a [`Task`] returned nothing: tokio's [`JoinError`](tokio::task::JoinError), with all that it has.
///
/// ```
/// use support::runtime::{JoinError, block_on, spawn};
///
/// let error: JoinError = block_on(spawn(async { panic!("no luck") })).map(|()| ()).unwrap_err();
/// assert!(error.is_panic() && error.to_string().contains("no luck"));
/// ```
pub struct JoinError(tokio::task::JoinError);

impl JoinError {
    /// What the task's panic was handed.
    ///
    /// # Panics
    ///
    /// If the task did not panic, but was aborted.
    ///
    /// ```
    /// use support::runtime::{block_on, spawn};
    ///
    /// let odd = spawn(async { std::panic::panic_any(7) });
    /// let error = block_on(odd).map(|()| ()).unwrap_err();
    /// assert_eq!(error.into_panic().downcast_ref(), Some(&7));
    /// ```
    pub fn into_panic(self) -> Box<dyn Any + Send> {
        self.0.into_panic()
    }
}

impl Deref for JoinError {
    type Target = tokio::task::JoinError;

    fn deref(&self) -> &tokio::task::JoinError {
        &self.0
    }
}

impl From<JoinError> for tokio::task::JoinError {
    fn from(error: JoinError) -> tokio::task::JoinError {
        error.0
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for JoinError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}
