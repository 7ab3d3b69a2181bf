//! Pictures of a trace: a timeline with a lane for each thread and process.
//!
//! ```
//! use std::time::Duration;
//! use support::trace::Trace;
//!
//! let trace = Trace::new();
//! trace.in_span("work", || trace.busy(Duration::from_micros(300)));
//!
//! let picture = trace.timeline().title("A busy thread");
//! assert!(picture.text().contains("1 lane in 1 process, 1 span"));
//! assert!(picture.svg().contains("A busy thread"));
//! ```
//!
//! As a cell's last expression a [`Timeline`] or a [`Figure`] shows itself as a picture, with a
//! sentence that says the same for those who cannot see it; in a terminal, `println!` draws it
//! with characters.
//!
//! For: looking at what [`trace`](crate::trace) recorded. Not for: recording or measuring.
//!
//! A picture shows what was recorded and nothing else. Where more happened than a pixel can
//! show, bars are merged and a line under the picture says so.

mod arrows;
mod axis;
mod canvas;
mod family;
mod figure;
mod frame;
mod lanes;
mod lines;
mod model;
mod palette;
mod panel;
mod rows;
mod states;
mod terminal;
mod thin;
mod timeline;
mod words;

pub use figure::Figure;
pub use timeline::Timeline;
