//! What comes out of a trace.

use std::collections::HashMap;
use std::time::Duration;

use super::Trace;
use super::shared::{Record, Tag};

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
}

/// One event of a trace. Times count from the moment the trace was made or cleared.
///
/// ```
/// use support::trace::{Kind, Trace};
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
}

/// A thread or process that recorded something.
///
/// ```
/// use support::trace::Trace;
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
    /// The thread.
    pub tid: i32,
    /// The name given by [`Trace::name_lane`], else the thread's own, else "pid 123".
    pub name: String,
    /// The fork that made this lane's process; none if that was before the trace, or if the
    /// process was not forked.
    pub fork: Option<Fork>,
}

/// The fork that a lane's process came from, as the child itself found it.
///
/// ```no_run
/// use support::trace::Trace;
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
    /// The process that forked.
    pub pid: i32,
    /// The thread in it that called `fork`.
    pub tid: i32,
    /// When `fork` was called.
    pub at: Duration,
    /// When `fork` returned in the child: its first moment on a CPU.
    pub began: Duration,
}

impl Trace {
    /// All events so far, sorted by their start.
    ///
    /// Others may go on recording meanwhile; their newest events may be missing. Allocates, so
    /// it is not for a child forked from a process with several threads.
    ///
    /// ```
    /// use support::trace::Trace;
    ///
    /// let trace = Trace::new();
    /// trace.in_span("outer", || trace.instant("inner"));
    /// let labels: Vec<_> = trace.events().into_iter().map(|event| event.label).collect();
    /// assert_eq!(labels, ["outer", "inner"]);
    /// ```
    pub fn events(&self) -> Vec<Event> {
        let epoch = self.shared.epoch();
        let since = |time: u64| Duration::from_nanos(time.saturating_sub(epoch));
        let mut events: Vec<Event> = self
            .records()
            .filter_map(|record| {
                let kind = match record.tag {
                    Tag::Span => Kind::Span,
                    Tag::Instant => Kind::Instant,
                    Tag::Running => Kind::Running,
                    Tag::Lane | Tag::Name => return None,
                };
                Some(Event {
                    kind,
                    label: record.label.text(),
                    start: since(record.start),
                    end: (record.end != 0).then(|| since(record.end)),
                    cpu: record.cpu.into(),
                    pid: record.pid as i32,
                    tid: record.tid as i32,
                })
            })
            .collect();
        // Stable, and slots are in the order of recording: equal times keep that order.
        events.sort_by_key(|event| event.start);
        events
    }

    /// The threads and processes that recorded something, in the order of their first event.
    ///
    /// ```
    /// use support::trace::Trace;
    ///
    /// let trace = Trace::new();
    /// trace.instant("here");
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| trace.instant("there"));
    /// });
    /// assert_eq!(trace.lanes().len(), 2);
    /// ```
    pub fn lanes(&self) -> Vec<Lane> {
        let epoch = self.shared.epoch();
        let mut lanes: Vec<Lane> = Vec::new();
        let mut places: HashMap<(u32, u32), usize> = HashMap::new();
        for record in self.records() {
            // A lane whose introduction was lost is still a lane.
            let place = *places.entry((record.pid, record.tid)).or_insert_with(|| {
                lanes.push(Lane {
                    pid: record.pid as i32,
                    tid: record.tid as i32,
                    name: own_name(&record),
                    fork: None,
                });
                lanes.len() - 1
            });
            let lane = &mut lanes[place];
            match record.tag {
                Tag::Name => lane.name = record.label.text(),
                Tag::Lane if record.extra != 0 && record.start >= epoch => {
                    lane.fork = Some(Fork {
                        pid: (record.extra >> 32) as i32,
                        tid: record.extra as i32,
                        at: Duration::from_nanos(record.start - epoch),
                        began: Duration::from_nanos(record.end.saturating_sub(epoch)),
                    });
                }
                _ => {}
            }
        }
        lanes
    }

    fn records(&self) -> impl Iterator<Item = Record> + '_ {
        let (taken, generation) = self.shared.taken();
        self.shared.slots()[..taken]
            .iter()
            .filter_map(move |slot| slot.read(generation))
    }
}

fn own_name(first: &Record) -> String {
    let name = first.label.text();
    if first.tag == Tag::Lane && !name.is_empty() {
        name
    } else if first.pid == first.tid {
        format!("pid {}", first.pid)
    } else {
        format!("tid {}", first.tid)
    }
}
