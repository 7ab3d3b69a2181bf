//! What a body yields by.

use std::cell::Cell;
use std::fmt;

use super::running::Gate;
#[cfg(doc)]
use super::{Coroutine, stop::Exit};

/// Where values lie while the stacks are switched.
pub(super) struct Slots<Y, S> {
    pub yielded: Cell<Option<Y>>,
    pub sent: Cell<Option<S>>,
}

impl<Y, S> Slots<Y, S> {
    pub fn new() -> Slots<Y, S> {
        Slots {
            yielded: Cell::new(None),
            sent: Cell::new(None),
        }
    }
}

/// The way out of a body: what [`Coroutine::new`] gives it.
///
/// ```
/// use support::coroutine::{Coroutine, Yielder};
///
/// // It may be passed on to functions that the body calls.
/// fn twice(co: &Yielder<u32>, n: u32) {
///     co.yield_(n);
///     co.yield_(n);
/// }
/// let numbers = Coroutine::<u32>::new(|co| (1..=2).for_each(|n| twice(co, n)));
/// assert_eq!(numbers.into_iter().collect::<Vec<_>>(), [1, 1, 2, 2]);
/// ```
pub struct Yielder<'a, Y, S = ()> {
    gate: &'a Gate<'a>,
    slots: &'a Slots<Y, S>,
}

impl<'a, Y: 'static, S: 'static> Yielder<'a, Y, S> {
    pub(super) fn new(gate: &'a Gate<'a>, slots: &'a Slots<Y, S>) -> Yielder<'a, Y, S> {
        Yielder { gate, slots }
    }

    /// Hands `value` to whoever resumed the coroutine, and waits to be resumed: `n = yield value`.
    ///
    /// Returns `None` when resumed by `next()` or a `for` loop, `Some(n)` when by `send(n)`.
    ///
    /// In a destructor that runs because the body is being closed or panics it cannot wait: there
    /// `value` is dropped and `None` returned at once.
    ///
    /// # Panics
    ///
    /// By [`Exit`] when the coroutine is being closed or dropped, so that the body is unwound; with
    /// what [`Coroutine::throw`] was given.
    ///
    /// ```
    /// use support::coroutine::Coroutine;
    ///
    /// let echo: Coroutine<Option<u32>, u32> = Coroutine::new(|co| {
    ///     let mut last = None;
    ///     loop {
    ///         last = co.yield_(last);
    ///     }
    /// });
    /// echo.next().unwrap();
    /// assert_eq!(echo.send(5), Ok(Some(5)));
    /// assert_eq!(echo.next(), Ok(None));
    /// ```
    // Into the body, as `Gate::wait` is.
    #[inline(always)]
    pub fn yield_(&self, value: Y) -> Option<S> {
        self.slots.yielded.set(Some(value));
        if !self.gate.wait() {
            drop(self.slots.yielded.take());
        }
        self.slots.sent.take()
    }
}

impl<Y, S> fmt::Debug for Yielder<'_, Y, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Yielder")
    }
}
