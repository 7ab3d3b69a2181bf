//! Figures for notebooks and terminals: charts of timings, tables to step through, and pictures of a kind
//! of one's own, each with a sentence that says the same.
//!
//! ```
//! use figures::timing;
//!
//! let numbers: Vec<u64> = (0..1000).collect();
//! let timings = timing::rounds(5).compare(&mut [
//!     ("sum", &mut || assert!(numbers.iter().sum::<u64>() > 0)),
//!     ("sort", &mut || numbers.clone().sort_by_key(|n| n ^ 0x55)),
//! ]);
//! let picture = timings.bars().title("Sum or sort");
//! assert!(picture.svg().starts_with("<svg"));
//! println!("{picture}"); // "Sum or sort: Medians of 5 runs: sum …"
//! ```
//!
//! | picture | of |
//! |---|---|
//! | [`Bars`] | times beside each other, with their spread |
//! | [`Lines`] | something over a parameter, beside an ideal |
//! | [`Histogram`] | how times are distributed |
//! | [`Steps`] | what happens step by step, and how its values stand after each |
//! | [`Figure`] | any of these but the last, above or beside each other |
//! | [`Picture`] | what one draws oneself |
//!
//! As a notebook's last expression each is a picture, dark on a dark page, in which a reader who cannot
//! see it hears its sentence. Nothing is loaded over a network, and a page that trusts no scripts shows it,
//! too. A label keeps its colour from picture to picture: see [`palette`].
//!
//! For: what was measured, in a lesson or a report. Not for: charts in general, for which plotters has
//! more kinds, or recording what ran where, which is the crate `timeline`'s.
//!
//! # Layout
//!
//! - [`timing`]: measures how long things take, beside each other. It does not draw.
//! - [`Bars`], [`Lines`], [`Histogram`]: draw what was measured, by plotters' charts.
//! - [`Picture`], [`Canvas`], [`palette`]: what a picture of another kind is made with.
//! - [`page`]: a picture in a page, and one that a reader can touch.
//! - [`cell`]: how anything shows itself as the result of a notebook's cell.

mod canvas;
pub mod cell;
mod chart;
mod figure;
mod layout;
mod measured;
mod methods;
pub mod page;
pub mod palette;
mod picture;
mod piece;
mod steps;
mod svg;
mod text;
pub mod timing;
pub mod units;

pub use canvas::{Align, Canvas};
pub use chart::{Bars, Histogram, Lines};
pub use figure::Figure;
pub use picture::{Area, Picture, Shared, Touch};
pub use steps::Steps;
pub use text::{fitted, printable, text_width};

/// The README's examples, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
