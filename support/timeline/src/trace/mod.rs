//! Records what ran where: from threads, forked processes and async tasks alike.
//!
//! ```
//! use std::thread;
//! use timeline::trace::Trace;
//!
//! let trace = Trace::new();
//! thread::scope(|scope| {
//!     for name in ["left", "right"] {
//!         let trace = &trace;
//!         scope.spawn(move || {
//!             trace.name_lane(name);
//!             trace.in_span("work", || trace.instant("half-way"));
//!         });
//!     }
//! });
//! assert_eq!(trace.events().len(), 4);
//! println!("{}", trace.timeline());
//! ```
//!
//! | to record | call |
//! |---|---|
//! | something with a beginning and an end | [`Trace::span`], [`Trace::in_span`] |
//! | a moment | [`Trace::instant`] |
//! | "I am on a CPU now" | [`Trace::tick`], [`Trace::busy`] |
//! | why a thread does not run | [`Trace::sleep`], [`Trace::blocked`], [`Trace::waiting`] |
//! | a lock, waited for and held | [`Trace::lock`], [`Trace::read_lock`], [`Trace::write_lock`] |
//! | a message from lane to lane | [`Trace::sent`], [`Trace::received`] |
//! | an async task and its polls, a coroutine and its resumes | [`Trace::task`], [`Trace::coroutine`] |
//! | how threads and processes begin and end | [`Trace::spawn`], [`Trace::join`], [`Trace::process`], [`Trace::join_process`], [`Trace::pool`], [`Trace::waitpid`], [`Trace::lane`] |
//!
//! For: seeing which thread or process did what, when, and on which CPU. Not for: drawing (that
//! is [`plot`](crate::plot)), or for profiling, which looks at a program that knows nothing of
//! it.
//!
//! # How it works
//!
//! A trace is one anonymous shared mapping of 64-byte slots. A thread takes slots by one
//! `fetch_add`, a few at once; an event fills one and writes the word that makes it valid last. So recording never
//! blocks, takes no lock and allocates nothing: it is allowed in a child forked from a process
//! with many threads. Because the mapping is shared, events of a forked child are seen by its
//! parent, also when the child was killed; a child killed in mid-write costs one slot, which
//! readers skip. What does not fit is dropped and counted.
//!
//! Times are of `CLOCK_MONOTONIC`, which is one clock for all processes of a machine. A child
//! made by a raw `clone` system call goes round the C library's fork handlers and would record
//! under its parent's name.

mod end;
mod event;
mod family;
mod foreign;
mod introduce;
mod lane;
mod lock;
mod message;
mod read;
mod record;
mod save;
mod shared;
mod slot;
mod span;
mod state;
mod task;
mod task_lane;
mod threads;
mod tick;
mod who;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use end::{How, LaneGuard};
pub use event::{Event, Kind};
pub use foreign::{Told, What};
pub use lane::{End, Fork, Lane, Seen};
pub use lock::Held;
use shared::Shared;
use slot::Tag;
pub use span::Span;
pub use introduce::name_processes;
pub use task::Traced;
pub use task_lane::{Entered, TaskLane, current_task};

const NO_SLOT: u32 = u32::MAX;

/// Events that a trace holds unless told otherwise.
const CAPACITY: usize = 1 << 16;

/// A handle to a trace. Clones, and copies in forked children, record into the same one.
///
/// ```
/// use timeline::trace::Trace;
///
/// let trace = Trace::new();
/// let same = trace.clone();
/// std::thread::spawn(move || same.instant("from a thread")).join().unwrap();
/// assert_eq!(trace.events()[0].label, "from a thread");
/// ```
#[derive(Clone)]
pub struct Trace {
    shared: Arc<Shared>,
}

impl Trace {
    /// An empty trace with room for 65,536 events (4 MiB, used only as events come).
    ///
    /// # Panics
    ///
    /// If the system has no address space left for it.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// assert!(trace.events().is_empty());
    /// ```
    pub fn new() -> Trace {
        Trace::with_capacity(CAPACITY)
    }

    /// An empty trace with room for `events` events of 64 bytes each.
    ///
    /// Each lane uses one more for its own introduction, and one for each name it is given.
    ///
    /// # Panics
    ///
    /// If the system has no address space left for it.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::with_capacity(3);
    /// for _ in 0..5 {
    ///     trace.instant("again");
    /// }
    /// assert_eq!((trace.events().len(), trace.dropped()), (2, 3));
    /// ```
    pub fn with_capacity(events: usize) -> Trace {
        who::watch_forks();
        let shared = Shared::new(events)
            .unwrap_or_else(|error| panic!("no memory for a trace of {events} events: {error}"));
        Trace {
            shared: Arc::new(shared),
        }
    }

    /// Begins a span on the caller's lane; it ends when the guard is dropped.
    ///
    /// A label holds 24 bytes; what is longer is cut between characters.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// {
    ///     let _span = trace.span("work");
    /// }
    /// assert!(trace.events()[0].end.is_some());
    /// ```
    pub fn span(&self, label: &str) -> Span<'_> {
        self.begin(Tag::Span, label)
    }

    /// Runs `work` within a span and returns what it returns.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// let sum: u32 = trace.in_span("sum", || (1..=10).sum());
    /// assert_eq!(sum, 55);
    /// ```
    pub fn in_span<R>(&self, label: &str, work: impl FnOnce() -> R) -> R {
        let _span = self.begin(Tag::Span, label);
        work()
    }

    /// Marks this moment on the caller's lane. A label holds 24 bytes.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.instant("forked");
    /// assert_eq!(trace.events()[0].label, "forked");
    /// ```
    pub fn instant(&self, label: &str) {
        self.shared.mark(Tag::Instant, label);
    }

    /// Names the caller's lane. A name holds 24 bytes; the latest counts. [`Trace::lane`] marks
    /// the lane's end, too.
    ///
    /// Without it a lane bears its thread's name, a forked process "pid 123".
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.name_lane("child 0");
    /// assert_eq!(trace.lanes()[0].name, "child 0");
    /// ```
    pub fn name_lane(&self, name: &str) {
        self.shared.mark(Tag::Name, name);
    }

    /// How many events were dropped because the trace was full.
    ///
    /// ```
    /// assert_eq!(timeline::trace::Trace::new().dropped(), 0);
    /// ```
    pub fn dropped(&self) -> u64 {
        self.shared.dropped()
    }

    /// How many events the trace has room for.
    ///
    /// ```
    /// assert_eq!(timeline::trace::Trace::with_capacity(10).capacity(), 10);
    /// ```
    pub fn capacity(&self) -> usize {
        self.shared.capacity()
    }

    /// Forgets all events and lane names, and counts time from now.
    ///
    /// For a moment when nobody records: an event that is being written by another thread may
    /// be lost, or take its place among the new ones.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.instant("before");
    /// trace.clear();
    /// assert!(trace.events().is_empty());
    /// ```
    pub fn clear(&self) {
        self.shared.clear();
    }

    /// The time since the trace was made or cleared, as its events count it.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.instant("now");
    /// assert!(trace.elapsed() >= trace.events()[0].start);
    /// ```
    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(who::now().saturating_sub(self.shared.epoch()))
    }
}

impl Default for Trace {
    fn default() -> Trace {
        Trace::new()
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace")
            .field("events", &self.events().len())
            .field("dropped", &self.dropped())
            .field("capacity", &self.capacity())
            .finish()
    }
}
