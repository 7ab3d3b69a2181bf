//! What enters the sandbox by a descriptor, and the network of a program that is a server.
//!
//! A socket belongs to the network in which it was made, and whoever has one can make a client of
//! it there: `connect` to no address ends a listener, and another `connect` goes anywhere. So no
//! socket of the machine's network enters. The listener is made inside; the judge, who is outside,
//! is given sockets that were made inside too, and needs no other way in.

use super::LISTENER;
use anyhow::{Context, Result};
use nix::sys::socket::{
    AddressFamily, ControlMessage, MsgFlags, SockFlag, SockType, sendmsg, socket,
};
use std::io::IoSlice;
use std::net::TcpListener;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// How many clients a test may have: their sockets go in one message, and those that are on their
/// way are counted for each user.
const CLIENTS: usize = 100;

/// Makes what a server needs, if the program is to be one, and sees to it that the program is given
/// the descriptors in `kept` and no others: whoever started the grading may have left some open.
///
/// # Errors
/// When there are no sockets, or no judge takes them.
pub fn prepare(listen: bool, kept: &[RawFd]) -> Result<()> {
    if listen {
        make_listener().context("the program's listener cannot be made")?;
    }
    let open = std::fs::read_dir("/proc/self/fd").context("/proc is missing")?;
    let numbers: Vec<RawFd> = open
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    for number in numbers {
        if number > 2 && !kept.contains(&number) {
            // SAFETY: a system call on a number; one that is no longer open is an error, and fine.
            unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
        }
    }
    Ok(())
}

/// The judge's own socket is where the listener has to be: it is used once, and replaced.
fn make_listener() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port().to_le_bytes();
    let clients: Vec<OwnedFd> = (0..CLIENTS)
        .map(|_| {
            let kind = SockType::Stream;
            socket(AddressFamily::Inet, kind, SockFlag::SOCK_CLOEXEC, None)
        })
        .collect::<Result<_, _>>()?;
    let numbers: Vec<RawFd> = clients.iter().map(AsRawFd::as_raw_fd).collect();
    let given = [ControlMessage::ScmRights(&numbers)];
    let flags = MsgFlags::MSG_NOSIGNAL;
    sendmsg::<()>(LISTENER, &[IoSlice::new(&port)], &given, flags, None)
        .context("no judge waits for it")?;
    // SAFETY: a system call on two numbers. What was there has been used for the last time.
    match unsafe { libc::dup2(listener.as_raw_fd(), LISTENER) } {
        -1 => Err(std::io::Error::last_os_error().into()),
        _ => Ok(()),
    }
}
