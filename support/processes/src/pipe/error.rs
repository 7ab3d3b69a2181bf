//! Why a message was not sent or not received.

use std::fmt;

/// A message was not sent.
///
/// ```
/// let (mut one, other) = processes::pipe::<u8, u8>();
/// drop(other);
/// assert_eq!(one.send(1).unwrap_err().to_string(), "the pipe's other end is closed");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// No process has the other end any more.
    Closed,
    /// No room came in time; nothing of the message was sent.
    TimedOut,
    /// No room came in time for all of the message; the rest of it goes out before the next one.
    Unfinished,
    /// The message cannot be serialised, or the system refuses; the text says why.
    NotSent(String),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendError::Closed => "the pipe's other end is closed",
            SendError::TimedOut => "the pipe is full: no room came in time, nothing was sent",
            SendError::Unfinished => {
                "the pipe is full: only a part of the message was sent in time, and the rest goes \
                 out before the next"
            }
            SendError::NotSent(why) => why,
        })
    }
}

impl std::error::Error for SendError {}

/// No message was received.
///
/// ```
/// let (one, mut other) = processes::pipe::<u8, u8>();
/// drop(one);
/// assert_eq!(other.recv().unwrap_err().to_string(), "the pipe's other end is closed");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecvError {
    /// No process has the other end any more, and everything sent has been received.
    Closed,
    /// The other end was closed in the middle of a message: most likely its process was killed.
    CutOff {
        /// Bytes of the message that came, and that it has.
        came: usize,
        /// Bytes that the message has; 0 if not even that was said.
        of: usize,
    },
    /// No whole message came in time; what came is kept for the next call.
    TimedOut,
    /// The message's `Deserialize` refuses it, or the system does; the text says why.
    NotRead(String),
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecvError::Closed => f.write_str("the pipe's other end is closed"),
            RecvError::CutOff { came, of: 0 } => write!(
                f,
                "the pipe's other end was closed in the middle of a message: {came} bytes of its \
                 length came"
            ),
            RecvError::CutOff { came, of } => write!(
                f,
                "the pipe's other end was closed in the middle of a message: {came} of its {of} \
                 bytes came"
            ),
            RecvError::TimedOut => f.write_str("no whole message came in time"),
            RecvError::NotRead(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for RecvError {}
