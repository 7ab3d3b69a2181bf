//! How a process ended.

use std::fmt;

use nix::sys::signal::Signal;

/// How a process ended.
///
/// ```
/// use processes::{Exit, Process};
///
/// let process = Process::spawn("seven", || 7);
/// assert_eq!(process.join(), Exit::Code(7));
/// assert_eq!(process.join().to_string(), "exit code 7");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exit {
    /// It exited by itself, with this code of 0 to 255. A panic gives 101.
    Code(i32),
    /// This signal ended it.
    Signal(Signal),
    /// The signal of this number ended it, one that has no name: a real-time signal.
    RealTime(i32),
    /// It has ended, and the system has told somebody else how: a `waitpid` for any child, or a
    /// parent that ignores SIGCHLD, or this handle is a copy in a forked child.
    Unknown,
}

impl Exit {
    /// Whether it exited with code 0.
    ///
    /// ```
    /// use processes::Exit;
    ///
    /// assert!(Exit::Code(0).success());
    /// assert!(!Exit::Code(1).success());
    /// ```
    pub fn success(self) -> bool {
        self == Exit::Code(0)
    }

    /// As Python's `exitcode`: the code, or the signal's number below zero; none if it is
    /// [`Exit::Unknown`].
    ///
    /// ```
    /// use nix::sys::signal::Signal;
    /// use processes::Exit;
    ///
    /// assert_eq!(Exit::Code(3).code(), Some(3));
    /// assert_eq!(Exit::Signal(Signal::SIGKILL).code(), Some(-9));
    /// assert_eq!(Exit::Unknown.code(), None);
    /// ```
    pub fn code(self) -> Option<i32> {
        match self {
            Exit::Code(code) => Some(code),
            Exit::Signal(signal) => Some(-(signal as i32)),
            Exit::RealTime(number) => Some(-number),
            Exit::Unknown => None,
        }
    }

    /// What `waitid` reported: the sort of end, and the code or signal.
    pub(super) fn told(sort: i32, status: i32) -> Exit {
        match sort {
            libc::CLD_EXITED => Exit::Code(status),
            _ => Signal::try_from(status).map_or(Exit::RealTime(status), Exit::Signal),
        }
    }
}

/// "exit code 7", "SIGKILL".
impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Code(code) => write!(f, "exit code {code}"),
            Exit::Signal(signal) => f.write_str(signal.as_str()),
            Exit::RealTime(number) => write!(f, "signal {number}"),
            Exit::Unknown => f.write_str("unknown: somebody else was told how it ended"),
        }
    }
}
