//! Every interleaving of a small program: the one that breaks it, found, drawn and replayed.
//!
//! ```
//! use interleavings::{self, sync::{Arc, atomic::{AtomicU32, Ordering::SeqCst}}, thread};
//!
//! let report = interleavings::all(|| {
//!     let balance = Arc::new(AtomicU32::named("balance", 0));
//!     let deposit = |name| {
//!         let balance = balance.clone();
//!         thread::spawn_named(name, move || {
//!             let before = balance.load(SeqCst);
//!             balance.store(before + 1, SeqCst);
//!         })
//!     };
//!     let (left, right) = (deposit("left"), deposit("right"));
//!     (left.join().unwrap(), right.join().unwrap());
//!     assert_eq!(balance.load(SeqCst), 2, "a deposit is lost");
//! });
//! let failure = report.failure().unwrap();
//! assert!(failure.message().contains("a deposit is lost"));
//! println!("{failure}\n{}", failure.timeline());
//! ```
//!
//! A test runs a program under the one schedule that happens to come. Here the program runs again
//! and again, each time under another schedule, until every one was tried or one fails. It is the
//! program's own text that runs: `use interleavings::{sync, thread}` in place of `std::{sync,
//! thread}`. Not for: programs that have many steps (the schedules of two threads of n steps each
//! are C(2n, n)), files, sockets, processes and time.
//!
//! | name | what it is |
//! |---|---|
//! | [`all`] | every schedule, up to the first that fails |
//! | [`Search`] | the same with bounds, random, or to the end |
//! | [`replay`] | one schedule, given as text |
//! | [`Report`], [`Failure`], [`Run`], [`Step`] | what was found |
//! | [`thread`], [`sync`], [`hint`] | what an explored program uses in place of std's |
//!
//! # What a step is
//!
//! A step is a visible operation: an operation of an atomic, taking a lock, beginning to wait,
//! notifying, sending, receiving, arriving. Between two steps of a thread nobody comes: what is
//! done there is its own. Starting, ending and joining threads are no choices, and letting go of a
//! lock is none unless somebody tries the lock ([`sync::Mutex::try_lock`]): a schedule in which a
//! lock is free a moment earlier or later gives nobody another result. So two threads of n steps
//! each have C(2n, n) schedules, and that many are counted.
//!
//! A panic in any thread is a failure, also one that the program catches. So is an execution in
//! which nobody can go on. The search ends at the first ([`Search::keep_going`]), which is then run
//! once more to be recorded. Nothing is printed and nothing panics: the [`Report`] has it.
//!
//! # Memory orders
//!
//! `SeqCst`, `AcqRel`, `Acquire`, `Release` and `Relaxed` are modelled, by the store history and the
//! views that model checkers of the C++20 memory model use: for each atomic all its stores in their
//! order; for each thread the oldest store of each atomic that it may still read. A load reads any
//! store that is permitted, each a choice of the search; a release store carries the storer's view
//! to whoever acquires it; locks, channels, barriers, starting and joining threads carry views as
//! well. A `SeqCst` load reads no store older than one that an earlier `SeqCst` operation of that
//! atomic wrote or read.
//!
//! Not modelled, so that a program which fails only by one of these passes: a load that reads a
//! store which is made later (*load buffering*), stores to one atomic that take effect in another
//! order than they were executed in, spurious wake-ups of a [`sync::Condvar`], spurious failures of
//! `compare_exchange_weak`, and a failing `compare_exchange` that sees an old value. Fences do not
//! exist here. Plain data needs no model: Rust shares none without a lock.
//!
//! # Bounds
//!
//! A search ends after 30 seconds, and a schedule after 1,000 steps, unless told otherwise; the
//! report says which bound it met, and is then no proof. A loop that waits for another thread has to
//! call [`thread::yield_now`] or [`hint::spin_loop`]: its thread is then not chosen again before
//! another has taken a step, and an old value that it has read is not read a second time. A program
//! that waits for something real (a lock of std, a sleep of std) holds up the whole search, for all
//! explored threads share one thread of the system; two seconds after the time limit it is given up,
//! and its thread is left behind.
//!
//! # Origin
//!
//! Systematic exploration of schedules is Godefroid's (VeriSoft, 1997) and Musuvathi's (CHESS, 2007).
//! Threads that are switched at will are [corosensei](https://docs.rs/corosensei)'s coroutines;
//! the search, the memory model and the reports are this crate's.
//! [loom](https://docs.rs/loom) is the sibling that also models memory orders; it takes `SeqCst`
//! for `AcqRel`, and so finds Peterson's lock wrong where it is right.

mod chooser;
mod deadlock;
mod engine;
mod failure;
pub mod hint;
mod id;
mod memory;
mod object;
mod panic;
#[cfg(feature = "pictures")]
mod picture;
mod record;
mod report;
mod schedule;
mod search;
#[cfg(feature = "pictures")]
mod shown;
mod state;
pub mod sync;
pub mod thread;
mod world;

pub use failure::{Failure, FailureKind, Run, Step};
pub use report::{Bound, Report};
pub use search::{Search, replay};

/// Runs the program under every schedule there is, up to the first that fails.
///
/// It takes as long as that needs, 30 seconds at most: [`Search`] sets other bounds.
///
/// # Panics
///
/// If the system gives it no thread.
///
/// ```
/// use interleavings::{self, sync::Mutex, thread};
///
/// let report = interleavings::all(|| {
///     let sum = Mutex::new(0);
///     thread::scope(|scope| {
///         scope.spawn(|| *sum.lock().unwrap() += 1);
///         scope.spawn(|| *sum.lock().unwrap() += 1);
///     });
///     assert_eq!(*sum.lock().unwrap(), 2);
/// });
/// assert!(report.passed());
/// ```
pub fn all(program: impl Fn() + Send + Sync + 'static) -> Report {
    Search::new().run(program)
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
