//! A body that yields what another coroutine yields.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::handle::Coroutine;
use super::stop::{Exit, Stop};
use super::yielder::Yielder;

impl<Y: 'static, S: 'static> Yielder<'_, Y, S> {
    /// Lets another coroutine speak until it has returned, and returns its result:
    /// `r = yield from other`.
    ///
    /// What it yields goes out as if the body had yielded it; what is sent or thrown in goes to it;
    /// when the coroutine is closed, the other is closed first. The other may have started already.
    ///
    /// # Panics
    ///
    /// If the other had ended before; and as [`yield_`](Self::yield_).
    ///
    /// ```
    /// use support::coroutine::Coroutine;
    ///
    /// fn part(n: u32) -> Coroutine<u32, (), u32> {
    ///     Coroutine::new(move |co| { co.yield_(n); n })
    /// }
    /// let whole = Coroutine::<u32>::new(|co| {
    ///     let sum = co.yield_from(part(1)) + co.yield_from(part(2));
    ///     co.yield_(sum);
    /// });
    /// assert_eq!(whole.into_iter().collect::<Vec<_>>(), [1, 2, 3]);
    /// ```
    pub fn yield_from<R: 'static>(&self, other: Coroutine<Y, S, R>) -> R {
        let mut step = other.next();
        loop {
            let value = match step {
                Ok(value) => value,
                Err(Stop::Returned(result)) => return result,
                Err(stop) => panic!("cannot yield from another: {stop}"),
            };
            step = match catch_unwind(AssertUnwindSafe(|| self.yield_(value))) {
                Ok(None) => other.next(),
                Ok(Some(sent)) => other.send(sent),
                // Closed: dropping the other, on the way out, closes it.
                Err(panic) if panic.is::<Exit>() => resume_unwind(panic),
                Err(panic) => other.throw_boxed(panic),
            };
        }
    }
}
