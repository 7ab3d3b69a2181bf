//! One event, as it comes out of a trace.

use std::time::Duration;

#[cfg(doc)]
use super::handle::Trace;

/// What sort of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Something with a beginning and an end: [`Trace::span`].
    Span,
    /// Something at one moment: [`Trace::instant`].
    Instant,
    /// The thread was seen running on a CPU: [`Trace::tick`].
    Running,
    /// Waiting for another lane: for a lock ([`Trace::watch`]), a thread's end
    /// ([`Trace::join`]), or what [`Trace::waiting`] was told.
    Waiting,
    /// Holding a lock: [`Trace::watch`].
    Holding,
    /// [`Trace::sleep`].
    Sleeping,
    /// In a call that blocks in input or output: [`Trace::blocked`].
    Blocked,
    /// A task's future was polled: [`Trace::task`].
    Polled,
    /// A message was sent: [`Trace::sent`].
    Sent,
    /// A message was received: [`Trace::received`].
    Received,
    /// A panic went through a span, a lock's guard or a poll, at this moment.
    Panicked,
}

impl Kind {
    /// In the order in which they stand above.
    pub(super) const ALL: [Kind; 11] = {
        use Kind::*;
        [
            Span, Instant, Running, Waiting, Holding, Sleeping, Blocked, Polled, Sent, Received,
            Panicked,
        ]
    };

    /// Whether events of this kind have a beginning and an end.
    ///
    /// ```
    /// use timeline::trace::Kind;
    ///
    /// assert!(Kind::Holding.has_length() && !Kind::Sent.has_length());
    /// ```
    pub fn has_length(self) -> bool {
        !matches!(
            self,
            Kind::Instant | Kind::Sent | Kind::Received | Kind::Panicked
        )
    }
}

/// One event of a trace. Times count from the moment the trace was made or cleared.
///
/// ```
/// use timeline::trace::{Kind, Trace};
///
/// let trace = Trace::new();
/// trace.instant("ready");
/// let event = &trace.events()[0];
/// assert_eq!((event.kind, event.label.as_str()), (Kind::Instant, "ready"));
/// assert_eq!(event.pid, std::process::id() as i32);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// What sort of event.
    pub kind: Kind,
    /// The text it was recorded with, at most 24 bytes; empty for [`Kind::Running`].
    pub label: String,
    /// When it began.
    pub start: Duration,
    /// When it ended: `start` for an instant, none for a span that has not ended (yet, or
    /// because its process was killed).
    pub end: Option<Duration>,
    /// The CPU it began on.
    pub cpu: usize,
    /// The process.
    pub pid: i32,
    /// The thread, as the system numbers it; equal to `pid` for a process's first thread.
    pub tid: i32,
    /// The number of the task that was being polled: [`Trace::task`].
    pub task: Option<u32>,
    /// The number of the message that was sent or received.
    pub message: Option<u64>,
}

impl Event {
    /// How long it took: zero for a moment, and for a span that has not ended.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.instant("now");
    /// assert!(trace.events()[0].time().is_zero());
    /// ```
    pub fn time(&self) -> Duration {
        self.end.unwrap_or(self.start).saturating_sub(self.start)
    }
}
