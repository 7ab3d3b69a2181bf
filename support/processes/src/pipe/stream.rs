//! Frames over a socket: what is the same for messages of every type. A frame is its length, as
//! eight bytes, and its bytes.

use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};
use nix::sys::time::TimeSpec;

use super::{RecvError, SendError};
use crate::limit::Limit;

const HEAD: usize = size_of::<u64>();
/// The least to ask the system for; more than one small message comes at once.
const CHUNK: usize = 64 << 10;
/// The most to make room for at once: a length that nobody has sent yet costs no memory.
const STEP: usize = 8 << 20;

/// One end. Sockets rather than a pair of pipes: one descriptor an end, both directions, and a
/// send to a closed one can be told not to raise SIGPIPE.
pub struct Stream {
    /// None: closed by this process.
    socket: Option<OwnedFd>,
    /// What came and was not received yet: `[read, came)` of `incoming`.
    incoming: Vec<u8>,
    read: usize,
    came: usize,
    ended: bool,
    /// The frame that is going out, and how much of it has.
    outgoing: Vec<u8>,
    sent: usize,
}

impl Stream {
    pub fn pair() -> io::Result<(Stream, Stream)> {
        let (one, other) = socketpair(
            AddressFamily::Unix,
            SockType::Stream,
            None,
            SockFlag::SOCK_CLOEXEC,
        )?;
        Ok((Stream::new(one), Stream::new(other)))
    }

    fn new(socket: OwnedFd) -> Stream {
        Stream {
            socket: Some(socket),
            ..Stream::new_closed()
        }
    }

    fn new_closed() -> Stream {
        Stream {
            socket: None,
            incoming: Vec::new(),
            read: 0,
            came: 0,
            ended: false,
            outgoing: Vec::new(),
            sent: 0,
        }
    }

    /// -1 if it is closed: calls on it then fail with EBADF.
    pub fn fd(&self) -> RawFd {
        self.socket.as_ref().map_or(-1, OwnedFd::as_raw_fd)
    }

    pub fn close(&mut self) {
        *self = Stream::new_closed();
    }

    /// Room for the next frame's bytes, behind its head. The one before must have gone out.
    pub fn begin_frame(&mut self) -> &mut Vec<u8> {
        self.forget_frame();
        self.outgoing.extend_from_slice(&[0; HEAD]);
        &mut self.outgoing
    }

    pub fn forget_frame(&mut self) {
        self.outgoing.clear();
        self.sent = 0;
        self.outgoing.shrink_to(CHUNK);
    }

    pub fn send_frame(&mut self, limit: Limit) -> Result<(), SendError> {
        let length = (self.outgoing.len() - HEAD) as u64;
        self.outgoing[..HEAD].copy_from_slice(&length.to_le_bytes());
        let sent = self.send_rest(limit);
        // A frame is only kept if the other end has a part of it.
        if sent != Err(SendError::Unfinished) {
            self.forget_frame();
        }
        sent
    }

    /// Sends what is left of the frame that was begun, if there is one.
    pub fn send_rest(&mut self, limit: Limit) -> Result<(), SendError> {
        let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
        while self.sent < self.outgoing.len() {
            match send(self.fd(), &self.outgoing[self.sent..], flags) {
                Ok(bytes) => self.sent += bytes,
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => {
                    if !self.wait(PollFlags::POLLOUT, limit) {
                        return Err(if self.sent > 0 {
                            SendError::Unfinished
                        } else {
                            SendError::TimedOut
                        });
                    }
                }
                Err(Errno::EPIPE | Errno::ECONNRESET) => return Err(SendError::Closed),
                Err(error) => return Err(SendError::NotSent(said("sent to", error))),
            }
        }
        self.forget_frame();
        Ok(())
    }

    /// Waits for a whole frame, and says where its bytes are; they stay until they are consumed.
    pub fn receive(&mut self, limit: Limit) -> Result<Range<usize>, RecvError> {
        loop {
            if let Some(frame) = self.frame() {
                return Ok(frame);
            }
            if self.ended {
                return Err(self.end());
            }
            match self.take_in() {
                Ok(true) => {}
                Ok(false) => {
                    if !self.wait(PollFlags::POLLIN, limit) {
                        return Err(RecvError::TimedOut);
                    }
                }
                Err(error) => return Err(RecvError::NotRead(said("received from", error))),
            }
        }
    }

    pub fn poll(&mut self, limit: Limit) -> bool {
        !matches!(self.receive(limit), Err(RecvError::TimedOut))
    }

    pub fn bytes(&self, frame: Range<usize>) -> &[u8] {
        &self.incoming[frame]
    }

    pub fn consume(&mut self, frame: Range<usize>) {
        self.read = frame.end;
        if self.read == self.came {
            (self.read, self.came) = (0, 0);
            if self.incoming.len() > STEP {
                self.incoming = Vec::new();
            }
        }
    }

    /// The first whole frame of what has come.
    fn frame(&self) -> Option<Range<usize>> {
        let start = self.read + HEAD;
        let end = start.checked_add(self.length()?)?;
        (end <= self.came).then_some(start..end)
    }

    /// The length that the next frame's head says, if that has come.
    fn length(&self) -> Option<usize> {
        let head = self.incoming[self.read..self.came].first_chunk::<HEAD>()?;
        u64::from_le_bytes(*head).try_into().ok()
    }

    /// Takes what the system has for us; `false` if that is nothing now.
    fn take_in(&mut self) -> Result<bool, Errno> {
        let missing = match self.length() {
            Some(length) => (self.read + HEAD)
                .saturating_add(length)
                .saturating_sub(self.came),
            None => 0,
        };
        let want = missing.clamp(CHUNK, STEP);
        if self.incoming.len() - self.came < want {
            self.incoming.copy_within(self.read..self.came, 0);
            self.came -= self.read;
            self.read = 0;
            let needed = self.came + want;
            if self.incoming.len() < needed {
                self.incoming.resize(needed, 0);
            }
        }
        let room = &mut self.incoming[self.came..];
        let fd = self.socket.as_ref().map_or(-1, OwnedFd::as_raw_fd);
        match recv(fd, room, MsgFlags::MSG_DONTWAIT) {
            // ECONNRESET: the other end was closed before it had received all that we sent.
            Ok(0) | Err(Errno::ECONNRESET) => self.ended = true,
            Ok(bytes) => self.came += bytes,
            Err(Errno::EAGAIN) => return Ok(false),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// What there is to say when nothing more comes.
    fn end(&self) -> RecvError {
        let rest = self.came - self.read;
        match self.length() {
            None if rest == 0 => RecvError::Closed,
            None => RecvError::CutOff { came: rest, of: 0 },
            Some(of) => RecvError::CutOff {
                came: rest - HEAD,
                of,
            },
        }
    }

    /// Waits until the socket can be read from or written to; `false` if the limit has passed.
    fn wait(&self, what: PollFlags, limit: Limit) -> bool {
        let Some(socket) = &self.socket else {
            // The call that follows says so.
            return true;
        };
        let left = limit.left();
        if left.is_some_and(|left| left.is_zero()) {
            return false;
        }
        let mut sockets = [PollFd::new(socket.as_fd(), what)];
        // Interrupted or too early: the caller looks again, with what is left of its limit.
        let _ = ppoll(&mut sockets, left.map(TimeSpec::from), None);
        true
    }
}

fn said(what: &str, error: Errno) -> String {
    match error {
        Errno::EBADF => "this end of the pipe was closed by this process".to_string(),
        error => format!("the pipe cannot be {what}: {}", error.desc()),
    }
}
