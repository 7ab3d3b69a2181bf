//! What a worker does: task by task, until its parent sends no more.
//!
//! Before a task begins its number is stored where the parent sees it; when it is done its result
//! is stored there, too. So whenever the worker is killed, the parent knows what was done, and
//! what had begun.

use std::any::Any;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, send};

use super::block::Block;
use super::wire::{self, Kind, LENGTH, LOOK};

/// The function of a pool without its types: reads an item, appends the result. `Err` says why
/// one of the two could not be.
pub(super) type Work = dyn Fn(&[u8], &mut Vec<u8>) -> Result<(), String> + Send + Sync;

/// After a "look" the parent looks a second time, [`LOOK_AGAIN`] later. A result that is in the
/// ring less than this after a "look" needs none of its own.
const QUIET: Duration = Duration::from_micros(200);
/// Long enough that what was published up to `QUIET` after a "look" is seen then.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// Reads tasks from the socket, does them and sends their results. Returns at the socket's end.
pub(super) fn serve(socket: &OwnedFd, block: &Block, work: &Work) -> i32 {
    let mut worker = Worker {
        socket,
        block,
        looked: None,
        unseen: false,
    };
    let (mut bytes, mut at) = (Vec::new(), 0);
    let mut result = Vec::new();
    for number in 1.. {
        let length = loop {
            if let Some(task) = wire::frame(&bytes[at..]) {
                break task.len();
            }
            bytes.drain(..at);
            at = 0;
            // It may be a while before there is another result to speak of.
            worker.tell();
            if !receive(socket, &mut bytes) {
                return 0;
            }
        };
        let task = &bytes[at + LENGTH..at + LENGTH + length];
        at += LENGTH + length;
        block.begin(number);
        result.clear();
        let kind = one(work, task, &mut result);
        worker.send(number, kind, &mut result);
    }
    0
}

/// Does one task.
fn one(work: &Work, task: &[u8], result: &mut Vec<u8>) -> Kind {
    // What a panic leaves half-done is `f`'s own, and `f` is told in the documentation.
    let (kind, why) = match catch_unwind(AssertUnwindSafe(|| work(task, result))) {
        Ok(Ok(())) => return Kind::Done,
        Ok(Err(why)) => (Kind::NotSent, why),
        Err(payload) => (Kind::Panicked, message(payload.as_ref())),
    };
    result.clear();
    result.extend(why.as_bytes());
    kind
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| text.to_string());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "(not a text)".to_string())
}

struct Worker<'a> {
    socket: &'a OwnedFd,
    block: &'a Block,
    /// When the parent was last told to look at the ring.
    looked: Option<Instant>,
    /// Whether the ring holds something that the parent may not come to see by itself.
    unseen: bool,
}

impl Worker<'_> {
    fn send(&mut self, number: u64, mut kind: Kind, result: &mut Vec<u8>) {
        let head = wire::head(number, kind, result.len()).unwrap_or_else(|| {
            kind = Kind::NotSent;
            result.clear();
            result.extend(b"the result is longer than 4 GiB");
            wire::head(number, kind, result.len()).expect("a sentence is short")
        });
        if self.block.push([&head, result]) {
            self.unseen = true;
            // The clock is read after the result was published: what the parent does not hear of
            // here, it sees when it looks again.
            if self.looked.is_none_or(|looked| looked.elapsed() > QUIET) {
                self.tell();
            }
        } else {
            write(self.socket, &head);
            write(self.socket, result);
        }
    }

    fn tell(&mut self) {
        if self.unseen {
            write(self.socket, &LOOK);
            self.looked = Some(Instant::now());
            self.unseen = false;
        }
    }
}

/// Waits for more; false at the end of the stream.
fn receive(socket: &OwnedFd, bytes: &mut Vec<u8>) -> bool {
    let filled = bytes.len();
    // As much again as there is: a large item comes in few pieces.
    bytes.resize(filled + filled.clamp(1 << 16, 1 << 22), 0);
    let read = loop {
        match recv(socket.as_raw_fd(), &mut bytes[filled..], MsgFlags::empty()) {
            Err(Errno::EINTR) => {}
            read => break read.unwrap_or(0),
        }
    };
    bytes.truncate(filled + read);
    read > 0
}

/// Writes all. A parent that is gone takes its workers with it, so there is nothing to report.
fn write(socket: &OwnedFd, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match send(socket.as_raw_fd(), bytes, MsgFlags::MSG_NOSIGNAL) {
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::EINTR) => {}
            Err(_) => return,
        }
    }
}

/// A worker's socket: the parent's end and the worker's, which no program that either starts
/// inherits.
pub(super) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    Ok((ours.into(), theirs.into()))
}
