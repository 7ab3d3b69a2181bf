//! What explored threads share, as the scheduler sees it: who holds it, who waits for it.

use std::collections::VecDeque;

use super::memory::{Memory, View};

/// What a thread stands before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Op {
    /// Something that never waits.
    Free,
    Lock(usize),
    Read(usize),
    Write(usize),
    /// Waits for a notification; then it stands before [`Op::Lock`].
    Notified {
        condvar: usize,
        mutex: usize,
    },
    Released {
        barrier: usize,
        round: usize,
    },
    Send(usize),
    /// A channel without room: the message was taken.
    Handed {
        channel: usize,
        number: usize,
    },
    Receive(usize),
    Join(usize),
}

impl Op {
    /// Whether it matters to others when it happens. What does not is never a choice.
    pub fn is_step(self) -> bool {
        !matches!(self, Op::Released { .. } | Op::Handed { .. } | Op::Join(_))
    }

    pub fn object(self) -> Option<usize> {
        match self {
            Op::Free | Op::Join(_) => None,
            Op::Lock(it) | Op::Read(it) | Op::Write(it) | Op::Send(it) | Op::Receive(it) => {
                Some(it)
            }
            Op::Notified { condvar: it, .. } => Some(it),
            Op::Released { barrier: it, .. } | Op::Handed { channel: it, .. } => Some(it),
        }
    }
}

pub(super) struct Object {
    pub name: String,
    pub kind: Kind,
    /// What was in it when it was last free, if a report wants to know.
    pub value: Option<String>,
    /// What its last users knew.
    pub view: View,
}

pub(super) enum Kind {
    Atomic {
        place: usize,
        show: fn(u64) -> String,
    },
    Mutex {
        holder: Option<usize>,
    },
    RwLock {
        writer: Option<usize>,
        readers: Vec<usize>,
    },
    Condvar {
        waiting: Vec<usize>,
    },
    Barrier {
        need: usize,
        arrived: usize,
        rounds: usize,
    },
    Channel(Channel),
}

pub(super) struct Channel {
    /// How many messages fit; 0 lets a sender wait until its message is taken.
    pub room: Option<usize>,
    /// For each message that waits: what its sender knew, and its text for a report.
    pub queue: VecDeque<(View, Option<String>)>,
    pub sent: usize,
    pub taken: usize,
    pub senders: usize,
    pub receiver: bool,
}

impl Kind {
    pub fn noun(&self) -> &'static str {
        match self {
            Kind::Atomic { .. } => "Atomic",
            Kind::Mutex { .. } => "Mutex",
            Kind::RwLock { .. } => "RwLock",
            Kind::Condvar { .. } => "Condvar",
            Kind::Barrier { .. } => "Barrier",
            Kind::Channel(_) => "Channel",
        }
    }
}

impl Object {
    /// Whether the operation can be done now.
    pub fn admits(&self, op: Op) -> bool {
        match (&self.kind, op) {
            (Kind::Mutex { holder }, _) => holder.is_none(),
            (Kind::RwLock { writer, .. }, Op::Read(_)) => writer.is_none(),
            (Kind::RwLock { writer, readers }, _) => writer.is_none() && readers.is_empty(),
            (Kind::Channel(channel), Op::Send(_)) => {
                let room = channel.room.map(|room| room.max(1));
                !channel.receiver || room.is_none_or(|room| channel.queue.len() < room)
            }
            (Kind::Channel(channel), _) => !channel.queue.is_empty() || channel.senders == 0,
            _ => true,
        }
    }

    pub fn holders(&self) -> Vec<usize> {
        match &self.kind {
            Kind::Mutex { holder } => holder.iter().copied().collect(),
            Kind::RwLock { writer, readers } => writer.iter().chain(readers).copied().collect(),
            _ => Vec::new(),
        }
    }

    pub fn shown(&self, memory: &Memory) -> Option<String> {
        match &self.kind {
            Kind::Atomic { place, show } => Some(show(memory.newest(*place))),
            Kind::Channel(channel) => {
                let texts = channel.queue.iter();
                let texts: Vec<&str> = texts
                    .map(|(_, text)| text.as_deref().unwrap_or("…"))
                    .collect();
                Some(format!("[{}]", texts.join(", ")))
            }
            _ => self.value.clone(),
        }
    }
}
