//! The fork itself, and what a child does until its work begins and after it has ended.
//!
//! A child has one thread, the copy of the one that forked. Whatever lock another thread of the
//! parent held at that moment stays locked in the child for ever. So nothing here takes a lock
//! that a thread of the parent may hold: the two of the standard streams are taken before the
//! fork, and given back on both sides.

use std::fs::File;
use std::io;
use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, getpid, gettid};

use super::own::Own;
use super::parent;

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
/// Waits while another thread is in the middle of printing, a second at most: a child must not inherit
/// half a line.
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
    crate::forks::watch_forks();
    crate::panic::say_in_processes();
    let own = Own::prepare(name);
    let (parent, by_first_thread) = (getpid(), gettid() == getpid());
    let held = crate::streams::hold();
    prepare_nothing()?;
    if !by_first_thread {
        parent::prepare()?;
    }
    // SAFETY: the child takes no lock that another thread may hold, until its work begins.
    let child = match unsafe { fork() }? {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            parent::die_with(parent, by_first_thread);
            drop(held);
            own.become_it();
            read_nothing();
            run(work)
        }
    };
    drop(held);
    pidfd(child).inspect_err(|_| {
        // Without a pidfd there would be no safe way to end it later. It is not reaped yet, so
        // the number still means it.
        let _ = kill(child, Signal::SIGKILL);
        let _ = waitpid(child, None);
    })
}

fn run(work: &mut dyn FnMut() -> i32) -> ! {
    let code = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        // Dropping it could panic again.
        std::mem::forget(payload);
        PANICKED
    });
    leave(code)
}

/// Ends the process. Not by `exit`, which runs what the parent has registered and takes a lock of
/// the standard library's that a thread of the parent may have held at the fork.
pub(super) fn leave(code: i32) -> ! {
    let _ = catch_unwind(crate::streams::flush);
    // SAFETY: `_exit` does not return, and runs nothing of what the parent had registered.
    unsafe { libc::_exit(code) }
}

/// `/dev/null`, opened once, as that takes longer than all else that a child does.
static NOTHING: AtomicI32 = AtomicI32::new(-1);

/// Called under the lock of stdout, so by one thread at a time.
fn prepare_nothing() -> io::Result<()> {
    if NOTHING.load(SeqCst) < 0 {
        let nothing = crate::lifeline::above_standard(File::open("/dev/null")?.into())?;
        NOTHING.store(nothing.into_raw_fd(), SeqCst);
    }
    Ok(())
}

/// What waits on the parent's stdin is the parent's.
fn read_nothing() {
    // SAFETY: a system call on descriptors of this process.
    unsafe { libc::dup2(NOTHING.load(SeqCst), libc::STDIN_FILENO) };
}

fn pidfd(child: Pid) -> io::Result<(Pid, OwnedFd)> {
    // SAFETY: a system call that takes two numbers; what it returns is nobody else's.
    unsafe {
        match libc::syscall(libc::SYS_pidfd_open, child.as_raw(), 0) {
            -1 => Err(io::Error::last_os_error()),
            fd => Ok((child, OwnedFd::from_raw_fd(fd as i32))),
        }
    }
}
