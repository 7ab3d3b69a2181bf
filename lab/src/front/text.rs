//! Text on its way to the clients: pieces are put together, so that a flood becomes few messages.

use super::cells::Stream;
use std::time::Duration;
use tokio::time::Instant;

/// Text that comes within this time of the last message waits for the rest of it.
const INTERVAL: Duration = Duration::from_millis(40);
/// Text that waits at most; then its source has to wait. With the interval this bounds what a
/// flood can send, twenty megabytes a second, to what a client can take.
const ROOM: usize = 1 << 20;

/// Text of several streams, in order.
pub type Pieces = Vec<(Stream, Vec<u8>)>;

/// Text not yet sent.
#[derive(Default)]
pub struct Text {
    pieces: Pieces,
    size: usize,
    last: Option<Instant>,
}

impl Text {
    pub fn add(&mut self, stream: Stream, text: Vec<u8>) {
        self.size += text.len();
        match self.pieces.last_mut() {
            Some((last, piece)) if *last == stream => piece.extend_from_slice(&text),
            _ => self.pieces.push((stream, text)),
        }
    }

    /// When to send: at once where nothing was sent lately.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        let waiting = !self.pieces.is_empty();
        waiting.then(|| self.last.map_or(now, |last| last + INTERVAL))
    }

    pub fn has_room(&self) -> bool {
        self.size < ROOM
    }

    /// Everything that waits. A character of which only the first bytes have come stays, unless
    /// this is the `last` of the text: what is no UTF-8 is then shown as U+FFFD.
    pub fn take(&mut self, last: bool, now: Instant) -> Vec<(Stream, String)> {
        self.last = Some(now);
        let mut left = Vec::new();
        let count = self.pieces.len();
        let mut out = Vec::new();
        for (index, (stream, mut bytes)) in self.pieces.drain(..).enumerate() {
            if !last && index + 1 == count {
                let tail = bytes.split_off(bytes.len() - unfinished(&bytes));
                if !tail.is_empty() {
                    left.push((stream, tail));
                }
            }
            if !bytes.is_empty() {
                let text = String::from_utf8(bytes)
                    .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
                out.push((stream, text));
            }
        }
        self.size = left.iter().map(|(_, bytes)| bytes.len()).sum();
        self.pieces = left;
        out
    }
}

/// How many bytes at the end begin a character whose other bytes are still to come.
fn unfinished(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let byte = bytes[bytes.len() - back];
        let needed = match byte {
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            0x80..=0xBF => continue,
            _ => return 0,
        };
        return if needed > back { back } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use Stream::{Stderr, Stdout};

    #[test]
    fn pieces_of_one_stream_join_and_the_order_stays() {
        let mut text = Text::default();
        for (stream, piece) in [(Stdout, "a"), (Stdout, "b"), (Stderr, "c"), (Stdout, "d")] {
            text.add(stream, piece.into());
        }
        let expected = [(Stdout, "ab"), (Stderr, "c"), (Stdout, "d")];
        assert_eq!(
            text.take(true, Instant::now()),
            expected.map(|(stream, piece)| (stream, piece.to_owned()))
        );
        assert!(text.due(Instant::now()).is_none());
    }

    #[test]
    fn a_character_cut_in_two_is_put_together() {
        let mut text = Text::default();
        let bytes = "世".as_bytes();
        text.add(Stdout, bytes[..2].to_vec());
        assert_eq!(text.take(false, Instant::now()), []);
        text.add(Stdout, bytes[2..].to_vec());
        assert_eq!(
            text.take(false, Instant::now()),
            [(Stdout, "世".to_owned())]
        );
    }

    #[test]
    fn what_is_no_text_is_shown_as_such_and_is_not_kept_back() {
        let mut text = Text::default();
        text.add(Stdout, b"a\xff\xfeb\xe4".to_vec());
        assert_eq!(
            text.take(false, Instant::now()),
            [(Stdout, "a\u{fffd}\u{fffd}b".to_owned())]
        );
        assert_eq!(
            text.take(true, Instant::now()),
            [(Stdout, "\u{fffd}".to_owned())]
        );
    }

    #[test]
    fn a_flood_waits_for_room() {
        let mut text = Text::default();
        assert!(text.has_room());
        text.add(Stdout, vec![b'x'; ROOM]);
        assert!(!text.has_room());
        text.take(true, Instant::now());
        assert!(text.has_room());
    }
}
