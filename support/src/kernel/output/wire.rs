//! The connection to the kernel's front, and what goes over it.
//!
//! A frame is one byte that says what it is, four bytes of length (little-endian), and that many
//! bytes. The front sends nothing but the eight bytes of each sync frame, back.

use super::{above_standard, check};
use std::io;
use std::os::fd::{IntoRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// What a frame says.
pub const OUT: u8 = b'O';
pub const ERR: u8 = b'E';
pub const DISPLAY: u8 = b'D';
pub const PANIC: u8 = b'P';
pub const QUESTION: u8 = b'Q';
const SYNC: u8 = b'S';

/// The longest text in one frame.
const LONGEST: usize = 64 * 1024;
/// The longest that a sync waits for its answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

static FRONT: AtomicI32 = AtomicI32::new(-1);

/// Connects to the front that the environment names. `None` when there is none.
pub fn connect() -> io::Result<Option<()>> {
    let Some(path) = std::env::var_os("NOTEBOOK_FRONT") else {
        return Ok(None);
    };
    let front = above_standard(UnixStream::connect(path)?.into())?;
    FRONT.store(front.into_raw_fd(), SeqCst);
    Ok(Some(()))
}

/// The connection's descriptor; negative when there is none.
pub fn descriptor() -> &'static AtomicI32 {
    &FRONT
}

/// Frames on their way.
#[derive(Default)]
pub struct Frames {
    pub bytes: Vec<u8>,
    /// The text frame at the end, to which more may be added: what it is, and where it begins.
    open: Option<(u8, usize)>,
}

impl Frames {
    pub fn frame(&mut self, kind: u8, payload: &[u8]) {
        self.open = None;
        self.bytes.push(kind);
        self.bytes
            .extend_from_slice(&(payload.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(payload);
    }

    /// Text joins the text before it, up to a frame's size.
    pub fn text(&mut self, kind: u8, mut text: &[u8]) {
        while !text.is_empty() {
            let start = match self.open {
                Some((open, start)) if open == kind && self.bytes.len() - start < LONGEST + 5 => {
                    start
                }
                _ => {
                    let start = self.bytes.len();
                    self.frame(kind, b"");
                    self.open = Some((kind, start));
                    start
                }
            };
            let room = (LONGEST + 5 + start - self.bytes.len()).min(text.len());
            self.bytes.extend_from_slice(&text[..room]);
            text = &text[room..];
            let length = (self.bytes.len() - start - 5) as u32;
            self.bytes[start + 1..start + 5].copy_from_slice(&length.to_le_bytes());
        }
    }

    /// Sends all of it. Blocks while the front is busy; false when it has gone.
    pub fn send(&mut self) -> bool {
        let mut rest = &self.bytes[..];
        while !rest.is_empty() {
            // SAFETY: the bytes live through the call.
            let sent = unsafe {
                libc::send(
                    FRONT.load(SeqCst),
                    rest.as_ptr().cast(),
                    rest.len(),
                    libc::MSG_NOSIGNAL,
                )
            };
            match check(sent.clamp(-1, i32::MAX as isize) as i32) {
                Ok(sent) => rest = &rest[sent as usize..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        self.bytes.clear();
        // One flood must not keep its memory for ever.
        self.bytes.shrink_to(4 * LONGEST);
        self.open = None;
        true
    }
}

/// Waits until the front has dealt with everything before. False when it has gone; a front that
/// does not answer in time is not waited for.
pub fn sync(number: u64) -> bool {
    let mut frames = Frames::default();
    frames.frame(SYNC, &number.to_le_bytes());
    if !frames.send() {
        return false;
    }
    let started = Instant::now();
    let mut answer = [0u8; 8];
    let mut have = 0;
    loop {
        let left = ANSWER_LIMIT.saturating_sub(started.elapsed());
        if left.is_zero() {
            return true;
        }
        match read(FRONT.load(SeqCst), &mut answer[have..], left) {
            Some(0) => return false,
            Some(length) => have += length,
            None => continue,
        }
        if have == answer.len() {
            // The answer to an earlier sync, which came too late, is none to this.
            if u64::from_le_bytes(answer) == number {
                return true;
            }
            have = 0;
        }
    }
}

/// Reads what is there within a time. `None` when nothing came; 0 at the end.
fn read(socket: RawFd, buffer: &mut [u8], limit: Duration) -> Option<usize> {
    let mut wanted = libc::pollfd {
        fd: socket,
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: `wanted` is one entry and lives through the call, as do the bytes of the buffer.
    unsafe {
        if libc::poll(&raw mut wanted, 1, limit.as_millis() as i32 + 1) <= 0 {
            return None;
        }
        let length = libc::recv(
            socket,
            buffer.as_mut_ptr().cast(),
            buffer.len(),
            libc::MSG_DONTWAIT,
        );
        match length {
            0.. => Some(length as usize),
            _ if io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock => None,
            _ => Some(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_into_frames_and_nothing_else_is_joined() {
        let mut frames = Frames::default();
        frames.text(OUT, b"a");
        frames.text(OUT, b"b");
        frames.text(ERR, b"c");
        frames.frame(QUESTION, b"");
        frames.text(ERR, &[b'x'; LONGEST + 1]);
        let mut seen = Vec::new();
        let mut rest = &frames.bytes[..];
        while let [kind, a, b, c, d, after @ ..] = rest {
            let length = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
            seen.push((*kind, length));
            rest = &after[length..];
        }
        let expected = [(OUT, 2), (ERR, 1), (QUESTION, 0), (ERR, LONGEST), (ERR, 1)];
        assert_eq!(seen, expected);
    }
}
