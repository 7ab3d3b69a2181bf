//! Why an item was not sent or not received, through a queue or a pipe.

use std::error::Error;
use std::fmt;

use nix::errno::Errno;

use crate::codec;

/// An item was not sent; it is given back.
///
/// ```
/// use processes::Queue;
///
/// let queue = Queue::new(1);
/// queue.send("first".to_string()).unwrap();
/// let error = queue.try_send("second".to_string()).unwrap_err();
/// assert_eq!(error.to_string(), "it is full: no room came in time, and nothing was sent");
/// assert_eq!(error.into_inner(), "second");
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError<T> {
    /// No room came in time; nothing of the item was sent.
    Full(T),
    /// The queue was closed, or no process has the pipe's other end any more.
    Closed(T),
    /// Of a pipe: no room came in time for all of the message. The rest goes out before the next
    /// one, so do not send it again.
    Unfinished(T),
    /// The item cannot go this way.
    NotSent {
        /// The item.
        item: T,
        /// Why.
        source: Cause,
    },
}

impl<T> SendError<T> {
    /// The item that was not sent.
    ///
    /// ```
    /// let queue = processes::Queue::new(1);
    /// queue.close();
    /// assert_eq!(queue.send(7).unwrap_err().into_inner(), 7);
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            SendError::Full(item) | SendError::Closed(item) | SendError::Unfinished(item) => item,
            SendError::NotSent { item, .. } => item,
        }
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendError::Full(_) => "it is full: no room came in time, and nothing was sent",
            SendError::Closed(_) => "it is closed: nobody receives any more",
            SendError::Unfinished(_) => {
                "it is full: only a part of the message was sent in time, and the rest goes out \
                 before the next"
            }
            SendError::NotSent { source, .. } => return source.fmt(f),
        })
    }
}

// Without the item, which need not be printable and may be long.
impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendError::Full(_) => f.write_str("Full(..)"),
            SendError::Closed(_) => f.write_str("Closed(..)"),
            SendError::Unfinished(_) => f.write_str("Unfinished(..)"),
            SendError::NotSent { source, .. } => write!(f, "NotSent {{ .., {source:?} }}"),
        }
    }
}

impl<T> Error for SendError<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            SendError::NotSent { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// No item was received.
///
/// ```
/// use processes::{Queue, RecvError};
///
/// let queue: Queue<u8> = Queue::new(1);
/// assert_eq!(queue.try_recv(), Err(RecvError::Empty));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecvError {
    /// Nothing came in time. What has come of a pipe's message is kept for the next call.
    Empty,
    /// The queue was closed, or no process has the pipe's other end any more; and everything that
    /// was sent has been received.
    Closed,
    /// The pipe's other end was closed in the middle of a message: most likely its process was
    /// killed.
    CutOff {
        /// Bytes of the message that came.
        came: usize,
        /// Bytes that the message has; 0 if not even that was said.
        of: usize,
    },
    /// What came cannot be read. It is out of the queue or the pipe.
    NotRead(Cause),
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecvError::Empty => f.write_str("it is empty: nothing came in time"),
            RecvError::Closed => f.write_str("it is closed, and nothing is left in it"),
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
            RecvError::NotRead(source) => source.fmt(f),
        }
    }
}

impl Error for RecvError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            RecvError::NotRead(source) => Some(source),
            _ => None,
        }
    }
}

/// What is wrong with an item, or with its way.
///
/// ```
/// use processes::{Cause, Queue, SendError};
///
/// let queue = Queue::with_room(1, 16);
/// match queue.send("x".repeat(30)).unwrap_err() {
///     SendError::NotSent { source: Cause::TooLarge { bytes, room }, .. } => {
///         assert_eq!((bytes, room), (31, 16))
///     }
///     other => panic!("{other}"),
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// Its `Serialize` or `Deserialize` refuses it.
    Codec(codec::Error),
    /// The queue has less room than it takes.
    TooLarge {
        /// What the item takes.
        bytes: usize,
        /// What all items of the queue may take.
        room: usize,
    },
    /// The system refuses. `EBADF`: this process has closed its end of the pipe.
    System(Errno),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Codec(error) => error.fmt(f),
            Cause::TooLarge { bytes, room } => write!(
                f,
                "the item takes {bytes} bytes, and the queue has room for {room}: make the queue \
                 with Queue::with_room(capacity, bytes)"
            ),
            Cause::System(Errno::EBADF) => {
                f.write_str("this end of the pipe was closed by this process")
            }
            Cause::System(error) => write!(f, "the system refuses: {}", error.desc()),
        }
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Cause::Codec(error) => Some(error),
            Cause::System(error) => Some(error),
            Cause::TooLarge { .. } => None,
        }
    }
}
