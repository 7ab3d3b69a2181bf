//! evcxr's two pipes: the words that steer it and, where the kernel has no front, all else.
//!
//! A stock kernel gets of what is for a front: text, in whole lines, with the words of evcxr's that
//! stand in it spelt differently; and displays as evcxr's own rich output, of which it shows one a
//! cell, when that has ended.

use super::block::Bundle;
use super::wire::{self, Frames};
use super::words::COMMON;
use std::fs::File;
use std::io::{self, Write};

const OUT: usize = 0;
const ERR: usize = 1;

pub struct Evcxr {
    pipes: &'static [File; 2],
    /// Lines whose end has not come yet.
    partial: [Vec<u8>; 2],
}

/// Everything here blocks while a pipe is full; an error says that evcxr has gone.
impl Evcxr {
    pub fn new(pipes: &'static [File; 2]) -> Evcxr {
        Evcxr {
            pipes,
            partial: Default::default(),
        }
    }

    /// Says what steers evcxr, if anything, after lines that have no end.
    pub fn steer(&mut self, words: &[u8]) -> io::Result<()> {
        self.end_line(ERR)?;
        self.end_line(OUT)?;
        (&self.pipes[OUT]).write_all(words)
    }

    /// Shows what a front would.
    pub fn show(&mut self, frames: &Frames) -> io::Result<()> {
        for (kind, payload) in frames.iter() {
            match kind {
                wire::OUT => self.text(OUT, payload)?,
                wire::ERR => self.text(ERR, payload)?,
                wire::DISPLAY => {
                    let mut blocks = Vec::new();
                    Bundle::of(payload).print(&mut blocks);
                    self.end_line(OUT)?;
                    (&self.pipes[OUT]).write_all(&blocks)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn text(&mut self, stream: usize, text: &[u8]) -> io::Result<()> {
        let lines = &mut self.partial[stream];
        lines.extend_from_slice(text);
        let Some(end) = memchr::memrchr(b'\n', lines) else {
            return Ok(());
        };
        let rest = lines.split_off(end + 1);
        let lines = std::mem::replace(lines, rest);
        // evcxr reads text only; one wrong byte would end the session.
        let lines = String::from_utf8_lossy(&lines).replace(COMMON, "EVCXR-");
        (&self.pipes[stream]).write_all(lines.as_bytes())
    }

    fn end_line(&mut self, stream: usize) -> io::Result<()> {
        match self.partial[stream].is_empty() {
            true => Ok(()),
            false => self.text(stream, b"\n"),
        }
    }
}
