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
//! To send is a step, and so is to receive, and to drop the receiver while there are senders. To
//! drop a sender is one only if somebody uses [`Receiver::try_recv`]. A sender of a channel with bounded room waits for room; with room for
//! none it waits until its message was taken.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};

pub use std::sync::mpsc::{RecvError, SendError, TryRecvError};

use crate::id::{Id, make, text};
use crate::memory::View;
use crate::object::{Channel, Kind, Op};
use crate::world::{point, with, with_any};

/// The messages themselves; the world counts them.
type Messages<T> = Arc<Mutex<VecDeque<T>>>;

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
pub fn channel<T: fmt::Debug>() -> (Sender<T>, Receiver<T>) {
    both(open(None, None))
}

/// A channel that reports call by this name; else as [`channel`].
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
pub fn channel_named<T: fmt::Debug>(name: &str) -> (Sender<T>, Receiver<T>) {
    both(open(Some(name), None))
}

/// A channel with room for so many messages; else as [`channel`].
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
pub fn sync_channel<T: fmt::Debug>(room: usize) -> (SyncSender<T>, Receiver<T>) {
    let (sender, receiver) = both(open(None, Some(room)));
    (SyncSender(sender), receiver)
}

fn both<T>(id: Id) -> (Sender<T>, Receiver<T>) {
    let messages = Arc::new(Mutex::new(VecDeque::new()));
    let sender = Sender {
        id,
        messages: Arc::clone(&messages),
    };
    (sender, Receiver { id, messages })
}

/// The sending side; clones send into the same channel.
///
/// ```
/// use interleavings::{self, sync::mpsc};
///
/// let report = interleavings::all(|| {
///     let (sender, receiver): (mpsc::Sender<i32>, _) = mpsc::channel();
///     drop(receiver);
///     assert!(sender.send(1).is_err());
/// });
/// assert!(report.passed());
/// ```
pub struct Sender<T> {
    id: Id,
    messages: Messages<T>,
}

impl<T: fmt::Debug> Sender<T> {
    /// Sends a message, after a wait for room if the channel is bounded.
    ///
    /// # Errors
    ///
    /// If the receiver is gone; it gives the message back.
    ///
    /// # Panics
    ///
    /// Outside of the execution that it was made in.
    ///
    /// ```
    /// use interleavings::{self, sync::mpsc};
    ///
    /// let report = interleavings::all(|| {
    ///     let (sender, _receiver) = mpsc::channel();
    ///     sender.send("hello").unwrap();
    /// });
    /// assert!(report.passed());
    /// ```
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        let words = text(&message);
        let Some(number) = send(self.id, words) else {
            return Err(SendError(message));
        };
        list(&self.messages).push_back(message);
        if handed(self.id, number) {
            return Ok(());
        }
        // With room for none, and the receiver gone before it was taken.
        let message = list(&self.messages).pop_back();
        message.map_or(Ok(()), |message| Err(SendError(message)))
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        joins(self.id);
        Sender {
            id: self.id,
            messages: Arc::clone(&self.messages),
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        leaves(self.id, true);
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sender").field(&self.id.name()).finish()
    }
}

/// The sending side of a [`sync_channel`].
///
/// ```
/// use interleavings::{self, sync::mpsc};
///
/// let report = interleavings::all(|| {
///     let (sender, receiver): (mpsc::SyncSender<i32>, _) = mpsc::sync_channel(1);
///     sender.send(1).unwrap();
///     assert_eq!(receiver.recv(), Ok(1));
/// });
/// assert!(report.passed());
/// ```
#[derive(Debug)]
pub struct SyncSender<T>(Sender<T>);

impl<T: fmt::Debug> SyncSender<T> {
    /// [`Sender::send`].
    ///
    /// # Errors
    ///
    /// If the receiver is gone.
    ///
    /// ```
    /// use interleavings::{self, sync::mpsc, thread};
    ///
    /// let report = interleavings::all(|| {
    ///     let (sender, receiver) = mpsc::sync_channel(0);
    ///     let taker = thread::spawn(move || receiver.recv().unwrap());
    ///     sender.send(1).unwrap();
    ///     assert_eq!(taker.join().unwrap(), 1);
    /// });
    /// assert!(report.passed());
    /// ```
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        self.0.send(message)
    }
}

impl<T> Clone for SyncSender<T> {
    fn clone(&self) -> SyncSender<T> {
        SyncSender(self.0.clone())
    }
}

/// The receiving side.
///
/// ```
/// use interleavings::{self, sync::mpsc};
///
/// let report = interleavings::all(|| {
///     let (sender, receiver): (_, mpsc::Receiver<i32>) = mpsc::channel();
///     drop(sender);
///     assert!(receiver.recv().is_err());
/// });
/// assert!(report.passed());
/// ```
pub struct Receiver<T> {
    id: Id,
    messages: Messages<T>,
}

impl<T> Receiver<T> {
    /// Waits for a message.
    ///
    /// # Errors
    ///
    /// If no message is left and no sender either.
    ///
    /// # Panics
    ///
    /// Outside of the execution that it was made in.
    ///
    /// ```
    /// use interleavings::{self, sync::mpsc};
    ///
    /// let report = interleavings::all(|| {
    ///     let (sender, receiver) = mpsc::channel();
    ///     sender.send(1).unwrap();
    ///     assert_eq!(receiver.recv(), Ok(1));
    /// });
    /// assert!(report.passed());
    /// ```
    pub fn recv(&self) -> Result<T, RecvError> {
        receive(self.id, true).ok_or(RecvError)?;
        list(&self.messages).pop_front().ok_or(RecvError)
    }

