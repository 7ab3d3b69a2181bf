//! What one lane did: its spans in rows, its running segments, its moments.

use super::model::{Bar, LaneData, Mark, ns};
use crate::trace::{End, Event, How, Kind, Lane};

/// `events` are those of the lane, sorted by their start; `zero` and `last` are the picture's.
pub(super) fn lane_data(lane: &Lane, events: &[&Event], zero: u64, last: u64) -> LaneData {
    let time = |time: std::time::Duration| ns(time).saturating_sub(zero);
    let over = lane.end.map(|end| time(end.at));
    let mut data = LaneData {
        pid: lane.pid,
        tid: lane.tid,
        task: lane.task,
        name: lane.name.clone(),
        rows: Vec::new(),
        states: Vec::new(),
        running: Vec::new(),
        marks: Vec::new(),
        began: lane
            .spawn
            .or(lane.fork)
            .map_or(0, |origin| time(origin.began)),
        over,
        breaks: Vec::new(),
    };
    let ends = events.iter().map(|e| time(e.end.unwrap_or(e.start)));
    let known = ends.max().unwrap_or(0);
    let mut rows = Rows::default();
    let mut unwinding = false;
    for event in events {
        let bar = Bar {
            start: time(event.start),
            end: event.end.map_or(known, time),
            label: event.label.clone(),
            kind: event.kind,
            cpu: event.cpu,
            open: event.end.is_none(),
            cause: None,
        };
        // One panic passes several guards.
        let again = std::mem::replace(&mut unwinding, event.kind == Kind::Panicked);
        match event.kind {
            Kind::Running => data.running.push(bar),
            Kind::Instant => data.marks.push(Mark {
                at: bar.start,
                label: bar.label,
            }),
            Kind::Panicked if !again => data.breaks.push(Mark {
                at: bar.start,
                label: bar.label,
            }),
            // Messages become arrows.
            Kind::Panicked | Kind::Sent | Kind::Received => {}
            Kind::Polled if lane.task.is_some() => rows.put(0, bar),
            _ => {
                let until = if bar.open { last - zero + 1 } else { bar.end };
                let depth = rows.depth(bar.start, until, usize::from(lane.task.is_some()));
                rows.put(depth, bar);
            }
        }
    }
    data.rows = rows.rows;
    if let Some(end) = lane.end {
        data.end(end, known);
    }
    data
}

/// Spans by depth.
#[derive(Default)]
pub(super) struct Rows {
    pub rows: Vec<Vec<Bar>>,
    /// When the row of each depth is free again.
    free: Vec<u64>,
}

impl Rows {
    /// One row below the innermost span that is still going on, and at `least` there.
    pub fn depth(&mut self, start: u64, until: u64, least: usize) -> usize {
        let deepest = self.free.iter().rposition(|free| *free > start);
        let depth = deepest.map_or(0, |deepest| deepest + 1).max(least);
        self.free.resize(depth, 0);
        self.free.push(until);
        depth
    }

    pub fn put(&mut self, depth: usize, bar: Bar) {
        if self.rows.len() <= depth {
            self.rows.resize(depth + 1, Vec::new());
        }
        self.rows[depth].push(bar);
    }
}

impl LaneData {
    /// Marks an end that was not a good one.
    fn end(&mut self, end: End, known: u64) {
        match end.how {
            How::Returned | How::Exited(0) => return,
            // Seen already as it happened.
            How::Panicked if !self.breaks.is_empty() => return,
            // A child that panics and exits says both.
            How::Exited(_) if !self.breaks.is_empty() => return,
            _ => {}
        }
        self.breaks.push(Mark {
            at: self.over.unwrap_or(known),
            label: end.how.to_string(),
        });
    }
}
