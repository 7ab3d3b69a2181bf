//! The queue itself, of bytes: what is the same for items of every type.

use std::io;
use std::mem::size_of;
use std::sync::atomic::{AtomicU64, Ordering::*};
use std::time::Duration;

use crossbeam_utils::CachePadded;

use super::hook::{Point, reach};
use super::place::{Item, UNIT, place};
use super::word::{Closed, MustWake, Patience, Seen, Word};
use crate::limit::Limit;
use crate::lock::{Held, Lock};
use crate::mapping::Mapping;

/// How long a call that does not wait for items or room may wait for another process that is in
/// the middle of one. Only one that was stopped there makes use of it.
const TRY: Duration = Duration::from_millis(100);

/// Producers and consumers on cache lines of their own.
struct Side {
    lock: CachePadded<Lock>,
    word: CachePadded<Word>,
}

struct Header {
    put: Side,
    got: Side,
    deaths: AtomicU64,
}

/// Where an item lies; at the index of its number, modulo their count.
#[repr(C)]
struct Slot {
    start: AtomicU64,
    length: AtomicU64,
}

pub struct Ring {
    mapping: Mapping<Header>,
    capacity: u64,
    /// Slots: a power of two, at least the capacity.
    slots: u64,
    /// Bytes that the items in the queue may have together.
    room: usize,
    /// Bytes of the ring that they lie in.
    size: usize,
    for_room: Patience,
    for_items: Patience,
}

#[derive(Debug, PartialEq)]
pub enum NotPut {
    Full,
    Closed,
    TooLarge,
}

#[derive(Debug, PartialEq)]
pub enum NotGot {
    Empty,
    Closed,
}

impl Ring {
    /// # Errors
    /// If the system has no address space left.
    pub fn new(capacity: usize, room: usize) -> io::Result<Ring> {
        let too_much = || io::Error::from(io::ErrorKind::OutOfMemory);
        let slots = capacity.checked_next_power_of_two().ok_or_else(too_much)?;
        // Twice the room: then what stays unused at the ring's end is never missed (see `place`).
        let size = room
            .checked_next_multiple_of(UNIT)
            .and_then(|room| room.checked_mul(2))
            .ok_or_else(too_much)?;
        let bytes = slots
            .checked_mul(size_of::<Slot>())
            .and_then(|bytes| bytes.checked_add(size))
            .ok_or_else(too_much)?;
        let side = || Side {
            lock: Lock::unready().into(),
            word: Word::default().into(),
        };
        let header = Header {
            put: side(),
            got: side(),
            deaths: AtomicU64::new(0),
        };
        let mapping = Mapping::new(header, bytes)?;
        // SAFETY: they lie where they stay, and nobody else knows of them yet.
        unsafe {
            mapping.put.lock.make_ready();
            mapping.got.lock.make_ready();
        }
        Ok(Ring {
            mapping,
            capacity: capacity as u64,
            slots: slots as u64,
            room,
            size,
            for_room: Patience::new(),
            for_items: Patience::new(),
        })
    }

    /// Puts an item in at the end.
    pub fn put(&self, item: &[u8], limit: Limit) -> Result<(), NotPut> {
        if item.len() > self.room {
            return Err(NotPut::TooLarge);
        }
        let (put, got) = (&self.mapping.put, &self.mapping.got);
        loop {
            let seen = got.word.look();
            // Producers' own word: who closed the queue may have been killed before the other one.
            let so_far = put.word.look();
            if so_far.is_closed() {
                return Err(NotPut::Closed);
            }
            // Looked at without the lock: who finds the queue full leaves the lock alone.
            if self.count(so_far, seen) < self.capacity {
                let held = self.lock(&put.lock, limit).ok_or(NotPut::Full)?;
                let number = put.word.look().number();
                if let Some(start) = self.place(item.len(), number, seen.number()) {
                    return self.put_at(start, item, held);
                }
            }
            // If something was got meanwhile, this does not wait.
            if !got.word.wait(seen, limit, &self.for_room) {
                return Err(NotPut::Full);
            }
        }
    }

    /// Takes the first item out, appending it to `item`.
    pub fn get(&self, item: &mut Vec<u8>, limit: Limit) -> Result<(), NotGot> {
        let (put, got) = (&self.mapping.put, &self.mapping.got);
        loop {
            let seen = put.word.look();
            if self.count(seen, got.word.look()) > 0 {
                let held = self.lock(&got.lock, limit).ok_or(NotGot::Empty)?;
                let number = got.word.look().number();
                // Meanwhile another may have taken it.
                if put.word.look().number() != number {
                    let must_wake = self.take(number, item);
                    drop(held);
                    reach(Point::Got);
                    got.word.wake(must_wake);
                    return Ok(());
                }
            } else if seen.is_closed() {
                return Err(NotGot::Closed);
            } else if !put.word.wait(seen, limit, &self.for_items) {
                return Err(NotGot::Empty);
            }
        }
    }

