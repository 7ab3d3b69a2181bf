//! Servers in processes of their own.

use std::net::TcpListener;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::sys::socket::{AddressFamily, SockaddrLike, SockaddrStorage, getsockname};
use nix::unistd::pipe2;

use crate::error::Error;
use crate::ready::ready;
use crate::server::Runs;
use processes::Process;

/// So long a child may take to say that it serves.
const START: Duration = Duration::from_secs(5);

/// A child that starts threads may meet a lock that a thread of its parent held at the fork (see
/// [`processes`]): it is killed then, and another one forked.
const TRIES: usize = 3;

/// Processes that serve on one listening socket, and the pipe that tells them to stop.
pub(crate) struct Children {
    processes: Vec<Process>,
    stop: OwnedFd,
    stopping: OwnedFd,
}

/// What a child does with the listening socket. It is to stop once the descriptor is readable, which
/// is for ever; it returns when nobody waits for an answer any more. The function that it is given
/// says that it serves.
pub(crate) type Work<'a> = &'a dyn Fn(&TcpListener, BorrowedFd, &dyn Fn());

impl Children {
    pub fn new() -> Result<Children, Error> {
        let (stopping, stop) = pipe()?;
        Ok(Children {
            processes: Vec::new(),
            stop,
            stopping,
        })
    }

    /// Forks one that does `work`, and waits until it says that it serves.
    pub fn start(&mut self, name: &str, listener: &TcpListener, work: Work) -> Result<(), Error> {
        for _ in 0..TRIES {
            let (said, say) = pipe()?;
            let child = Process::try_spawn(name, || {
                leave_sockets(listener.as_raw_fd());
                let ready = || {
                    // Should nobody listen any more, this process is about to be killed.
                    let _ = nix::unistd::write(&say, b"!");
                };
                work(listener, self.stopping.as_fd(), &ready);
            });
            let child = child.map_err(Error::Process)?;
            drop(say);
            let begun = ready([said.as_fd()], Some(Instant::now() + START));
            if begun.is_ok_and(|it| it.is_some()) && nix::unistd::read(&said, &mut [0]) == Ok(1) {
                self.processes.push(child);
                return Ok(());
            }
        }
        Err(Error::Died(None))
    }
}

impl Runs for Children {
    fn pids(&self) -> Vec<i32> {
        self.processes.iter().map(Process::pid).collect()
    }

    fn stop(&mut self, limit: Duration) -> bool {
        // One byte, which nobody ever takes: all of them see it.
        let told = nix::unistd::write(&self.stop, b"!");
        let until = Instant::now() + limit;
        let ended = self.processes.iter().filter(|process| {
            let left = until.saturating_duration_since(Instant::now());
            let exit = process.join_timeout(left);
            exit.is_some_and(|exit| exit.success())
        });
        let in_time = told.is_ok() && ended.count() == self.processes.len();
        // Dropped, those that are left are killed.
        self.processes.clear();
        in_time
    }
}

fn pipe() -> Result<(OwnedFd, OwnedFd), Error> {
    pipe2(OFlag::O_CLOEXEC).map_err(|errno| Error::Process(errno.into()))
}

/// In a child just forked: closes its copies of its parent's internet sockets, all but one. With
/// a copy open here, a port that the parent gives up would stay taken, and a client to whom the
/// parent closes would not learn of it.
///
/// For a child that uses nothing of its parent's and drops nothing of it.
pub(crate) fn leave_sockets(keep: RawFd) {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else {
        return;
    };
    let open: Vec<RawFd> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    for fd in open {
        if fd != keep && is_internet_socket(fd) {
            // Whoever owns it in this copy of the parent's memory never runs here.
            let _ = nix::unistd::close(fd);
        }
    }
}

fn is_internet_socket(fd: RawFd) -> bool {
    let address = getsockname::<SockaddrStorage>(fd);
    let family = address.ok().and_then(|address| address.family());
    matches!(family, Some(AddressFamily::Inet | AddressFamily::Inet6))
}
