//! A spinlock with a guard, beside std's mutex
//!
//! A lock made of one `AtomicBool`, with a guard as std's `Mutex` has one. Look at the
//! sums, which are exact, and then at the last two lines: who waits for a spinlock uses
//! a core to achieve nothing, and who waits for a `Mutex` sleeps.

use nix::time::{ClockId, clock_gettime};
use std::cell::UnsafeCell;
use std::hint::spin_loop;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::Duration;

#[derive(Default)]
struct SpinLock<T> {
    taken: AtomicBool,
    data: UnsafeCell<T>,
}

// SAFETY: only a guard reaches the data, and there is one guard at a time. So the
// data may move to other threads, for which it has to be `Send`, and is never used
// by two of them at once.
unsafe impl<T: Send> Sync for SpinLock<T> {}

/// It counts as a `&mut T`, for the compiler's rules on what may be shared: without the
/// second field two threads could use the guard of a `Cell` at once.
struct Guard<'a, T>(&'a SpinLock<T>, PhantomData<&'a mut T>);

impl<T> SpinLock<T> {
    /// Waits until the lock is free. `Acquire` here and `Release` in `drop` are the two
    /// ends of an arrow: what one holder has written, the next one sees.
    fn lock(&self) -> Guard<'_, T> {
        while self.taken.swap(true, Acquire) {
            // To look leaves the cache line with the holder's core; each
            // `swap` would take it away.
            while self.taken.load(Relaxed) {
                spin_loop();
            }
        }
        Guard(self, PhantomData)
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: there is no other guard, and `&mut` of this one excludes the borrow.
        unsafe { &*self.0.data.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: there is no other guard, and this one is borrowed by nobody else.
        unsafe { &mut *self.0.data.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        self.0.taken.store(false, Release);
    }
}

fn two_threads(add: impl Fn() + Sync) {
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..50_000).for_each(|_| add()));
        }
    });
}

/// How long a thread has a core while it waits for a lock whose
/// holder sleeps for 20 ms.
fn core_of_waiter<G>(lock: impl Fn() -> G + Sync) -> nix::Result<Duration> {
    let is_taken = Barrier::new(2);
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            is_taken.wait();
            drop(lock());
            clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        });
        let guard = lock();
        is_taken.wait();
        thread::sleep(Duration::from_millis(20));
        drop(guard);
        waiter.join().unwrap().map(Duration::from)
    })
}

fn main() -> nix::Result<()> {
    let (spin, mutex) = (SpinLock::default(), Mutex::new(0));
    two_threads(|| *spin.lock() += 1);
    two_threads(|| *mutex.lock().unwrap() += 1);
    let (by_spin, by_mutex) = (*spin.lock(), *mutex.lock().unwrap());
    println!("100000 additions: spinlock {by_spin}, Mutex {by_mutex}");
    assert_eq!((by_spin, by_mutex), (100_000, 100_000));

    println!("the holder sleeps for 20 ms, and the one who waits uses a core for");
    println!("  spinlock: {:.1?}", core_of_waiter(|| spin.lock())?);
    println!("  Mutex:    {:.1?}", core_of_waiter(|| mutex.lock())?);
    Ok(())
}
