//! A program's stream: what has come of it, and what of that is to be shown.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// One of a program's two streams.
pub(super) struct Stream {
    /// None once it has ended.
    pipe: Option<File>,
    bytes: Vec<u8>,
    /// So many of them have been shown.
    shown: usize,
}

impl Stream {
    pub fn new(pipe: impl Into<OwnedFd>) -> Stream {
        Stream {
            pipe: Some(File::from(pipe.into())),
            bytes: Vec::new(),
            shown: 0,
        }
    }

    pub fn open(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    /// Reads what is there; blocks if nothing is.
    pub fn read(&mut self) -> io::Result<()> {
        let Some(pipe) = &mut self.pipe else {
            return Ok(());
        };
        let mut piece = [0; 16 * 1024];
        match pipe.read(&mut piece) {
            Ok(0) => self.pipe = None,
            Ok(length) => self.bytes.extend_from_slice(&piece[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// What has come since, up to the last line break; at the end of the stream, all of it.
    pub fn fresh(&mut self) -> String {
        let fresh = &self.bytes[self.shown..];
        let length = match self.pipe {
            Some(_) => fresh
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(0, |at| at + 1),
            None => fresh.len(),
        };
        self.shown += length;
        String::from_utf8_lossy(&fresh[..length]).into_owned()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}
