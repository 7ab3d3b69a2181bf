//! Why an item was not sent or not received, through a queue or a pipe.

use std::fmt;

use nix::errno::Errno;
use thiserror::Error;

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
#[derive(Clone, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError<T> {
    /// No room came in time; nothing of the item was sent.
    #[error("it is full: no room came in time, and nothing was sent")]
    Full(T),
    /// The queue was closed, or no process has the pipe's other end any more.
    #[error("it is closed: nobody receives any more")]
    Closed(T),
    /// Of a pipe: no room came in time for all of the message. The rest goes out before the next
    /// one, so do not send it again.
    #[error(
        "it is full: only a part of the message was sent in time, and the rest goes out before the next"
    )]
    Unfinished(T),
    /// The item cannot go this way.
    #[error("{source}")]
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

/// No item was received.
///
/// ```
/// use processes::{Queue, RecvError};
///
/// let queue: Queue<u8> = Queue::new(1);
/// assert_eq!(queue.try_recv(), Err(RecvError::Empty));
/// ```
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecvError {
    /// Nothing came in time. What has come of a pipe's message is kept for the next call.
    #[error("it is empty: nothing came in time")]
    Empty,
    /// The queue was closed, or no process has the pipe's other end any more; and everything that
    /// was sent has been received.
    #[error("it is closed, and nothing is left in it")]
    Closed,
    /// The pipe's other end was closed in the middle of a message: most likely its process was
    /// killed.
    #[error("the pipe's other end was closed in the middle of a message: {came} {}", cut(*of))]
    CutOff {
        /// Bytes of the message that came.
        came: usize,
        /// Bytes that the message has; 0 if not even that was said.
        of: usize,
    },
    /// What came cannot be read. It is out of the queue or the pipe.
    #[error("{0}")]
    NotRead(#[source] Cause),
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
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// Its `Serialize` or `Deserialize` refuses it.
    #[error("{0}")]
    Codec(#[source] codec::Error),
    /// The queue has less room than it takes.
    #[error(
        "the item takes {bytes} bytes, and the queue has room for {room}: make the queue with \
         Queue::with_room(capacity, bytes)"
    )]
    TooLarge {
        /// What the item takes.
        bytes: usize,
        /// What all items of the queue may take.
        room: usize,
    },
    /// The system refuses. `EBADF`: this process has closed its end of the pipe.
    #[error("{}", refusal(*.0))]
    System(#[source] Errno),
}

/// Of how many bytes only some came.
fn cut(of: usize) -> String {
    match of {
        0 => "bytes of its length came".to_string(),
        of => format!("of its {of} bytes came"),
    }
}

fn refusal(errno: Errno) -> String {
    match errno {
        Errno::EBADF => "this end of the pipe was closed by this process".to_string(),
        other => format!("the system refuses: {}", other.desc()),
    }
}
