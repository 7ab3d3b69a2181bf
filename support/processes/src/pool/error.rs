//! Why a task has no result.

use nix::errno::Errno;
use thiserror::Error;

use crate::codec;
use crate::exit::Exit;

/// Why a task of a [`Pool`](super::Pool) has no result.
///
/// ```
/// use processes::pool::TaskError;
/// use processes::Pool;
///
/// let pool = Pool::new(1, |n: u32| if n == 3 { panic!("not {n}") } else { n });
/// let failed = pool.map(1..=4).unwrap_err();
/// assert_eq!(failed, TaskError::Panicked("not 3".into()));
/// assert_eq!(failed.to_string(), "the task panicked: not 3");
/// ```
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskError {
    /// The task panicked, with this message. Its worker goes on.
    #[error("the task panicked: {0}")]
    Panicked(String),
    /// The worker's process ended in the midst of this task. It may have been done in part, and
    /// is not begun again.
    #[error("the worker died in the midst of the task: {0}")]
    Died(Exit),
    /// The item or the result could not be encoded or decoded.
    #[error("{0}")]
    NotSent(#[source] codec::Error),
    /// The pool was terminated before the task was done.
    #[error("the pool was terminated before the task was done")]
    Terminated,
    /// The pool had been closed when the task came.
    #[error("the pool is closed and takes no more tasks")]
    Closed,
    /// No worker lives long enough to begin a task; so the last one ended.
    #[error(
        "the pool has no workers: one after the other ended before its first task, the last: {0}"
    )]
    NoWorkers(Exit),
    /// Every worker has ended, and no other can be started.
    #[error("the pool has no workers: none can be started: {}", .0.desc())]
    NotStarted(#[source] Errno),
}
