//! A sentence and the moment that it points at.

use std::time::Duration;

use figures::printable;

use super::model::{Data, ns};
use crate::trace::Event;

/// A moment that a note points at: an event's beginning, on its lane, or a time as a picture's axis
/// counts, across all lanes.
///
/// ```
/// use std::time::Duration;
/// use timeline::plot::Moment;
/// use timeline::trace::Trace;
///
/// let trace = Trace::new();
/// trace.in_span("work", || trace.busy(Duration::from_millis(1)));
/// let work = &trace.events()[0];
/// let picture = trace
///     .timeline()
///     .note("it begins", work)
///     .note("half of it", Duration::from_micros(500))
///     .note("it is done", Moment::end_of(work));
/// assert!(picture.svg().contains("half of it"));
/// ```
#[derive(Clone, Debug)]
pub struct Moment {
    time: Time,
    event: Option<Source>,
}

#[derive(Clone, Copy, Debug)]
enum Time {
    /// Since the picture's first event.
    Axis(u64),
    /// Since the trace was made.
    Trace(u64),
    /// The end of the event's lane.
    End,
}

/// Where an event was recorded.
#[derive(Clone, Debug)]
struct Source {
    pid: i32,
    tid: i32,
    task: Option<u32>,
    label: String,
}

impl Moment {
    /// The end of an event; of a span that has no recorded end, that of its lane.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.in_span("work", || ());
    /// let end = timeline::plot::Moment::end_of(&trace.events()[0]);
    /// assert!(trace.timeline().note("done", end).text().contains("done"));
    /// ```
    pub fn end_of(event: &Event) -> Moment {
        Moment {
            time: event.end.map_or(Time::End, |end| Time::Trace(ns(end))),
            ..Moment::from(event)
        }
    }

    /// The place of its lane.
    fn lane(&self, data: &Data) -> Option<usize> {
        let event = self.event.as_ref()?;
        data.lanes().position(|lane| {
            let same = lane.pid == event.pid && lane.task == event.task;
            same && (event.task.is_some() || lane.tid == event.tid)
        })
    }

    /// As the picture's axis counts.
    pub(super) fn on_axis(&self, data: &Data) -> u64 {
        match self.time {
            Time::Axis(at) => at,
            Time::Trace(at) => at.saturating_sub(data.zero),
            Time::End => {
                let lane = self.lane(data).and_then(|lane| data.lanes().nth(lane));
                lane.map_or(0, |lane| lane.over.unwrap_or(lane.last()))
            }
        }
    }
}

impl From<&Event> for Moment {
    fn from(event: &Event) -> Moment {
        let (pid, tid, task) = (event.pid, event.tid, event.task);
        let label = event.label.clone();
        Moment {
            time: Time::Trace(ns(event.start)),
            event: Some(Source {
                pid,
                tid,
                task,
                label,
            }),
        }
    }
}

impl From<Duration> for Moment {
    fn from(time: Duration) -> Moment {
        Moment {
            // A century is long enough.
            time: Time::Axis(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX / 4)),
            event: None,
        }
    }
}

/// A sentence at a moment of a picture.
#[derive(Clone, Debug)]
pub(super) struct Note {
    /// As the picture's axis counts.
    pub at: u64,
    pub text: String,
    /// The lane, counted from the top, and the label of what it points at there.
    pub lane: Option<(usize, String)>,
}

impl Note {
    pub fn new(data: &Data, text: &str, moment: &Moment) -> Note {
        let label = moment.event.as_ref().map(|event| event.label.clone());
        Note {
            at: moment.on_axis(data),
            text: printable(text),
            lane: moment.lane(data).zip(label),
        }
    }
}
