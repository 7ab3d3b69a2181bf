//! Pipes in place of the sockets, for programs that are started.

use super::state::STREAMS;
use nix::fcntl::OFlag;
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use nix::sys::stat::fstat;
use nix::unistd::pipe2;
use std::io::IoSlice;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// What goes over a socket with a pipe's reading end: a message cannot be empty.
pub const COMPANION: &[u8] = b"|";

/// The writing end of a new pipe, whose reading end the carrying thread has got through the socket
/// that `stream` leads to: after all that was written there, from whichever process. None where the
/// stream leads elsewhere, or where there is no room for descriptors.
///
/// Blocks while the socket is full.
pub fn pipe(stream: &impl AsFd) -> Option<OwnedFd> {
    let stream = stream.as_fd();
    let inode = fstat(stream).ok()?.st_ino;
    if !STREAMS.get()?.inodes.contains(&inode) {
        return None;
    }
    let (read, write) = pipe2(OFlag::O_CLOEXEC).ok()?;
    sendmsg::<()>(
        stream.as_raw_fd(),
        &[IoSlice::new(COMPANION)],
        &[ControlMessage::ScmRights(&[read.as_raw_fd()])],
        MsgFlags::MSG_NOSIGNAL,
        None,
    )
    .ok()?;
    Some(write)
}
