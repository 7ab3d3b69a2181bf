//! Channels of an explored program, under the names of `std::sync::mpsc`.
//!
//! ```
//! use interleavings::{self, sync::mpsc, thread};
//!
//! let report = interleavings::all(|| {
//!     let (sender, receiver) = mpsc::channel();
//!     for n in 1..=2 {
//!         let sender = sender.clone();
//!         thread::spawn(move || sender.send(n).unwrap());
//!     }
//!     drop(sender);
//!     assert_eq!(receiver.iter().sum::<i32>(), 3);
//! });
//! assert!(report.passed());
//! ```
//!
//! They are [`channel`](mod@crate::channel)'s, with one receiver. See there what is a step, and who learns what.

use crate::value::Value;
use std::time::Duration;

pub use super::channel::Sender;
pub use std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError};

use super::channel;

/// A channel with any amount of room, called "Channel 1" and so on.
///
/// # Panics
///
/// Outside of an explored program.
///
/// ```
/// use interleavings::{self, sync::mpsc};
///
/// let report = interleavings::all(|| {
///     let (sender, receiver) = mpsc::channel();
///     sender.send(1).unwrap();
///     assert_eq!(receiver.recv().unwrap(), 1);
/// });
/// assert!(report.passed());
/// ```
#[track_caller]
pub fn channel<T: Value>() -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = channel::unbounded();
    (sender, Receiver(receiver))
}

/// A channel that reports call by this name; else as [`channel()`].
///
/// ```
/// use interleavings::{self, sync::mpsc};
///
/// let report = interleavings::all(|| {
///     let (_sender, receiver) = mpsc::channel_named::<i32>("orders");
///     let _ = receiver.recv();
/// });
/// let message = report.failure().unwrap().message().to_string();
/// assert!(message.ends_with("waits for a message in `orders` and nobody is left to send one"));
/// ```
#[track_caller]
pub fn channel_named<T: Value>(name: &str) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = channel::named(name, None);
    (sender, Receiver(receiver))
}

/// A channel with room for so many messages; else as [`channel()`].
///
/// ```
/// use interleavings::{self, sync::mpsc};
///
/// let report = interleavings::all(|| {
///     let (sender, receiver) = mpsc::sync_channel(1);
///     sender.send(1).unwrap();
///     sender.send(2).unwrap(); // nobody receives yet
///     drop(receiver);
/// });
/// let message = report.failure().unwrap().message().to_string();
/// assert_eq!(message, "deadlock: main waits for room in `Channel 1` (1 of 1 places are taken)");
/// ```
#[track_caller]
pub fn sync_channel<T: Value>(room: usize) -> (SyncSender<T>, Receiver<T>) {
    let (sender, receiver) = channel::bounded(room);
    (sender, Receiver(receiver))
}

/// The sending side of a [`sync_channel`]: a [`Sender`] that waits for room.
pub type SyncSender<T> = Sender<T>;

/// The receiving side: the only one.
///
/// ```
/// use interleavings::{self, sync::mpsc};
///
/// let report = interleavings::all(|| {
///     let (sender, receiver): (_, mpsc::Receiver<i32>) = mpsc::channel();
///     sender.send(1).unwrap();
///     drop(sender);
///     assert_eq!((receiver.recv(), receiver.recv()), (Ok(1), Err(mpsc::RecvError)));
/// });
/// assert!(report.passed());
/// ```
#[derive(Debug)]
pub struct Receiver<T>(channel::Receiver<T>);

impl<T> Receiver<T> {
    /// [`channel::Receiver::recv`].
    ///
    /// # Errors
    ///
    /// If no message is left and no sender either.
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        self.0.recv()
    }

    /// [`channel::Receiver::try_recv`].
    ///
    /// # Errors
    ///
    /// `Empty` if there is none yet, `Disconnected` if there will be none.
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.0.try_recv()
    }

    /// [`channel::Receiver::recv_timeout`].
    ///
    /// # Errors
    ///
    /// `Timeout` if there was none in time, `Disconnected` if there will be none.
    #[track_caller]
    pub fn recv_timeout(&self, limit: Duration) -> Result<T, RecvTimeoutError> {
        self.0.recv_timeout(limit)
    }

    /// [`channel::Receiver::iter`].
    #[track_caller]
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.0.iter()
    }
}
