//! Frames on a worker's socket and in its ring, and the parent's ends of both, which never block.
//!
//! A task is `length: u32`, then the item. A result is `length: u32`, `number: u64` (the worker's
//! first task is 1), `kind: u8`, then the value or the message. A length of 0 is no result: it
//! says "look at the ring".

use std::collections::VecDeque;
use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, send};

use super::batch::Batch;
use super::job::Value;

/// The length of a frame.
pub(super) const LENGTH: usize = 4;
/// What stands between a result's length and its value.
pub(super) const HEAD: usize = 9;
/// "Look at the ring."
pub(super) const LOOK: [u8; LENGTH] = [0; LENGTH];

/// How much is read at once, and how much from one worker before the others have their turn.
const READ: usize = 1 << 16;
const TURN: usize = 1 << 20;

/// What became of a task, as its worker says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Done = 1,
    Panicked = 2,
    NotSent = 3,
}

impl Kind {
    fn of(byte: u8) -> Kind {
        match byte {
            1 => Kind::Done,
            2 => Kind::Panicked,
            _ => Kind::NotSent,
        }
    }
}

/// The beginning of a result's frame; none if the value is too long for one.
pub(super) fn head(number: u64, kind: Kind, length: usize) -> Option<[u8; LENGTH + HEAD]> {
    let mut head = [0; LENGTH + HEAD];
    head[..LENGTH].copy_from_slice(&u32::try_from(HEAD + length).ok()?.to_le_bytes());
    head[LENGTH..LENGTH + 8].copy_from_slice(&number.to_le_bytes());
    head[LENGTH + 8] = kind as u8;
    Some(head)
}

/// The first whole frame of `bytes`, without its length.
pub(super) fn frame(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH>()?;
    rest.get(..u32::from_le_bytes(*length) as usize)
}

/// Bytes that came and have not been looked at.
#[derive(Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    at: usize,
}

impl Inbox {
    /// Where to append what comes.
    pub fn tail(&mut self) -> &mut Vec<u8> {
        if self.at > READ || self.at == self.bytes.len() {
            self.bytes.drain(..self.at);
            self.at = 0;
        }
        &mut self.bytes
    }

    /// The result of this number, if it is the next in here.
    pub fn take(&mut self, number: u64) -> Option<(Kind, Value)> {
        loop {
            let frame = frame(&self.bytes[self.at..])?;
            if frame.is_empty() {
                self.at += LENGTH;
                continue;
            }
            let (head, value) = frame.split_first_chunk::<HEAD>()?;
            let (of, kind) = head.split_first_chunk::<8>()?;
            if u64::from_le_bytes(*of) != number {
                return None;
            }
            let result = (Kind::of(kind[0]), Value::from(value));
            self.at += LENGTH + frame.len();
            return Some(result);
        }
    }
}

/// Reads what has come, without waiting; whether that was anything. An end of the stream is
/// nothing: that a worker has ended is told by its pidfd.
pub(super) fn receive(socket: &OwnedFd, inbox: &mut Inbox) -> bool {
    let tail = inbox.tail();
    let before = tail.len();
    while tail.len() - before < TURN {
        let filled = tail.len();
        tail.resize(filled + READ, 0);
        let read = recv(
            socket.as_raw_fd(),
            &mut tail[filled..],
            MsgFlags::MSG_DONTWAIT,
        );
        tail.truncate(filled + read.unwrap_or(0));
        match read {
            Ok(length) if length == READ => {}
            Err(Errno::EINTR) => {}
            _ => break,
        }
    }
    tail.len() > before
}

/// What is still to be written to a worker: pieces of batches, which are not copied.
#[derive(Default)]
pub(super) struct Outbox(VecDeque<(Arc<Batch>, Range<usize>)>);

impl Outbox {
    pub fn push(&mut self, batch: Arc<Batch>, bytes: Range<usize>) {
        self.0.push_back((batch, bytes));
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes what the socket takes without waiting.
    pub fn flush(&mut self, socket: &OwnedFd) {
        // NOSIGNAL: the worker may have died; that is told by its pidfd.
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        while let Some((batch, range)) = self.0.front_mut() {
            match send(socket.as_raw_fd(), batch.bytes(range.clone()), flags) {
                Ok(written) => range.start += written,
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return,
                Err(_) => return self.0.clear(),
            }
            if range.start == range.end {
                self.0.pop_front();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(number: u64, value: &[u8]) -> Vec<u8> {
        let mut bytes = head(number, Kind::Done, value.len()).unwrap().to_vec();
        bytes.extend(value);
        bytes
    }

    #[test]
    fn results_are_taken_whole_and_in_their_order() {
        let mut inbox = Inbox::default();
        let mut all = LOOK.to_vec();
        all.extend(result(7, b"seven"));
        all.extend(LOOK);
        all.extend(result(9, b""));
        for byte in all {
            assert!(inbox.take(9).is_none(), "8 comes before, from elsewhere");
            inbox.tail().push(byte);
            if let Some((kind, seven)) = inbox.take(7) {
                assert_eq!((kind, seven.bytes()), (Kind::Done, &b"seven"[..]));
                assert!(inbox.take(7).is_none(), "taken once");
                break;
            }
        }
        let mut rest = LOOK.to_vec();
        rest.extend(result(9, b""));
        inbox.tail().extend(rest);
        assert!(inbox.take(8).is_none());
        assert_eq!(inbox.take(9).unwrap().1.bytes(), b"");
        let long = vec![7; 31];
        inbox.tail().extend(result(10, &long));
        assert_eq!(inbox.take(10).unwrap().1.bytes(), long);
    }

    #[test]
    fn a_value_that_is_too_long_has_no_frame() {
        assert!(head(1, Kind::Done, u32::MAX as usize).is_none());
    }
}
