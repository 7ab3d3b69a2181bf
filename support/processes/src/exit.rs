//! How a process ends, and ended.

use std::fmt;
use std::io::{self, Write};
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

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

    /// What the system reported: the code, or the signal.
    pub(crate) fn told(code: Option<i32>, signal: Option<i32>) -> Exit {
        match (code, signal) {
            (Some(code), _) => Exit::Code(code),
            (None, Some(number)) => {
                Signal::try_from(number).map_or(Exit::RealTime(number), Exit::Signal)
            }
            (None, None) => Exit::Unknown,
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

/// A thread of the parent held the lock of stdout at the fork: in this process it is never free.
pub(crate) static IS_STUCK: AtomicBool = AtomicBool::new(false);

/// Ends the process. Not by `exit`, which runs what the parent has registered and takes a lock of
/// the standard library's that a thread of the parent may have held at the fork.
pub(crate) fn leave(code: i32) -> ! {
    if !IS_STUCK.load(SeqCst) {
        let _ = catch_unwind(|| io::stdout().flush());
    }
    exit_at_once(code)
}

/// Ends the process by the bare system call: no handler runs, and nothing that waits in a buffer is
/// written. Safe in a signal's handler and in a child of many threads.
///
/// ```
/// use processes::{Exit, Process, exit_at_once};
///
/// let process = Process::spawn("five", || exit_at_once(5));
/// assert_eq!(process.join(), Exit::Code(5));
/// ```
pub fn exit_at_once(code: i32) -> ! {
    // SAFETY: it needs nothing, and does not return.
    unsafe { libc::_exit(code) }
}
