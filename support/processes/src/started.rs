//! A process that was started: what its handle and the list of children share.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{Pid, getpid};

use super::{Exit, pidfd};

pub struct Started {
    pub name: String,
    pub pid: Pid,
    /// The process whose child it is: only that one may reap it.
    parent: Pid,
    pidfd: OwnedFd,
    exit: OnceLock<Exit>,
}

impl AsFd for Started {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

impl Started {
    pub fn new(name: &str, pid: Pid, pidfd: OwnedFd) -> Started {
        Started {
            name: name.split('\0').next().unwrap_or_default().to_string(),
            pid,
            parent: getpid(),
            pidfd,
            exit: OnceLock::new(),
        }
    }

    /// Whether the caller is the process that started it, and not a copy of that.
    pub fn is_own_child(&self) -> bool {
        getpid() == self.parent
    }

    pub fn is_alive(&self) -> bool {
        self.wait(Some(Duration::ZERO)).is_none()
    }

    /// Waits for the end, or until the limit; none if it runs then.
    pub fn wait(&self, limit: Option<Duration>) -> Option<Exit> {
        if let Some(exit) = self.exit.get() {
            return Some(*exit);
        }
        // Reaping waits by itself where there is no limit.
        let may_wait = limit.is_none() && self.is_own_child();
        if !may_wait && !ends_within(self.pidfd.as_fd(), limit) {
            return None;
        }
        // In a forked child this is a copy, about a process that is not its child. Another thread
        // may have been in the middle of the line below when the copy was made.
        if !self.is_own_child() {
            return Some(Exit::Unknown);
        }
        // The first to come reaps; others wait for what it learns.
        Some(*self.exit.get_or_init(|| pidfd::reap(self.pidfd.as_fd())))
    }
}

/// Waits until the process has ended, or the limit has passed.
fn ends_within(process: BorrowedFd, limit: Option<Duration>) -> bool {
    let until = limit.map(|limit| Instant::now().checked_add(limit));
    loop {
        let timeout = match until.flatten() {
            None => PollTimeout::NONE,
            Some(until) => wait_time(until.saturating_duration_since(Instant::now())),
        };
        match poll(&mut [PollFd::new(process, PollFlags::POLLIN)], timeout) {
            Ok(0) if until.flatten().is_some_and(|until| Instant::now() < until) => {}
            Ok(0) => return false,
            // A signal came in between.
            Err(Errno::EINTR) => {}
            Ok(_) => return true,
            // Nothing is known of it now.
            Err(_) => return false,
        }
    }
}

/// In milliseconds, rounded up, so that the last one is not spent by polling in circles.
fn wait_time(left: Duration) -> PollTimeout {
    let millis = left.as_micros().div_ceil(1000);
    i32::try_from(millis).map_or(PollTimeout::MAX, |millis| {
        PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX)
    })
}
