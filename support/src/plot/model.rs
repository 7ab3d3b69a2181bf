//! A trace in the order in which it is drawn: processes, their lanes, rows of bars.

use std::collections::HashMap;

use crate::trace::{Event, Fork, Kind, Lane, Trace};

/// A stretch of time on a row. Times are in ns since the first event.
#[derive(Clone, Debug)]
pub(super) struct Bar {
    pub start: u64,
    pub end: u64,
    pub label: String,
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

/// What one thread did.
#[derive(Clone, Debug)]
pub(super) struct LaneData {
    pub pid: i32,
    pub tid: i32,
    pub name: String,
    /// Spans by depth: a span stands one row below the span that it began in.
    pub rows: Vec<Vec<Bar>>,
    pub running: Vec<Bar>,
    pub marks: Vec<Mark>,
}

/// Where a process came from, in drawing order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Birth {
    /// The lane that forked, as process and lane numbers in `Data`; none if it is not here.
    pub parent: Option<(usize, usize)>,
    /// When `fork` was called, and when it returned in this process.
    pub at: u64,
    pub began: u64,
}

#[derive(Clone, Debug)]
pub(super) struct ProcessData {
    pub pid: i32,
    pub birth: Option<Birth>,
    pub lanes: Vec<LaneData>,
}

/// All that a timeline shows.
#[derive(Clone, Debug, Default)]
pub(super) struct Data {
    pub processes: Vec<ProcessData>,
    /// When the last event ended. The first began at 0.
    pub length: u64,
    pub dropped: u64,
}

impl Data {
    pub fn new(trace: &Trace) -> Data {
        let events = trace.events();
        let lanes = trace.lanes();
        let dropped = trace.dropped();
        let begin = |event: &Event| event.start.as_nanos() as u64;
        let end = |event: &Event| event.end.map_or(0, |end| end.as_nanos() as u64);
        let forked = |lane: &Lane| lane.fork.map(|fork| fork.at.as_nanos() as u64);
        let births = lanes.iter().filter_map(forked);
        let Some(zero) = events.iter().map(begin).chain(births.clone()).min() else {
            return Data {
                dropped,
                ..Data::default()
            };
        };
        let ends = events.iter().map(|event| begin(event).max(end(event)));
        let first_moments = lanes.iter().filter_map(|lane| lane.fork);
        let first_moments = first_moments.map(|fork| fork.began.as_nanos() as u64);
        let last = ends.chain(first_moments).max().unwrap_or(zero);

        let mut by_lane: HashMap<(i32, i32), Vec<&Event>> = HashMap::new();
        for event in &events {
            by_lane
                .entry((event.pid, event.tid))
                .or_default()
                .push(event);
        }
        let mut processes: Vec<(i32, Option<Fork>, Vec<LaneData>)> = Vec::new();
        for lane in lanes {
            let events = by_lane.remove(&(lane.pid, lane.tid)).unwrap_or_default();
            let data = lane_data(&lane, &events, zero, last);
            match processes.iter_mut().find(|(pid, ..)| *pid == lane.pid) {
                Some((_, fork, lanes)) => {
                    *fork = fork.or(lane.fork);
                    lanes.push(data);
                }
                None => processes.push((lane.pid, lane.fork, vec![data])),
            }
        }
        for (_, _, lanes) in &mut processes {
            // As they were started, the process's first thread at the top.
            lanes.sort_by_key(|lane| (lane.tid != lane.pid, lane.tid));
        }
        Data {
            processes: family(processes, zero),
            length: last - zero,
            dropped,
        }
    }

    pub fn lanes(&self) -> impl Iterator<Item = &LaneData> {
        self.processes.iter().flat_map(|process| &process.lanes)
    }

    pub fn spans(&self) -> impl Iterator<Item = (&LaneData, &Bar)> {
        self.lanes()
            .flat_map(|lane| lane.rows.iter().flatten().map(move |bar| (lane, bar)))
    }

    pub fn has_running(&self) -> bool {
        self.lanes().any(|lane| !lane.running.is_empty())
    }
}

fn lane_data(lane: &Lane, events: &[&Event], zero: u64, last: u64) -> LaneData {
    let mut data = LaneData {
        pid: lane.pid,
        tid: lane.tid,
        name: lane.name.clone(),
        rows: Vec::new(),
        running: Vec::new(),
        marks: Vec::new(),
    };
    let time = |time: std::time::Duration| (time.as_nanos() as u64).saturating_sub(zero);
    let known = events
        .iter()
        .map(|event| time(event.end.unwrap_or(event.start)))
        .max()
        .unwrap_or(0);
    // When the row below each depth is free again.
    let mut free: Vec<u64> = Vec::new();
    for event in events {
        let bar = Bar {
            start: time(event.start),
            end: event.end.map_or(known, time),
            label: event.label.clone(),
            cpu: event.cpu,
            open: event.end.is_none(),
        };
        match event.kind {
            Kind::Running => data.running.push(bar),
            Kind::Instant => data.marks.push(Mark {
                at: bar.start,
                label: bar.label,
            }),
            Kind::Span => {
                let until = if bar.open { last - zero + 1 } else { bar.end };
                // One row below the innermost span that is still going on.
                let depth = free
                    .iter()
                    .rposition(|free| *free > bar.start)
                    .map_or(0, |deepest| deepest + 1);
                free.truncate(depth);
                free.push(until);
                if data.rows.len() <= depth {
                    data.rows.push(Vec::new());
                }
                data.rows[depth].push(bar);
            }
        }
    }
    data
}

/// Parents before their children, children by the time of their fork.
fn family(mut rest: Vec<(i32, Option<Fork>, Vec<LaneData>)>, zero: u64) -> Vec<ProcessData> {
    let known: Vec<i32> = rest.iter().map(|(pid, ..)| *pid).collect();
    let mut out: Vec<ProcessData> = Vec::new();
    // A stack of processes to place, the next on top.
    let mut roots: Vec<_> = Vec::new();
    rest.retain(|process| {
        let root = process.1.is_none_or(|fork| !known.contains(&fork.pid));
        if root {
            roots.push(process.clone());
        }
        !root
    });
    roots.reverse();
    while let Some((pid, fork, lanes)) = roots.pop() {
        let birth = fork.map(|fork| Birth {
            parent: place(&out, &fork),
            at: (fork.at.as_nanos() as u64).saturating_sub(zero),
            began: (fork.began.as_nanos() as u64).saturating_sub(zero),
        });
        out.push(ProcessData { pid, birth, lanes });
        let mut children: Vec<_> = Vec::new();
        rest.retain(|process| {
            let child = process.1.is_some_and(|fork| fork.pid == pid);
            if child {
                children.push(process.clone());
            }
            !child
        });
        children.sort_by_key(|(_, fork, _)| std::cmp::Reverse(fork.map(|fork| fork.at)));
        roots.append(&mut children);
    }
    out
}

/// The lane that forked, or its process's first if that thread recorded nothing.
fn place(out: &[ProcessData], fork: &Fork) -> Option<(usize, usize)> {
    let process = out.iter().position(|process| process.pid == fork.pid)?;
    let lanes = &out[process].lanes;
    let lane = lanes.iter().position(|lane| lane.tid == fork.tid);
    Some((process, lane.unwrap_or(0)))
}
