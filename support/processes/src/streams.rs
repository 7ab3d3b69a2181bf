//! The locks of stdout and stderr, held while a process forks.
//!
//! A child inherits both streams as they are: a lock that another thread holds at that moment stays
//! locked in it for ever, and half a line in stdout's buffer is written by both. So whoever forks
//! holds the locks meanwhile. std's locks know no limit, though, and the thread that holds one may be
//! waiting for the thread that forks. So two threads of this module's take the locks and hand them
//! over; if they have not got both within a second, the fork goes on without them. Such a child can
//! compute and end; what it prints may wait for ever.

use std::cell::Cell;
use std::fs;
use std::io::{self, StderrLock, StdoutLock, Write};
use std::mem::forget;
use std::os::unix::fs::MetadataExt;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::Builder;
use std::time::{Duration, Instant};

/// The longest that a fork waits for the locks.
const LIMIT: Duration = Duration::from_secs(1);
const MOMENT: Duration = Duration::from_millis(10);

/// The name of this module's threads, by which lists of threads leave them out.
pub const THREAD: &str = "streams";

thread_local! {
    /// Whether this thread holds the locks already.
    static HOLDS: Cell<bool> = const { Cell::new(false) };
}

/// Both locks, with stdout's buffer written out; or none, where they could not be had in time. Given
/// back when it is dropped, in the parent and in a forked child alike.
pub struct Held {
    locks: Option<Locks>,
    /// Whether it is the outermost of this thread's.
    first: bool,
    process: u32,
}

enum Locks {
    Own(#[expect(dead_code, reason = "held")] (StdoutLock<'static>, StderrLock<'static>)),
    HandedOver(
        HandedOver<StdoutLock<'static>>,
        HandedOver<StderrLock<'static>>,
    ),
}

/// Takes the locks. Blocks while another thread prints, for a second at most.
///
/// It waits for that second, too, where the calling thread itself holds one of std's locks. Within
/// another [`Held`] of the same thread it does nothing.
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

fn locks() -> Option<Locks> {
    if is_alone() {
        // Nobody else can hold them.
        return Some(Locks::Own((flushed(), io::stderr().lock())));
    }
    let keepers = keepers()?;
    let end = Instant::now() + LIMIT;
    // Who holds one of them may want the other before giving it back. So the second is waited for only
    // a moment, and then they are taken in the other order.
    let a_moment = || end.min(Instant::now() + MOMENT);
    loop {
        let out = keepers.out.ask(end)?;
        if let Some(err) = keepers.err.ask(a_moment()) {
            return Some(Locks::HandedOver(out, err));
        }
        drop(out);
        let err = keepers.err.ask(end)?;
        if let Some(out) = keepers.out.ask(a_moment()) {
            return Some(Locks::HandedOver(out, err));
        }
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
        if !self.first {
            return;
        }
        HOLDS.set(false);
        if let Some(Locks::HandedOver(out, err)) = self.locks.take() {
            let in_child = std::process::id() != self.process;
            out.release(in_child);
            err.release(in_child);
        }
    }
}

/// Whether the process has one thread.
fn is_alone() -> bool {
    // The directory's own two links, and one for each thread.
    fs::metadata("/proc/self/task").is_ok_and(|threads| threads.nlink() == 3)
}

fn flushed() -> StdoutLock<'static> {
    let mut out = io::stdout().lock();
    // A closed stdout is nobody's business here.
    let _ = out.flush();
    out
}

/// A lock on its way from the thread that took it.
struct Sent<L>(L);

// SAFETY: only `StdoutLock` and `StderrLock` are sent. On Linux each is a count, an owner and a futex
// word, which any thread may reset; and the thread that took it does nothing between handing it over
// and hearing that it was given back.
unsafe impl<L> Send for Sent<L> {}

/// A lock, and what tells the thread that took it that it was given back.
struct HandedOver<L> {
    lock: Sent<L>,
    given_back: Sender<()>,
}

struct Request<L> {
    answer: Sender<Sent<L>>,
    given_back: Receiver<()>,
}

impl<L> HandedOver<L> {
    fn release(self, in_child: bool) {
        drop(self.lock);
        if in_child {
            // Nobody listens, and a lock within it may have been that thread's at the fork.
            forget(self.given_back);
        }
    }
}

/// A thread that takes a lock for others.
struct Keeper<L>(Sender<Request<L>>);

impl<L: 'static> Keeper<L> {
    fn start(lock: fn() -> L) -> io::Result<Keeper<L>> {
        let (keeper, requests) = channel::<Request<L>>();
        let keep = move || {
            for request in requests {
                // Fails, and lets go of the lock, if nobody waits any more.
                let _ = request.answer.send(Sent(lock()));
                // Ends when the other end is dropped.
                let _ = request.given_back.recv();
            }
        };
        Builder::new().name(THREAD.into()).spawn(keep)?;
        Ok(Keeper(keeper))
    }

    /// After the end, a lock that still comes goes back to the thread that took it.
    fn ask(&self, end: Instant) -> Option<HandedOver<L>> {
        // Made first and so dropped last: after an answer that came just too late.
        let (given_back, hears) = channel();
        let (answer, lock) = channel();
        let request = Request {
            answer,
            given_back: hears,
        };
        self.0.send(request).ok()?;
        let left = end.saturating_duration_since(Instant::now());
        let lock = lock.recv_timeout(left).ok()?;
        Some(HandedOver { lock, given_back })
    }
}

struct Keepers {
    process: u32,
    out: Keeper<StdoutLock<'static>>,
    err: Keeper<StderrLock<'static>>,
}

/// This process's, or still those of the process that forked it. Not behind a lock: a thread of the
/// parent could have held that at the fork.
static KEEPERS: AtomicPtr<Keepers> = AtomicPtr::new(null_mut());

/// None where there is no room for threads.
fn keepers() -> Option<&'static Keepers> {
    let process = std::process::id();
    let found = KEEPERS.load(SeqCst);
    // SAFETY: what is stored was a box, which is never freed.
    if let Some(keepers) = unsafe { found.as_ref() }.filter(|it| it.process == process) {
        return Some(keepers);
    }
    let keepers = Box::leak(Box::new(Keepers {
        process,
        out: Keeper::start(flushed).ok()?,
        err: Keeper::start(|| io::stderr().lock()).ok()?,
    }));
    KEEPERS.store(keepers, SeqCst);
    Some(keepers)
}

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
    fn the_locks_are_waited_for_with_a_limit() {
        let lock = io::stdout().lock();
        let (took, got) = held_elsewhere();
        assert!(took >= LIMIT && !got);
        drop(lock);
        // Given back by the thread that came too late.
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
