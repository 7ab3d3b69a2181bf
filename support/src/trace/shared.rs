//! The mapping that threads and forked processes record into.
//!
//! Everything in it is an atomic, so a writer that dies half-way, or a reader that comes too
//! early, can at worst see a slot that is not ready. Nothing in it is a pointer, a lock or a
//! length that has to be believed.

use std::mem::size_of;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use super::who;

/// Bytes of a label that fit into a slot.
pub(super) const LABEL: usize = 24;

/// CPUs that have a word of their own; higher numbers share one, which costs only extra cuts.
const CPUS: usize = 1024;

/// What a slot holds. Zero is no kind: a slot of fresh memory is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Tag {
    /// A lane's first event: its own name, and the fork it came from, if any.
    Lane = 1,
    /// A name given by `name_lane`.
    Name = 2,
    Span = 3,
    Instant = 4,
    Running = 5,
}

impl Tag {
    fn of(byte: u8) -> Option<Tag> {
        [Tag::Lane, Tag::Name, Tag::Span, Tag::Instant, Tag::Running]
            .into_iter()
            .find(|tag| *tag as u8 == byte)
    }
}

/// One event, one cache line, so that two writers never share one.
#[repr(C, align(64))]
pub(super) struct Slot {
    /// Generation (32 bits), tag (8), length of the label (8), CPU (16). Written last.
    head: AtomicU64,
    start: AtomicU64,
    /// 0 while a span is open.
    pub(super) end: AtomicU64,
    /// pid and tid.
    who: AtomicU64,
    extra: AtomicU64,
    label: [AtomicU64; LABEL / 8],
}

/// What goes into a slot, and what comes out of it.
pub(super) struct Record {
    pub tag: Tag,
    pub cpu: u16,
    pub start: u64,
    pub end: u64,
    pub pid: u32,
    pub tid: u32,
    pub extra: u64,
    pub label: Label,
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
        self.start.store(record.start, Ordering::Relaxed);
        self.end.store(record.end, Ordering::Relaxed);
        let who = u64::from(record.pid) << 32 | u64::from(record.tid);
        self.who.store(who, Ordering::Relaxed);
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
        let head = self.head.load(Ordering::Acquire);
        if (head >> 32) as u32 != generation {
            return None;
        }
        let mut bytes = [0; LABEL];
        for (word, bytes) in self.label.iter().zip(bytes.chunks_exact_mut(8)) {
            bytes.copy_from_slice(&word.load(Ordering::Relaxed).to_le_bytes());
        }
        let who = self.who.load(Ordering::Relaxed);
        Some(Record {
            tag: Tag::of((head >> 24) as u8)?,
            cpu: head as u16,
            start: self.start.load(Ordering::Relaxed),
            end: self.end.load(Ordering::Relaxed),
            pid: (who >> 32) as u32,
            tid: who as u32,
            extra: self.extra.load(Ordering::Relaxed),
            label: Label {
                bytes,
                len: (head >> 16) as u8,
            },
        })
    }
}

#[repr(C, align(64))]
struct CpuWord(AtomicU64);

#[repr(C, align(64))]
struct Header {
    /// Generation (32 bits) and next slot (32): one fetch_add yields both, so that `clear`
    /// cannot come between them.
    cursor: AtomicU64,
    dropped: AtomicU64,
    /// When the trace was made or cleared, in ns of the monotonic clock.
    epoch: AtomicU64,
    /// For each CPU the thread that ticked there last.
    cpus: [CpuWord; CPUS],
}

/// The mapping itself. Handles share it by `Arc`; forked processes share it by `MAP_SHARED`.
pub(super) struct Shared {
    base: NonNull<Header>,
    capacity: usize,
    /// Tells traces of one process apart, for the caches that threads keep.
    id: u32,
}

// SAFETY: the mapping holds nothing but atomics, and lives as long as `Shared`.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    pub fn new(capacity: usize) -> std::io::Result<Shared> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let capacity = capacity.clamp(1, u32::MAX as usize / 2);
        // SAFETY: a fresh anonymous mapping, at a place that the system chooses.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes(capacity),
                libc::PROT_READ | libc::PROT_WRITE,
                // NORESERVE: memory is used as events come, not when the trace is made.
                libc::MAP_SHARED | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(std::io::Error::last_os_error());
        }
        let shared = Shared {
            base: NonNull::new(base.cast()).expect("a mapping is never at address zero"),
            capacity,
            id: NEXT.fetch_add(1, Ordering::Relaxed) as u32,
        };
        shared.clear();
        Ok(shared)
    }

    fn header(&self) -> &Header {
        // SAFETY: the mapping begins with a header, zeroed memory is a valid one, and it is
        // unmapped only when `self` is dropped.
        unsafe { self.base.as_ref() }
    }

    pub fn slots(&self) -> &[Slot] {
        // SAFETY: `capacity` slots follow the header (see `bytes`), and the header's size is a
        // multiple of a slot's alignment. Zeroed memory is a valid slot.
        unsafe { std::slice::from_raw_parts(self.base.add(1).cast().as_ptr(), self.capacity) }
    }

    pub fn capacity(&self) -> usize {
        self.capacity
    }

    pub fn generation(&self) -> u32 {
        (self.header().cursor.load(Ordering::Relaxed) >> 32) as u32
    }

    /// Names this trace and generation in a thread's cache.
    pub fn key(&self, generation: u32) -> u64 {
        u64::from(self.id) << 32 | u64::from(generation)
    }

    /// Slots taken so far, and the generation they belong to.
    pub fn taken(&self) -> (usize, u32) {
        let cursor = self.header().cursor.load(Ordering::Acquire);
        (
            (cursor as u32 as usize).min(self.capacity),
            (cursor >> 32) as u32,
        )
    }

    /// A slot of one's own, or none when the trace is full.
    pub fn take(&self) -> Option<(u32, u32)> {
        let header = self.header();
        // Looked at before it is raised, so that a full trace does not count up into the
        // generation.
        if header.cursor.load(Ordering::Relaxed) as u32 as usize >= self.capacity {
            header.dropped.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let cursor = header.cursor.fetch_add(1, Ordering::Relaxed);
        if cursor as u32 as usize >= self.capacity {
            header.dropped.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some((cursor as u32, (cursor >> 32) as u32))
    }

    pub fn dropped(&self) -> u64 {
        self.header().dropped.load(Ordering::Relaxed)
    }

    pub fn epoch(&self) -> u64 {
        self.header().epoch.load(Ordering::Relaxed)
    }

    /// Starts a new generation: all slots are empty again, without touching one of them.
    pub fn clear(&self) {
        let header = self.header();
        let generation = self.generation().wrapping_add(1).max(1);
        header.dropped.store(0, Ordering::Relaxed);
        header.epoch.store(who::now(), Ordering::Relaxed);
        header
            .cursor
            .store(u64::from(generation) << 32, Ordering::Release);
    }

    /// The word that says who ticked last on `cpu`.
    pub fn last_on(&self, cpu: u16) -> &AtomicU64 {
        &self.header().cpus[usize::from(cpu) % CPUS].0
    }
}

fn bytes(capacity: usize) -> usize {
    size_of::<Header>() + capacity * size_of::<Slot>()
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: mapped in `new` with this length, and no reference into it outlives `self`.
        unsafe { libc::munmap(self.base.as_ptr().cast(), bytes(self.capacity)) };
    }
}
