//! Measures how long something takes, beside something else.
//!
//! ```
//! use figures::timing;
//!
//! let numbers: Vec<u64> = (0..10_000).collect();
//! let timings = timing::rounds(5).compare(&mut [
//!     ("sum", &mut || assert!(numbers.iter().sum::<u64>() > 0)),
//!     ("sort", &mut || numbers.clone().sort_by_key(|n| n ^ 0x55)),
//! ]);
//! println!("{timings}");
//! assert!(timings.ratio("sort", "sum") > 0.0);
//! ```
//!
//! Contenders are run once to warm up, then in rounds: each of them once a round, in every other
//! round the other way about. So what disturbs the machine for a while disturbs all of them, and
//! nobody always runs after the same other. What is told is the median, with the shortest and the
//! longest beside it; all samples are kept.
//!
//! For: comparing things that take microseconds to seconds, in a lesson. Not for: nanoseconds (the
//! clock itself takes 25; measure a thousand at once), benchmarks, which criterion makes, or what
//! happened within a run, which the crate `timeline` records. Pictures of timings are
//! [`Bars`](crate::Bars), [`Lines`](crate::Lines) and [`Histogram`](crate::Histogram)s.
//!
//! Code that is written in a notebook's cell is compiled without optimization unless the notebook
//! says `:opt 2`; what is called in this crate and the standard library's precompiled part is not.

mod rounds;
mod sweep;
mod timings;

pub use rounds::{Contender, Rounds, compare, once, rounds};
pub use sweep::Sweep;
pub use timings::{Timing, Timings};
