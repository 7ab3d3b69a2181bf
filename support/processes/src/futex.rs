//! Sleeping until a word in shared memory is written.

use std::sync::atomic::AtomicU32;
use std::time::Duration;

use rustix::thread::futex::{self, Flags, Timespec};

/// Not the private sort, which would not be seen by other processes.
const SHARED: Flags = Flags::empty();

/// Sleeps while the word is `seen`, until [`wake`], a signal, or the end of `limit`. May also
/// return for no reason: the caller looks again.
pub fn sleep(word: &AtomicU32, seen: u32, limit: Duration) {
    let limit = Timespec::try_from(limit).ok();
    let _ = futex::wait(word, SHARED, seen, limit.as_ref());
}

/// Wakes all who sleep on the word.
pub fn wake(word: &AtomicU32) {
    let _ = futex::wake(word, SHARED, i32::MAX as u32);
}
