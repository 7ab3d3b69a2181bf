//! The fork guard: what happens around every `fork()` in a cell.
//!
//! Registered by `pthread_atfork`, so that it holds for the bare system call wrapper as for
//! every library over it. Before the fork both output streams are locked and flushed, which may take
//! a second: a child inherits neither half a line nor a lock whose owner does not exist in it. (Where
//! another thread holds on to a stream for longer, it does, and waits for ever if it prints there.)
//! The child then gives up all that is the kernel's.
//!
//! The code in the child runs after a fork from a process with several threads, so it may only
//! make calls that are safe in a signal handler, until `exec` or exit.

use super::{output, programs};
use nix::unistd::dup2_stdin;
use processes::lifeline::{Lifeline, killed_with_thread_of};
use processes::streams::{Held, hold};
use std::cell::Cell;
use std::io;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering::Relaxed};

thread_local! {
    static STREAMS: Cell<Option<Held>> = const { Cell::new(None) };
}

/// The process and the thread that called `fork()`.
static PARENT: AtomicI32 = AtomicI32::new(0);
static FORKER: AtomicI32 = AtomicI32::new(0);
/// Its writing end closes with the process that runs the cells.
static LIFELINE: Lifeline = Lifeline::new();

static FORKS: AtomicUsize = AtomicUsize::new(0);

/// How many children this process has forked since the library was loaded into a kernel; 0
/// outside of a kernel, where nothing is guarded. One number for all cells.
///
/// ```
/// assert_eq!(support::kernel::forks(), 0);
/// ```
pub fn forks() -> usize {
    FORKS.load(Relaxed)
}

pub fn install() -> io::Result<()> {
    LIFELINE.make()?;
    // SAFETY: the handlers are functions of this library, which is never unloaded.
    match unsafe { libc::pthread_atfork(Some(before), Some(after_in_parent), Some(after_in_child)) }
    {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

extern "C" fn before() {
    STREAMS.set(Some(hold()));
    PARENT.store(nix::unistd::getpid().as_raw(), Relaxed);
    FORKER.store(nix::unistd::gettid().as_raw(), Relaxed);
}

extern "C" fn after_in_parent() {
    FORKS.fetch_add(1, Relaxed);
    STREAMS.take();
}

extern "C" fn after_in_child() {
    die_with(PARENT.load(Relaxed));
    output::leave_to_parent();
    if let Some(nothing) = programs::nothing() {
        let _ = dup2_stdin(nothing);
    }
    STREAMS.take();
}

/// Arranges that this process is killed when the one that runs the cells ends.
///
/// PR_SET_PDEATHSIG survives an `exec`, but fires when the *thread* that forked ends. That is
/// right for the thread that runs the cells, which lives as long as its process. A child of any
/// other thread, and a child's child, would die too early; it holds on to the lifeline instead.
fn die_with(parent: libc::pid_t) {
    let of_the_cells_thread = !output::in_child() && FORKER.load(Relaxed) == parent;
    LIFELINE.leave();
    if of_the_cells_thread {
        killed_with_thread_of(parent);
    } else {
        LIFELINE.hold();
    }
}
