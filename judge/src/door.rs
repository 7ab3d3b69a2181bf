//! How connections come from the program: to a socket that has a name, or, where the program may connect
//! to nothing, as ends that it hands over.

use std::fs::Permissions;
use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use support::nix::cmsg_space;
use support::nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockType, UnixAddr, getsockname,
    getsockopt, recvmsg, socketpair, sockopt,
};

/// Messages without an end that are passed over at one look.
const MOST_EMPTY: usize = 64;

pub(crate) enum Door {
    Named {
        listener: UnixListener,
        address: PathBuf,
    },
    Handed(OwnedFd),
}

impl Door {
    pub fn named(address: &Path) -> io::Result<Door> {
        let listener = UnixListener::bind(address)?;
        std::fs::set_permissions(address, Permissions::from_mode(0o777))?;
        listener.set_nonblocking(true)?;
        let address = address.to_owned();
        Ok(Door::Named { listener, address })
    }

    /// And the end that is the program's.
    pub fn handed() -> io::Result<(Door, OwnedFd)> {
        let kind = SockType::SeqPacket;
        let (ours, theirs) = socketpair(AddressFamily::Unix, kind, None, SockFlag::SOCK_CLOEXEC)?;
        Ok((Door::Handed(ours), theirs))
    }

    /// The next connection, if one has come. Whose it is, the system knows of both kinds: who connected,
    /// or who made the pair.
    pub fn accept(&self) -> Option<UnixStream> {
        match self {
            Door::Named { listener, .. } => listener.accept().ok().map(|(stream, _)| stream),
            Door::Handed(socket) => (0..MOST_EMPTY).find_map(|_| next(socket))?,
        }
    }
}

impl AsFd for Door {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Door::Named { listener, .. } => listener.as_fd(),
            Door::Handed(socket) => socket.as_fd(),
        }
    }
}

/// `Some(None)`: there is none now. `None`: what came was no connection.
fn next(socket: &OwnedFd) -> Option<Option<UnixStream>> {
    let mut byte = [0];
    let mut space = cmsg_space!(RawFd);
    let mut pieces = [IoSliceMut::new(&mut byte)];
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC;
    let Ok(came) = recvmsg::<()>(socket.as_raw_fd(), &mut pieces, Some(&mut space), flags) else {
        return Some(None);
    };
    if came.bytes == 0 {
        // The other end has been closed.
        return Some(None);
    }
    let mut ends = Vec::new();
    for message in came.cmsgs().ok()? {
        if let ControlMessageOwned::ScmRights(numbers) = message {
            // SAFETY: the system has just opened these for this process, and told nobody else.
            ends.extend(
                numbers
                    .into_iter()
                    .map(|n| unsafe { OwnedFd::from_raw_fd(n) }),
            );
        }
    }
    let end = ends.pop().filter(|_| ends.is_empty())?;
    is_a_stream(&end).then(|| Some(UnixStream::from(end)))
}

/// Whoever is not trusted may hand over anything.
fn is_a_stream(end: &OwnedFd) -> bool {
    let of_unix = getsockname::<UnixAddr>(end.as_raw_fd()).is_ok();
    of_unix && getsockopt(end, sockopt::SockType) == Ok(SockType::Stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{IoSlice, Read, Write};
    use support::nix::sys::socket::{ControlMessage, sendmsg};

    fn hand_over(to: &OwnedFd, ends: &[RawFd]) {
        let rights = [ControlMessage::ScmRights(ends)];
        let rights = if ends.is_empty() {
            &[][..]
        } else {
            &rights[..]
        };
        let to = to.as_raw_fd();
        sendmsg::<()>(to, &[IoSlice::new(b".")], rights, MsgFlags::empty(), None).unwrap();
    }

    #[test]
    fn only_streams_come_through_a_door() {
        let (door, theirs) = Door::handed().unwrap();
        assert!(door.accept().is_none());
        let (mut own, other) = UnixStream::pair().unwrap();
        let file = std::fs::File::open("/dev/null").unwrap();
        let (reader, _writer) = io::pipe().unwrap();
        hand_over(&theirs, &[]);
        hand_over(&theirs, &[file.as_raw_fd()]);
        hand_over(&theirs, &[reader.as_raw_fd()]);
        hand_over(&theirs, &[theirs.as_raw_fd()]);
        hand_over(&theirs, &[file.as_raw_fd(), other.as_raw_fd()]);
        hand_over(&theirs, &[other.as_raw_fd()]);
        drop(other);
        let mut came = door.accept().unwrap();
        own.write_all(b"it is").unwrap();
        drop(own);
        let mut said = String::new();
        came.read_to_string(&mut said).unwrap();
        assert_eq!(said, "it is");
        assert!(door.accept().is_none());
        drop(theirs);
        assert!(door.accept().is_none());
    }
}
