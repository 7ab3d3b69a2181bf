//! Two threads add 1 each under a spinlock made by hand, on std's types or on loom's.

use std::sync::atomic::Ordering::{self, Acquire, Relaxed, Release};

#[cfg(loom)]
use loom::{cell::UnsafeCell, hint, sync::Arc, sync::atomic::AtomicBool, thread};
#[cfg(not(loom))]
use {
    like_loom::UnsafeCell, std::sync::Arc, std::sync::atomic::AtomicBool,
    std::{hint, thread},
};

#[cfg(not(loom))]
mod like_loom;

/// How the lock is taken, and how it is freed.
pub type Orders = (Ordering, Ordering);

/// Only one thread at a time has the lock, but it does not see what the
/// one before it has done.
pub const BROKEN: Orders = (Relaxed, Relaxed);
/// Who takes the lock sees all that was done before it was freed.
pub const RIGHT: Orders = (Acquire, Release);

struct Locked {
    taken: AtomicBool,
    sum: UnsafeCell<u32>,
}

// SAFETY: only who has taken the lock touches the sum. Whether that is enough
// is the question here.
unsafe impl Sync for Locked {}

impl Locked {
    fn add(&self, (taking, freeing): Orders) {
        let take = || self.taken.compare_exchange(false, true, taking, Relaxed);
        while take().is_err() {
            hint::spin_loop();
        }
        // SAFETY: this thread has the lock.
        self.sum.with_mut(|sum| unsafe { *sum += 1 });
        self.taken.store(false, freeing);
    }
}

/// The sum that two threads come to.
pub fn two_add(orders: Orders) -> u32 {
    let (taken, sum) = (AtomicBool::new(false), UnsafeCell::new(0));
    let locked = Arc::new(Locked { taken, sum });
    let adder = || {
        let locked = locked.clone();
        thread::spawn(move || locked.add(orders))
    };
    let threads = [adder(), adder()];
    for thread in threads {
        thread.join().expect("no panic");
    }
    // SAFETY: the threads have ended.
    locked.sum.with(|sum| unsafe { *sum })
}
