//! Pictures: timelines of a trace, beside the charts of the crate [`figures`].
//!
//! ```
//! use std::time::Duration;
//! use timeline::trace::Trace;
//!
//! let trace = Trace::new();
//! trace.in_span("work", || trace.busy(Duration::from_micros(300)));
//!
//! let picture = trace.timeline().title("A busy thread");
//! assert!(picture.text().contains("1 lane in 1 process, 1 span"));
//! assert!(picture.svg().contains("A busy thread"));
//! ```
//!
//! | picture | of |
//! |---|---|
//! | [`Timeline`] | a [`trace`](crate::trace): lanes, spans, arrows |
//! | [`Bars`] | times beside each other, with their spread |
//! | [`Lines`] | something over a parameter, beside an ideal |
//! | [`Histogram`] | how times are distributed |
//! | [`Steps`] | what happens step by step, and how its values stand after each |
//! | [`Figure`] | any of these above or beside each other |
//!
//! As a cell's last expression a picture shows itself as a picture, with a
//! sentence that says the same for those who cannot see it; in a terminal, `println!` draws
//! a timeline with characters, and says a chart's sentence.
//!
//! For: looking at what [`trace`](crate::trace) recorded and [`timing`](figures::timing) measured.
//! Not for: recording or measuring.
//!
//! A picture shows what was recorded and nothing else. Where more happened than a pixel can
//! show, bars are merged and a line under the picture says so.

mod arrows;
mod axis;
mod family;
mod frame;
mod gather;
mod lanes;
mod lines;
mod model;
mod note;
mod notes;
mod palette;
mod panel;
mod picture;
mod rows;
mod states;
mod terminal;
mod thin;
mod timeline;
mod touch;
mod waits;
mod words;

pub use axis::STEP;
pub use note::Moment;
pub use timeline::Timeline;

pub use figures::palette::LabelColours;
pub use figures::units::human;
pub use figures::{Bars, Figure, Histogram, Lines, Steps};
