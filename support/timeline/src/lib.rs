//! Records what ran where, in threads, forked processes and async tasks, and draws it.
//!
//! ```
//! use std::time::Duration;
//! use timeline::Trace;
//!
//! let trace = Trace::new();
//! for name in ["left", "right"] {
//!     let worker = trace.spawn(name, |trace| {
//!         trace.in_span("work", || trace.busy(Duration::from_micros(200)))
//!     });
//!     trace.join(worker).unwrap();
//! }
//! let picture = trace.timeline().title("One after the other");
//! assert!(picture.svg().starts_with("<svg"));
//! println!("{picture}");
//! ```
//!
//! # Layout
//!
//! - [`trace`]: records. It does not draw.
//! - [`timing`]: measures how long things take, beside each other.
//! - [`plot`]: draws what a trace recorded or a timing measured. It does neither itself.
//! - [`cell`]: how a picture shows itself as the result of a notebook's cell.

pub mod cell;
pub mod plot;
pub mod timing;
pub mod trace;
mod units;

pub use plot::{Figure, Timeline};
#[cfg(feature = "tracing")]
pub use trace::TimelineLayer;
pub use trace::Trace;
