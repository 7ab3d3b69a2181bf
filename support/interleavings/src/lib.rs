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
//! | [`outcomes()`] | every way in which the program can end, with the number of schedules |
//! | [`Search`] | the same with bounds, random, or to the end |
//! | [`replay`] | one schedule, given as text |
//! | [`Report`], [`Failure`], [`Run`], [`Step`], [`Outcomes`] | what was found |
//! | [`Sketch`] | the picture of it as plain data, to be drawn elsewhere |
//! | [`thread`], [`sync`], [`cell`], [`hint`], [`thread_local!`] | what an explored program uses in place of std's |
//! | [`channel`] | and in place of `crossbeam::channel` |
//!
//! # What a step is
//!
//! A step is a visible operation: an operation of an atomic, taking a lock, beginning to wait,
//! notifying, parking, sending, receiving, arriving. Between two steps of a thread nobody comes: what is
//! done there is its own. Starting, ending and joining threads are no choices, and letting go of a
//! lock is none unless somebody tries the lock ([`sync::Mutex::try_lock`]): a schedule in which a
//! lock is free a moment earlier or later gives nobody another result. So two threads of n steps
//! each have C(2n, n) schedules, and that many are counted. [`Search::reduced`] tries one for all that
//! differ only in the order of steps that do not concern each other, and counts the same.
//!
//! A panic in any thread is a failure, also one that the program catches. So is an execution in
//! which nobody can go on, and a data race ([`cell::UnsafeCell`]). The search ends at the first
//! ([`Search::keep_going`]), which is then run once more to be recorded. Nothing is printed and nothing
//! panics: the [`Report`] has it.
//!
//! A program has to do the same under the same schedule. Each choice remembers what was done up to it,
//! and at the end of a search the first schedule is run once more: a program that did something else
//! (a `HashMap`'s order, the time, a static) is told so in place of a proof.
//!
//! # Memory orders
//!
//! `SeqCst`, `AcqRel`, `Acquire`, `Release` and `Relaxed`, fences among them, are modelled by the store
//! history and the views that model checkers of the C++20 memory model use: for each atomic all its
//! stores in their order; for each thread the oldest store of each atomic that it may still read. A load,
//! or an exchange that fails, reads any store that is permitted, each a choice of the search. A release
//! store carries the storer's view to whoever acquires it. So do locks, the start and the end of threads,
//! barriers, `unpark`; a message, a freed place in a channel, and the end of a channel's other side. A
//! `SeqCst` load reads no store older than one that an earlier `SeqCst` operation of that atomic wrote or
//! read.
//!
//! Not modelled, so that a program which fails only by one of these passes:
//!
//! - a load that reads a store which is made later (*load buffering*, LB);
//! - stores to one atomic that take effect in another order than they were executed in (2+2W, S);
//! - one order of the `SeqCst` operations that disagrees with what happens before what, which C++20
//!   permits where one atomic is used with `SeqCst` and with weaker orders;
//! - the count of an [`Arc`](sync::Arc), which is std's own, and what is only ordered by it;
//! - an order that std's implementation of a channel or of a read lock has and does not promise: that of
//!   a channel's senders among themselves, of a read lock's readers among themselves.
//!
//! All else is as the language has it: the crate's tests compare the outcomes of the literature's litmus
//! tests, and of hundreds of small programs made at random, with the axioms of C++20, with loom and with
//! shuttle.
//!
//! # Waiting in vain
//!
//! Sleeping and yielding order nothing: whoever comes back from them may find nothing changed. But a loop
//! that waits by them would go round for ever in some schedules. So a thread that has yielded at the same
//! place more often than [`Search::rounds`] says, while another could go on and did not, lets it go first;
//! and it reads the newest of what it has read the same old value of. If that left something out, the
//! report says "where a loop that waits goes round in vain at most once". A loop that does not yield at
//! all meets the bound of steps.
//!
//! # Bounds
//!
//! A search ends after 30 seconds, and a schedule after 1,000 steps, unless told otherwise; the
//! report says which bound it met, and is then no proof. A program
//! that waits for something real (a lock of std, a sleep of std) holds up the whole search, for all
//! explored threads share one thread of the system; two seconds after the time limit it is given up,
//! and its thread is left behind. What stands on the stacks of a schedule that fails, or comes to no end,
//! is never dropped, as other threads may borrow it; after 10,000 such stacks a search ends.
//!
//! # Origin
//!
//! Systematic exploration of schedules is Godefroid's (VeriSoft, 1997) and Musuvathi's (CHESS, 2007), the
//! fair treatment of loops that wait Musuvathi and Qadeer's (2008), the reduction Godefroid's (sleep sets,
//! 1996).
//! Threads that are switched at will are [corosensei](https://docs.rs/corosensei)'s coroutines;
//! the search, the memory model and the reports are this crate's.
//! [loom](https://docs.rs/loom) is the sibling that also models memory orders; it takes `SeqCst`
//! for `AcqRel`, and so finds Peterson's lock wrong where it is right.

pub mod cell;
mod chooser;
mod chunks;
mod deadlock;
mod engine;
mod failure;
pub mod hint;
mod id;
mod memory;
mod object;
mod outcome;
mod outcomes;
mod panic;
mod place;
mod record;
mod reduce;
mod report;
mod schedule;
mod search;
#[cfg(feature = "pictures")]
mod shown;
mod sketch;
mod state;
#[cfg(feature = "pictures")]
mod stepper;
pub mod sync;
pub mod thread;
mod value;
mod verdict;
mod world;

pub use failure::{Failure, Run, Step};
pub use outcome::Outcome;
pub use outcomes::Outcomes;
pub use report::{Bound, Report};
pub use search::{Search, replay};
pub use sketch::{Doing, Lane, Sketch, Stretch};
#[cfg(feature = "pictures")]
pub use stepper::Stepper;
#[doc(inline)]
pub use sync::channel;
pub use verdict::FailureKind;

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

/// Every way in which the program can end: each value that it returns under some schedule, and each
/// failure, with the number of schedules and one of them.
///
/// It takes as long as all schedules need, 30 seconds at most: [`Search::outcomes`] has other bounds.
///
/// # Panics
///
/// If the system gives it no thread.
///
/// ```
/// use interleavings::{sync::atomic::{AtomicU32, Ordering::Relaxed}, thread};
///
/// // Each stores to its own and looks at the other's.
/// let outcomes = interleavings::outcomes(|| {
///     let (x, y) = (AtomicU32::named("x", 0), AtomicU32::named("y", 0));
///     thread::scope(|scope| {
///         let left = scope.spawn(|| { x.store(1, Relaxed); y.load(Relaxed) });
///         let right = scope.spawn(|| { y.store(1, Relaxed); x.load(Relaxed) });
///         (left.join().unwrap(), right.join().unwrap())
///     })
/// });
/// assert_eq!(outcomes.rows().len(), 4);
/// assert!(outcomes.has(&(0, 0)), "both stores are late");
/// println!("{outcomes}");
/// ```
pub fn outcomes<T: std::fmt::Debug + 'static>(
    program: impl Fn() -> T + Send + Sync + 'static,
) -> Outcomes {
    Search::new().outcomes(program)
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
