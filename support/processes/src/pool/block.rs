//! What a worker and its parent share: which task has begun, and the results that are done.
//!
//! One small mapping a worker. Results lie in a ring with one writer and one reader; what is in
//! it is the parent's also when the worker is killed right after. A result is published whole, by
//! the store of `written`, so that a worker killed in mid-copy leaves nothing half-done.
//!
//! Everything that the two processes write is an atomic or lies between `read` and `written`,
//! which only one side touches at a time.

use std::cell::{Cell, UnsafeCell};
use std::io;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::mapping::Mapping;

/// Bytes of a ring: some thousand results of a few bytes. Larger ones go by the socket.
const SIZE: usize = 1 << 16;

/// A cache line of its own: the two sides do not slow each other down.
#[repr(C, align(64))]
struct Line(AtomicU64);

#[repr(C)]
struct Layout {
    begun: Line,
    written: Line,
    read: Line,
    ring: UnsafeCell<[u8; SIZE]>,
}

/// The mapping; the worker has it by inheritance.
pub(super) struct Block {
    mapping: Mapping,
    /// Not for several threads at once: `push` is called by the worker only, `drain` by the
    /// parent's manager only.
    one_thread: PhantomData<Cell<()>>,
}

impl Block {
    pub fn new() -> io::Result<Block> {
        Ok(Block {
            mapping: Mapping::new(size_of::<Layout>())?,
            one_thread: PhantomData,
        })
    }

    fn layout(&self) -> &Layout {
        // SAFETY: the mapping is of this size and begins with a page, zeroed memory is a valid
        // `Layout`, and it is unmapped only when `self` is dropped.
        unsafe { self.mapping.base().cast().as_ref() }
    }

    /// The worker is about to begin its `n`th task.
    pub fn begin(&self, n: u64) {
        self.layout().begun.0.store(n, Ordering::Release);
    }

    /// How many tasks the worker has begun.
    pub fn begun(&self) -> u64 {
        self.layout().begun.0.load(Ordering::Acquire)
    }

    /// Puts these bytes, one after the other, into the ring: all or, if there is no room, none.
    pub fn push(&self, parts: [&[u8]; 2]) -> bool {
        let layout = self.layout();
        let written = layout.written.0.load(Ordering::Relaxed);
        // Acquire: the parent has copied what lay here before.
        let free = SIZE - (written - layout.read.0.load(Ordering::Acquire)) as usize;
        if parts[0].len() + parts[1].len() > free {
            return false;
        }
        let mut at = written;
        for part in parts {
            self.copy_in(at as usize % SIZE, part);
            at += part.len() as u64;
        }
        layout.written.0.store(at, Ordering::Release);
        true
    }

    fn copy_in(&self, at: usize, bytes: &[u8]) {
        let (front, back) = bytes.split_at(bytes.len().min(SIZE - at));
        let ring: *mut u8 = self.layout().ring.get().cast();
        // SAFETY: `push` has seen that the bytes fit between `written` and `read`, where the
        // parent does not look; `front` ends at the ring's end at the latest, and `back`, being
        // shorter than the ring, begins at its beginning.
        unsafe {
            ring.add(at)
                .copy_from_nonoverlapping(front.as_ptr(), front.len());
            ring.copy_from_nonoverlapping(back.as_ptr(), back.len());
        }
    }

    /// Appends what the ring holds to `bytes`; whether that was anything.
    pub fn drain(&self, bytes: &mut Vec<u8>) -> bool {
        let layout = self.layout();
        let read = layout.read.0.load(Ordering::Relaxed);
        let written = layout.written.0.load(Ordering::Acquire);
        // A worker that wrote where it should not may have spoilt the number.
        let length = (written.wrapping_sub(read) as usize).min(SIZE);
        let at = read as usize % SIZE;
        let front = length.min(SIZE - at);
        let ring: *const u8 = layout.ring.get().cast();
        // SAFETY: both pieces lie within the ring, and hold bytes that the worker has published
        // and will not touch until `read` says so.
        unsafe {
            bytes.extend_from_slice(std::slice::from_raw_parts(ring.add(at), front));
            bytes.extend_from_slice(std::slice::from_raw_parts(ring, length - front));
        }
        layout.read.0.store(written, Ordering::Release);
        length > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_also_round_the_end() {
        let block = Block::new().unwrap();
        let (mut sent, mut came) = (Vec::new(), Vec::new());
        for round in 0..10_000usize {
            let bytes: Vec<u8> = (0..round % 97).map(|n| (n * round) as u8).collect();
            if !block.push([&[round as u8], &bytes]) {
                assert!(block.drain(&mut came));
                assert!(block.push([&[round as u8], &bytes]));
            }
            sent.push(round as u8);
            sent.extend(bytes);
        }
        block.drain(&mut came);
        assert!(came == sent);
        assert!(!block.drain(&mut came), "the ring is empty");
    }

    #[test]
    fn what_does_not_fit_is_refused_whole() {
        let block = Block::new().unwrap();
        assert!(block.push([&[1; SIZE - 3], &[2; 3]]));
        assert!(!block.push([&[3], &[]]));
        let mut came = Vec::new();
        block.drain(&mut came);
        assert_eq!(came.len(), SIZE);
        assert_eq!(came[SIZE - 4..], [1, 2, 2, 2]);
        assert!(!block.push([&[0; SIZE], &[0]]));
    }
}
