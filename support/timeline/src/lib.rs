//! Records what ran where, in threads, forked processes and async tasks, and draws it.
//!
//! ```
//! use std::sync::Mutex;
//! use std::thread;
//! use timeline::Trace;
//!
//! let trace = Trace::new();
//! let counter = Mutex::new(0);
//! let counter = trace.watch("counter", &counter);
//!
//! thread::scope(|scope| {
//!     for name in ["left", "right"] {
//!         let (trace, counter) = (&trace, &counter);
//!         scope.spawn(move || {
//!             let _lane = trace.lane(name);
//!             trace.in_span("prepare", || ());
//!             *counter.lock().unwrap() += 1;
//!         });
//!     }
//! });
//! let picture = trace.timeline().title("Two threads, one lock");
//! assert!(picture.svg().starts_with("<svg"));
//! println!("{picture}");
//! ```
//!
//! A program that speaks the words of the `tracing` crate needs none of these calls: with the cargo
//! feature `tracing` a `TimelineLayer` records its spans and events.
//!
//! # Layout
//!
//! - [`trace`]: records. It does not draw.
//! - [`plot`]: draws what a trace recorded. It does not record.
//! - [`timing`], and the charts in [`plot`]: the crate [`figures`]', beside which a timeline may stand in one
//!   [`Figure`].

pub mod plot;
pub mod trace;

pub use figures::timing;
pub use plot::{Figure, Timeline};
#[cfg(feature = "tracing")]
pub use trace::TimelineLayer;
pub use trace::Trace;

/// The README's examples, compiled and run.
#[cfg(all(doctest, feature = "tracing"))]
#[doc = include_str!("../README.md")]
struct Readme;
