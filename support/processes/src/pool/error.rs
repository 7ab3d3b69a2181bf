//! Why a task has no result.

use std::fmt;

use nix::errno::Errno;

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
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskError {
    /// The task panicked, with this message. Its worker goes on.
    Panicked(String),
    /// The worker's process ended in the midst of this task. It may have been done in part, and
    /// is not begun again.
    Died(Exit),
    /// The item or the result could not be encoded or decoded.
    NotSent(codec::Error),
    /// The pool was terminated before the task was done.
    Terminated,
    /// The pool had been closed when the task came.
    Closed,
    /// No worker lives long enough to begin a task; so the last one ended.
    NoWorkers(Exit),
    /// Every worker has ended, and no other can be started.
    NotStarted(Errno),
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TaskError::Panicked(message) => write!(f, "the task panicked: {message}"),
            TaskError::Died(exit) => write!(f, "the worker died in the midst of the task: {exit}"),
            TaskError::NotSent(error) => error.fmt(f),
            TaskError::Terminated => {
                f.write_str("the pool was terminated before the task was done")
            }
            TaskError::Closed => f.write_str("the pool is closed and takes no more tasks"),
            TaskError::NoWorkers(exit) => write!(
                f,
                "the pool has no workers: one after the other ended before its first task, the \
                 last: {exit}"
            ),
            TaskError::NotStarted(error) => {
                let why = error.desc();
                write!(f, "the pool has no workers: none can be started: {why}")
            }
        }
    }
}

impl std::error::Error for TaskError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            TaskError::NotSent(error) => Some(error),
            TaskError::NotStarted(error) => Some(error),
            _ => None,
        }
    }
}
