//! The order of lanes: parents above their children, threads above the tasks they poll.

use std::collections::HashMap;

use super::model::ns;
use crate::trace::{Event, Kind, Lane};

/// The places of `lanes` in the order in which they are drawn.
pub(super) fn family(lanes: &[Lane], events: &[Event]) -> Vec<usize> {
    let mut out = Vec::new();
    for pid in processes(lanes) {
        let threads = threads(lanes, pid);
        let tasks = tasks(lanes, events, pid);
        for thread in &threads {
            out.push(*thread);
            let own = tasks.iter().filter(|task| task.1 == lanes[*thread].tid);
            out.extend(own.map(|task| task.0));
        }
        // Tasks of a thread without a lane.
        let homeless = tasks.iter().filter(|task| !out.contains(&task.0));
        let homeless: Vec<usize> = homeless.map(|task| task.0).collect();
        out.extend(homeless);
    }
    out
}

/// As they were started, the process's first thread at the top.
fn threads(lanes: &[Lane], pid: i32) -> Vec<usize> {
    let own = |place: &usize| lanes[*place].pid == pid && lanes[*place].task.is_none();
    let mut threads: Vec<usize> = (0..lanes.len()).filter(own).collect();
    threads.sort_by_key(|place| (lanes[*place].tid != pid, lanes[*place].tid));
    threads
}

/// Tasks by their numbers, each with the thread that polled it first, or made it.
fn tasks(lanes: &[Lane], events: &[Event], pid: i32) -> Vec<(usize, i32)> {
    let mut polled: HashMap<u32, i32> = HashMap::new();
    for event in events.iter().filter(|event| event.pid == pid) {
        if let (Kind::Polled, Some(task)) = (event.kind, event.task) {
            polled.entry(task).or_insert(event.tid);
        }
    }
    let mut tasks: Vec<(u32, usize)> = Vec::new();
    for (place, lane) in lanes.iter().enumerate() {
        if let (true, Some(task)) = (lane.pid == pid, lane.task) {
            tasks.push((task, place));
        }
    }
    tasks.sort_unstable();
    let home = |task, place: usize| polled.get(&task).copied().unwrap_or(lanes[place].tid);
    let tasks = tasks.into_iter();
    tasks
        .map(|(task, place)| (place, home(task, place)))
        .collect()
}

/// Parents before their children, children by the time of their fork.
fn processes(lanes: &[Lane]) -> Vec<i32> {
    // Process, parent and time of fork, in the order of first events.
    let mut all: Vec<(i32, Option<(i32, u64)>)> = Vec::new();
    for lane in lanes {
        let fork = lane.fork.map(|fork| (fork.pid, ns(fork.at)));
        match all.iter_mut().find(|(pid, _)| *pid == lane.pid) {
            Some((_, known)) => *known = known.or(fork),
            None => all.push((lane.pid, fork)),
        }
    }
    let known: Vec<i32> = all.iter().map(|(pid, _)| *pid).collect();
    let root = |fork: &Option<(i32, u64)>| fork.is_none_or(|(parent, _)| !known.contains(&parent));
    let roots = all.iter().filter(|(_, fork)| root(fork));
    // A stack of processes to place, the next on top.
    let mut next: Vec<i32> = roots.map(|(pid, _)| *pid).collect();
    next.reverse();
    let mut out = Vec::new();
    while let Some(parent) = next.pop() {
        out.push(parent);
        let children = all
            .iter()
            .filter_map(|(pid, fork)| Some((fork.as_ref()?, *pid)));
        let children = children.filter(|(fork, pid)| fork.0 == parent && *pid != parent);
        let mut children: Vec<(u64, i32)> = children.map(|(fork, pid)| (fork.1, pid)).collect();
        children.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        next.extend(children.into_iter().map(|(_, pid)| pid));
    }
    out
}
