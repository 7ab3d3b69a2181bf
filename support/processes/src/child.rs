//! The fork itself, and what a child does until its work begins and after it has ended.
//!
//! A child has one thread, the copy of the one that forked. Whatever lock another thread of the
//! parent held at that moment stays locked in the child for ever. So nothing here takes a lock
//! that a thread of the parent may hold: the two of the standard streams are taken before the
//! fork, and given back on both sides.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::Ordering::SeqCst;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, getpid, gettid};

use crate::exit::{IS_STUCK, leave};
use crate::own::Own;
use crate::{forks, lifeline, panic, parent, pidfd, streams};

/// The exit code of a process that panicked, as of a Rust program.
const PANICKED: i32 = 101;

/// Forks a child that runs `work` and exits with the code it returns; gives the child's pid and a
/// pidfd that is closed on exec.
///
/// The child never returns from here and drops nothing of its parent's. It is called `name` (15
/// bytes of it for the system), reads nothing from stdin, catches a panic of `work` (one line on
/// stderr, code 101), flushes its streams and ends without its parent's exit handlers. It is
/// killed when its parent ends, though not when the thread that forked it ends.
///
/// Waits while another thread is in the middle of printing: a child must not inherit half a line.
/// After a second of that it says so on stderr and goes on; the child must not print then.
///
/// # Errors
///
/// The system's, where there is no room for a process or a descriptor.
pub(crate) fn spawn(name: &str, work: impl FnOnce() -> i32) -> io::Result<(Pid, OwnedFd)> {
    let mut work = Some(work);
    spawn_dyn(name, &mut || work.take().map_or(0, |work| work()))
}

/// As [`spawn`], compiled once.
pub(super) fn spawn_dyn(name: &str, work: &mut dyn FnMut() -> i32) -> io::Result<(Pid, OwnedFd)> {
    forks::watch_forks();
    panic::say_in_processes();
    let own = Own::prepare(name);
    let (parent, by_first_thread) = (getpid(), gettid() == getpid());
    let nothing = nothing()?;
    let streams = streams::hold();
    if streams.failed() {
        let text =
            format!("process '{name}' must not print: a thread holds the lock of a stream\n");
        let _ = rustix::io::write(rustix::stdio::stderr(), text.as_bytes());
    }
    if !by_first_thread {
        parent::prepare()?;
    }
    // SAFETY: the child takes no lock that another thread may hold, until its work begins.
    let child = match unsafe { fork() }? {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            parent::die_with(parent, by_first_thread);
            IS_STUCK.store(streams.failed(), SeqCst);
            drop(streams);
            own.become_it();
            // What waits on the parent's stdin is the parent's.
            let _ = rustix::stdio::dup2_stdin(nothing);
            run(work)
        }
    };
    drop(streams);
    let pidfd = pidfd::open(child).inspect_err(|_| {
        // Without a pidfd there would be no safe way to end it later. It is not reaped yet, so
        // the number still means it.
        let _ = kill(child, Signal::SIGKILL);
        let _ = waitpid(child, None);
    })?;
    Ok((child, pidfd))
}

fn run(work: &mut dyn FnMut() -> i32) -> ! {
    let code = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        // Dropping it could panic again.
        std::mem::forget(payload);
        PANICKED
    });
    leave(code)
}

/// `/dev/null`, opened once, as that takes longer than all else that a child does.
fn nothing() -> io::Result<&'static OwnedFd> {
    static NOTHING: OnceLock<OwnedFd> = OnceLock::new();
    if let Some(nothing) = NOTHING.get() {
        return Ok(nothing);
    }
    let nothing = lifeline::above_standard(File::open("/dev/null")?.into())?;
    Ok(NOTHING.get_or_init(|| nothing))
}
