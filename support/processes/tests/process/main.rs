//! Processes that run a closure: how they end, who they are, and that none stays behind.

mod alone;
mod busy;
mod ends;
mod handles;
mod hygiene;
mod lineage;
mod names;
mod streams;

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;

use nix::unistd::pipe;

/// Two ends of a pipe: reading tells that every holder of the other end has ended.
fn pipe_ends() -> (File, OwnedFd) {
    let (read, write) = pipe().unwrap();
    (File::from(read), write)
}

/// Reads one byte; none at the end.
fn byte(mut from: &File) -> Option<u8> {
    let mut byte = [0];
    (from.read(&mut byte).unwrap() == 1).then_some(byte[0])
}
