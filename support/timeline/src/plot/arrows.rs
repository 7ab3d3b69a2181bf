//! Arrows between lanes: forks, starts, joins and messages.

use std::collections::{HashMap, VecDeque};

use super::model::{Arrow, Data, Mark, Place, Sort, ns};
use crate::trace::{Event, Fork, Kind, Lane};

/// Finds the arrows; messages without a partner become instants.
pub(super) fn arrows(data: &mut Data, lanes: &[&Lane], events: &[Event], zero: u64) {
    let time = |time| ns(time).saturating_sub(zero);
    let find = |pid, tid| {
        lanes
            .iter()
            .position(|l| l.task.is_none() && (l.pid, l.tid) == (pid, tid))
    };
    // The lane that forked, or its process's first if that thread recorded nothing.
    let near = |pid, tid| find(pid, tid).or_else(|| lanes.iter().position(|lane| lane.pid == pid));
    for (place, lane) in lanes.iter().enumerate() {
        let first = find(lane.pid, lane.pid).is_none_or(|first| first == place);
        let origin = match (lane.task, lane.spawn, lane.fork) {
            (None, Some(spawn), _) => Some(spawn),
            (None, None, Some(fork)) if first => Some(fork),
            _ => None,
        };
        if let Some(Fork {
            pid,
            tid,
            at,
            began,
            ..
        }) = origin
            && let Some(parent) = near(pid, tid)
        {
            data.arrows.push(Arrow {
                sort: Sort::Start,
                from: (parent, time(at)),
                to: (place, time(began)),
            });
        }
        if let Some(end) = lane.end
            && let Some(seen) = end.seen
            && let Some(waiter) = near(seen.pid, seen.tid)
        {
            data.arrows.push(Arrow {
                sort: Sort::End,
                // A process does not say when it ends: it is over when its end is seen.
                from: (place, time(end.at)),
                to: (waiter, time(seen.at)),
            });
        }
    }
    messages(data, lanes, events, zero);
}

fn messages(data: &mut Data, lanes: &[&Lane], events: &[Event], zero: u64) {
    if events.iter().all(|event| event.message.is_none()) {
        return;
    }
    let key = |pid, tid, task: Option<u32>| (pid, if task.is_some() { 0 } else { tid }, task);
    let places = lanes.iter().enumerate();
    let places: HashMap<_, _> = places
        .map(|(place, lane)| (key(lane.pid, lane.tid, lane.task), place))
        .collect();
    let mut under_way: HashMap<(&str, Option<u64>), VecDeque<Place>> = HashMap::new();
    // Sorted by time, and a message is sent before it is received.
    for event in events {
        let at = ns(event.start).saturating_sub(zero);
        let message = (event.label.as_str(), event.message);
        let Some(place) = places.get(&key(event.pid, event.tid, event.task)) else {
            continue;
        };
        match event.kind {
            Kind::Sent => under_way
                .entry(message)
                .or_default()
                .push_back((*place, at)),
            Kind::Received => match under_way.get_mut(&message).and_then(VecDeque::pop_front) {
                Some(from) => data.arrows.push(Arrow {
                    sort: Sort::Message(event.label.clone()),
                    from,
                    to: (*place, at),
                }),
                None => lone(data, *place, at, format!("{}, received", event.label)),
            },
            _ => {}
        }
    }
    for ((label, _), lost) in under_way {
        for (place, at) in lost {
            lone(data, place, at, format!("{label}, not received"));
        }
    }
}

fn lone(data: &mut Data, place: usize, at: u64, label: String) {
    if let Some(lane) = data.lane_mut(place) {
        lane.marks.push(Mark { at, label });
        lane.marks.sort_by_key(|mark| mark.at);
    }
}
