//! The locks of stdout and stderr, held while a process forks.
//!
//! A child inherits both streams as they are: a lock that another thread holds at that moment stays
//! locked in it for ever, and half a line in stdout's buffer is written by both. So whoever forks
//! holds the locks meanwhile. std's locks know no limit, though, and the thread that holds one may be
//! waiting for the thread that forks. So a thread of this module's takes the locks and hands them
//! over; if it has not got both within a second, the fork goes on without them. Such a child can
//! compute and end; what it prints may wait for ever.

use std::cell::Cell;
use std::fs;
use std::io::{self, StderrLock, StdoutLock, Write};
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::thread::Builder;
use std::time::{Duration, Instant};

/// The longest that a fork waits for the locks; and for one of them, while it holds the other.
const LIMIT: Duration = Duration::from_secs(1);
const MOMENT: Duration = Duration::from_millis(10);

/// The name of this module's threads, by which lists of threads leave them out.
pub const THREAD: &str = "streams";

/// How many threads of the process live that hold no stream for long.
static HARMLESS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// Whether this thread holds the locks already.
    static HOLDS: Cell<bool> = const { Cell::new(false) };
}

type OutLock = Lock<StdoutLock<'static>>;
type ErrLock = Lock<StderrLock<'static>>;

/// Both locks, with stdout's buffer written out; or none, where they could not be had in time. Given
/// back when it is dropped, in the parent and in a forked child alike.
pub struct Held {
    locks: Option<(OutLock, ErrLock)>,
    /// Whether it is the outermost of this thread's.
    first: bool,
    process: u32,
}

/// Takes the locks. Blocks while another thread prints, for a second at most.
///
/// It waits for that second, too, where the calling thread itself holds one of std's locks and is not
/// its process's only one. Within another [`Held`] of the same thread it does nothing.
///
/// ```
/// let held = processes::streams::hold();
/// // fork() here
/// drop(held);
/// ```
pub fn hold() -> Held {
    let first = !HOLDS.replace(true);
    Held {
        locks: first.then(locks).flatten(),
        first,
        process: std::process::id(),
    }
}

impl Held {
    /// Whether another thread kept a lock for all that time. A child that is forked now must not
    /// print: it may wait for ever.
    ///
    /// ```
    /// assert!(!processes::streams::hold().failed());
    /// ```
    pub fn failed(&self) -> bool {
        self.first && self.locks.is_none()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.first {
            HOLDS.set(false);
        }
        if self.process != std::process::id() {
            // A child has only the thread that forked it.
            HARMLESS.store(0, SeqCst);
        }
    }
}

/// A thread that never holds a stream while it waits for another thread that may fork; it is one
/// until this is dropped.
pub struct Harmless(());

/// Says that the calling thread is [`Harmless`]: a [`hold`] that finds no others needs no help of a
/// thread. It must be said by the thread itself: one that is only about to start is not there yet.
///
/// ```
/// let ticks = std::thread::spawn(|| {
///     let _harmless = processes::streams::harmless();
///     // waits for no thread that forks
/// });
/// # ticks.join().unwrap();
/// ```
pub fn harmless() -> Harmless {
    HARMLESS.fetch_add(1, SeqCst);
    Harmless(())
}

impl Drop for Harmless {
    fn drop(&mut self) {
        HARMLESS.fetch_sub(1, SeqCst);
    }
}

fn locks() -> Option<(OutLock, ErrLock)> {
    let err = || io::stderr().lock();
    // A directory has two links, and one for each directory in it: here a thread. Alone, there is
    // nobody to wait for, and the locks may be this thread's own.
    let alone = 3 + HARMLESS.load(SeqCst);
    if fs::metadata("/proc/self/task").is_ok_and(|tasks| tasks.nlink() <= alone) {
        return Some((Lock(flushed()), Lock(err())));
    }
    let end = Instant::now() + LIMIT;
    loop {
        if let Some(locks) = both(flushed, err, end)? {
            return Some(locks);
        }
        // Who holds stderr's may be about to print.
        if let Some((err, out)) = both(err, flushed, end)? {
            return Some((out, err));
        }
    }
}

/// Two locks in this order. `None` if the first does not come before the end, or there is no room for
/// a thread; `Some(None)` if the second does not come in a moment: its holder may want the first.
#[expect(clippy::option_option, reason = "the outer one ends the attempts")]
fn both<A: 'static, B: 'static>(
    a: fn() -> A,
    b: fn() -> B,
    end: Instant,
) -> Option<Option<(Lock<A>, Lock<B>)>> {
    let ((send_a, receive_a), (send_b, receive_b)) = (channel(), channel());
    let take = move || {
        // A lock that nobody waits for any more is let go of.
        if send_a.send(Lock(a())).is_ok() {
            let _ = send_b.send(Lock(b()));
        }
    };
    let thread = Builder::new().name(THREAD.into()).spawn(take).ok()?;
    let left = end.saturating_duration_since(Instant::now());
    let a = receive_a.recv_timeout(left).ok()?;
    let Ok(b) = receive_b.recv_timeout(MOMENT) else {
        return Some(None);
    };
    // No thread should be ending just when a child is forked.
    let _ = thread.join();
    Some(Some((a, b)))
}

fn flushed() -> StdoutLock<'static> {
    let mut out = io::stdout().lock();
    // A closed stdout is nobody's business here.
    let _ = out.flush();
    out
}

/// A lock that another thread has taken.
struct Lock<L>(L);

// SAFETY: only `StdoutLock` and `StderrLock` are sent. On Linux each is a count, an owner and a futex
// word, which any thread may reset. The owner does nothing with the lock after having sent it: it
// ends, and no other thread ever has its number.
unsafe impl<L> Send for Lock<L> {}

#[cfg(test)]
mod tests {
    use super::*;

    /// `hold` in a thread of its own: how long it took, and whether it got the locks.
    fn held_elsewhere() -> (Duration, bool) {
        let hold = || {
            let started = Instant::now();
            let held = hold();
            (started.elapsed(), held.locks.is_some())
        };
        std::thread::spawn(hold).join().unwrap()
    }

    #[test]
    fn a_thread_is_harmless_while_it_says_so() {
        let count = || HARMLESS.load(SeqCst);
        let inside = std::thread::spawn(move || {
            let _harmless = harmless();
            count()
        });
        assert_eq!((inside.join().unwrap(), count()), (1, 0));
    }

    #[test]
    fn the_locks_are_waited_for_with_a_limit() {
        let lock = io::stdout().lock();
        let (took, got) = held_elsewhere();
        assert!(took >= LIMIT && !got);
        drop(lock);
        // The thread that came too late has let go of it.
        for _ in 0..100 {
            assert!(held_elsewhere().1);
        }
        let outer = hold();
        let inner = hold();
        assert!(outer.locks.is_some() && inner.locks.is_none());
        drop(inner);
        assert!(!held_elsewhere().1);
        drop(outer);
        assert!(held_elsewhere().1);
    }
}
