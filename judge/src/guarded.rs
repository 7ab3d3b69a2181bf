//! The listener of a program that has no network of its own: on the machine's loopback, and shut to all but
//! the judge's clients.
//!
//! The socket has a filter of its own, which drops what does not come from one of the clients' ports, and
//! which nobody can take off again. Each port is held until the end, so that no other program of the
//! machine is given it when a client has gone. That the program makes no client of the listener is seen to
//! by its list of system calls.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsRawFd, OwnedFd};
use support::libc;
use support::nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, bind, getsockname, listen, setsockopt,
    socket, sockopt,
};

/// How many clients a test may have, as many as in a network of its own. A filter could name 253.
const CLIENTS: usize = 100;

/// A listener and all that can reach it.
pub(crate) struct Guarded {
    pub listener: OwnedFd,
    pub port: u16,
    /// Each with its own port, and not connected.
    pub clients: Vec<OwnedFd>,
    /// Of the same ports.
    pub held: Vec<OwnedFd>,
}

impl Guarded {
    /// # Errors
    /// When there are no sockets or ports left, or the system lets this user set no filter: a listener that
    /// is open to whoever is on the machine would have others' clients count as the judge's.
    pub fn new() -> io::Result<Guarded> {
        let (mut clients, mut held, mut ports) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..CLIENTS {
            let client = shared(0)?;
            let port = port_of(&client)?;
            held.push(shared(port)?);
            clients.push(client);
            ports.push(port);
        }
        let listener = stream()?;
        bind(listener.as_raw_fd(), &loopback(0))?;
        // Before it listens: nobody comes earlier.
        shut_to_others(&listener, &ports)?;
        listen(&listener, Backlog::new(128)?)?;
        Ok(Guarded {
            port: port_of(&listener)?,
            listener,
            clients,
            held,
        })
    }
}

fn stream() -> io::Result<OwnedFd> {
    let (family, kind) = (AddressFamily::Inet, SockType::Stream);
    Ok(socket(family, kind, SockFlag::SOCK_CLOEXEC, None)?)
}

/// At a port that this user's other sockets can share, and no other user's.
fn shared(port: u16) -> io::Result<OwnedFd> {
    let socket = stream()?;
    setsockopt(&socket, sockopt::ReusePort, &true)?;
    bind(socket.as_raw_fd(), &loopback(port))?;
    Ok(socket)
}

fn loopback(port: u16) -> SockaddrIn {
    SockaddrIn::from(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))
}

fn port_of(socket: &OwnedFd) -> io::Result<u16> {
    Ok(getsockname::<SockaddrIn>(socket.as_raw_fd())?.port())
}

/// Gives the listener, and with it each connection that it accepts, a filter for good.
fn shut_to_others(listener: &OwnedFd, ports: &[u16]) -> io::Result<()> {
    const SOURCE_IN_IP: u32 = 12;
    let load = |size: u32, at: u32| step(libc::BPF_LD | size | libc::BPF_ABS, at, 0, 0);
    let is = |value: u32, then: usize, or: usize| {
        let compare = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
        step(compare, value, then as u8, or as u8)
    };
    let end = |kept: u32| step(libc::BPF_RET | libc::BPF_K, kept, 0, 0);
    // Other addresses of the loopback have the same ports.
    let in_ip = (libc::SKF_NET_OFF as u32).wrapping_add(SOURCE_IN_IP);
    let mut program = vec![
        load(libc::BPF_W, in_ip),
        is(Ipv4Addr::LOCALHOST.to_bits(), 0, ports.len() + 1),
        // What the filter is given begins with TCP's part, and that with the source's port.
        load(libc::BPF_H, 0),
    ];
    for (place, port) in ports.iter().enumerate() {
        program.push(is(u32::from(*port), ports.len() - place, 0));
    }
    program.extend([end(0), end(u32::MAX)]);
    let filter = libc::sock_fprog {
        len: program.len() as u16,
        filter: program.as_mut_ptr(),
    };
    set(listener, libc::SO_ATTACH_FILTER, &filter)?;
    set(listener, libc::SO_LOCK_FILTER, &1i32)
}

