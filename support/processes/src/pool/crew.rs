//! One worker, as its parent sees it.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::time::Instant;

use nix::sys::signal::Signal;
use nix::sys::socket::{Shutdown, shutdown};
use nix::unistd::Pid;

use super::block::Block;
use super::job::Value;
use super::wire::{self, Inbox, Kind, Outbox};
use super::worker::{self, LOOK_AGAIN, Work};
use crate::{Exit, child, pidfd};
use super::watch::Watch;

pub(super) struct Crewman {
    pub pid: Pid,
    pub pidfd: OwnedFd,
    pub socket: OwnedFd,
    pub block: Block,
    pub outbox: Outbox,
    from_socket: Inbox,
    from_ring: Inbox,
    /// When to look at the ring, though nobody says so.
    pub look_at: Option<Instant>,
    pub has_ended: bool,
    is_dismissed: bool,
}

/// Forks a worker. `others` are descriptors that it closes.
pub(super) fn start(
    name: &str,
    work: &Arc<Work>,
    others: &[RawFd],
    watch: Option<&dyn Watch>,
) -> io::Result<Crewman> {
    let (ours, theirs) = worker::pair()?;
    let block = Block::new()?;
    let (pid, pidfd) = child::spawn(name, || {
        for &descriptor in others.iter().chain([&ours.as_raw_fd()]) {
            // SAFETY: open in the parent, so open here; their owners in the copied memory are
            // never dropped, as this process ends without returning.
            unsafe { libc::close(descriptor) };
        }
        let _lane = watch.map(Watch::begins);
        worker::serve(&theirs, &block, &**work)
    })?;
    Ok(Crewman {
        pid,
        pidfd,
        socket: ours,
        block,
        outbox: Outbox::default(),
        from_socket: Inbox::default(),
        from_ring: Inbox::default(),
        look_at: None,
        has_ended: false,
        is_dismissed: false,
    })
}

impl Crewman {
    /// Takes in what has come by the socket; whether that was anything.
    pub fn receive(&mut self) -> bool {
        let came = wire::receive(&self.socket, &mut self.from_socket);
        if came {
            self.look_at = Some(Instant::now() + LOOK_AGAIN);
        }
        came
    }

    /// Takes in what lies in the ring. (After what came by the socket: a result that is sent by
    /// the socket comes after those that lay in the ring then.)
    pub fn look(&mut self, now: Instant) {
        self.block.drain(self.from_ring.tail());
        if self.look_at.is_some_and(|at| at <= now) {
            self.look_at = None;
        }
    }

    /// The result of this number, if it has come.
    pub fn result(&mut self, number: u64) -> Option<(Kind, Value)> {
        let result = self.from_ring.take(number);
        result.or_else(|| self.from_socket.take(number))
    }

    /// Lets it end, once it has done what it was sent.
    pub fn dismiss(&mut self) {
        self.is_dismissed = true;
        // It may have ended before.
        let _ = shutdown(self.socket.as_raw_fd(), Shutdown::Write);
    }

    pub fn kill(&self) {
        pidfd::signal(self.pidfd.as_fd(), Signal::SIGKILL);
    }

    /// Waits for its end, and says how it ended.
    pub fn reap(self, watch: Option<&dyn Watch>) -> Exit {
        let exit = pidfd::reap(self.pidfd.as_fd());
        // Of a worker that was dismissed its own lane has told.
        if let Some(watch) = watch.filter(|_| !self.is_dismissed) {
            watch.ended(self.pid.as_raw(), exit);
        }
        exit
    }

    pub fn descriptors(&self) -> [RawFd; 2] {
        [self.pidfd.as_raw_fd(), self.socket.as_raw_fd()]
    }
}
