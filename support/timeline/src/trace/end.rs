//! How lanes end, and the guard that a lane ends by itself with.

use std::fmt;
use std::sync::Arc;

use nix::sys::signal::Signal;

use super::handle::Trace;
use super::shared::Shared;
use super::slot::Tag;
use super::who;

/// How a lane ended.
///
/// ```
/// use timeline::trace::{How, Trace};
///
/// let trace = Trace::new();
/// trace.join(trace.spawn("worker", |_| ())).unwrap();
/// let end = trace.lanes().into_iter().find_map(|lane| lane.end).unwrap();
/// assert_eq!(end.how, How::Returned);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum How {
    /// The thread's function returned, or the task was ready.
    Returned,
    /// A panic went through it.
    Panicked,
    /// The task was dropped before it was ready.
    Cancelled,
    /// The process exited with this code.
    Exited(i32),
    /// The process was ended by the signal of this number.
    Signalled(i32),
}

impl How {
    /// The end of what was left by a panic, or as it should be.
    pub(super) fn unwinding(panicked: bool) -> How {
        if panicked {
            How::Panicked
        } else {
            How::Returned
        }
    }

    /// For a slot: the sort and the number.
    pub(super) fn code(self) -> u64 {
        let (sort, number) = match self {
            How::Returned => (1, 0),
            How::Panicked => (2, 0),
            How::Cancelled => (3, 0),
            How::Exited(code) => (4, code),
            How::Signalled(signal) => (5, signal),
        };
        sort << 32 | u64::from(number as u32)
    }

    pub(super) fn of(code: u64) -> How {
        match code >> 32 {
            2 => How::Panicked,
            3 => How::Cancelled,
            4 => How::Exited(code as i32),
            5 => How::Signalled(code as i32),
            _ => How::Returned,
        }
    }
}

/// As a picture says it: "returned", "panic", "exit 3", "SIGKILL".
impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            How::Returned => f.write_str("returned"),
            How::Panicked => f.write_str("panic"),
            How::Cancelled => f.write_str("cancelled"),
            How::Exited(code) => write!(f, "exit {code}"),
            How::Signalled(number) => match Signal::try_from(*number) {
                Ok(signal) => f.write_str(signal.as_str()),
                // Real-time signals have no names of their own.
                Err(_) => write!(f, "signal {number}"),
            },
        }
    }
}

/// Ends the caller's lane when it is dropped; made by [`Trace::lane`].
///
/// ```
/// let trace = timeline::trace::Trace::new();
/// drop(trace.lane("short"));
/// assert!(trace.lanes()[0].end.is_some());
/// ```
#[must_use = "the lane ends when its guard is dropped: bind it to a name such as `_lane`"]
pub struct LaneGuard {
    shared: Arc<Shared>,
    pid: u32,
}

impl Drop for LaneGuard {
    fn drop(&mut self) {
        // In a child forked meanwhile the guard is a copy, and the lane is its parent's.
        if who::me().pid != self.pid {
            return;
        }
        let how = How::unwinding(std::thread::panicking());
        self.shared.note(Tag::Left, "", how.code(), Some(0));
    }
}

impl Trace {
    /// Names the caller's lane, and marks its end when the guard is dropped: also by a panic.
    ///
    /// For threads that are not started by [`Trace::spawn`], such as those of a scope, and for
    /// forked children. A name holds 24 bytes.
    ///
    /// ```
    /// use timeline::trace::{How, Trace};
    ///
    /// let trace = Trace::new();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| {
    ///         let _lane = trace.lane("left");
    ///         trace.instant("here");
    ///     });
    /// });
    /// let lane = &trace.lanes()[0];
    /// assert_eq!((lane.name.as_str(), lane.end.unwrap().how), ("left", How::Returned));
    /// ```
    pub fn lane(&self, name: &str) -> LaneGuard {
        self.name_lane(name);
        self.own_lane()
    }

    /// As [`Trace::lane`], of a lane that has its name already.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// drop(trace.own_lane());
    /// assert!(trace.lanes()[0].end.is_some());
    /// ```
    pub fn own_lane(&self) -> LaneGuard {
        LaneGuard {
            shared: Arc::clone(&self.shared),
            pid: who::me().pid,
        }
    }
}
