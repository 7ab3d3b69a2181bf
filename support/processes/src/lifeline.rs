//! How a child dies with its parent: for those who guard bare forks, as [`Process`](crate::Process)
//! does its own.
//!
//! A pipe on which nobody writes: whoever holds its reading end is killed when the process that
//! holds its writing end has ended, however that ended.
//!
//! PR_SET_PDEATHSIG, the usual way, fires when the *thread* that forked ends. A child of a thread
//! that is not its process's first would die too early; it holds on to a lifeline instead.

use std::ffi::CStr;
use std::io::{self, Write};
use std::os::fd::{IntoRawFd, OwnedFd};
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};

use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use rustix::process::{Signal, getpid, getppid, kill_process, set_parent_process_death_signal};

/// From `fcntl.h`; the `libc` crate does not have it.
const F_SETSIG: libc::c_int = 10;

/// One process's lifeline. A forked child inherits a copy: it calls [`Lifeline::leave`], and
/// [`Lifeline::hold`] if its life is to depend on the process that made the pipe.
pub struct Lifeline {
    read: AtomicI32,
    write: AtomicI32,
}

impl Lifeline {
    pub const fn new() -> Lifeline {
        Lifeline {
            read: AtomicI32::new(-1),
            write: AtomicI32::new(-1),
        }
    }

    /// Makes the pipe, in the process that others are to depend on.
    pub fn make(&self) -> io::Result<()> {
        let (read, write) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
        let (read, write) = (above_standard(read)?, above_standard(write)?);
        self.read.store(read.into_raw_fd(), SeqCst);
        self.write.store(write.into_raw_fd(), SeqCst);
        Ok(())
    }

    /// In a child: gives up the writing end, which only the process that made it may hold. Safe
    /// in a fork handler.
    pub fn leave(&self) {
        close(self.write.swap(-1, SeqCst));
    }

    /// In a child that needs the pipe no more: gives up the reading end, too.
    pub fn forget(&self) {
        close(self.read.swap(-1, SeqCst));
    }

    /// Has the operating system send SIGKILL to this process when the writing end closes; ends
    /// the process if it has closed. Safe in a fork handler.
    pub fn hold(&self) {
        let read = self.read.load(SeqCst);
        if read < 0 {
            return;
        }
        // A description of its own: who is told, and by which signal, belongs to that. The path
        // is put together on the stack, since a child of many threads should not allocate here.
        let mut path = [0u8; 32];
        let _ = write!(&mut path[..31], "/proc/self/fd/{read}");
        let path = CStr::from_bytes_until_nul(&path).unwrap_or_default();
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let Ok(own) = nix::fcntl::open(path, flags, Mode::empty()) else {
            return;
        };
        // It stays open for the rest of this process's life.
        let own = own.into_raw_fd();
        // SAFETY: plain calls on a descriptor just opened.
        let ended = unsafe {
            libc::fcntl(own, libc::F_SETOWN, libc::getpid());
            libc::fcntl(own, F_SETSIG, libc::SIGKILL);
            libc::fcntl(own, libc::F_SETFL, libc::O_NONBLOCK | libc::O_ASYNC);
            // It may have closed before the signal was asked for: then reading tells the end.
            libc::read(own, [0u8].as_mut_ptr().cast(), 1) == 0
        };
        if ended {
            die();
        }
    }
}

impl Default for Lifeline {
    fn default() -> Lifeline {
        Lifeline::new()
    }
}

fn close(descriptor: i32) {
    if descriptor >= 0 {
        let _ = nix::unistd::close(descriptor);
    }
}

fn die() {
    let _ = kill_process(getpid(), Signal::KILL);
}

/// Has the operating system send SIGKILL to this process when the thread that forked it ends. Safe
/// in a fork handler.
pub fn killed_with_thread_of(parent: i32) {
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    // The parent may have ended before the call above.
    if getppid().is_none_or(|now| now.as_raw_pid() != parent) {
        die();
    }
}

/// Moves a descriptor out of the way of 0, 1, 2 and of the low numbers that lessons print.
///
/// # Errors
/// If the process has as many files open as it may.
pub fn above_standard(descriptor: OwnedFd) -> io::Result<OwnedFd> {
    Ok(rustix::io::fcntl_dupfd_cloexec(&descriptor, 64)?)
}