fn step(code: u32, k: u32, jt: u8, jf: u8) -> libc::sock_filter {
    let code = code as u16;
    libc::sock_filter { code, jt, jf, k }
}

fn set<T>(socket: &OwnedFd, option: i32, value: &T) -> io::Result<()> {
    let (number, level) = (socket.as_raw_fd(), libc::SOL_SOCKET);
    let (value, length) = (std::ptr::from_ref(value).cast(), size_of::<T>() as u32);
    // SAFETY: a system call that reads `length` bytes of a value that is borrowed here, and the filter's
    // steps, which live as long as the call.
    match unsafe { libc::setsockopt(number, level, option, value, length) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::Clients;
    use std::io::{ErrorKind, Read, Write};
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::time::Duration;

    /// Some systems let root alone set a filter.
    fn made() -> Option<Guarded> {
        match Guarded::new() {
            Err(error) if !nix::unistd::Uid::effective().is_root() => {
                println!("NOT RUN: {error}");
                None
            }
            guarded => Some(guarded.unwrap()),
        }
    }

    #[test]
    fn only_the_judge_s_clients_come_in() {
        let Some(guarded) = made() else { return };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, guarded.port));
        let listener = TcpListener::from(guarded.listener.try_clone().unwrap());
        // Nothing answers, so that there is nothing to wait for but the limit.
        let moment = Duration::from_millis(200);
        let stranger = TcpStream::connect_timeout(&address, moment);
        assert_eq!(stranger.unwrap_err().kind(), ErrorKind::TimedOut);
        // Nor does anything of the same port at another address of the loopback.
        let taken = port_of(&guarded.clients[0]).unwrap();
        let other = stream().unwrap();
        let place = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 2), taken);
        bind(other.as_raw_fd(), &SockaddrIn::from(place)).unwrap();
        let other = TcpStream::from(other);
        other.set_write_timeout(Some(moment)).unwrap();
        let to = SockaddrIn::from(SocketAddrV4::new(Ipv4Addr::LOCALHOST, guarded.port));
        let came = support::nix::sys::socket::connect(other.as_raw_fd(), &to);
        assert!(came.is_err(), "it was let in");
        let mut clients = Clients::of(guarded).1;
        let mut client = clients.connect().unwrap();
        let (mut accepted, from) = listener.accept().unwrap();
        assert_eq!(from, client.local_addr().unwrap());
        client.write_all(b"hello").unwrap();
        let mut came = [0; 5];
        accepted.read_exact(&mut came).unwrap();
        accepted.write_all(&came).unwrap();
        client.read_exact(&mut came).unwrap();
        assert_eq!(&came, b"hello");
        // Its port is nobody's when it has gone; by a reset, after which the system keeps no port itself.
        accepted.write_all(b"unread").unwrap();
        client.peek(&mut [0]).unwrap();
        drop(client);
        assert_eq!(
            TcpListener::bind(from).unwrap_err().kind(),
            ErrorKind::AddrInUse
        );
        listener.set_nonblocking(true).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    }

    #[test]
    fn nobody_takes_the_filter_off() {
        let Some(guarded) = made() else { return };
        let said = set(&guarded.listener, libc::SO_DETACH_FILTER, &0i32);
        assert_eq!(said.unwrap_err().kind(), ErrorKind::PermissionDenied);
        let said = shut_to_others(&guarded.listener, &[1]);
        assert_eq!(said.unwrap_err().kind(), ErrorKind::PermissionDenied);
        let said = set(&guarded.listener, libc::SO_LOCK_FILTER, &0i32);
        assert_eq!(said.unwrap_err().kind(), ErrorKind::PermissionDenied);
    }
}
