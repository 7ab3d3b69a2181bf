//! Clients of a server that the program is.
//!
//! A socket belongs to the network in which it was made, whoever uses it. So the listener is made in
//! the sandbox, and so are the sockets of its clients, which the judge is given before the program
//! begins: nothing from outside is ever in the program's hands, and the judge needs no way in. Where the
//! program has no network of its own, the judge makes both ([`Guarded`]).

use crate::guarded::Guarded;
use crate::test::Failed;
use std::io::IoSliceMut;
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;
use support::nix::cmsg_space;
use support::nix::errno::Errno;
use support::nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn, connect, recvmsg};

/// More than come in one message: the system's limit is 253.
const MOST: usize = 253;
/// How long the sandbox may take to be made, and a client to get in.
const LIMIT: Duration = Duration::from_secs(10);

/// Sockets that can reach the program's listener and have not yet.
pub(crate) struct Clients {
    port: u16,
    sockets: Vec<OwnedFd>,
    /// Ports that nobody else is to have.
    _held: Vec<OwnedFd>,
}

/// Where a server's clients come from.
pub(crate) enum Reach {
    /// The sandbox sends them.
    Sent(UnixStream),
    Made(Clients),
}

impl Reach {
    /// # Errors
    /// As [`Clients::receive`].
    pub fn clients(self) -> Result<Clients, Failed> {
        match self {
            Reach::Sent(from) => Clients::receive(&from),
            Reach::Made(clients) => Ok(clients),
        }
    }
}

impl Clients {
    /// The listener, and what can reach it.
    pub fn of(guarded: Guarded) -> (OwnedFd, Clients) {
        let clients = Clients {
            port: guarded.port,
            sockets: guarded.clients,
            _held: guarded.held,
        };
        (guarded.listener, clients)
    }

    /// Waits for what `lab confine` sends before it becomes the program: the listener's port, and
    /// the sockets.
    pub fn receive(from: &UnixStream) -> Result<Clients, Failed> {
        let cannot = |error: &dyn std::fmt::Display| {
            Failed::new(format!(
                "the program could not be started: its listener: {error}"
            ))
        };
        from.set_read_timeout(Some(LIMIT)).map_err(|e| cannot(&e))?;
        let mut port = [0; 2];
        let mut space = cmsg_space!([std::os::fd::RawFd; MOST]);
        let mut pieces = [IoSliceMut::new(&mut port)];
        let flags = MsgFlags::MSG_CMSG_CLOEXEC;
        let came = recvmsg::<()>(from.as_raw_fd(), &mut pieces, Some(&mut space), flags)
            .map_err(|e| cannot(&e))?;
        let mut sockets = Vec::new();
        for message in came.cmsgs().map_err(|e| cannot(&e))? {
            if let ControlMessageOwned::ScmRights(numbers) = message {
                // SAFETY: the system has just opened these for this process, and told nobody else.
                sockets.extend(
                    numbers
                        .into_iter()
                        .map(|n| unsafe { OwnedFd::from_raw_fd(n) }),
                );
            }
        }
        if sockets.is_empty() {
            return Err(cannot(&"the sandbox was not made"));
        }
        Ok(Clients {
            port: u16::from_le_bytes(port),
            sockets,
            _held: Vec::new(),
        })
    }

    pub fn connect(&mut self) -> Result<TcpStream, Failed> {
        let none = || Failed::new("a test has more clients than it is given sockets");
        let stream = TcpStream::from(self.sockets.pop().ok_or_else(none)?);
        let broken = |error: &dyn std::fmt::Display| {
            Failed::new(format!("the program let no client in: {error}"))
        };
        let address = SockaddrIn::from(SocketAddrV4::new(Ipv4Addr::LOCALHOST, self.port));
        // It is the limit of writing that a blocking connect keeps to.
        stream
            .set_write_timeout(Some(LIMIT))
            .map_err(|e| broken(&e))?;
        match connect(stream.as_raw_fd(), &address) {
            Err(Errno::EINPROGRESS) => {
                return Err(broken(&format!("it waited for {} s", LIMIT.as_secs())));
            }
            connected => connected.map_err(|e| broken(&e))?,
        }
        stream.set_write_timeout(None).map_err(|e| broken(&e))?;
        Ok(stream)
    }
}
