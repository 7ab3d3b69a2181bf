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
        .filter(|object| object.holders().any(|holder| holder == thread));
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
    let mut nobody = "";
    let object = op.object().map(|place| &objects[place]);
    let mut whom = object.and_then(|object| object.holders().next());
    let name = object.map_or("", |object| &object.name);
    let what = match (op, object) {
        (Op::Join(other), _) => {
            whom = Some(other);
            format!("the end of {}", threads[other].name)
        }
        (Op::Park, _) => {
            nobody = ", and nobody is left to do so";
            "somebody to unpark it".to_string()
        }
        (Op::Select(both), _) => {
            nobody = " and nobody is left to send one";
            let names = both.map(|channel| format!("`{}`", objects[channel].name));
            format!("a message in {}", names.join(" or "))
        }
        (_, None) => "nothing".to_string(),
        (_, Some(object)) => match (&object.kind, op) {
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
            _ if object.holders().any(|holder| holder == thread) => {
                format!("`{name}`, which it holds itself")
            }
            _ => format!("`{name}`"),
        },
    };
    Awaited { what, nobody, whom }
}
