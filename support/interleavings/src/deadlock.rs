//! Says who waits for what, where nobody can go on.

use super::object::{Kind, Object, Op};
use super::state::{State, Thread};

/// "deadlock: left holds `a` and waits for `b`; right holds `b` and waits for `a`"
pub(super) fn sentence(threads: &[Thread], objects: &[Object]) -> String {
    let mut parts: Vec<String> = Vec::new();
    let stuck = |joins: bool| {
        let all = threads.iter().enumerate();
        all.filter_map(move |(number, thread)| match thread.state {
            State::Before(op) if matches!(op, Op::Join(_)) == joins => Some((number, op)),
            _ => None,
        })
    };
    parts.extend(stuck(false).map(|(number, op)| part(threads, objects, number, op)));
    // Who only waits for the end of a thread that is stuck adds nothing.
    if parts.is_empty() {
        parts.extend(stuck(true).map(|(number, op)| part(threads, objects, number, op)));
    }
    format!("deadlock: {}", parts.join("; "))
}

fn part(threads: &[Thread], objects: &[Object], thread: usize, op: Op) -> String {
    let name = &threads[thread].name;
    let held = objects
        .iter()
        .filter(|object| object.holders().contains(&thread));
    let held: Vec<String> = held.map(|object| format!("`{}`", object.name)).collect();
    let holds = match held.len() {
        0 => String::new(),
        _ => format!("holds {} and ", held.join(", ")),
    };
    format!(
        "{name} {holds}waits for {}",
        awaited(threads, objects, thread, op)
    )
}

fn awaited(threads: &[Thread], objects: &[Object], thread: usize, op: Op) -> String {
    if let Op::Join(other) = op {
        return format!("the end of {}", threads[other].name);
    }
    let Some(object) = op.object().map(|place| &objects[place]) else {
        return "nothing".to_string();
    };
    let name = &object.name;
    match (&object.kind, op) {
        (Kind::Condvar { .. }, _) => {
            format!("`{name}` (a Condvar) and nobody is left to notify it")
        }
        (Kind::Barrier { need, arrived, .. }, _) => {
            format!("`{name}` (a Barrier), where {arrived} of {need} have arrived")
        }
        (Kind::Channel(_), Op::Receive(_)) => {
            format!("a message in `{name}` and nobody is left to send one")
        }
        (Kind::Channel(channel), Op::Send(_)) => {
            let room = channel.room.unwrap_or(0);
            format!("room in `{name}` ({room} of {room} places are taken)")
        }
        (Kind::Channel(_), _) => format!("somebody to take its message out of `{name}`"),
        _ if object.holders().contains(&thread) => format!("`{name}`, which it holds itself"),
        _ => format!("`{name}`"),
    }
}
