//! Words of evcxr's that may be text.

use crate::kernel::output::words::{COMPLETE, INPUT, find};
use std::time::Instant;

/// A word that is true only if the cells' thread now waits in a `read` of stdin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Complete,
    Input,
}

pub struct Pending {
    pub word: Word,
    pub line: Vec<u8>,
    /// Where the word begins in the line.
    pub at: usize,
    pub since: Instant,
}

/// Whether a word stands in it that is true only if the cells' thread now reads.
pub fn asks(bytes: &[u8]) -> bool {
    find(bytes, COMPLETE).is_some() || find(bytes, INPUT).is_some()
}
