//! Locks that record who waited for them and who held them.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

use super::handle::Trace;
use super::slot::Tag;
use super::span::Span;

/// A lock that is held, and the span that says so. Dropped, it ends the span and lets go.
///
/// The span ends before the lock is free and begins after it was taken: spans of one mutex never
/// overlap.
///
/// ```
/// use std::sync::Mutex;
/// use timeline::trace::{Held, Trace};
///
/// let number = Trace::new().watch("number", Mutex::new(1));
/// let mut guard: Held<'_, _> = number.lock().unwrap();
/// *guard += 1;
/// drop(guard);
/// assert_eq!(*number.lock().unwrap(), 2);
/// ```
#[must_use = "the lock is held until the guard is dropped: bind it to a name"]
pub struct Held<'t, G> {
    // Fields are dropped in this order.
    span: Span<'t>,
    guard: G,
}

impl<G: Deref> Deref for Held<'_, G> {
    type Target = G::Target;

    fn deref(&self) -> &G::Target {
        &self.guard
    }
}

impl<G: DerefMut> DerefMut for Held<'_, G> {
    fn deref_mut(&mut self) -> &mut G::Target {
        &mut self.guard
    }
}

impl<G: fmt::Debug> fmt::Debug for Held<'_, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.guard.fmt(f)
    }
}

impl<G> Held<'_, G> {
    /// The guard itself, for a condition variable's `wait`; ends the span.
    ///
    /// ```
    /// use std::sync::Mutex;
    ///
    /// let number = timeline::Trace::new().watch("number", Mutex::new(1));
    /// let guard = number.lock().unwrap().into_guard();
    /// assert_eq!(*guard, 1);
    /// ```
    pub fn into_guard(self) -> G {
        drop(self.span);
        self.guard
    }
}

impl Trace {
    /// Takes a lock, by waiting for it only if it is not free, so that a wait is recorded only where
    /// there was one.
    pub(super) fn take<G>(
        &self,
        name: &str,
        at_once: impl FnOnce() -> TryLockResult<G>,
        waiting: impl FnOnce() -> LockResult<G>,
    ) -> LockResult<Held<'_, G>> {
        let taken = match at_once() {
            Err(TryLockError::WouldBlock) => self.waiting(name, waiting),
            Err(TryLockError::Poisoned(poisoned)) => Err(poisoned),
            Ok(guard) => Ok(guard),
        };
        match taken {
            Ok(guard) => Ok(self.held(name, guard)),
            Err(poisoned) => Err(PoisonError::new(self.held(name, poisoned.into_inner()))),
        }
    }

    pub(super) fn held<G>(&self, name: &str, guard: G) -> Held<'_, G> {
        Held {
            span: self.begin(Tag::Holding, name),
            guard,
        }
    }
}
