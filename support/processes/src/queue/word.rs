//! How far one side of a queue has come: the word that makes a put or a get valid.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::*};
use std::time::Duration;

use crate::futex;
use crate::limit::Limit;

/// Somebody sleeps until this word changes.
const AWAITED: u64 = 1;
/// The queue takes no more items.
const CLOSED: u64 = 2;
/// The number of items that went by stands above these.
const ONE: u64 = 4;

/// The longest sleep before a sleeper looks again by itself. One who is killed between his change
/// and the call that wakes the others leaves them asleep, and this is how long.
const SLICE: Duration = Duration::from_millis(100);

/// The number of items, whether the queue is closed, and whether somebody sleeps, in one word: so
/// who changes the number learns with the same instruction whom to wake, and who goes to sleep
/// misses no change.
#[derive(Default)]
pub struct Word(AtomicU64);

/// How often this process looks again before it goes to sleep: more often each time that it was
/// worth it, less often each time that it was not.
///
/// Measured with items of 8 bytes through a queue of 10: on two idle cores, 500 looks (some ten
/// microseconds) make an item eight times as quick as 100 do, as nobody sleeps; with both processes
/// on one core, or other work on both, they make it two times as slow, as nothing can change while
/// one looks. (crossbeam's `Backoff` is as good for these, but gives up too early for items that take
/// long to copy: those of 64 KiB took half as long again.)
pub struct Patience(AtomicU32);

impl Patience {
    const LEAST: u32 = 100;
    const MOST: u32 = 800;

    pub fn new() -> Patience {
        Patience(AtomicU32::new(Patience::LEAST))
    }
}

/// What a word said at some moment.
#[derive(Clone, Copy)]
pub struct Seen(u64);

impl Seen {
    pub fn number(self) -> u64 {
        self.0 / ONE
    }

    pub fn is_closed(self) -> bool {
        self.0 & CLOSED != 0
    }
}

impl Word {
    #[cfg(test)]
    pub fn start_at(&self, number: u64) {
        self.0.store(number * ONE, SeqCst);
    }

    pub fn look(&self) -> Seen {
        Seen(self.0.load(Acquire))
    }

    /// Counts one item more, and says whether somebody sleeps for that: who is to be woken by
    /// [`Word::wake`], when the lock is free again.
    ///
    /// Only for the holder of this side's lock. What was written before is seen by whoever sees the
    /// new number.
    ///
    /// # Errors
    /// If the queue is closed and `unless_closed`: then nothing has changed.
    pub fn count_one(&self, unless_closed: bool) -> Result<MustWake, Closed> {
        let mut old = self.0.load(Relaxed);
        loop {
            if unless_closed && old & CLOSED != 0 {
                return Err(Closed);
            }
            let new = (old & !AWAITED).wrapping_add(ONE);
            match self.0.compare_exchange_weak(old, new, AcqRel, Relaxed) {
                Ok(_) => return Ok(MustWake(old & AWAITED != 0)),
                // Others only set AWAITED or CLOSED.
                Err(changed) => old = changed,
            }
        }
    }

    pub fn close(&self) {
        self.0.fetch_or(CLOSED, AcqRel);
        self.wake(MustWake(true));
    }

    pub fn wake(&self, must: MustWake) {
        if must.0 {
            futex::wake(self.low_half());
        }
    }

    /// Waits until the word says something else than `seen`, however short that may be.
    ///
    /// `false`: the limit has passed. `true`: it may have changed, look again.
    pub fn wait(&self, seen: Seen, limit: Limit, patience: &Patience) -> bool {
        let seen = seen.0 & !AWAITED;
        if limit.has_passed() {
            return false;
        }
        let looks = patience.0.load(Relaxed);
        for _ in 0..looks {
            if self.0.load(Relaxed) & !AWAITED != seen {
                patience.0.store((looks * 2).min(Patience::MOST), Relaxed);
                return true;
            }
            std::hint::spin_loop();
        }
        patience.0.store((looks / 2).max(Patience::LEAST), Relaxed);
        let asleep = seen | AWAITED;
        let before = self.0.compare_exchange(seen, asleep, Relaxed, Relaxed);
        if before.is_err_and(|word| word != asleep) {
            return true;
        }
        let left = limit.left().unwrap_or(SLICE);
        futex::sleep(self.low_half(), asleep as u32, left.min(SLICE));
        true
    }

    /// The kernel's futexes are of 32 bits. The half that changes with each item will do: it is the
    /// same again only after a thousand million items.
    fn low_half(&self) -> &AtomicU32 {
        let half = usize::from(cfg!(target_endian = "big"));
        // SAFETY: either half lies within the word, is aligned for it, and lives as long. Nobody
        // but the kernel reads it.
        unsafe { AtomicU32::from_ptr(self.0.as_ptr().cast::<u32>().add(half)) }
    }
}

/// Whether somebody slept when the number was changed.
#[derive(Default)]
#[must_use]
pub struct MustWake(bool);

impl MustWake {
    pub fn or(self, other: MustWake) -> MustWake {
        MustWake(self.0 || other.0)
    }
}

pub struct Closed;
