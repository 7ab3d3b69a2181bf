//! What explored threads share, as the scheduler sees it: who holds it, who waits for it.

use std::collections::VecDeque;
use std::panic::Location;
use std::sync::atomic::Ordering;

use super::memory::{Memory, View};

/// What a thread stands before.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Op {
    /// Changes this object, and never waits.
    Change(usize),
    Load(usize, Ordering),
    /// A fence of the one order of sequentially consistent operations.
    Fence,
    /// Takes a lock alone; a thread that was notified stands before it, too.
    Lock(usize),
    /// Takes a lock beside other readers.
    Read(usize),
    /// Waits for a notification; then it stands before [`Op::Lock`].
    Notified {
        condvar: usize,
        mutex: usize,
        /// It may go on without one: the time is over.
        timed: bool,
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
    /// Receives from whichever of them has something.
    Select([usize; 2]),
    /// Waits for the caller's own token.
    Park,
    /// Gives a thread its token.
    Unpark(usize),
    Join(usize),
}

impl Op {
    /// Whether it matters to others when it happens. What does not is never a choice.
    pub fn is_step(self) -> bool {
        !matches!(self, Op::Released { .. } | Op::Handed { .. } | Op::Join(_))
    }

    /// What it is about: of two channels the first.
    pub fn object(self) -> Option<usize> {
        match self {
            Op::Fence | Op::Park | Op::Unpark(_) | Op::Join(_) => None,
            Op::Change(it) | Op::Load(it, _) => Some(it),
            Op::Lock(it) | Op::Read(it) | Op::Send(it) | Op::Receive(it) => Some(it),
            Op::Select([it, _]) => Some(it),
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
    /// The last step of who let go of it.
    pub freed: usize,
}

/// What an access to plain data does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Make,
    Read,
    Write,
}

/// An access to plain data.
#[derive(Clone, Copy)]
pub(super) struct Access {
    pub thread: usize,
    /// Which of its thread's.
    pub number: u32,
    pub what: Use,
    pub at: &'static Location<'static>,
}

pub(super) enum Kind {
    Atomic {
        place: usize,
        show: Show,
    },
    /// Plain data: its last write, and the last read of each thread since.
    Cell {
        write: Access,
        reads: Vec<Access>,
    },
    /// A mutex or a read-write lock, by the name of its type.
    Lock {
        noun: &'static str,
        writer: Option<usize>,
        readers: Vec<usize>,
        /// What its last readers knew: a writer learns it, and another reader does not.
        read: View,
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

/// How the values of an atomic are shown.
#[derive(Clone, Copy)]
pub(super) enum Show {
    Value(fn(u64) -> String),
    /// Addresses differ from run to run: they are told apart by letters.
    Address,
}

#[derive(Default)]
pub(super) struct Channel {
    /// How many messages fit; 0 lets a sender wait until its message is taken.
    pub room: Option<usize>,
    pub queue: VecDeque<Message>,
    /// What those knew who took messages out, for the senders who use their places.
    pub freed: VecDeque<View>,
    pub sent: usize,
    pub taken: usize,
    pub senders: usize,
    pub receivers: usize,
    /// What the senders, and the receivers, that are gone knew.
    pub gone: [View; 2],
}

/// What its sender knew, the step that sent it, and its text for a report.
pub(super) struct Message {
    pub view: View,
    pub step: usize,
    pub text: Option<String>,
}

impl Kind {
    pub fn noun(&self) -> &'static str {
        match self {
            Kind::Atomic { .. } => "Atomic",
            Kind::Cell { .. } => "Cell",
            Kind::Lock { noun, .. } => noun,
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
            (Kind::Lock { writer, .. }, Op::Read(_)) => writer.is_none(),
            (Kind::Lock { .. }, _) => self.holders().next().is_none(),
            (Kind::Channel(channel), Op::Send(_)) => {
                let room = channel.room.map(|room| room.max(1));
                channel.receivers == 0 || room.is_none_or(|room| channel.queue.len() < room)
            }
            (Kind::Channel(channel), _) => !channel.queue.is_empty() || channel.senders == 0,
            _ => true,
        }
    }

    pub fn holders(&self) -> impl Iterator<Item = usize> {
        let (writer, readers) = match &self.kind {
            Kind::Lock {
                writer, readers, ..
            } => (*writer, &readers[..]),
            _ => (None, &[][..]),
        };
        writer.into_iter().chain(readers.iter().copied())
    }

    pub fn shown(&self, memory: &Memory, addresses: &[u64]) -> Option<String> {
        match &self.kind {
            Kind::Atomic { place, show } => Some(show.text(memory.newest(*place), addresses)),
            Kind::Channel(channel) => {
                let texts = channel.queue.iter();
                let texts: Vec<&str> = texts
                    .map(|message| message.text.as_deref().unwrap_or("…"))
                    .collect();
                Some(format!("[{}]", texts.join(", ")))
            }
            _ => self.value.clone(),
        }
    }
}

impl Show {
    /// `addresses` are those that the execution has met, in their order.
    pub fn text(self, bits: u64, addresses: &[u64]) -> String {
        match self {
            Show::Value(show) => show(bits),
            Show::Address if bits == 0 => "null".to_string(),
            Show::Address => match addresses.iter().position(|it| *it == bits) {
                Some(place @ 0..26) => format!("&{}", char::from(b'a' + place as u8)),
                Some(place) => format!("&{place}"),
                None => "&?".to_string(),
            },
        }
    }
}
