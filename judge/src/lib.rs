//! Reaches an assignment's verdict outside the student's process.
//!
//! A student's solution becomes a program of its own, which runs in a sandbox and does one thing:
//! it answers questions. A second program, made from the teacher's hidden tests, stands outside. It
//! draws the inputs anew each time, asks, watches the program's processes and threads as the system
//! shows them, and decides. Nothing that the first program says about itself counts, only its
//! answers, and those it cannot know without computing them.
//!
//! A hidden test is the body of a function that is given a [`Judge`] and ends at the first `?` that
//! meets a [`Failed`]:
//!
//! ```
//! use judge::{Judge, Verdict};
//!
//! fn sums_are_right(judge: &mut Judge) -> Verdict {
//!     let numbers: Vec<u32> = (0..10).map(|_| judge.random.below(1000)).collect();
//!     let sum: u32 = judge.ask("sum", (&numbers,))?;
//!     judge.same(sum, numbers.iter().sum(), format!("the sum of {numbers:?}"))
//! }
//! # let _ = sums_are_right;
//! ```
//!
//! # Layout
//!
//! - [`Judge`]: what a test has: questions, checks, the program's state, its connections.
//! - [`Random`]: where inputs come from.
//! - [`Connection`]: how the program reaches the judge while it works, so that the judge decides
//!   when a wait ends and sees which process it is.
//! - [`Judge::in_every_schedule`]: the verdict over all schedules of a scenario.
//! - [`program`]: the student's side.
//! - [`run`]: the judge's `main`. `cargo lab grade` calls both; an assignment's author calls neither.
//!
//! For: verdicts. Not for: compiling, limits and the sandbox, which are `cargo lab grade`'s.

mod asked;
mod bounds;
mod clients;
mod connection;
mod door;
mod doubt;
mod draw;
mod ended;
mod explored;
mod found;
mod frame;
mod guarded;
mod picture;
pub mod proc;
pub mod program;
mod run;
mod sockets;
mod starter;
mod test;
mod watch;
mod witness;
#[allow(
    dead_code,
    reason = "`lab`, which has this file too, prints more than sentences"
)]
mod words;

pub use connection::Connection;
pub use draw::Random;
pub use run::run;
pub use test::{Failed, Judge, Outcome, Verdict};
pub use watch::Seen;

/// What every hidden test begins with.
pub mod prelude {
    pub use crate::{Connection, Failed, Judge, Outcome, Random, Seen, Verdict};
    pub use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
    pub use std::time::{Duration, Instant};
}
