//! A child's life depends on its parent's.

use std::io;
use std::ptr::null_mut;
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, Ordering::SeqCst};

use nix::unistd::{Pid, getpid};

use crate::lifeline::{Lifeline, killed_with_thread_of};

/// The lifeline of this process, or still that of the process which forked it: then `pid` is that
/// one's. Changed only under the lock of stdout, which every fork of a `Process` takes.
struct Line {
    pid: Pid,
    lifeline: Lifeline,
}

static LINE: AtomicPtr<Line> = AtomicPtr::new(null_mut());

fn line() -> Option<&'static Line> {
    // SAFETY: what is stored was a box, which is never freed.
    unsafe { LINE.load(SeqCst).as_ref() }
}

/// Makes sure that this process has a lifeline for its children to hold on to.
pub fn prepare() -> io::Result<()> {
    if line().is_some_and(|line| line.pid == getpid()) {
        return Ok(());
    }
    if let Some(inherited) = line() {
        inherited.lifeline.forget();
    }
    watch_forks();
    let lifeline = Lifeline::new();
    lifeline.make()?;
    let pid = getpid();
    LINE.store(Box::into_raw(Box::new(Line { pid, lifeline })), SeqCst);
    Ok(())
}

/// In a child just forked: arranges that it is killed when its parent ends.
pub fn die_with(parent: Pid, forked_by_its_first_thread: bool) {
    if forked_by_its_first_thread {
        // That thread ends no sooner than its process.
        killed_with_thread_of(parent.as_raw());
    } else if let Some(line) = line() {
        line.lifeline.hold();
    }
    if let Some(line) = line() {
        line.lifeline.forget();
    }
}

/// No child, however it is forked, may hold the end that tells of its parent's life.
fn watch_forks() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        extern "C" fn in_child() {
            if let Some(line) = line() {
                line.lifeline.leave();
            }
        }
        // SAFETY: the handler is a function of this library, which is never unloaded, and makes
        // only calls that are safe in a signal handler.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
}
