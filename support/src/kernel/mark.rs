//! The mark by which this library speaks to the thread that carries its output, within that output.
//!
//! A marked line travels in the stream of text, so that what it asks for happens exactly between
//! the text before it and the text after it, from any thread and any forked child.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::OnceLock;

/// Marks that the carrier knows, each followed by JSON or by nothing.
pub const DISPLAY: char = 'D';
pub const PANIC: char = 'P';
pub const LAST_WORDS: char = 'L';

struct Nonce {
    /// How a marked line begins: a control character, the nonce, a space.
    start: Vec<u8>,
    last_words: Vec<u8>,
    /// Other random digits, which may be shown: they keep names apart between processes.
    public: String,
}

static NONCE: OnceLock<Nonce> = OnceLock::new();

/// Draws the nonce. Called when the library is loaded, so that children inherit the same.
pub fn install() {
    nonce();
}

fn nonce() -> &'static Nonce {
    NONCE.get_or_init(|| {
        // A hash of nothing, by keys that std draws from the system's random numbers.
        let random = || RandomState::new().build_hasher().finish();
        let start = format!("\x01{:016x} ", random());
        Nonce {
            last_words: format!("{start}{LAST_WORDS} \n").into(),
            start: start.into(),
            public: format!("{:08x}", random() as u32),
        }
    })
}

/// How a marked line begins. No text can contain it by chance: it is random.
pub fn start() -> &'static [u8] {
    &nonce().start
}

/// The marked line that asks for all that is held back. Safe in a signal handler once
/// [`install`] has run.
pub fn last_words() -> &'static [u8] {
    &nonce().last_words
}

/// Digits that tell this process from others that had the same number.
pub fn public() -> &'static str {
    &nonce().public
}

/// A whole marked line. `json` has no line break, as JSON needs none.
pub fn line(kind: char, json: &str) -> Vec<u8> {
    let mut line = start().to_vec();
    line.extend_from_slice(format!("{kind} {json}\n").as_bytes());
    line
}
