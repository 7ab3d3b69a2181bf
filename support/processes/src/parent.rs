//! A child's life depends on its parent's.

use std::io;

use nix::unistd::{Pid, getpid};

use crate::latest::Latest;
use crate::lifeline::{Lifeline, killed_with_thread_of};

/// The lifeline of this process, or still that of the process which forked it: then `pid` is that
/// one's. Changed only under the lock of stdout, which every fork of a `Process` takes.
struct Line {
    pid: Pid,
    lifeline: Lifeline,
}

static LINE: Latest<Line> = Latest::new();

/// Makes sure that this process has a lifeline for its children to hold on to.
pub fn prepare() -> io::Result<()> {
    if LINE.get().is_some_and(|line| line.pid == getpid()) {
        return Ok(());
    }
    if let Some(inherited) = LINE.get() {
        inherited.lifeline.forget();
    }
    let lifeline = Lifeline::new();
    lifeline.make()?;
    let pid = getpid();
    LINE.set(Box::new(Line { pid, lifeline }));
    Ok(())
}

/// In a child just forked: arranges that it is killed when its parent ends.
pub fn die_with(parent: Pid, forked_by_its_first_thread: bool) {
    if forked_by_its_first_thread {
        // That thread ends no sooner than its process.
        killed_with_thread_of(parent.as_raw());
    } else if let Some(line) = LINE.get() {
        line.lifeline.hold();
    }
    if let Some(line) = LINE.get() {
        line.lifeline.forget();
    }
}

/// In a child, however it was forked: no child may hold the end that tells of its parent's life.
/// Safe in a fork handler.
pub fn leave() {
    if let Some(line) = LINE.get() {
        line.lifeline.leave();
    }
}
