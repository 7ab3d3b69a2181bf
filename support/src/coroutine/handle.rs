//! The coroutine as its user holds it: a typed shell over the one that runs.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use super::lane::Resumes;
use super::running::{Body, Outcome, Running, Signal};
use super::stack::DEFAULT;
use super::stop::{CloseError, State, Stop};
use super::yielder::{Slots, Yielder};

#[cfg(doc)]
use super::stop::Exit;

/// A function that can stop in the middle: Python's generator.
///
/// It yields `Y`, is sent `S`, and returns `R`. Dropped, it is closed.
///
/// ```
/// use support::coroutine::Coroutine;
///
/// fn squares(up_to: u64) -> Coroutine<u64> {
///     Coroutine::new(move |co| {
///         for n in 1..=up_to {
///             co.yield_(n * n);
///         }
///     })
/// }
/// assert_eq!(squares(4).into_iter().sum::<u64>(), 30);
/// ```
#[must_use = "nothing of a coroutine's body runs until it is resumed"]
pub struct Coroutine<Y, S = (), R = ()> {
    // First, so that the body is unwound while its slots are there.
    running: Running,
    slots: Rc<Slots<Y, S>>,
    returned: Rc<Cell<Option<R>>>,
}

impl<Y: 'static, S: 'static, R: 'static> Coroutine<Y, S, R> {
    /// Makes a coroutine of `body`, of which nothing runs before the first [`next`](Self::next).
    ///
    /// Its stack has 256 KiB.
    ///
    /// # Panics
    ///
    /// If the system has no room for the stack.
    ///
    /// ```
    /// use support::coroutine::{Coroutine, Stop};
    ///
    /// let greeter: Coroutine<String, &str, usize> = Coroutine::new(|co| {
    ///     let mut greeted = 0;
    ///     let mut greeting = String::new();
    ///     while let Some(name) = co.yield_(greeting) {
    ///         greeting = format!("hello {name}");
    ///         greeted += 1;
    ///     }
    ///     greeted
    /// });
    /// assert_eq!(greeter.next().unwrap(), "");
    /// assert_eq!(greeter.send("bob").unwrap(), "hello bob");
    /// assert_eq!(greeter.next(), Err(Stop::Returned(1)));
    /// ```
    pub fn new<F>(body: F) -> Coroutine<Y, S, R>
    where
        F: FnOnce(&Yielder<'_, Y, S>) -> R + 'static,
    {
        Coroutine::with_stack(DEFAULT, body)
    }

    /// As [`Coroutine::new`], with so many bytes of stack: rounded up to whole pages, and to what the
    /// smallest body needs (16 KiB).
    ///
    /// A body that prints, formats or recurses needs tens of KiB.
    ///
    /// # Panics
    ///
    /// If the system has no room for the stack.
    ///
    /// ```
    /// use support::coroutine::Coroutine;
    ///
    /// let small: Coroutine<u8> = Coroutine::with_stack(16 << 10, |co| { co.yield_(1); });
    /// assert_eq!(small.next(), Ok(1));
    /// ```
    pub fn with_stack<F>(bytes: usize, body: F) -> Coroutine<Y, S, R>
    where
        F: FnOnce(&Yielder<'_, Y, S>) -> R + 'static,
    {
        Coroutine::make(bytes, None, body)
    }

    pub(crate) fn traced<F>(lane: Resumes, body: F) -> Coroutine<Y, S, R>
    where
        F: FnOnce(&Yielder<'_, Y, S>) -> R + 'static,
    {
        Coroutine::make(DEFAULT, Some(lane), body)
    }

    fn make<F>(bytes: usize, lane: Option<Resumes>, body: F) -> Coroutine<Y, S, R>
    where
        F: FnOnce(&Yielder<'_, Y, S>) -> R + 'static,
    {
        let slots = Rc::new(Slots::new());
        let returned = Rc::new(Cell::new(None));
        let inside = (Rc::clone(&slots), Rc::clone(&returned));
        let body: Body = Box::new(move |gate| {
            let (slots, returned) = inside;
            returned.set(Some(body(&Yielder::new(gate, &slots))));
        });
        Coroutine {
            running: Running::new(bytes, lane, body),
            slots,
            returned,
        }
    }

    /// Runs the body up to its next yield and returns what it yields: Python's `next(gen)`.
    ///
    /// The yield at which the body waits returns `None` there. Blocks as long as the body runs.
    ///
    /// # Errors
    ///
    /// [`Stop::Returned`] with the body's result when it has returned; [`Stop::Over`] if it had
    /// ended before; [`Stop::Running`] if it is the body that calls.
    ///
    /// # Panics
    ///
    /// With the panic that leaves the body. The coroutine is over then.
    ///
    /// ```
    /// use support::coroutine::{Coroutine, Stop};
    ///
    /// let one: Coroutine<u32, (), &str> = Coroutine::new(|co| { co.yield_(1); "done" });
    /// assert_eq!(one.next(), Ok(1));
    /// assert_eq!(one.next(), Err(Stop::Returned("done")));
    /// ```
    #[inline]
    pub fn next(&self) -> Result<Y, Stop<R>> {
        self.take(self.running.resume(Signal::Next))
    }

    /// As [`next`](Self::next), but the yield at which the body waits returns `Some(value)` there:
    /// Python's `gen.send(value)`.
    ///
    /// # Errors
    ///
    /// As of `next`, and [`Stop::NotStarted`] if the body waits at no yield yet. The value is
    /// dropped then.
    ///
    /// # Panics
    ///
    /// As `next`.
    ///
    /// ```
    /// use support::coroutine::{Coroutine, Stop};
    ///
    /// let double: Coroutine<u32, u32> = Coroutine::new(|co| {
    ///     let mut answer = 0;
    ///     while let Some(n) = co.yield_(answer) {
    ///         answer = 2 * n;
    ///     }
    /// });
    /// assert_eq!(double.send(7), Err(Stop::NotStarted));
    /// assert_eq!(double.next(), Ok(0));
    /// assert_eq!(double.send(7), Ok(14));
    /// ```
    #[inline]
    pub fn send(&self, value: S) -> Result<Y, Stop<R>> {
        self.slots.sent.set(Some(value));
        self.take(self.running.resume(Signal::Send))
    }

    /// Resumes the body by a panic at the yield where it waits, and returns what it yields next:
    /// Python's `gen.throw(exception)`.
    ///
    /// The body may catch it there with `catch_unwind`. Nothing is printed of the panic. Where
    /// errors are expected, send a `Result` instead: that is Rust's way.
    ///
    /// # Errors
    ///
    /// As of [`next`](Self::next).
    ///
    /// # Panics
    ///
    /// With `panic`, if the body does not catch it or has not started. The coroutine is over then.
    ///
    /// ```
    /// use std::panic::{AssertUnwindSafe, catch_unwind};
    /// use support::coroutine::Coroutine;
    ///
    /// let stubborn: Coroutine<String> = Coroutine::new(|co| {
    ///     let caught = catch_unwind(AssertUnwindSafe(|| co.yield_("ready".into())));
    ///     let panic = caught.unwrap_err();
    ///     co.yield_(format!("caught {}", panic.downcast_ref::<u32>().unwrap()));
    /// });
    /// assert_eq!(stubborn.next().unwrap(), "ready");
    /// assert_eq!(stubborn.throw(7u32).unwrap(), "caught 7");
    /// ```
    pub fn throw<P: Any + Send>(&self, panic: P) -> Result<Y, Stop<R>> {
        self.throw_boxed(Box::new(panic))
    }

    pub(super) fn throw_boxed(&self, panic: Box<dyn Any + Send>) -> Result<Y, Stop<R>> {
        self.take(self.running.throw(panic))
    }

    /// Ends the coroutine: Python's `gen.close()`.
    ///
    /// The body is unwound from the yield at which it waits, by [`Exit`], so that all its
    /// destructors run; then its stack is given back. Of one that has not started, what the body
    /// has captured is dropped. On one that has returned or panicked it has no effect. What the
    /// body returns if it catches `Exit` is dropped.
    ///
    /// # Errors
    ///
    /// If the body yields meanwhile, if it is the body that calls, or if the coroutine was closed
    /// before; see [`CloseError`].
    ///
    /// # Panics
    ///
    /// With the panic that leaves the body, if that is not [`Exit`].
    ///
    /// ```
    /// use support::coroutine::Coroutine;
    ///
    /// struct Noisy;
    /// impl Drop for Noisy {
    ///     fn drop(&mut self) {
    ///         println!("the body's destructors run");
    ///     }
    /// }
    /// let endless: Coroutine<u32> = Coroutine::new(|co| {
    ///     let _noisy = Noisy;
    ///     loop {
    ///         co.yield_(1);
    ///     }
    /// });
    /// endless.next().unwrap();
    /// endless.close().unwrap();
    /// assert_eq!(endless.next().unwrap_err().to_string(), "the coroutine was closed: make a new one to begin again");
    /// ```
    pub fn close(&self) -> Result<(), CloseError> {
        let answer = self.running.close();
        if answer != Err(CloseError::Running) {
            drop((self.slots.yielded.take(), self.returned.take()));
        }
        answer
    }

    /// Where the coroutine stands. Does not block.
    ///
    /// ```
    /// use support::coroutine::{Coroutine, State};
    ///
    /// let none: Coroutine<u32> = Coroutine::new(|_| ());
    /// assert!(none.next().is_err());
    /// assert_eq!(none.state(), State::Returned);
    /// ```
    pub fn state(&self) -> State {
        self.running.state()
    }

    /// What a resume has brought.
    #[inline]
    fn take(&self, outcome: Outcome) -> Result<Y, Stop<R>> {
        match outcome {
            // A body that yields has filled the slot.
            Outcome::Yielded => match self.slots.yielded.take() {
                Some(value) => Ok(value),
                None => unreachable!("a yield without a value"),
            },
            other => Err(self.stopped(other)),
        }
    }

    #[cold]
    fn stopped(&self, outcome: Outcome) -> Stop<R> {
        let stop = match outcome {
            Outcome::Returned => match self.returned.take() {
                Some(result) => return Stop::Returned(result),
                None => unreachable!("a return without a result"),
            },
            // The body that runs has taken its value: what lies in the slot is the caller's.
            Outcome::NotNow(State::Running) => Stop::Running,
            Outcome::NotNow(State::Created) => Stop::NotStarted,
            Outcome::NotNow(how) => Stop::Over(how),
            Outcome::Yielded => unreachable!("taken care of by the caller"),
        };
        drop(self.slots.sent.take());
        stop
    }
}

impl<Y, S, R> fmt::Debug for Coroutine<Y, S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coroutine")
            .field("state", &self.running.state())
            .finish_non_exhaustive()
    }
}