    /// Takes a message if there is one.
    ///
    /// # Errors
    ///
    /// `Empty` if there is none yet, `Disconnected` if there will be none.
    ///
    /// ```
    /// use interleavings::{self, sync::mpsc};
    ///
    /// let report = interleavings::all(|| {
    ///     let (_sender, receiver) = mpsc::channel::<i32>();
    ///     assert_eq!(receiver.try_recv(), Err(mpsc::TryRecvError::Empty));
    /// });
    /// assert!(report.passed());
    /// ```
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        super::lock::tries();
        let left = receive(self.id, false);
        match left {
            Some(true) => list(&self.messages).pop_front().ok_or(TryRecvError::Empty),
            Some(false) => Err(TryRecvError::Empty),
            None => Err(TryRecvError::Disconnected),
        }
    }

    /// Message after message, until no sender is left.
    ///
    /// ```
    /// use interleavings::{self, sync::mpsc};
    ///
    /// let report = interleavings::all(|| {
    ///     let (sender, receiver) = mpsc::channel();
    ///     sender.send(1).unwrap();
    ///     drop(sender);
    ///     assert_eq!(receiver.iter().count(), 1);
    /// });
    /// assert!(report.passed());
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        std::iter::from_fn(|| self.recv().ok())
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        leaves(self.id, false);
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Receiver").field(&self.id.name()).finish()
    }
}

fn list<T>(messages: &Mutex<VecDeque<T>>) -> std::sync::MutexGuard<'_, VecDeque<T>> {
    messages.lock().unwrap_or_else(|it| it.into_inner())
}

#[inline(never)]
#[track_caller]
fn open(name: Option<&str>, room: Option<usize>) -> Id {
    let channel = Channel {
        room,
        queue: VecDeque::new(),
        sent: 0,
        taken: 0,
        senders: 1,
        receiver: true,
    };
    make(Kind::Channel(channel), name, None)
}

/// Counts a message in, and returns its number; none if nobody will take it.
#[inline(never)]
fn send(id: Id, words: Option<String>) -> Option<usize> {
    let place = with(|world| id.of(world));
    point(Op::Send(place));
    with(|world| {
        let view: View = world.view().clone();
        let Kind::Channel(channel) = &mut world.objects[place].kind else {
            return None;
        };
        let number = channel.receiver.then(|| {
            channel.queue.push_back((view, words.clone()));
            channel.sent += 1;
            channel.sent
        });
        world.did(|world| {
            let (words, name) = (words.unwrap_or_default(), &world.objects[place].name);
            let gone = if number.is_none() {
                ": the receiver is gone"
            } else {
                ""
            };
            format!("send {words} to {name}{gone}")
        });
        number
    })
}

/// Waits until a message was taken, if there is no room for it. False if it never will be.
#[inline(never)]
fn handed(id: Id, number: usize) -> bool {
    let channel = with(|world| id.of(world));
    let room = |world: &crate::world::World| match &world.objects[channel].kind {
        Kind::Channel(channel) => channel.room,
        _ => None,
    };
    if with(|world| room(world)) != Some(0) {
        return true;
    }
    point(Op::Handed { channel, number });
    with(|world| match &world.objects[channel].kind {
        Kind::Channel(channel) => channel.taken >= number,
        _ => true,
    })
}

/// Whether a message was there; none if there never will be one.
#[inline(never)]
fn receive(id: Id, waits: bool) -> Option<bool> {
    let place = with(|world| id.of(world));
    point(if waits { Op::Receive(place) } else { Op::Free });
    with(|world| {
        let Kind::Channel(channel) = &mut world.objects[place].kind else {
            return None;
        };
        let message = channel.queue.pop_front();
        channel.taken += usize::from(message.is_some());
        let open = channel.senders > 0;
        let how = if waits { "recv" } else { "try_recv" };
        if let Some((view, _)) = &message {
            world.learn(view);
        }
        let there = message.is_some();
        world.did(|world| {
            let name = &world.objects[place].name;
            match message {
                Some((_, words)) => format!("{how} {} from {name}", words.unwrap_or_default()),
                None if open => format!("{how} from {name}: empty"),
                None => format!("{how} from {name}: no sender is left"),
            }
        });
        (there || open).then_some(there)
    })
}

#[inline(never)]
fn joins(id: Id) {
    with(|world| {
        let place = id.of(world);
        if let Kind::Channel(channel) = &mut world.objects[place].kind {
            channel.senders += 1;
        }
    });
}

/// A sender or the receiver is gone. Nothing to do if it outlives its execution.
#[inline(never)]
fn leaves(id: Id, sender: bool) {
    let step = with_any(|world| {
        let place = id.still(world)?;
        match &world.objects[place].kind {
            Kind::Channel(channel) if !sender => Some(channel.senders > 0),
            _ => Some(world.unlocks),
        }
    });
    let step = step.flatten() == Some(true);
    if step {
        point(Op::Free);
    }
    with_any(|world| {
        if let Some(place) = id.still(world)
            && step
        {
            let side = if sender { "sender" } else { "receiver" };
            world.did(|world| format!("drop {side} of {}", world.objects[place].name));
        }
        if let Some(place) = id.still(world)
            && let Kind::Channel(channel) = &mut world.objects[place].kind
        {
            if sender {
                channel.senders -= 1;
            } else {
                channel.receiver = false;
            }
        }
    });
}
