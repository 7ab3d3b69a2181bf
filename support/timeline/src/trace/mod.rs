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
//! | locks, waited for and held, and channels, by std's own methods | [`Trace::watch`], [`Trace::watch_channel`] |
//! | a message from lane to lane | [`Trace::sent`], [`Trace::received`] |
//! | an async task and its polls; whatever else runs in pieces | [`Trace::task`], [`Trace::task_lane`] |
//! | how threads and processes begin and end | [`Trace::spawn`], [`Trace::join`], [`Trace::waitpid`], [`Trace::ended`], [`Trace::lane`] |
//!
//! [`Trace::events`] is what was recorded, as a table; [`Trace::of`] measures and compares the bars of
//! a label or a lane.
//!
//! A program that speaks the words of the `tracing` crate needs none of these: `TimelineLayer`, with
//! the cargo feature `tracing`, records its spans and events.
//!
//! For: seeing which thread or process did what, when, and on which CPU. Not for: drawing (that
//! is [`plot`](crate::plot)), or for profiling, which looks at a program that knows nothing of
//! it.
//!
//! # How it works
//!
//! A trace is one anonymous shared mapping of 64-byte slots. A thread takes slots by one
//! `fetch_add`, a few at once; an event fills one and writes the word that makes it valid last. A
//! moment asks the clock once, a span twice. So recording never
//! blocks, takes no lock and allocates nothing: it is allowed in a child forked from a process
//! with many threads. Because the mapping is shared, events of a forked child are seen by its
//! parent, also when the child was killed; a child killed in mid-write costs one slot, which
//! readers skip. What does not fit is dropped and counted.
//!
//! Times are of `CLOCK_MONOTONIC`, which is one clock for all processes of a machine. A child
//! made by a raw `clone` system call goes round the C library's fork handlers and would record
//! under its parent's name.

mod ask;
mod end;
mod event;
mod family;
mod handle;
mod introduce;
mod lane;
#[cfg(feature = "tracing")]
mod layer;
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
pub mod told;
mod watch;
mod who;

pub use ask::Bars;
pub use end::{How, LaneGuard};
pub use event::{Event, Kind};
pub use handle::Trace;
pub use introduce::name_processes;
pub use lane::{End, Fork, Lane, Seen};
#[cfg(feature = "tracing")]
pub use layer::TimelineLayer;
pub use lock::Held;
pub use span::Span;
pub use task::Traced;
pub use task_lane::{Entered, TaskLane, current_task};
pub use told::{Told, What};
pub use watch::{Messages, Numbered, Watched};
