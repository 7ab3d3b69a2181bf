//! The descriptors that output passes through, and what several threads know of it.

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::fstat;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// The name of this library's threads, by which lists of threads leave them out.
pub const THREAD: &str = "support-output";

/// Of a pair the first is stdout's, the second stderr's.
pub struct Streams {
    /// The kernel's pipes.
    pub kernel: [File; 2],
    /// The ends of the sockets that the carrying thread reads.
    pub sockets: [OwnedFd; 2],
    /// By which the other ends are known.
    pub inodes: [u64; 2],
    /// Leads to where stdout leads, also when a cell has sent stdout elsewhere.
    pub stdout: OwnedFd,
    pub front: Option<UnixStream>,
}

impl Streams {
    /// Whether what is written to descriptor 1 still comes here: a cell can close it, or send it
    /// elsewhere.
    pub fn hears_stdout(&self) -> bool {
        fstat(io::stdout()).is_ok_and(|it| it.st_ino == self.inodes[0])
    }

    /// Whether there was a front, and nobody is at its end of the connection any more.
    pub fn front_has_gone(&self) -> bool {
        self.front.as_ref().is_some_and(|front| {
            let mut ends = [PollFd::new(front.as_fd(), PollFlags::empty())];
            let looked = poll(&mut ends, PollTimeout::ZERO);
            let events = ends[0].revents().unwrap_or(PollFlags::empty());
            looked.is_ok() && events.contains(PollFlags::POLLHUP)
        })
    }
}

/// Set where this library carries the output, or did in the process that forked this one. In a
/// forked child its descriptors are closed.
pub static STREAMS: OnceLock<Streams> = OnceLock::new();
/// Whether the carrying thread holds something that it has read and not yet written.
pub static BUSY: AtomicBool = AtomicBool::new(false);
pub static IN_CHILD: AtomicBool = AtomicBool::new(false);
/// Whether the cells' thread has panicked since its cell began.
pub static PANICKED: AtomicBool = AtomicBool::new(false);

/// Whether this process was forked from the one that runs the cells.
pub fn in_child() -> bool {
    IN_CHILD.load(SeqCst)
}

/// Whether a thread reads what is written to stdout, and knows marks in it.
pub fn is_carried() -> bool {
    STREAMS.get().is_some()
}

/// Whether output goes to the kernel's front.
pub fn has_front() -> bool {
    STREAMS.get().is_some_and(|streams| streams.front.is_some())
}

/// Notes that the cells' thread has panicked: evcxr's word that says so is then true.
pub fn panicked() {
    PANICKED.store(true, SeqCst);
}

/// So many bytes wait to be read.
pub fn waiting(from: &impl AsFd) -> usize {
    rustix::io::ioctl_fionread(from).map_or(0, |bytes| bytes as usize)
}
