//! What is known of the cell that runs.

use super::super::words::find;

/// What is known of the cell that runs, by which its words are believed.
#[derive(Default)]
pub struct Facts {
    /// Its thread has panicked.
    pub panicked: bool,
    /// The last that its process wrote to stderr.
    pub stderr: Vec<u8>,
}

impl Facts {
    pub fn wrote_to_stderr(&mut self, piece: &[u8]) {
        const KEPT: usize = 16 * 1024;
        self.stderr
            .extend_from_slice(&piece[piece.len().saturating_sub(KEPT)..]);
        if self.stderr.len() > 2 * KEPT {
            self.stderr.drain(..self.stderr.len() - KEPT);
        }
    }

    /// evcxr's generated code says this before it prints its word.
    pub(super) fn lost(&self, variable: &[u8]) -> bool {
        let variable = String::from_utf8_lossy(variable);
        let sentence = format!("The type of the variable {variable} was redefined, so was lost.");
        find(&self.stderr, sentence.as_bytes()).is_some()
    }
}
