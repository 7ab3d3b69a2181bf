//! Reading a trace: its events and its lanes.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::end::How;
use super::event::{Event, Kind};
use super::handle::Trace;
use super::lane::{End, Fork, Lane, Seen};
use super::slot::{Record, Tag};
use super::who::Who;

impl Trace {
    /// All events so far, sorted by their start: a table to compute on.
    ///
    /// Others may go on recording meanwhile; their newest events may be missing. Allocates, so
    /// it is not for a child forked from a process with several threads.
    ///
    /// ```
    /// use timeline::trace::Trace;
    ///
    /// let trace = Trace::new();
    /// trace.in_span("outer", || trace.instant("inner"));
    /// let labels: Vec<_> = trace.events().into_iter().map(|event| event.label).collect();
    /// assert_eq!(labels, ["outer", "inner"]);
    /// ```
    pub fn events(&self) -> Vec<Event> {
        let (records, epoch) = self.records();
        let mut events: Vec<Event> = records.iter().filter_map(|r| event(r, epoch)).collect();
        // Stable, and slots are in the order of recording: equal times keep that order.
        events.sort_by_key(|event| event.start);
        events
    }

    /// The events of the lane, or lanes, of this name, sorted by their start.
    ///
    /// As [`Trace::events`] otherwise; empty if no lane bears the name.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.join(trace.spawn("worker", |trace| trace.instant("here"))).unwrap();
    /// assert_eq!(trace.events_of("worker").len(), 1);
    /// ```
    pub fn events_of(&self, name: &str) -> Vec<Event> {
        let mut lanes = self.lanes();
        lanes.retain(|lane| lane.name == name);
        let mut events = self.events();
        events.retain(|event| lanes.iter().any(|lane| lane.has(event)));
        events
    }

    /// The threads, processes and tasks that recorded something, in the order of their first
    /// event.
    ///
    /// ```
    /// use timeline::trace::Trace;
    ///
    /// let trace = Trace::new();
    /// trace.instant("here");
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| trace.instant("there"));
    /// });
    /// assert_eq!(trace.lanes().len(), 2);
    /// ```
    pub fn lanes(&self) -> Vec<Lane> {
        let (records, epoch) = self.records();
        let since = |time: u64| Duration::from_nanos(time.saturating_sub(epoch));
        let mut lanes: Vec<Lane> = Vec::new();
        let mut places: HashMap<Key, usize> = HashMap::new();
        let mut seen: Vec<(Key, How, Seen)> = Vec::new();
        for record in &records {
            let (pid, tid) = (record.who.pid as i32, record.who.tid as i32);
            let place = match places.entry(key(record)) {
                Entry::Occupied(place) => *place.get(),
                // A lane whose introduction was lost is still a lane.
                Entry::Vacant(place) => {
                    lanes.push(Lane {
                        pid,
                        tid,
                        task: task(record),
                        name: own_name(record),
                        fork: None,
                        spawn: None,
                        end: None,
                    });
                    *place.insert(lanes.len() - 1)
                }
            };
            let lane = &mut lanes[place];
            let from = |parent: u64, called: u64, began: u64| {
                let Who { pid, tid } = Who::of(parent);
                let (pid, tid, at, began) = (pid as i32, tid as i32, since(called), since(began));
                Fork {
                    pid,
                    tid,
                    at,
                    began,
                }
            };
            let (start, end, extra) = (record.start, record.end, record.extra);
            match record.tag {
                Tag::Name => lane.name = record.label.text(),
                Tag::Lane if extra != 0 && start >= epoch => {
                    lane.fork = Some(from(extra, start, end));
                }
                Tag::Spawned if end >= epoch => lane.spawn = Some(from(extra, end, start)),
                Tag::Task => {
                    // A span of `tracing` becomes known as a task after it has begun.
                    let made = if end == 0 { start } else { end };
                    lane.name = record.label.text();
                    lane.spawn = Some(from(record.who.word(), made, made));
                }
                Tag::Left => {
                    lane.end = Some(End {
                        at: since(start),
                        how: How::of(end),
                        seen: None,
                    });
                }
                Tag::Ended => {
                    let at = since(start);
                    seen.push(((Who::of(extra), 0), How::of(end), Seen { pid, tid, at }));
                }
                _ => {}
            }
        }
        for (whose, how, seen) in seen {
            // Whoever recorded nothing has no lane, and needs no end.
            if let Some(place) = places.get(&whose) {
                let end = &mut lanes[*place].end;
                let at = end.map_or(seen.at, |end| end.at);
                let seen = Some(seen);
                *end = Some(End { at, how, seen });
            }
        }
        lanes
    }

    fn records(&self) -> (Vec<Record>, u64) {
        let (mut records, epoch) = self.shared.records();
        let made = records.iter().filter(|record| record.tag == Tag::Task);
        let tasks: HashSet<u64> = made.map(|record| record.extra).collect();
        // A span of `tracing` that nobody called a task is its thread's.
        for record in &mut records {
            if task(record).is_some_and(|task| !tasks.contains(&task.into())) {
                record.extra = 0;
                if record.tag == Tag::Polled {
                    record.tag = Tag::Span;
                }
            }
        }
        (records, epoch)
    }
}

/// Thread and task of a lane. A task has no thread of its own.
type Key = (Who, u32);

fn key(record: &Record) -> Key {
    match task(record) {
        Some(task) => (
            Who {
                tid: 0,
                ..record.who
            },
            task,
        ),
        None => (record.who, 0),
    }
}

fn task(record: &Record) -> Option<u32> {
    let task = match record.tag {
        // What these are about is the thread or process.
        Tag::Lane | Tag::Spawned | Tag::Ended | Tag::Running => 0,
        _ => record.extra as u32,
    };
    (task != 0).then_some(task)
}

impl Lane {
    /// Whether an event was recorded on this lane.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.instant("here");
    /// assert!(trace.lanes()[0].has(&trace.events()[0]));
    /// ```
    pub fn has(&self, event: &Event) -> bool {
        self.pid == event.pid
            && self.task == event.task
            && (self.task.is_some() || self.tid == event.tid)
    }
}

fn event(record: &Record, epoch: u64) -> Option<Event> {
    let place = (record.tag as usize).checked_sub(Tag::Span as usize)?;
    let kind = Kind::ALL[place];
    let since = |time: u64| Duration::from_nanos(time.saturating_sub(epoch));
    let message = matches!(kind, Kind::Sent | Kind::Received).then_some(record.end);
    let start = since(record.start);
    let end = if kind.has_length() {
        (record.end != 0).then(|| since(record.end))
    } else {
        Some(start)
    };
    Some(Event {
        kind,
        label: record.label.text(),
        start,
        end,
        cpu: record.cpu.into(),
        pid: record.who.pid as i32,
        tid: record.who.tid as i32,
        task: task(record),
        message,
    })
}

fn own_name(first: &Record) -> String {
    let name = first.label.text();
    if matches!(first.tag, Tag::Lane | Tag::Task | Tag::Polled) && !name.is_empty() {
        name
    } else if let Some(task) = task(first) {
        format!("task {task}")
    } else if first.who.pid == first.who.tid {
        format!("pid {}", first.who.pid)
    } else {
        format!("tid {}", first.who.tid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_tags_are_in_one_order() {
        for (place, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, place);
            let tag = Tag::of((Tag::Span as usize + place) as u8).unwrap();
            assert_eq!(format!("{tag:?}"), format!("{kind:?}"));
        }
    }
}
