//! A slot: one event in 64 bytes.
//!
//! A reader sees a whole event or none, also while a slot is used again after the trace was cleared:
//! its writer first takes the head away, and the reader looks at the head before and after it reads
//! the rest (a seqlock). That holds for one writer a slot. A writer that the trace was cleared from
//! under, between taking its slot and having filled it, may still spoil the event that takes its place.

use std::sync::atomic::{AtomicU64, Ordering, fence};

use super::who::Who;

/// Bytes of a label that fit into a slot.
pub(super) const LABEL: usize = 24;

/// What a slot holds. Zero is no kind: a slot of fresh memory is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Tag {
    /// A lane's first event: its own name, and the fork it came from, if any.
    Lane = 1,
    /// A name given by `name_lane`.
    Name,
    /// How a thread was started: `start` the call, `end` its first moment, `extra` who called.
    Spawned,
    /// A task's making: `extra` is its number.
    Task,
    /// A lane says itself that it is over: `end` says how.
    Left,
    /// Somebody waited for another lane: `extra` is whose end it saw, `end` how it ended.
    Ended,
    // Those of events, in the order of `Kind`.
    Span,
    Instant,
    Running,
    Waiting,
    Holding,
    Sleeping,
    Blocked,
    Polled,
    /// `end` is the message's number, here and in `Received`.
    Sent,
    Received,
    /// Seen by a guard that was dropped by a panic.
    Panicked,
}

impl Tag {
    const ALL: [Tag; 17] = {
        use Tag::*;
        [
            Lane, Name, Spawned, Task, Left, Ended, Span, Instant, Running, Waiting, Holding,
            Sleeping, Blocked, Polled, Sent, Received, Panicked,
        ]
    };

    pub(super) fn of(byte: u8) -> Option<Tag> {
        Tag::ALL.get(usize::from(byte).checked_sub(1)?).copied()
    }
}

/// One event, one cache line, so that two writers never share one.
#[repr(C, align(64))]
pub(super) struct Slot {
    /// Generation (32 bits), tag (8), length of the label (8), CPU (16). Written last.
    head: AtomicU64,
    pub(super) start: AtomicU64,
    /// 0 while a span is open.
    pub(super) end: AtomicU64,
    /// pid and tid.
    who: AtomicU64,
    /// The task that was being polled, unless the tag says otherwise.
    extra: AtomicU64,
    label: [AtomicU64; LABEL / 8],
}

/// What goes into a slot, and what comes out of it.
pub(super) struct Record {
    pub tag: Tag,
    pub cpu: u16,
    pub start: u64,
    pub end: u64,
    pub who: Who,
    pub extra: u64,
    pub label: Label,
}

impl Record {
    pub fn new(tag: Tag, who: Who, (start, end): (u64, u64), extra: u64, label: Label) -> Record {
        Record {
            tag,
            cpu: 0,
            start,
            end,
            who,
            extra,
            label,
        }
    }

    /// The same, on a CPU that is known.
    pub fn on(self, cpu: u16) -> Record {
        Record { cpu, ..self }
    }
}

/// A short text without an allocation.
#[derive(Clone, Copy)]
pub(super) struct Label {
    bytes: [u8; LABEL],
    len: u8,
}

impl Label {
    /// The start of `text`, cut between characters.
    pub fn new(text: &str) -> Label {
        let len = text.floor_char_boundary(LABEL);
        let mut bytes = [0; LABEL];
        bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
        Label {
            bytes,
            len: len as u8,
        }
    }

    pub fn text(&self) -> String {
        let len = usize::from(self.len).min(LABEL);
        String::from_utf8_lossy(&self.bytes[..len]).into_owned()
    }
}

impl Slot {
    /// Fills the slot and publishes it.
    pub fn write(&self, generation: u32, record: &Record) {
        // What the slot held in the generation before is gone from here on. The fence keeps this
        // store in front of the others: who sees one of those, sees that the old head is gone.
        self.head.store(0, Ordering::Relaxed);
        fence(Ordering::Release);
        self.start.store(record.start, Ordering::Relaxed);
        self.end.store(record.end, Ordering::Relaxed);
        self.who.store(record.who.word(), Ordering::Relaxed);
        self.extra.store(record.extra, Ordering::Relaxed);
        for (word, bytes) in self.label.iter().zip(record.label.bytes.chunks_exact(8)) {
            let bytes = bytes.try_into().expect("chunks of eight bytes");
            word.store(u64::from_le_bytes(bytes), Ordering::Relaxed);
        }
        let head = u64::from(generation) << 32
            | u64::from(record.tag as u8) << 24
            | u64::from(record.label.len) << 16
            | u64::from(record.cpu);
        // Last, and Release: whoever sees this head sees the rest, and a writer that was killed
        // before this line leaves a slot that readers skip.
        self.head.store(head, Ordering::Release);
    }

    /// The record, if it was published in this generation.
    pub fn read(&self, generation: u32) -> Option<Record> {
        self.read_around(generation, || ())
    }

    /// As [`Slot::read`]; `meanwhile` happens while it reads.
    fn read_around(&self, generation: u32, meanwhile: impl FnOnce()) -> Option<Record> {
        let head = self.head.load(Ordering::Acquire);
        if (head >> 32) as u32 != generation {
            return None;
        }
        let mut bytes = [0; LABEL];
        for (word, bytes) in self.label.iter().zip(bytes.chunks_exact_mut(8)) {
            bytes.copy_from_slice(&word.load(Ordering::Relaxed).to_le_bytes());
        }
        meanwhile();
        let [who, start, end, extra] = [&self.who, &self.start, &self.end, &self.extra]
            .map(|word| word.load(Ordering::Relaxed));
        // If one of these loads saw the next event's store, the load below sees that the head has
        // changed, by the two fences.
        fence(Ordering::Acquire);
        if self.head.load(Ordering::Relaxed) != head {
            return None;
        }
        Some(Record {
            tag: Tag::of((head >> 24) as u8)?,
            cpu: head as u16,
            start,
            end,
            who: Who::of(who),
            extra,
            label: Label {
                bytes,
                len: (head >> 16) as u8,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str) -> Record {
        Record::new(Tag::Instant, Who::of(1), (1, 1), 0, Label::new(text))
    }

    #[test]
    fn half_of_one_event_and_half_of_the_next_is_none() {
        // SAFETY: zeroed memory is an empty slot, as in a fresh mapping.
        let slot: Slot = unsafe { std::mem::zeroed() };
        let label = |read: Option<Record>| read.map(|record| record.label.text());
        slot.write(1, &record("one"));
        assert_eq!(label(slot.read(1)).as_deref(), Some("one"));
        let torn = slot.read_around(1, || slot.write(2, &record("two")));
        assert_eq!(label(torn), None);
        // Nor while the next is being written: by then the first is gone.
        let torn = slot.read_around(2, || slot.head.store(0, Ordering::Relaxed));
        assert_eq!(label(torn), None);
        assert_eq!(label(slot.read(1)), None);
    }

    #[test]
    fn every_tag_is_read_as_it_was_written() {
        for tag in Tag::ALL {
            assert_eq!(Tag::of(tag as u8), Some(tag));
        }
        assert_eq!(Tag::of(0), None);
        assert_eq!(Tag::of(Tag::ALL.len() as u8 + 1), None);
    }
}
