//! A connection that the program made to the judge.

use crate::bounds::Bounds;
use crate::frame::{self, Gathered};
use crate::test::Failed;
use crate::witness::Witness;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};
use support::nix::errno::Errno;
use support::nix::fcntl::{FcntlArg, OFlag, fcntl};
use support::nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use support::nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use support::processes::codec;
use support::serde::Serialize;
use support::serde::de::DeserializeOwned;

/// A connection from the program. While the judge does not reply, the one who made it waits: the
/// judge decides in which order waits end, without a clock.
pub struct Connection {
    label: String,
    process: i32,
    limit: Duration,
    stream: UnixStream,
    /// Whom to look at while a value is on its way.
    bounds: Option<Bounds>,
    /// Where it is noted when it was made and replied to, and which one it is there.
    witness: (Witness, usize),
}

/// The longest label: it is quoted, and compared with words that the judge gave.
const LONGEST_LABEL: usize = 64 << 10;

/// A connection whose label has not come whole. Reading it never waits: one who sends a byte a
/// second would keep the judge from looking at the program.
pub(crate) struct Arriving {
    stream: UnixStream,
    process: i32,
    since: Instant,
    came: Vec<u8>,
}

impl Arriving {
    /// # Errors
    /// When the system does not say whose it is.
    pub fn new(stream: UnixStream) -> Result<Arriving, Failed> {
        let credentials = getsockopt(&stream, PeerCredentials)
            .map_err(|error| Failed::new(format!("a connection has no process: {error}")))?;
        stream.set_nonblocking(true).map_err(Failed::of)?;
        Ok(Arriving {
            stream,
            process: credentials.pid(),
            since: Instant::now(),
            came: Vec::new(),
        })
    }

    /// Takes what has come. True once the label is whole.
    ///
    /// # Errors
    /// When it is too long, the program has closed it, or it took longer than the limit.
    pub fn is_whole(&mut self, limit: Duration) -> Result<bool, Failed> {
        let nothing = |why: &str| Failed::new(format!("a connection said nothing: {why}"));
        loop {
            let length = match self.came.first_chunk::<4>() {
                Some(length) => u32::from_le_bytes(*length) as usize,
                None => 0,
            };
            if length > LONGEST_LABEL {
                return Err(nothing("its label is too long"));
            }
            // Not a byte more: what follows is not the label's.
            let missing = 4 + length - self.came.len();
            if missing == 0 && self.came.len() >= 4 {
                return Ok(true);
            }
            let mut piece = [0; 4096];
            let most = missing.min(piece.len());
            match self.stream.read(&mut piece[..most]) {
                Ok(0) => return Err(nothing("it was closed")),
                Ok(length) => self.came.extend(&piece[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return match self.since.elapsed() > limit {
                        true => Err(nothing("its label did not come in time")),
                        false => Ok(false),
                    };
                }
                Err(error) => return Err(nothing(&error.to_string())),
            }
        }
    }

    /// The connection, with reads and writes that wait so long.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn arrived(
        self,
        limit: Duration,
        witness: Witness,
        bounds: Option<Bounds>,
    ) -> Result<Connection, Failed> {
        let request = witness.requested();
        self.stream.set_nonblocking(false).map_err(Failed::of)?;
        self.stream
            .set_read_timeout(Some(limit))
            .map_err(Failed::of)?;
        self.stream
            .set_write_timeout(Some(limit))
            .map_err(Failed::of)?;
        Ok(Connection {
            label: String::from_utf8_lossy(&self.came[4..]).into_owned(),
            process: self.process,
            limit,
            stream: self.stream,
            bounds,
            witness: (witness, request),
        })
    }
}

impl Connection {
    /// What the program calls it. The program can lie here, so it says what, never who.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The process that made it, as the system says; among those of [`Judge::processes`](crate::Judge::processes).
    pub fn process(&self) -> i32 {
        self.process
    }

    /// Replies to [`program::request`](crate::program::request): who asked goes on.
    ///
    /// # Errors
    /// When the program has gone.
    pub fn reply(mut self, value: impl Serialize) -> Result<(), Failed> {
        self.send(value)
    }

    /// Sends a value and keeps the connection.
    ///
    /// # Errors
    /// When the program has gone or does not read.
    pub fn send(&mut self, value: impl Serialize) -> Result<(), Failed> {
        self.witness.0.replied(self.witness.1);
        Connection::write_value(&mut self.stream, &value)
            .map_err(|error| Failed::new(format!("{} took no reply: {error}", self.label)))
    }

    /// Waits for a value, sent by [`program::send`](crate::program::send).
    ///
    /// # Errors
    /// When none comes in time, or it is of another type; when the program takes too much meanwhile.
    pub fn receive<T: DeserializeOwned>(&mut self) -> Result<T, Failed> {
        let mut patient = Patient {
            stream: &mut self.stream,
            until: Instant::now() + self.limit,
            bounds: self.bounds,
            looked: Instant::now(),
            begun: false,
        };
        let message = frame::read(&mut patient)
            .map_err(|error| Failed::new(format!("{} sent nothing: {error}", self.label)))?;
        codec::read(&message).map_err(Failed::of)
    }

