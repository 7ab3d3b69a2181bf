//! Frames over a socket: what is the same for messages of every type. A frame is its length, as
//! eight bytes, and its bytes.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;

use nix::errno::Errno;
use rustix::event::PollFlags;

use crate::error::{Cause, RecvError};
use crate::limit::Limit;

const HEAD: usize = size_of::<u64>();
/// The least to ask the system for; more than one small message comes at once.
const CHUNK: usize = 64 << 10;
/// A buffer that has become larger than this is given back to the system.
const KEPT: usize = 8 << 20;

/// One end. Sockets rather than a pair of pipes: one descriptor an end, both directions, and a
/// send to a closed one raises no SIGPIPE.
pub struct Stream {
    /// None: closed by this process.
    socket: Option<BufReader<UnixStream>>,
    /// What has come of the next frame.
    incoming: Vec<u8>,
    /// The frame that is going out, and how much of it has.
    outgoing: Vec<u8>,
    sent: usize,
}

/// Why a frame has not gone out.
pub enum Stopped {
    /// No room came in time; the other end may have a part of the frame.
    Full,
    Closed,
    Failed(Cause),
}

impl Stream {
    pub fn pair() -> io::Result<(Stream, Stream)> {
        let (one, other) = UnixStream::pair()?;
        Ok((Stream::new(one)?, Stream::new(other)?))
    }

    fn new(socket: UnixStream) -> io::Result<Stream> {
        socket.set_nonblocking(true)?;
        Ok(Stream {
            socket: Some(BufReader::with_capacity(CHUNK, socket)),
            incoming: Vec::new(),
            outgoing: Vec::new(),
            sent: 0,
        })
    }

    /// -1 if it is closed.
    pub fn fd(&self) -> RawFd {
        let socket = self.socket.as_ref();
        socket.map_or(-1, |socket| socket.get_ref().as_raw_fd())
    }

    pub fn close(&mut self) {
        self.socket = None;
        self.incoming = Vec::new();
        self.forget_frame();
    }

    /// Room for the next frame's bytes, behind its head. The one before must have gone out.
    pub fn begin_frame(&mut self) -> &mut Vec<u8> {
        self.forget_frame();
        self.outgoing.extend_from_slice(&[0; HEAD]);
        &mut self.outgoing
    }

    /// The frame's bytes are complete.
    pub fn end_frame(&mut self) {
        let length = (self.outgoing.len() - HEAD) as u64;
        self.outgoing[..HEAD].copy_from_slice(&length.to_le_bytes());
    }

    pub fn forget_frame(&mut self) {
        self.outgoing.clear();
        self.outgoing.shrink_to(CHUNK);
        self.sent = 0;
    }

    /// Whether the other end has a part of the frame: then it must have all of it before another.
    pub fn is_begun(&self) -> bool {
        self.sent > 0
    }

    /// Sends what is left of the frame that was begun, if there is one.
    pub fn flush(&mut self, limit: Limit) -> Result<(), Stopped> {
        while self.sent < self.outgoing.len() {
            let socket = self.socket.as_ref().ok_or(Stopped::Failed(CLOSED_HERE))?;
            let mut socket = socket.get_ref();
            match socket.write(&self.outgoing[self.sent..]) {
                Ok(bytes) => self.sent += bytes,
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::WouldBlock if limit.wait_for(socket, PollFlags::OUT) => {}
                    ErrorKind::WouldBlock => return Err(Stopped::Full),
                    ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => {
                        return Err(Stopped::Closed);
                    }
                    _ => return Err(Stopped::Failed(cause(error))),
                },
            }
        }
        self.forget_frame();
        Ok(())
    }

    /// Waits for a whole frame. Its bytes stay until they are consumed.
    pub fn receive(&mut self, limit: Limit) -> Result<&[u8], RecvError> {
        loop {
            let missing = self.missing();
            if missing == 0 {
                return Ok(&self.incoming[HEAD..]);
            }
            let socket = self.socket.as_mut();
            let socket = socket.ok_or(RecvError::NotRead(CLOSED_HERE))?;
            match take_in(socket, missing, &mut self.incoming) {
                Ok(0) => return Err(self.end()),
                Ok(_) => {}
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::WouldBlock if limit.wait_for(socket.get_ref(), PollFlags::IN) => {}
                    ErrorKind::WouldBlock => return Err(RecvError::Empty),
                    // The other end was closed before it had received all that we sent.
                    ErrorKind::ConnectionReset => return Err(self.end()),
                    _ => return Err(RecvError::NotRead(cause(error))),
                },
            }
        }
    }

    pub fn poll(&mut self, limit: Limit) -> bool {
        !matches!(self.receive(limit), Err(RecvError::Empty))
    }

    pub fn consume(&mut self) {
        self.incoming.clear();
        self.incoming.shrink_to(KEPT);
    }

    /// The length that the next frame's head says, if that has come.
    fn length(&self) -> Option<usize> {
        let head = self.incoming.first_chunk::<HEAD>()?;
        u64::from_le_bytes(*head).try_into().ok()
    }

    /// How many bytes are to come before anything else can be said of the next frame.
    fn missing(&self) -> usize {
        let whole = HEAD.saturating_add(self.length().unwrap_or(0));
        whole - self.incoming.len()
    }

    /// What there is to say when nothing more comes.
    fn end(&self) -> RecvError {
        let came = self.incoming.len();
        match self.length() {
            None if came == 0 => RecvError::Closed,
            None => RecvError::CutOff { came, of: 0 },
            Some(of) => RecvError::CutOff {
                came: came - HEAD,
                of,
            },
        }
    }
}

const CLOSED_HERE: Cause = Cause::System(Errno::EBADF);

fn cause(error: io::Error) -> Cause {
    Cause::System(Errno::from_raw(error.raw_os_error().unwrap_or(0)))
}

/// Appends some of the `missing` bytes; 0 at the end of the stream.
fn take_in(
    socket: &mut BufReader<UnixStream>,
    missing: usize,
    bytes: &mut Vec<u8>,
) -> io::Result<usize> {
    if missing >= CHUNK && socket.buffer().is_empty() {
        // Not by way of the buffer. What came before an error is kept.
        let before = bytes.len();
        let read = socket.get_ref().take(missing as u64).read_to_end(bytes);
        return match bytes.len() - before {
            0 => read,
            came => Ok(came),
        };
    }
    let buffer = socket.fill_buf()?;
    let came = buffer.len().min(missing);
    bytes.extend_from_slice(&buffer[..came]);
    socket.consume(came);
    Ok(came)
}
