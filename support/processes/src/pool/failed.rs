//! Why a task has no result.

use std::fmt;

use crate::Exit;

/// Why a task of a [`Pool`](super::Pool) has no result.
///
/// ```
/// use processes::pool::Failed;
/// use processes::Pool;
///
/// let pool = Pool::new(1, |n: u32| if n == 3 { panic!("not {n}") } else { n });
/// let failed = pool.map(1..=4).unwrap_err();
/// assert_eq!(failed, Failed::Panicked("not 3".into()));
/// assert_eq!(failed.to_string(), "the task panicked: not 3");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failed {
    /// The task panicked, with this message. Its worker goes on.
    Panicked(String),
    /// The worker's process ended in the midst of this task. It may have been done in part, and
    /// is not begun again.
    Died(Exit),
    /// The item or the result could not be encoded or decoded; here is why.
    NotSent(String),
    /// The pool was terminated before the task was done.
    Terminated,
    /// The pool had been closed when the task came.
    Closed,
    /// No worker could be kept alive; here is why. The task was not begun.
    NoWorkers(String),
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failed::Panicked(message) => write!(f, "the task panicked: {message}"),
            Failed::Died(exit) => write!(f, "the worker died in the midst of the task: {exit}"),
            Failed::NotSent(why) => f.write_str(why),
            Failed::Terminated => f.write_str("the pool was terminated before the task was done"),
            Failed::Closed => f.write_str("the pool is closed and takes no more tasks"),
            Failed::NoWorkers(why) => write!(f, "the pool has no workers: {why}"),
        }
    }
}

impl std::error::Error for Failed {}
