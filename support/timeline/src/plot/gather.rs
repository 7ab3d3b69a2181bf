//! Puts what a trace recorded into the order in which it is drawn.

use std::collections::HashMap;

use super::arrows::arrows;
use super::family::family;
use super::model::{Data, ProcessData, ns};
use super::rows::lane_data;
use super::states::states;
use super::waits::waits;
use crate::trace::{Event, How, Kind, Lane, Trace};

impl Data {
    pub fn new(trace: &Trace) -> Data {
        let now = ns(trace.now());
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
        let firsts = lanes.iter().filter(|lane| lane.is_first());
        let over_of: HashMap<i32, u64> = firsts
            .filter_map(|lane| Some((lane.pid, lane.end?)))
            .filter(|(_, end)| matches!(end.how, How::Exited(_) | How::Signalled(_)))
            .map(|(pid, end)| (pid, ns(end.at)))
            .collect();
        let mut processes: Vec<ProcessData> = Vec::new();
        for lane in order.iter().map(|place| &lanes[*place]) {
            let key = match lane.task {
                Some(task) => (lane.pid, 0, task),
                None => (lane.pid, lane.tid, 0),
            };
            let events = by_lane.remove(&key).unwrap_or_default();
            let mut data = lane_data(lane, &events, zero, last);
            // With a process all of its threads end.
            if let Some(end) = over_of.get(&lane.pid) {
                data.over.get_or_insert(end.saturating_sub(zero));
            }
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
            zero,
            has_running: events.iter().any(|event| event.kind == Kind::Running),
        };
        let ordered: Vec<&Lane> = order.iter().map(|place| &lanes[*place]).collect();
        arrows(&mut data, &ordered, &events, zero);
        waits(&mut data);
        data.arrows.sort_by_key(|arrow| arrow.from.1);
        let lanes = data.processes.iter_mut().flat_map(|it| &mut it.lanes);
        lanes.for_each(|lane| lane.states = states(&lane.rows));
        data
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
    let stat = std::fs::read(format!("/proc/{pid}/task/{tid}/stat")).unwrap_or_default();
    // The state stands after the name, which is in brackets and may hold any bytes.
    let name = stat.iter().rposition(|byte| *byte == b')');
    let state = name.and_then(|end| stat.get(end + 2));
    state.is_some_and(|state| !matches!(state, b'Z' | b'X'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_lives_whatever_it_is_called() {
        let (pid, tid) = (nix::unistd::getpid(), nix::unistd::gettid());
        for name in [c"plain", c"\xff\xfe", c") Z"] {
            nix::sys::prctl::set_name(name).unwrap();
            assert!(alive(pid.as_raw(), tid.as_raw()), "{name:?}");
        }
        let over = std::thread::spawn(|| nix::unistd::gettid().as_raw());
        let over = over.join().unwrap();
        // The system may still be about to take note of its end.
        let limit = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while alive(pid.as_raw(), over) {
            assert!(std::time::Instant::now() < limit, "it has ended");
            std::thread::yield_now();
        }
    }
}