    /// Takes all items out that are there, appending them to `items`.
    pub fn get_all(&self, items: &mut Vec<u8>) {
        let (put, got) = (&self.mapping.put.word, &self.mapping.got);
        if put.look().number() == got.word.look().number() {
            return;
        }
        let Some(held) = self.lock(&got.lock, Limit::NOW) else {
            return;
        };
        let mut must_wake = MustWake::default();
        for number in got.word.look().number()..put.look().number() {
            must_wake = must_wake.or(self.take(number, items));
        }
        drop(held);
        got.word.wake(must_wake);
    }

    fn put_at(&self, start: usize, item: &[u8], held: Held) -> Result<(), NotPut> {
        let put = &self.mapping.put;
        let number = put.word.look().number();
        let (first, second) = item.split_at(item.len() / 2);
        // SAFETY: `place` gave a run of bytes within the ring that belongs to no item in the queue,
        // and others give none away while this thread holds the producers' lock.
        unsafe {
            let to = self.ring().add(start);
            to.copy_from_nonoverlapping(first.as_ptr(), first.len());
            reach(Point::MidPut);
            to.add(first.len())
                .copy_from_nonoverlapping(second.as_ptr(), second.len());
        }
        let slot = self.slot(number);
        slot.start.store(start as u64, Relaxed);
        slot.length.store(item.len() as u64, Relaxed);
        // From here on the item is in the queue.
        let must_wake = put.word.count_one(true);
        drop(held);
        reach(Point::Put);
        match must_wake {
            Ok(must_wake) => {
                put.word.wake(must_wake);
                Ok(())
            }
            Err(Closed) => Err(NotPut::Closed),
        }
    }

    /// Takes the item of this number, the first, out. Only for the holder of the consumers' lock.
    fn take(&self, number: u64, item: &mut Vec<u8>) -> MustWake {
        let Item { start, length } = self.item(number);
        item.reserve(length);
        // SAFETY: an item in the queue lies within the ring. Its bytes are not written to until the
        // number is counted below, and only the holder of the consumers' lock does that.
        unsafe {
            let from = self.ring().add(start);
            let to = item.as_mut_ptr().add(item.len());
            to.copy_from_nonoverlapping(from, length / 2);
            reach(Point::MidGet);
            to.add(length / 2)
                .copy_from_nonoverlapping(from.add(length / 2), length - length / 2);
            item.set_len(item.len() + length);
        }
        // From here on the item is out of the queue.
        let must_wake = self.mapping.got.word.count_one(false);
        must_wake.unwrap_or_default()
    }

    /// Where `length` bytes fit, with the numbers of the next item to put and to get. Only for the
    /// holder of the producers' lock.
    fn place(&self, length: usize, put: u64, got: u64) -> Option<usize> {
        let count = put - got;
        if count == 0 {
            // The same pages and cache lines again.
            return Some(0);
        }
        if count >= self.capacity {
            return None;
        }
        // Slots from `got` on are not written to again before they are got, and only by a producer.
        place(self.item(got), self.item(put - 1), length, self.size)
    }

    fn lock<'a>(&self, lock: &'a Lock, limit: Limit) -> Option<Held<'a>> {
        let held = lock.try_lock().or_else(|| {
            // A limit of zero asks not to wait for items or room; a peer that is at work is no
            // reason to say that there are none.
            let is_over = limit.has_passed();
            lock.lock(if is_over { Limit::after(TRY) } else { limit })
        })?;
        if held.inherited {
            self.mapping.deaths.fetch_add(1, Relaxed);
        }
        Some(held)
    }

    pub fn close(&self) {
        // Producers' own word first: from then on nothing comes in.
        self.mapping.put.word.close();
        reach(Point::MidClose);
        self.mapping.got.word.close();
    }

    pub fn is_closed(&self) -> bool {
        self.mapping.put.word.look().is_closed()
    }

    pub fn len(&self) -> usize {
        // In this order it is never less than nothing.
        let got = self.mapping.got.word.look();
        let put = self.mapping.put.word.look();
        self.count(put, got).min(self.capacity) as usize
    }

    pub fn capacity(&self) -> usize {
        self.capacity as usize
    }

    pub fn room(&self) -> usize {
        self.room
    }

    pub fn deaths(&self) -> u64 {
        self.mapping.deaths.load(Relaxed)
    }

    /// Items between the two; none if `got` was looked at later and has come past `put`.
    fn count(&self, put: Seen, got: Seen) -> u64 {
        put.number().saturating_sub(got.number())
    }

    fn slot(&self, number: u64) -> &Slot {
        let index = (number & (self.slots - 1)) as usize;
        // SAFETY: `slots` slots follow the header (see `new`), whose size is a multiple of their
        // alignment; `index` is less. Zeros are a valid slot.
        unsafe { &*self.mapping.rest().cast::<Slot>().add(index) }
    }

    fn item(&self, number: u64) -> Item {
        let slot = self.slot(number);
        Item {
            start: slot.start.load(Relaxed) as usize,
            length: slot.length.load(Relaxed) as usize,
        }
    }

    /// Where the items' bytes begin: behind the slots.
    fn ring(&self) -> *mut u8 {
        let slots = size_of::<Slot>() * self.slots as usize;
        self.mapping.rest().wrapping_add(slots)
    }

    #[cfg(test)]
    pub fn start_at(&self, number: u64) {
        self.mapping.put.word.start_at(number);
        self.mapping.got.word.start_at(number);
    }
}
