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
    let Awaited { what, nobody, .. } = awaited(threads, objects, thread, op);
    format!("{name} {holds}waits for {what}{nobody}")
}

/// What a thread waits for.
pub(super) struct Awaited {
    pub what: String,
    /// What is to be said if nobody can go on any more.
    nobody: &'static str,
    /// The thread that has to let it go on, if there is one.
    pub whom: Option<usize>,
}

pub(super) fn awaited(threads: &[Thread], objects: &[Object], thread: usize, op: Op) -> Awaited {
    match op {
        Op::Join(other) => {
            return Awaited {
                what: format!("the end of {}", threads[other].name),
                nobody: "",
                whom: Some(other),
            };
        }
        Op::Park => {
            return Awaited {
                what: "somebody to unpark it".to_string(),
                nobody: ", and nobody is left to do so",
                whom: None,
            };
        }
        Op::Select(both) => {
            let names = both.map(|channel| format!("`{}`", objects[channel].name));
            return Awaited {
                what: format!("a message in {}", names.join(" or ")),
                nobody: " and nobody is left to send one",
                whom: None,
            };
        }
        _ => {}
    }
    let Some(object) = op.object().map(|place| &objects[place]) else {
        return Awaited {
            what: "nothing".to_string(),
            nobody: "",
            whom: None,
        };
    };
    let name = &object.name;
    let holders = object.holders();
    let mut nobody = "";
    let what = match (&object.kind, op) {
        (Kind::Condvar { .. }, _) => {
            nobody = " and nobody is left to notify it";
            format!("`{name}` (a Condvar)")
        }
        (Kind::Barrier { need, arrived, .. }, _) => {
            format!("`{name}` (a Barrier), where {arrived} of {need} have arrived")
        }
        (Kind::Channel(_), Op::Receive(_)) => {
            nobody = " and nobody is left to send one";
            format!("a message in `{name}`")
        }
        (Kind::Channel(channel), Op::Send(_)) => {
            let room = channel.room.unwrap_or(0);
            format!("room in `{name}` ({room} of {room} places are taken)")
        }
        (Kind::Channel(_), _) => format!("somebody to take its message out of `{name}`"),
        _ if holders.contains(&thread) => format!("`{name}`, which it holds itself"),
        _ => format!("`{name}`"),
    };
    Awaited {
        what,
        nobody,
        whom: holders.first().copied(),
    }
}
