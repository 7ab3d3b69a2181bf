//! What a coroutine answers when it has no value to hand out, and the states it goes through.

use std::fmt;
use std::sync::{Arc, Weak};

#[cfg(doc)]
use super::{Coroutine, Yielder};

/// Where a coroutine stands: Python's `inspect.getgeneratorstate`, and how it ended.
///
/// ```
/// use support::coroutine::{Coroutine, State};
///
/// let one: Coroutine<u32> = Coroutine::new(|co| { co.yield_(1); });
/// assert_eq!(one.state(), State::Created);
/// one.next().unwrap();
/// assert_eq!(one.state(), State::Suspended);
/// one.close().unwrap();
/// assert_eq!(one.state(), State::Closed);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Nothing of its body has run: `GEN_CREATED`.
    Created,
    /// Its body runs, or waits for another coroutine that it resumed: `GEN_RUNNING`.
    Running,
    /// It waits at a yield: `GEN_SUSPENDED`.
    Suspended,
    /// Its body has returned: `GEN_CLOSED`, like the next two.
    Returned,
    /// It was closed.
    Closed,
    /// A panic left its body.
    Panicked,
}

/// As a sentence goes on after "the coroutine": "has returned".
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Created => "has not started",
            State::Running => "is running",
            State::Suspended => "is suspended",
            State::Returned => "has returned",
            State::Closed => "was closed",
            State::Panicked => "ended by a panic",
        })
    }
}

/// Why a resumed coroutine has yielded nothing: Python's `StopIteration`, and its errors.
///
/// ```
/// use support::coroutine::{Coroutine, State, Stop};
///
/// let sum: Coroutine<(), u32, u32> = Coroutine::new(|co| co.yield_(()).unwrap() + 1);
/// assert_eq!(sum.send(1), Err(Stop::NotStarted));
/// sum.next().unwrap();
/// assert_eq!(sum.send(41), Err(Stop::Returned(42)));
/// assert_eq!(sum.next(), Err(Stop::Over(State::Returned)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stop<R> {
    /// Its body has returned this, just now: `StopIteration`, and its `value`.
    Returned(R),
    /// It had ended before, in this way.
    Over(State),
    /// It is running: it cannot be resumed from within. `ValueError` in Python.
    Running,
    /// It waits at no yield yet that could receive a value. `TypeError` in Python.
    NotStarted,
}

impl<R> fmt::Display for Stop<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Returned(_) => write!(f, "the coroutine has returned just now"),
            Stop::Over(how) => write!(f, "the coroutine {how}: make a new one to begin again"),
            Stop::Running => f.write_str(
                "the coroutine is running: nothing that its body calls can resume or close it",
            ),
            Stop::NotStarted => f.write_str(
                "the coroutine has not started, so no yield waits for the value: call next() first",
            ),
        }
    }
}

impl<R: fmt::Debug> std::error::Error for Stop<R> {}

/// Why [`Coroutine::close`] has not closed it, or not now.
///
/// ```
/// use support::coroutine::{CloseError, Coroutine};
///
/// let one: Coroutine<u32> = Coroutine::new(|co| { co.yield_(1); });
/// one.close().unwrap();
/// assert_eq!(one.close(), Err(CloseError::Twice));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseError {
    /// It is running: its body cannot close it. `ValueError` in Python.
    Running,
    /// Its body yielded while it was being closed. `RuntimeError` in Python.
    ///
    /// If it had caught [`Exit`], it is suspended at that yield now; if a destructor did it, the
    /// coroutine is closed all the same.
    Yielded,
    /// It was closed before.
    Twice,
}

impl fmt::Display for CloseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CloseError::Running => {
                "the coroutine is running: nothing that its body calls can resume or close it"
            }
            CloseError::Yielded => {
                "the coroutine yielded while it was being closed: let its body pass Exit on"
            }
            CloseError::Twice => "the coroutine was closed before: close it once",
        })
    }
}

impl std::error::Error for CloseError {}

/// What unwinds a body that is being closed: Python's `GeneratorExit`.
///
/// A body that catches panics at a yield may be met by it, and should pass it on:
///
/// ```
/// use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
/// use support::coroutine::{Coroutine, Exit};
///
/// let careful: Coroutine<u32> = Coroutine::new(|co| {
///     if let Err(panic) = catch_unwind(AssertUnwindSafe(|| co.yield_(1))) {
///         assert!(panic.is::<Exit>());
///         resume_unwind(panic);
///     }
/// });
/// careful.next().unwrap();
/// careful.close().unwrap();
/// ```
#[derive(Debug)]
pub struct Exit(#[expect(dead_code, reason = "only its end is of interest")] Arc<()>);

impl Exit {
    /// With what tells whether it is still on its way.
    pub(super) fn new() -> (Exit, Weak<()>) {
        let inner = Arc::new(());
        let alive = Arc::downgrade(&inner);
        (Exit(inner), alive)
    }
}
