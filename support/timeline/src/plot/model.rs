//! A trace in the order in which it is drawn: processes, their lanes, rows of bars, arrows.

use std::collections::HashMap;
use std::time::Duration;

use super::arrows::{Arrow, arrows};
use super::family::family;
use super::rows::lane_data;
use crate::trace::{Event, Kind, Lane, Trace};

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
    /// In place of the rows, where colours say states: what the lane was in at each moment.
    pub states: Vec<Bar>,
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

/// All that a timeline shows.
#[derive(Clone, Debug, Default)]
pub(super) struct Data {
    pub processes: Vec<ProcessData>,
    pub arrows: Vec<Arrow>,
    /// When the last event ended, or the picture was asked for, if a lane that still runs has a
    /// span open. The first event began at 0.
    pub length: u64,
    pub dropped: u64,
    /// Whether any lane ticked.
    pub has_running: bool,
}

pub(super) fn ns(time: Duration) -> u64 {
    time.as_nanos() as u64
}

impl Data {
    pub fn new(trace: &Trace) -> Data {
        let now = ns(trace.elapsed());
        let events = trace.events();
        let lanes = trace.lanes();
        let dropped = trace.dropped();
        let origins = lanes.iter().flat_map(|lane| [lane.fork, lane.spawn]);
        let origins: Vec<_> = origins.flatten().collect();
        let starts = events.iter().map(|event| ns(event.start));
        let Some(zero) = starts.chain(origins.iter().map(|it| ns(it.at))).min() else {
            return Data {
                dropped,
                ..Data::default()
            };
        };
        let ends = events.iter().map(|e| ns(e.end.unwrap_or(e.start)));
        let first_moments = origins.iter().map(|origin| ns(origin.began));
        let over = lanes.iter().filter_map(|lane| lane.end);
        let over = over.map(|end| ns(end.seen.map_or(end.at, |seen| seen.at)));
        let mut last = ends.chain(first_moments).chain(over).max().unwrap_or(zero);
        if goes_on(&lanes, &events) {
            last = last.max(now);
        }

        // A thread's lane shows the polls of its tasks, too.
        let mut by_lane: HashMap<(i32, i32, u32), Vec<&Event>> = HashMap::new();
        for event in &events {
            let thread = (event.pid, event.tid, 0);
            if let Some(task) = event.task {
                by_lane.entry((event.pid, 0, task)).or_default().push(event);
                if event.kind == Kind::Polled {
                    by_lane.entry(thread).or_default().push(event);
                }
            } else {
                by_lane.entry(thread).or_default().push(event);
            }
        }
        let order = family(&lanes, &events);
        let mut processes: Vec<ProcessData> = Vec::new();
        for lane in order.iter().map(|place| &lanes[*place]) {
            let key = match lane.task {
                Some(task) => (lane.pid, 0, task),
                None => (lane.pid, lane.tid, 0),
            };
            let events = by_lane.remove(&key).unwrap_or_default();
            let data = lane_data(lane, &events, zero, last);
            match processes.last_mut() {
                Some(process) if process.pid == lane.pid => process.lanes.push(data),
                _ => processes.push(ProcessData {
                    pid: lane.pid,
                    lanes: vec![data],
                }),
            }
        }
        let mut data = Data {
            processes,
            arrows: Vec::new(),
            length: last - zero,
            dropped,
            has_running: events.iter().any(|event| event.kind == Kind::Running),
        };
        let ordered: Vec<&Lane> = order.iter().map(|place| &lanes[*place]).collect();
        arrows(&mut data, &ordered, &events, zero);
        data
    }

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

/// Whether a span is open whose thread is still there to end it.
fn goes_on(lanes: &[Lane], events: &[Event]) -> bool {
    let open = events.iter().filter(|event| event.end.is_none());
    let mut open: Vec<(i32, i32)> = open.map(|event| (event.pid, event.tid)).collect();
    open.sort_unstable();
    open.dedup();
    open.into_iter().any(|(pid, tid)| {
        let mut own = lanes.iter().filter(|l| l.task.is_none() && l.pid == pid);
        let over = own.any(|l| (l.tid == tid || l.tid == pid) && l.end.is_some());
        !over && alive(pid, tid)
    })
}

/// Whether the system still knows the thread, and not as a zombie.
fn alive(pid: i32, tid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/task/{tid}/stat"));
    // The state stands after the name, which is in brackets and may hold anything.
    let state = stat.as_deref().ok().and_then(|stat| stat.rsplit_once(") "));
    state.is_some_and(|(_, state)| !state.starts_with(['Z', 'X']))
}
