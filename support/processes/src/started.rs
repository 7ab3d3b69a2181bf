//! A process that was started: what its handle and the list of children share.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;
use std::time::Duration;

use nix::unistd::{Pid, getpid};
use rustix::event::PollFlags;

use crate::exit::Exit;
use crate::limit::Limit;
use crate::pidfd;

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
        if !may_wait
            && !limit
                .map_or(Limit::NONE, Limit::after)
                .wait_for(self, PollFlags::IN)
        {
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
