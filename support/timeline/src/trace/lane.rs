//! A lane: who recorded, where it came from, and how it ended.

use std::time::Duration;

use super::end::How;
#[cfg(doc)]
use super::handle::Trace;

/// A thread, process or task that recorded something.
///
/// ```
/// use timeline::trace::Trace;
///
/// let trace = Trace::new();
/// trace.name_lane("parent");
/// assert_eq!(trace.lanes()[0].name, "parent");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lane {
    /// The process.
    pub pid: i32,
    /// The thread; of a task, the one that made it.
    pub tid: i32,
    /// The task's number, if this is the lane of a task.
    pub task: Option<u32>,
    /// The name given by [`Trace::name_lane`], else the thread's own, else "pid 123".
    pub name: String,
    /// The fork that made this lane's process; none if that was before the trace, or if the
    /// process was not forked.
    pub fork: Option<Fork>,
    /// How this thread was started, if by [`Trace::spawn`]; of a task, where it was made.
    pub spawn: Option<Fork>,
    /// How it ended, if anybody recorded that.
    pub end: Option<End>,
}

impl Lane {
    /// Whether it is that of a process's first thread, with which the process ends.
    pub(crate) fn is_first(&self) -> bool {
        self.tid == self.pid && self.task.is_none()
    }
}

/// A lane's end.
///
/// ```
/// let trace = timeline::trace::Trace::new();
/// trace.join(trace.spawn("worker", |_| ())).unwrap();
/// let end = trace.lanes().into_iter().find_map(|lane| lane.end).unwrap();
/// assert!(end.at <= end.seen.unwrap().at);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct End {
    /// When: as the lane said itself, else when its end was seen.
    pub at: Duration,
    /// How.
    pub how: How,
    /// Who waited for the end: [`Trace::join`], [`Trace::waitpid`], [`Trace::ended`].
    pub seen: Option<Seen>,
}

/// Who saw a lane's end.
///
/// ```
/// let trace = timeline::trace::Trace::new();
/// trace.join(trace.spawn("worker", |_| ())).unwrap();
/// let seen = trace.lanes()[1].end.unwrap().seen.unwrap();
/// assert_eq!(seen.tid, trace.lanes()[0].tid);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// The process that waited.
    pub pid: i32,
    /// The thread in it that waited.
    pub tid: i32,
    /// When it knew.
    pub at: Duration,
}

/// Where a process or thread came from, as it found itself.
///
/// ```no_run
/// use timeline::trace::Trace;
///
/// let trace = Trace::new();
/// for lane in trace.lanes() {
///     if let Some(fork) = lane.fork {
///         println!("{} was forked by {} at {:?}", lane.pid, fork.pid, fork.at);
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fork {
    /// The process that forked, or whose thread started this one.
    pub pid: i32,
    /// The thread in it that called `fork` or `spawn`.
    pub tid: i32,
    /// When it called.
    pub at: Duration,
    /// When the new process or thread ran: its first moment on a CPU.
    pub began: Duration,
}
