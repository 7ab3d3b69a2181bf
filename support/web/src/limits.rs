//! How many connections there is room for.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::fd::AsRawFd;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::{Backlog, Shutdown, listen as listen_again, shutdown};

use crate::error::Error;

/// Descriptors that a server or a client needs beside its connections.
const SPARE: usize = 64;

/// Connections that the system keeps for a server that has not yet taken them. It cuts the number
/// to its own limit, `net.core.somaxconn`.
const BACKLOG: i32 = 4096;

/// What bounds the number of connections; made by [`room`].
///
/// ```
/// let room = web::room();
/// assert!(room.connections() <= room.ports);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Descriptors that a process may have open (RLIMIT_NOFILE). A connection takes one at each
    /// of its ends.
    pub descriptors: usize,
    /// Ports that the system gives to clients (`net.ipv4.ip_local_port_range`). A connection from
    /// 127.0.0.1 to one port of 127.0.0.1 takes one.
    pub ports: usize,
}

impl Room {
    /// How many connections a server in this process and a client in another one can hold at once.
    ///
    /// ```
    /// let many = web::room().connections().min(10_000);
    /// assert!(many > 100);
    /// ```
    pub fn connections(&self) -> usize {
        let descriptors = self.descriptors.saturating_sub(open() + SPARE);
        descriptors.min(self.ports)
    }
}

/// How many connections there is room for on this machine. Raises this process's limit of
/// descriptors as far as an ordinary user may: from the soft to the hard one.
///
/// ```
/// let room = web::room();
/// println!("{} connections at once", room.connections());
/// ```
pub fn room() -> Room {
    Room {
        descriptors: descriptors(),
        ports: ports(),
    }
}

/// The limit of descriptors, raised before.
pub(crate) fn descriptors() -> usize {
    let limit = getrlimit(Resource::RLIMIT_NOFILE);
    let limit = limit.map(|(soft, hard)| {
        let raised = soft >= hard || setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
        if raised { hard } else { soft }
    });
    // POSIX promises twenty; a system that does not tell has room for many more.
    limit.map_or(1024, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

/// Descriptors of this process that are open now.
pub(crate) fn open() -> usize {
    // One of them is the directory that is read.
    std::fs::read_dir("/proc/self/fd").map_or(0, |entries| entries.count().saturating_sub(1))
}

fn ports() -> usize {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let range = range.unwrap_or_default();
    let mut ends = range.split_whitespace().map(str::parse::<usize>);
    match (ends.next(), ends.next()) {
        (Some(Ok(first)), Some(Ok(last))) if last >= first => last - first + 1,
        // Linux's usual range.
        _ => 28_232,
    }
}

/// Whether a client of `processes` processes has room for so many connections to one port.
pub(crate) fn check(connections: usize, processes: usize) -> Result<(), Error> {
    let limit = descriptors();
    let each = connections.div_ceil(processes);
    let needed = each + open() + SPARE;
    if needed > limit {
        return Err(Error::Descriptors {
            connections: each,
            needed,
            limit,
            room: limit.saturating_sub(needed - each) * processes,
        });
    }
    let ports = ports();
    if connections > ports {
        return Err(Error::Ports { connections, ports });
    }
    Ok(())
}

/// Listens on 127.0.0.1 only; port 0 has the system choose. Connections wait up to [`BACKLOG`].
pub(crate) fn listen(port: u16) -> Result<(TcpListener, u16), Error> {
    descriptors();
    let listen = || {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        // std asks for a backlog of 128; listening again changes that.
        listen_again(&listener, Backlog::new(BACKLOG)?)?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        Ok((listener, port))
    };
    listen().map_err(|source| Error::Listen { port, source })
}

/// Gives the port up, whoever else has a copy of the socket: a child that a cell has forked
/// meanwhile would keep it else, and visitors would wait there for ever.
pub(crate) fn stop_listening(listener: &impl AsRawFd) {
    // One that does not listen any more is what is wanted.
    let _ = shutdown(listener.as_raw_fd(), Shutdown::Both);
}

/// Memory of a process in bytes: what it alone uses, and its share of what it shares with others
/// ("Pss"). None once it has ended.
pub(crate) fn memory(pid: i32) -> Option<u64> {
    let report = File::open(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let lines = BufReader::new(report).lines();
    let line = lines
        .map_while(Result::ok)
        .find(|line| line.starts_with("Pss:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}
