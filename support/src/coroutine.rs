//! Coroutines: functions that stop in the middle, hand out a value, and go on later where they
//! were. Python's generators, with a stack of their own.
//!
//! ```
//! use support::coroutine::{Coroutine, Stop};
//!
//! let countdown: Coroutine<u32> = Coroutine::new(|co| {
//!     for n in (1..=3).rev() {
//!         co.yield_(n);
//!     }
//! });
//! assert_eq!(countdown.next(), Ok(3));
//! assert_eq!((&countdown).into_iter().collect::<Vec<_>>(), [2, 1]);
//! assert_eq!(countdown.next().unwrap_err().to_string(), "the coroutine has returned: make a new one to begin again");
//! ```
//!
//! `Coroutine<Y, S, R>` yields `Y`, is sent `S` and returns `R`, in the order of Python's
//! `Generator[Y, S, R]`; `S` and `R` are `()` unless said otherwise.
//!
//! | Python | here |
//! |---|---|
//! | `def f(): …`, `gen = f()` | [`Coroutine::new`]`(\|co\| …)`; nothing of the body runs yet |
//! | `yield x` | [`co.yield_(x)`](Yielder::yield_), `yield` being a reserved word |
//! | `n = yield x` | `let n = co.yield_(x)`: `None` after `next()`, `Some(n)` after `send(n)` |
//! | `yield` outside of a function: `SyntaxError` | does not compile: only the body has the [`Yielder`], and only while it runs |
//! | `next(gen)` | [`gen.next()`](Coroutine::next) |
//! | `gen.send(n)` | [`gen.send(n)`](Coroutine::send) |
//! | `gen.send(n)` at the start: `TypeError` | [`Stop::NotStarted`] |
//! | `return r`: `StopIteration`, whose `value` is `r` | [`Stop::Returned`]`(r)` |
//! | `next(gen)` after the end: `StopIteration` again | [`Stop::Over`], which says how it ended |
//! | `gen` resumes itself: `ValueError: generator already executing` | [`Stop::Running`] |
//! | an exception leaves the body | the panic goes on in who resumed it; then the coroutine is over |
//! | `for x in gen` | `for x in gen`, or `for x in &gen` to keep it |
//! | `r = yield from other` | [`let r = co.yield_from(other)`](Yielder::yield_from) |
//! | `yield from` one that is over: `None` | a panic that says so, as there is no `R` to return |
//! | `gen.throw(e)` | [`gen.throw(e)`](Coroutine::throw): a panic at the `yield_`, which `catch_unwind` catches |
//! | `gen.close()`: `GeneratorExit` at the `yield` | [`gen.close()`](Coroutine::close): unwinds the body, so that its destructors run |
//! | the body yields although it is being closed: `RuntimeError` | [`CloseError::Yielded`] |
//! | `gen.close()` twice: nothing happens | [`CloseError::Twice`], which one may ignore |
//! | `gen.close()` of one that has returned: nothing happens | the same |
//! | `del gen` closes it | dropping it closes it |
//! | `inspect.getgeneratorstate(gen)`, `gen.gi_running` | [`gen.state()`](Coroutine::state) |
//! | `GeneratorExit` | [`Exit`] |
//!
//! A test runs the same scenarios here and in Python, and compares what comes out.
//!
//! For: code that is easier to write as one function than as a state machine, and for seeing what a
//! switch without the system costs. Not for: waiting for input and output, or other cores; a
//! coroutine runs on the thread that resumes it, while that thread waits. For waiting without
//! a thread there is `async`, whose futures are coroutines without stacks; see
//! [`Trace::task`](timeline::trace::Trace::task).
//!
//! # One thread
//!
//! A coroutine is neither `Send` nor `Sync`. Whatever lives on its stack at a `yield_` would move to
//! the other thread with it, and the compiler cannot know whether that may be moved: an `Rc`, a
//! lock's guard, a reference to a thread-local. So it stays on the thread that made it:
//!
//! ```compile_fail,E0277
//! let numbers = support::coroutine::Coroutine::<u32>::new(|co| { co.yield_(1); });
//! std::thread::spawn(move || numbers.next());
//! ```
//!
//! Nor does a body's [`Yielder`] leave the body, so there is no yield outside of one:
//!
//! ```compile_fail
//! use support::coroutine::Coroutine;
//!
//! let mut outside = None;
//! let numbers = Coroutine::<u32>::new(|co| { outside = Some(co); });
//! ```
//!
//! # Stacks
//!
//! A coroutine has 256 KiB of stack, or what [`Coroutine::with_stack`] says. That is address space:
//! memory is used as pages are touched, one page (4 KiB) at least from the first resume on. It is
//! given back when the body has ended. Below each stack lies a page that nobody may touch.
//! A body that recurses too deeply meets it, and the process ends by SIGSEGV, with one line on
//! stderr that says so; no other memory is overwritten.
//!
//! From Linux 6.13 on the number of coroutines is bounded by memory alone. Before, each needs two of
//! the mappings that `/proc/sys/vm/max_map_count` allows, which is about 30,000 coroutines; [`most`]
//! says which.
//!
//! # How it works
//!
//! The switch itself is the crate `corosensei`'s: it saves a few registers on the one stack and loads
//! them from the other, without a call into the system. There is one instance of it for all types,
//! compiled here; values pass through two cells beside it.

mod delegate;
mod handle;
mod iter;
mod lane;
mod overflow;
mod page;
mod running;
mod stack;
mod stop;
mod yielder;

pub use handle::Coroutine;
pub use iter::{IntoIter, Iter};
pub(crate) use lane::Resumes;
pub use stack::most;
pub use stop::{CloseError, Exit, State, Stop};
pub use yielder::Yielder;
