//! The direct line to the process in which the cells run.
//!
//! `support` connects to a socket in the kernel's own directory as soon as it is loaded into that
//! process, and sends what cells and their children write: text, pictures, panics. evcxr would
//! pass on whole lines only, one message a line, and in an order of its own.
//!
//! A frame is a byte that says what it is, the length in four bytes (little-endian), and so many
//! bytes. `support::kernel` writes them and describes them too.

use super::limits;
use crate::launcher;
use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use serde::Deserialize;
use serde_json::Value;
use std::os::fd::OwnedFd;
use std::path::Path;
use tokio::io::{AsyncReadExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// The socket's name in the kernel's directory.
pub const SOCKET: &str = "front";
/// Frames read ahead of the front: what bounds its memory when a cell floods it.
const AHEAD: usize = 16;
/// No frame of ours is longer: what claims to be is not one.
const LONGEST: usize = 256 << 20;

/// What a cell's process says.
#[derive(Debug)]
pub enum Word {
    Text(Stream, Vec<u8>),
    Display(Display),
    Panic(Panic),
    /// A `?` at a cell's top level met an error.
    QuestionMark,
    /// Everything before this has to be dealt with before the answer.
    Sync([u8; 8]),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    pub fn name(self) -> &'static str {
        match self {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Display {
    pub data: Value,
    pub metadata: Value,
    pub display_id: Option<String>,
    pub update: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Panic {
    pub message: String,
    pub file: String,
    pub line: u32,
    /// The inode of the library that it is in, for a panic in a cell.
    pub library: Option<usize>,
    /// Whether it is the thread of the cells itself: the cell fails unless it catches it.
    pub main: bool,
    /// What is written to stderr if it was caught.
    pub text: String,
}

/// What comes from the connections, with the number of the connection.
pub enum Report {
    Opened(u64, Box<dyn Process>),
    Said(u64, Word),
    /// The process has ended: nothing can come from it any more.
    Closed(u64),
}

/// The process of the cells, at the other end of a connection.
pub trait Process: Send {
    /// Says that all has been dealt with that came before the word with this number.
    fn answer(&mut self, sync: [u8; 8]);
    /// If it waits for something to read on stdin: which of its waits it is.
    fn wait(&self) -> Option<u64>;
    fn kill(&self);
}

/// The front's end of a connection.
struct Line {
    answers: OwnedWriteHalf,
    /// Becomes readable when the process ends; signals through it never reach another process.
    process: Option<OwnedFd>,
    pid: i32,
}

impl Process for Line {
    fn answer(&mut self, sync: [u8; 8]) {
        // Eight bytes have room: each of its threads waits for the answer. One that has ended does not.
        let _ = self.answers.try_write(&sync);
    }

    fn wait(&self) -> Option<u64> {
        launcher::wait_for_stdin(self.pid)
    }

    fn kill(&self) {
        launcher::signal_process(self.process.as_ref(), Signal::SIGKILL);
    }
}

/// Listens in `folder`. The task ends when the receiver is dropped.
///
/// # Errors
/// When the socket cannot be made there.
pub fn listen(folder: &Path) -> Result<Receiver<Report>> {
    let path = folder.join(SOCKET);
    let listener = UnixListener::bind(&path)
        .with_context(|| format!("the socket {} cannot be made", path.display()))?;
    let (reports, receiver) = channel(AHEAD);
    tokio::spawn(async move {
        let mut number = 0;
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = reports.closed() => return,
            };
            match accepted {
                Ok((stream, _)) => {
                    number += 1;
                    tokio::spawn(read_all(number, stream, reports.clone()));
                }
                // Out of descriptors, perhaps: cells then write through evcxr.
                Err(_) => tokio::time::sleep(super::PAUSE).await,
            }
        }
    });
    Ok(receiver)
}

async fn read_all(number: u64, stream: UnixStream, reports: Sender<Report>) {
    let pid = stream
        .peer_cred()
        .ok()
        .and_then(|peer| peer.pid())
        .unwrap_or(0);
    let process = launcher::open_process(pid);
    let ends = process.as_ref().and_then(|it| it.try_clone().ok());
    let (reader, answers) = stream.into_split();
    let line = Line {
        answers,
        process,
        pid,
    };
    if reports
        .send(Report::Opened(number, Box::new(line)))
        .await
        .is_err()
    {
        return;
    }
    let mut reader = BufReader::with_capacity(64 * 1024, reader);
    while let Some(word) = read(&mut reader).await {
        if reports.send(Report::Said(number, word)).await.is_err() {
            return;
        }
    }
    // A killed process closes its sockets first, and then hands its children on: whoever looks for those
    // has to find them.
    if let Some(ends) = ends {
        let wait = move || launcher::await_end(&ends, limits::LAST_WORDS);
        let _ = tokio::task::spawn_blocking(wait).await;
    }
    let _ = reports.send(Report::Closed(number)).await;
}

/// `None` at the end, and at what is no frame: whoever sends it is not `support`.
async fn read(reader: &mut BufReader<OwnedReadHalf>) -> Option<Word> {
    let kind = reader.read_u8().await.ok()?;
    let length = reader.read_u32_le().await.ok()? as usize;
    if length > LONGEST {
        return None;
    }
    let mut payload = vec![0; length];
    reader.read_exact(&mut payload).await.ok()?;
    match kind {
        b'O' => Some(Word::Text(Stream::Stdout, payload)),
        b'E' => Some(Word::Text(Stream::Stderr, payload)),
        b'D' => serde_json::from_slice(&payload).ok().map(Word::Display),
        b'P' => serde_json::from_slice(&payload).ok().map(Word::Panic),
        b'Q' => Some(Word::QuestionMark),
        b'S' => payload.try_into().ok().map(Word::Sync),
        _ => None,
    }
}
