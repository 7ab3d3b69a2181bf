//! The mapping that threads and forked processes record into.
//!
//! Everything in it is an atomic, so a writer that dies half-way, or a reader that comes too
//! early, can at worst see a slot that is not ready. Nothing in it is a pointer, a lock or a
//! length that has to be believed.

use std::num::NonZero;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

use super::slot::{Record, Slot};
use super::threads::Threads;
use super::who::{self, Chunk};

/// CPUs that have a word of their own; higher numbers share one, which costs only extra cuts.
const CPUS: usize = 1024;

#[repr(C, align(64))]
struct CpuWord(AtomicU64);

#[repr(C, align(64))]
struct Header {
    /// Rarely written, read at every event: apart from what is written often.
    generation: AtomicU64,
    /// When the trace was made or cleared, in ns of the monotonic clock: of every other generation,
    /// so that a reader finds the one that belongs to its events while the trace is cleared.
    epochs: [AtomicU64; 2],
    taking: Taking,
    /// For each CPU the thread that ticked there last.
    cpus: [CpuWord; CPUS],
}

/// What recorders contend for.
#[repr(C, align(64))]
struct Taking {
    /// Generation (32 bits) and next slot (32): one fetch_add yields both, so that `clear`
    /// cannot come between them.
    cursor: AtomicU64,
    dropped: AtomicU64,
    /// The number of the latest task.
    tasks: AtomicU64,
    /// That of the latest message in a channel that is watched.
    messages: AtomicU64,
}

/// The most slots that a recorder takes at once. With two threads recording, taking one at a time
/// costs each event three times as much as on one thread.
const MOST: u32 = 32;

/// The mapping itself. Handles share it by `Arc`; forked processes share it by `MAP_SHARED`.
pub(super) struct Shared {
    // Both in the mapping, and so not `'static`: nobody gets them for longer than `self` lives.
    header: &'static Header,
    slots: &'static [Slot],
    /// Tells traces of one process apart, for the caches that threads keep.
    id: u32,
    threads: Threads,
}

impl Shared {
    pub fn new(capacity: usize) -> std::io::Result<Shared> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let capacity = capacity.clamp(1, u32::MAX as usize / 2);
        let length = NonZero::new(bytes(capacity)).expect("there is a header");
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // NORESERVE: memory is used as events come, not when the trace is made.
        let flags = MapFlags::MAP_SHARED | MapFlags::MAP_NORESERVE;
        // SAFETY: a fresh mapping, at a place that the system chooses, of a header and behind it the
        // slots, for which the header's size is a multiple of their alignment. They are atomics all
        // through, of which zeroed memory is valid, and it is unmapped only when `Shared` is dropped.
        let (header, slots) = unsafe {
            let base = mmap_anonymous(None, length, access, flags)?.cast::<Header>();
            let slots = NonNull::slice_from_raw_parts(base.add(1).cast(), capacity);
            (base.as_ref(), slots.as_ref())
        };
        let shared = Shared {
            header,
            slots,
            id: NEXT.fetch_add(1, Ordering::Relaxed) as u32,
            threads: Threads::default(),
        };
        shared.clear();
        Ok(shared)
    }

    pub fn slots(&self) -> &[Slot] {
        self.slots
    }

    /// The threads that this process has started with the trace.
    pub fn threads(&self) -> &Threads {
        &self.threads
    }

    pub fn capacity(&self) -> usize {
        self.slots.len()
    }

    pub fn generation(&self) -> u32 {
        self.header.generation.load(Ordering::Relaxed) as u32
    }

    /// Names this trace and generation in a thread's cache.
    pub fn key(&self, generation: u32) -> u64 {
        u64::from(self.id) << 32 | u64::from(generation)
    }

    /// Slots taken so far, and the generation they belong to.
    fn taken(&self) -> (usize, u32) {
        let cursor = self.header.taking.cursor.load(Ordering::Acquire);
        (
            (cursor as u32 as usize).min(self.slots.len()),
            (cursor >> 32) as u32,
        )
    }

    /// Slots of one's own; without any (`next` is `end`) when the trace is full.
    ///
    /// `size` is what the last chunk said: a recorder of few events takes few.
    pub fn take(&self, size: u32) -> Chunk {
        let taking = &self.header.taking;
        let none = Chunk {
            generation: self.generation(),
            next: 0,
            end: 0,
            size: 1,
        };
        // Looked at before it is raised, so that a full trace does not count up into the
        // generation.
        if taking.cursor.load(Ordering::Relaxed) as u32 as usize >= self.slots.len() {
            return none;
        }
        // A small trace is shared out one by one, so that all of it is used.
        let size = size.clamp(1, MOST.min((self.slots.len() / 256) as u32).max(1));
        let cursor = taking.cursor.fetch_add(size.into(), Ordering::Relaxed);
        if cursor as u32 as usize >= self.slots.len() {
            return none;
        }
        Chunk {
            generation: (cursor >> 32) as u32,
            next: cursor as u32,
            end: (cursor as u32 + size).min(self.slots.len() as u32),
            size: size * 2,
        }
    }

    /// Counts an event that had no room.
    pub fn drop_one(&self) {
        self.header.taking.dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub fn dropped(&self) -> u64 {
        self.header.taking.dropped.load(Ordering::Relaxed)
    }

    fn epoch_of(&self, generation: u32) -> &AtomicU64 {
        &self.header.epochs[generation as usize % 2]
    }

    pub fn epoch(&self) -> u64 {
        self.epoch_of(self.generation()).load(Ordering::Relaxed)
    }

    /// Counts time from another moment: for events that come from elsewhere.
    pub fn set_epoch(&self, epoch: u64) {
        self.epoch_of(self.generation())
            .store(epoch, Ordering::Relaxed);
    }

    /// The events of one generation, each thread's in the order in which it recorded them, and the
    /// moment from which their times count. If the trace is cleared meanwhile, those that are left.
    pub fn records(&self) -> (Vec<Record>, u64) {
        let (taken, generation) = self.taken();
        let epoch = self.epoch_of(generation).load(Ordering::Relaxed);
        let slots = self.slots()[..taken].iter();
        (
            slots.filter_map(|slot| slot.read(generation)).collect(),
            epoch,
        )
    }

    /// A number for a task, from 1, unlike any other in this mapping.
    pub fn next_task(&self) -> u32 {
        (self.header.taking.tasks.fetch_add(1, Ordering::Relaxed) + 1) as u32
    }

    /// A number for a message, unlike any other in this mapping.
    pub fn next_message(&self) -> u64 {
        self.header.taking.messages.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Starts a new generation: all slots are empty again, without touching one of them.
    pub fn clear(&self) {
        let header = self.header;
        let generation = self.generation().wrapping_add(1).max(1);
        header.taking.dropped.store(0, Ordering::Relaxed);
        self.epoch_of(generation)
            .store(who::now(), Ordering::Relaxed);
        let cursor = u64::from(generation) << 32;
        header.taking.cursor.store(cursor, Ordering::Release);
        header
            .generation
            .store(generation.into(), Ordering::Release);
    }

    /// The word that says who ticked last on `cpu`.
    pub fn last_on(&self, cpu: u16) -> &AtomicU64 {
        &self.header.cpus[usize::from(cpu) % CPUS].0
    }
}

fn bytes(capacity: usize) -> usize {
    size_of::<Header>() + capacity * size_of::<Slot>()
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: mapped in `new` with this length, and no reference into it outlives `self`.
        let _ = unsafe { munmap(NonNull::from(self.header).cast(), bytes(self.slots.len())) };
    }
}
