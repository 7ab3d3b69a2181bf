//! A connection that the program made to the judge.

use crate::frame::{self, Gathered};
use crate::test::Failed;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;
use support::nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use support::processes::codec;
use support::serde::Serialize;
use support::serde::de::DeserializeOwned;

/// A connection from the program. While the judge does not reply, the one who made it waits: the
/// judge decides in which order waits end, without a clock.
pub struct Connection {
    label: String,
    process: i32,
    stream: UnixStream,
}

impl Connection {
    /// # Errors
    /// When its label does not come within the limit.
    pub(crate) fn accepted(mut stream: UnixStream, limit: Duration) -> Result<Connection, Failed> {
        let credentials = getsockopt(&stream, PeerCredentials)
            .map_err(|error| Failed::new(format!("a connection has no process: {error}")))?;
        stream.set_nonblocking(false).map_err(Failed::of)?;
        stream.set_read_timeout(Some(limit)).map_err(Failed::of)?;
        stream.set_write_timeout(Some(limit)).map_err(Failed::of)?;
        let label = frame::read(&mut stream)
            .map_err(|error| Failed::new(format!("a connection said nothing: {error}")))?;
        Ok(Connection {
            label: String::from_utf8_lossy(&label).into_owned(),
            process: credentials.pid(),
            stream,
        })
    }

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
        Connection::write_value(&mut self.stream, &value)
            .map_err(|error| Failed::new(format!("{} took no reply: {error}", self.label)))
    }

    /// Waits for a value, sent by [`program::send`](crate::program::send).
    ///
    /// # Errors
    /// When none comes in time, or it is of another type.
    pub fn receive<T: DeserializeOwned>(&mut self) -> Result<T, Failed> {
        let message = frame::read(&mut self.stream)
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
