//! Sleeping until a word in shared memory is written.

use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// Sleeps while the word is `seen`, until [`wake`], a signal, or the end of `limit`. May also
/// return for no reason: the caller looks again.
///
/// Not the private sort, which would not be seen by other processes.
pub fn sleep(word: &AtomicU32, seen: u32, limit: Duration) {
    let limit = libc::timespec {
        tv_sec: limit.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        tv_nsec: limit.subsec_nanos().into(),
    };
    // SAFETY: the kernel reads the word and the time, both of which outlive the call.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT,
            seen,
            &raw const limit,
        )
    };
}

/// Wakes all who sleep on the word.
pub fn wake(word: &AtomicU32) {
    // SAFETY: the kernel takes the word's address as a name.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, i32::MAX) };
}