    /// The bare stream, for a protocol of the assignment's own; reads and writes have limits.
    pub fn stream(&mut self) -> &mut UnixStream {
        &mut self.stream
    }

    pub(crate) fn write_value(stream: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
        let mut message = Vec::new();
        codec::append(value, &mut message).map_err(io::Error::other)?;
        frame::write(stream, &message)
    }
}

/// Reads one message: all of it within a limit, however slowly its bytes come, with an eye on the program.
struct Patient<'a> {
    stream: &'a mut UnixStream,
    until: Instant,
    bounds: Option<Bounds>,
    looked: Instant,
    begun: bool,
}

/// Between two looks at the program: in so short a time it does not take much more than it may.
const LOOK: Duration = Duration::from_millis(20);

impl Read for Patient<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // Nothing has come of it: whoever does not want to wait is told at once.
        let flags = fcntl(self.stream.as_fd(), FcntlArg::F_GETFL)?;
        let waits = self.begun || !OFlag::from_bits_truncate(flags).contains(OFlag::O_NONBLOCK);
        if waits {
            self.wait()?;
        }
        let length = self.stream.read(into)?;
        self.begun = true;
        Ok(length)
    }
}

impl Patient<'_> {
    /// Until something has come.
    fn wait(&mut self) -> io::Result<()> {
        loop {
            // However many bytes come, one by one.
            if Instant::now() > self.until {
                return Err(io::ErrorKind::TimedOut.into());
            }
            if self.looked.elapsed() >= LOOK {
                self.looked = Instant::now();
                if let Some(too_much) = self.bounds.and_then(|bounds| bounds.look()) {
                    return Err(io::Error::other(too_much));
                }
            }
            if self.has_something()? {
                return Ok(());
            }
        }
    }

    /// Waits for it, but not long.
    fn has_something(&self) -> io::Result<bool> {
        let mut ends = [PollFd::new(self.stream.as_fd(), PollFlags::POLLIN)];
        match poll(&mut ends, PollTimeout::from(LOOK.as_millis() as u8)) {
            Ok(ready) => Ok(ready > 0),
            Err(Errno::EINTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// Takes what has come, without waiting. True when the other end has closed.
pub(crate) fn take_what_came(from: &mut impl Read, into: &mut Gathered) -> io::Result<bool> {
    let mut piece = [0; 65536];
    match from.read(&mut piece) {
        Ok(0) => Ok(true),
        Ok(length) => {
            into.add(&piece[..length]);
            Ok(false)
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_taken_as_it_comes_and_no_byte_more() {
        let (mut program, judge) = UnixStream::pair().unwrap();
        let limit = Duration::from_secs(60);
        let mut arriving = Arriving::new(judge).unwrap();
        let mut sent = Vec::new();
        frame::write(&mut sent, b"a label").unwrap();
        for byte in sent {
            assert!(!arriving.is_whole(limit).unwrap());
            program.write_all(&[byte]).unwrap();
        }
        Connection::write_value(&mut program, &7u8).unwrap();
        assert!(arriving.is_whole(limit).unwrap());
        let mut connection = arriving.arrived(limit, Witness::default(), None).unwrap();
        assert_eq!(connection.label(), "a label");
        assert_eq!(connection.process(), std::process::id() as i32);
        assert_eq!(connection.receive::<u8>().unwrap(), 7);
    }

    #[test]
    fn a_label_that_is_too_long_or_too_slow_is_an_error() {
        let said = |bytes: &[u8], limit: Duration| {
            let (mut program, judge) = UnixStream::pair().unwrap();
            program.write_all(bytes).unwrap();
            let mut arriving = Arriving::new(judge).unwrap();
            arriving.is_whole(limit).unwrap_err().to_string()
        };
        let long = said(&(1u32 << 20).to_le_bytes(), Duration::from_secs(60));
        assert_eq!(long, "a connection said nothing: its label is too long");
        let slow = said(&[9], Duration::ZERO);
        assert!(slow.ends_with("its label did not come in time"), "{slow}");
    }

    #[test]
    fn a_value_that_comes_byte_by_byte_has_one_limit_for_all_of_it() {
        let (mut program, judge) = UnixStream::pair().unwrap();
        let limit = Duration::from_millis(200);
        let mut arriving = Arriving::new(judge).unwrap();
        frame::write(&mut program, b"").unwrap();
        assert!(arriving.is_whole(limit).unwrap());
        let mut connection = arriving.arrived(limit, Witness::default(), None).unwrap();
        let sender = std::thread::spawn(move || {
            program.write_all(&1000u32.to_le_bytes()).unwrap();
            while program.write_all(&[0]).is_ok() {
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let started = Instant::now();
        assert!(connection.receive::<Vec<u8>>().is_err());
        assert!(started.elapsed() < Duration::from_secs(10));
        drop(connection);
        sender.join().unwrap();
    }
}
