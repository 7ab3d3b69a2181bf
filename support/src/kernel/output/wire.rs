//! The connection to the kernel's front, and what goes over it.
//!
//! A frame is one byte that says what it is, four bytes of length (little-endian), and that many
//! bytes. The front sends nothing but the eight bytes of each sync frame, back.

use std::io::{self, ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// What a frame says.
pub const OUT: u8 = b'O';
pub const ERR: u8 = b'E';
pub const DISPLAY: u8 = b'D';
pub const PANIC: u8 = b'P';
pub const QUESTION: u8 = b'Q';
pub const SYNC: u8 = b'S';

/// The longest text in one frame.
const LONGEST: usize = 64 * 1024;
const HEAD: usize = 5;
/// The longest that a sync waits for its answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// Connects to the front that the environment names. `None` when there is none.
pub fn connect() -> io::Result<Option<UnixStream>> {
    let Some(path) = std::env::var_os("NOTEBOOK_FRONT") else {
        return Ok(None);
    };
    let front = processes::lifeline::above_standard(UnixStream::connect(path)?.into())?;
    let front = UnixStream::from(front);
    front.set_read_timeout(Some(ANSWER_LIMIT))?;
    Ok(Some(front))
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
                Some((open, start))
                    if open == kind && self.bytes.len() < start + HEAD + LONGEST =>
                {
                    start
                }
                _ => {
                    let start = self.bytes.len();
                    self.frame(kind, b"");
                    self.open = Some((kind, start));
                    start
                }
            };
            let room = (start + HEAD + LONGEST - self.bytes.len()).min(text.len());
            self.bytes.extend_from_slice(&text[..room]);
            text = &text[room..];
            let length = (self.bytes.len() - start - HEAD) as u32;
            self.bytes[start + 1..start + HEAD].copy_from_slice(&length.to_le_bytes());
        }
    }

    /// The frames: what each says, and its content.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &[u8])> {
        let mut rest = &self.bytes[..];
        std::iter::from_fn(move || {
            let (head, after) = rest.split_first_chunk::<HEAD>()?;
            let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]);
            let (payload, after) = after.split_at(length as usize);
            rest = after;
            Some((head[0], payload))
        })
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        // One flood must not keep its memory for ever.
        self.bytes.shrink_to(4 * LONGEST);
        self.open = None;
    }
}

/// Waits for the front's answer to the sync frame of that number: it has then dealt with everything
/// before. A front that does not answer in time is not waited for; one that has gone is an error.
pub fn await_answer(mut front: &UnixStream, number: u64) -> io::Result<()> {
    let mut answer = [0; 8];
    // The answer to an earlier sync, which came too late, is none to this.
    while u64::from_le_bytes(answer) != number {
        match front.read_exact(&mut answer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            read => read?,
        }
    }
    Ok(())
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
        let seen: Vec<_> = frames
            .iter()
            .map(|(kind, text)| (kind, text.len()))
            .collect();
        let expected = [(OUT, 2), (ERR, 1), (QUESTION, 0), (ERR, LONGEST), (ERR, 1)];
        assert_eq!(seen, expected);
    }
}
