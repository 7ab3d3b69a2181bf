//! A trace in the order in which it is drawn: processes, their lanes, rows of bars, arrows.

use std::time::Duration;

use crate::trace::Kind;

/// A stretch of time on a row. Times are in ns since the first event.
#[derive(Clone, Debug)]
pub(super) struct Bar {
    pub start: u64,
    pub end: u64,
    pub label: String,
    pub kind: Kind,
    pub cpu: usize,
    /// No end was recorded; `end` is the last that is known of its lane.
    pub open: bool,
    /// Of a wait: what it is for, as far as the trace tells.
    pub cause: Option<Cause>,
}

impl Bar {
    /// Its end, if it has one.
    pub fn until(&self) -> u64 {
        if self.open { u64::MAX } else { self.end }
    }
}

/// What a lane waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// A lock that the lane of this place holds.
    Held(usize),
    /// A lock that others held, the lane of this place last.
    Got(usize),
    /// A message, or an end, of the lane of this place.
    Woken(usize),
}

/// An instant.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub at: u64,
    pub label: String,
}

/// What one thread or task did.
#[derive(Clone, Debug)]
pub(super) struct LaneData {
    pub pid: i32,
    pub tid: i32,
    pub task: Option<u32>,
    pub name: String,
    /// Spans by depth: a span stands one row below the span that it began in. A task's polls are
    /// its first row.
    pub rows: Vec<Vec<Bar>>,
    /// In place of the rows, where colours say states: what the lane was in at each moment, and below
    /// that the locks that it held.
    pub states: Vec<Vec<Bar>>,
    pub running: Vec<Bar>,
    pub marks: Vec<Mark>,
    /// When the lane began to exist, and when it was over, as far as that is known.
    pub began: u64,
    pub over: Option<u64>,
    /// Where a panic went through or a signal ended it.
    pub breaks: Vec<Mark>,
}

#[derive(Clone, Debug)]
pub(super) struct ProcessData {
    pub pid: i32,
    pub lanes: Vec<LaneData>,
}

/// What an arrow means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// From the call of `fork` or `spawn` to the first moment of what it made.
    Start,
    /// From a lane's end to who waited for it.
    End,
    Message(String),
    /// From where a lock is let go to who waited for it.
    Handed,
    /// From who waits for a lock to who holds it, where that has no end, or one goes round in a circle.
    Waits,
}

/// A lane, counted from the top, and a time in ns since the first event.
pub(super) type Place = (usize, u64);

/// From a lane at a time to another.
#[derive(Clone, Debug)]
pub(super) struct Arrow {
    pub sort: Sort,
    pub from: Place,
    pub to: Place,
}

/// All that a timeline shows.
#[derive(Clone, Debug, Default)]
pub(super) struct Data {
    pub processes: Vec<ProcessData>,
    pub arrows: Vec<Arrow>,
    /// When the last event ended, or the picture was asked for, if a lane that still runs has a
    /// span open. The first event began at 0.
    pub length: u64,
    pub dropped: u64,
    /// When the first event began, in ns since the trace was made.
    pub zero: u64,
    /// Whether any lane ticked.
    pub has_running: bool,
}

pub(super) fn ns(time: Duration) -> u64 {
    time.as_nanos() as u64
}

impl Data {
    pub fn lanes(&self) -> impl Iterator<Item = &LaneData> {
        self.processes.iter().flat_map(|process| &process.lanes)
    }

    /// The lane of this number, counted from the top.
    pub fn lane_mut(&mut self, place: usize) -> Option<&mut LaneData> {
        let lanes = self.processes.iter_mut();
        lanes.flat_map(|process| &mut process.lanes).nth(place)
    }

    pub fn spans(&self) -> impl Iterator<Item = (&LaneData, &Bar)> {
        self.lanes()
            .flat_map(|lane| lane.bars().map(move |bar| (lane, bar)))
    }
}

impl LaneData {
    /// The last moment at which anything is known of it.
    pub fn last(&self) -> u64 {
        let bars = self.rows.iter().chain([&self.running]).flatten();
        let bars = bars.map(|bar| bar.end);
        bars.chain(self.marks.iter().map(|mark| mark.at))
            .max()
            .unwrap_or(self.began)
    }

    /// All spans but those that another lane shows as its own: a task's polls in its thread.
    pub fn bars(&self) -> impl Iterator<Item = &Bar> {
        let bars = self.rows.iter().flatten();
        bars.filter(|bar| self.task.is_some() || bar.kind != Kind::Polled)
    }
}
