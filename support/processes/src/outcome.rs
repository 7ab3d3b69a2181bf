//! What a process's work may return, and the exit code that this becomes.

use std::fmt::Debug;
use std::io::Write;

/// What the closure of a [`Process`](super::Process) may return: as `main` may, and `i32`.
///
/// | returned | exit code |
/// |---|---|
/// | `()` | 0 |
/// | `i32` | that number, of which the system keeps the lowest 8 bits: 256 becomes 0, -1 becomes 255 |
/// | `Ok(value)` | that of the value |
/// | `Err(error)` | 1, after `Error: ` and the error's `Debug` form on stderr |
///
/// A closure that never returns (`|| loop { … }`) will do, too.
///
/// ```
/// use processes::{Exit, Process};
///
/// let parse = |text: &'static str| Process::spawn("parser", move || text.parse::<i32>());
/// assert_eq!(parse("7").join(), Exit::Code(7));
/// assert_eq!(parse("seven").join(), Exit::Code(1));
/// ```
pub trait Outcome {
    /// The exit code; of an error, after saying it on stderr.
    ///
    /// ```
    /// use processes::Outcome;
    ///
    /// assert_eq!(().code(), 0);
    /// assert_eq!(Ok::<i32, String>(7).code(), 7);
    /// ```
    fn code(self) -> i32;
}

impl Outcome for () {
    fn code(self) -> i32 {
        0
    }
}

impl Outcome for i32 {
    fn code(self) -> i32 {
        self
    }
}

impl<T: Outcome, E: Debug> Outcome for Result<T, E> {
    fn code(self) -> i32 {
        match self {
            Ok(value) => value.code(),
            Err(error) => {
                // Nothing can be done where stderr is closed.
                let _ = writeln!(std::io::stderr(), "Error: {error:?}");
                1
            }
        }
    }
}

impl Outcome for Never {
    fn code(self) -> i32 {
        match self {}
    }
}

/// The type of a closure that never returns. Stable Rust has no name for it outside of the
/// place behind a function's arrow, so it is taken from there.
type Never = <fn() -> ! as Returns>::Type;

#[doc(hidden)]
pub trait Returns {
    type Type;
}

impl<T> Returns for fn() -> T {
    type Type = T;
}
