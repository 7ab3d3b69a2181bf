//! Says how far a long piece of work has come.
//!
//! ```
//! use support::progress::{self, Progress};
//!
//! let files = ["one", "two", "three"];
//! for file in files.iter().progress() {
//!     assert!(!file.is_empty());
//! }
//!
//! let bar = progress::bytes(3_000_000).label("copying");
//! for _ in 0..3 {
//!     bar.inc(1_000_000);
//! }
//! bar.finish();
//! ```
//!
//! In this project's kernel a bar is one display that moves in place, at most ten times a second,
//! and leaves one line: how much, in what time, at what rate. Elsewhere it prints a plain line at
//! most every ten per cent (every ten seconds where the total is not known), and that last line.
//!
//! For: loops whose end one waits for. Not for: showing *what* happens (that is a
//! [live timeline](timeline::Timeline)) or for measuring: drawing takes time of the work's own
//! thread, well under a millisecond a drawing.

mod bar;
mod clock;
mod draw;
mod iter;

pub use bar::Bar;
pub use iter::{Progress, Steps, of};

use draw::Unit;

/// A bar for so many steps.
///
/// ```
/// let bar = support::progress::bar(2);
/// bar.inc(1);
/// assert_eq!(bar.done(), 1);
/// ```
pub fn bar(total: u64) -> Bar {
    Bar::new(Some(total), Unit::Steps)
}

/// A bar for so many bytes.
///
/// ```
/// let bar = support::progress::bytes(1 << 20);
/// bar.inc(4096);
/// ```
pub fn bytes(total: u64) -> Bar {
    Bar::new(Some(total), Unit::Bytes)
}

/// A counter of steps whose total is not known.
///
/// ```
/// let found = support::progress::count();
/// found.inc(1);
/// assert_eq!(found.done(), 1);
/// ```
pub fn count() -> Bar {
    Bar::new(None, Unit::Steps)
}
