//! Channels of an explored program, under the names of `crossbeam::channel`: several may send, and
//! several receive.
//!
//! ```
//! use interleavings::{self, channel, thread};
//!
//! let report = interleavings::all(|| {
//!     let (sender, receiver) = channel::unbounded();
//!     thread::scope(|scope| {
//!         for _ in 0..2 {
//!             let receiver = receiver.clone();
//!             scope.spawn(move || receiver.iter().sum::<u32>());
//!         }
//!         (1..=2).for_each(|n| sender.send(n).unwrap());
//!         drop((sender, receiver));
//!     });
//! });
//! assert!(report.passed());
//! ```
//!
//! To send is a step, and so is to receive, and to drop the last receiver while there are senders. To
//! drop a sender is one only if somebody looks without waiting ([`Receiver::try_recv`]). A sender of a
//! channel with bounded room waits for room; with room for none it waits until its message was taken.
//!
//! A message carries what its sender knew; so does a place that a receiver has freed to the sender who
//! uses it, and the end of all on one side to those on the other. That is what std's and crossbeam's
//! channels are for. That their senders also happen to agree on an order among themselves is not
//! modelled, as no program should rely on it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError};

use super::lock::tries;
use crate::id::{Id, debug_by_name, make, text};
use crate::memory::View;
use crate::object::{Channel, Kind, Message, Op};
use crate::value::Value;
use crate::world::{World, point, point_at, with, with_any};

/// The messages themselves; the world counts them.
type Messages<T> = Arc<Mutex<VecDeque<T>>>;

/// A channel with any amount of room, called "Channel 1" and so on.
///
/// # Panics
///
/// Outside of an explored program.
///
/// ```
/// use interleavings::{self, channel};
///
/// let report = interleavings::all(|| {
///     let (sender, receiver) = channel::unbounded();
///     sender.send(1).unwrap();
///     assert_eq!(receiver.recv().unwrap(), 1);
/// });
/// assert!(report.passed());
/// ```
#[track_caller]
pub fn unbounded<T: Value>() -> (Sender<T>, Receiver<T>) {
    both(open(None, None))
}

/// A channel with room for so many messages; else as [`unbounded`].
///
/// ```
/// use interleavings::{self, channel};
///
/// let report = interleavings::all(|| {
///     let (sender, receiver) = channel::bounded(1);
///     sender.send(1).unwrap();
///     sender.send(2).unwrap(); // nobody receives yet
///     drop(receiver);
/// });
/// let message = report.failure().unwrap().message().to_string();
/// assert_eq!(message, "deadlock: main waits for room in `Channel 1` (1 of 1 places are taken)");
/// ```
#[track_caller]
pub fn bounded<T: Value>(room: usize) -> (Sender<T>, Receiver<T>) {
    both(open(None, Some(room)))
}

/// A channel that reports call by this name, with room for so many messages, or for any number.
///
/// ```
/// use interleavings::{self, channel};
///
/// let report = interleavings::all(|| {
///     let (_sender, receiver) = channel::named::<i32>("orders", None);
///     let _ = receiver.recv();
/// });
/// let message = report.failure().unwrap().message().to_string();
/// assert!(message.ends_with("waits for a message in `orders` and nobody is left to send one"));
/// ```
#[track_caller]
pub fn named<T: Value>(name: &str, room: Option<usize>) -> (Sender<T>, Receiver<T>) {
    both(open(Some(name), room))
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
/// use interleavings::{self, channel};
///
/// let report = interleavings::all(|| {
///     let (sender, receiver): (channel::Sender<i32>, _) = channel::unbounded();
///     drop(receiver);
///     assert!(sender.send(1).is_err());
/// });
/// assert!(report.passed());
/// ```
pub struct Sender<T> {
    id: Id,
    messages: Messages<T>,
}

impl<T: Value> Sender<T> {
    /// Sends a message, after a wait for room if the channel is bounded.
    ///
    /// # Errors
    ///
    /// If no receiver is left; it gives the message back.
    ///
    /// # Panics
    ///
    /// Outside of the execution that it was made in.
    ///
    /// ```
    /// use interleavings::{self, channel};
    ///
    /// let report = interleavings::all(|| {
    ///     let (sender, _receiver) = channel::unbounded();
    ///     sender.send("hello").unwrap();
    /// });
    /// assert!(report.passed());
    /// ```
    #[track_caller]
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        let words = text(&message);
        let Some(number) = send(self.id, words) else {
            return Err(SendError(message));
        };
        list(&self.messages).push_back(message);
        if handed(self.id, number) {
            return Ok(());
        }
        // With room for none, and the receivers gone before it was taken.
        let message = list(&self.messages).pop_back();
        message.map_or(Ok(()), |message| Err(SendError(message)))
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        joins(self.id, SENDERS);
        Sender {
            id: self.id,
            messages: Arc::clone(&self.messages),
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        leaves(self.id, SENDERS);
    }
}

debug_by_name!(Sender<T>);

/// The receiving side; clones receive from the same channel, each message once.
///
/// ```
/// use interleavings::{self, channel};
///
/// let report = interleavings::all(|| {
///     let (sender, receiver): (_, channel::Receiver<i32>) = channel::unbounded();
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
    /// use interleavings::{self, channel};
    ///
    /// let report = interleavings::all(|| {
    ///     let (sender, receiver) = channel::unbounded();
    ///     sender.send(1).unwrap();
    ///     assert_eq!(receiver.recv(), Ok(1));
    /// });
    /// assert!(report.passed());
    /// ```
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        receive(self.id, "recv", Op::Receive).ok_or(RecvError)?;
        list(&self.messages).pop_front().ok_or(RecvError)
    }

    /// Takes a message if there is one.
    ///
    /// # Errors
    ///
    /// `Empty` if there is none yet, `Disconnected` if there will be none.
    ///
    /// ```
    /// use interleavings::{self, channel};
    ///
    /// let report = interleavings::all(|| {
    ///     let (_sender, receiver) = channel::unbounded::<i32>();
    ///     assert_eq!(receiver.try_recv(), Err(channel::TryRecvError::Empty));
    /// });
    /// assert!(report.passed());
    /// ```
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        tries();
        match receive(self.id, "try_recv", Op::Change) {
            Some(true) => list(&self.messages).pop_front().ok_or(TryRecvError::Empty),
            Some(false) => Err(TryRecvError::Empty),
            None => Err(TryRecvError::Disconnected),
        }
    }

    /// Waits for a message with a limit. There is no time in an explored program: it is over at any
    /// moment at which there is no message.
    ///
    /// # Errors
    ///
    /// `Timeout` if there was none in time, `Disconnected` if there will be none.
    ///
    /// ```
    /// use std::time::Duration;
    /// use interleavings::{self, channel};
    ///
    /// let report = interleavings::all(|| {
    ///     let (_sender, receiver) = channel::unbounded::<i32>();
    ///     let nothing = receiver.recv_timeout(Duration::from_secs(1));
    ///     assert_eq!(nothing, Err(channel::RecvTimeoutError::Timeout));
    /// });
    /// assert!(report.passed());
    /// ```
    #[track_caller]
    pub fn recv_timeout(&self, _limit: Duration) -> Result<T, RecvTimeoutError> {
        tries();
        let at = std::panic::Location::caller();
        match receive(self.id, "recv_timeout", Op::Change) {
            Some(true) => list(&self.messages)
                .pop_front()
                .ok_or(RecvTimeoutError::Timeout),
            Some(false) => {
                with(|world| world.yielded(at));
                Err(RecvTimeoutError::Timeout)
            }
            None => Err(RecvTimeoutError::Disconnected),
        }
    }

    /// Message after message, until no sender is left.
    ///
    /// ```
    /// use interleavings::{self, channel};
    ///
    /// let report = interleavings::all(|| {
    ///     let (sender, receiver) = channel::unbounded();
    ///     sender.send(1).unwrap();
    ///     drop(sender);
    ///     assert_eq!(receiver.iter().count(), 1);
    /// });
    /// assert!(report.passed());
    /// ```
    #[track_caller]
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        let at = std::panic::Location::caller();
        std::iter::from_fn(move || {
            receive_at(self.id, "recv", Op::Receive, at)?;
            list(&self.messages).pop_front()
        })
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Receiver<T> {
        joins(self.id, RECEIVERS);
        Receiver {
            id: self.id,
            messages: Arc::clone(&self.messages),
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        leaves(self.id, RECEIVERS);
    }
}

debug_by_name!(Receiver<T>);

/// What came first of two channels.
///
/// ```
/// use interleavings::{self, channel::{self, Either}};
///
/// let report = interleavings::all(|| {
///     let (sender, left) = channel::unbounded();
///     let (_other, right) = channel::unbounded::<u32>();
///     sender.send("hello").unwrap();
///     assert_eq!(channel::either(&left, &right), Either::Left(Ok("hello")));
/// });
/// assert!(report.passed());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Either<L, R> {
    /// Of the first channel.
    Left(Result<L, RecvError>),
    /// Of the second channel.
    Right(Result<R, RecvError>),
}

/// Waits for whichever of two channels has a message, or no sender any more; where both have, each is
/// tried. It is what [`select!`](crate::channel::select) is made of. See [`Either`].
///
/// # Panics
///
/// As [`Receiver::recv`].
#[track_caller]
pub fn either<L, R>(left: &Receiver<L>, right: &Receiver<R>) -> Either<L, R> {
    let both = with(|world| [left.id.of(world), right.id.of(world)]);
    point(Op::Select(both));
    let first = with(|world| {
        let ready = both.map(|it| world.objects[it].admits(Op::Receive(it)));
        match ready {
            [true, true] => world.pick(2) == 0,
            [first, _] => first,
        }
    });
    let place = both[usize::from(!first)];
    let there = with(|world| receives(world, place, "select")) == Some(true);
    if first {
        let message = there.then(|| list(&left.messages).pop_front()).flatten();
        Either::Left(message.ok_or(RecvError))
    } else {
        let message = there.then(|| list(&right.messages).pop_front()).flatten();
        Either::Right(message.ok_or(RecvError))
    }
}

/// `crossbeam::channel::select!` of two receivers: runs the arm of the one that has something, and each
/// in turn where both have.
///
/// ```
/// use interleavings::{self, channel::{self, select}};
///
/// let report = interleavings::all(|| {
///     let (orders, from_orders) = channel::unbounded();
///     let (_stop, from_stop) = channel::unbounded::<()>();
///     orders.send("tea").unwrap();
///     let served = select! {
///         recv(from_orders) -> order => order.unwrap(),
///         recv(from_stop) -> _ => "nothing",
///     };
///     assert_eq!(served, "tea");
/// });
/// assert!(report.passed());
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __select {
    (recv($left:expr) -> $one:pat => $do:expr, recv($right:expr) -> $other:pat => $or:expr $(,)?) => {
        match $crate::sync::channel::either(&$left, &$right) {
            $crate::sync::channel::Either::Left($one) => $do,
            $crate::sync::channel::Either::Right($other) => $or,
        }
    };
    (recv($left:expr) -> $one:pat => $do:block recv($right:expr) -> $other:pat => $or:expr $(,)?) => {
        match $crate::sync::channel::either(&$left, &$right) {
            $crate::sync::channel::Either::Left($one) => $do,
            $crate::sync::channel::Either::Right($other) => $or,
        }
    };
}

#[doc(inline)]
pub use __select as select;

fn list<T>(messages: &Mutex<VecDeque<T>>) -> std::sync::MutexGuard<'_, VecDeque<T>> {
    messages.lock().unwrap_or_else(|it| it.into_inner())
}

#[inline(never)]
#[track_caller]
fn open(name: Option<&str>, room: Option<usize>) -> Id {
    let channel = Channel {
        room,
        senders: 1,
        receivers: 1,
        ..Channel::default()
    };
    make(Kind::Channel(channel), name, None)
}

fn channel(world: &mut World, place: usize) -> &mut Channel {
    match &mut world.objects[place].kind {
        Kind::Channel(channel) => channel,
        _ => unreachable!("a channel's id names a channel"),
    }
}

/// Counts a message in, and returns its number; none if nobody will take it.
#[inline(never)]
#[track_caller]
fn send(id: Id, words: Option<String>) -> Option<usize> {
    let place = with(|world| id.of(world));
    point(Op::Send(place));
    with(|world| {
        let step = world.steps;
        let it = channel(world, place);
        let learned = if it.receivers == 0 {
            it.gone[RECEIVERS].clone()
        } else if it.room.is_some_and(|room| room > 0 && it.sent >= room) {
            it.freed.pop_front().unwrap_or_default()
        } else {
            View::default()
        };
        world.learn(&learned);
        let view = world.view().clone();
        let it = channel(world, place);
        let number = (it.receivers > 0).then(|| {
            it.queue.push_back(Message {
                view,
                step,
                text: words.clone(),
            });
            it.sent += 1;
            it.sent
        });
        world.did(|world| {
            let (words, name) = (words.unwrap_or_default(), &world.objects[place].name);
            let gone = if number.is_none() {
                ": no receiver is left"
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
#[track_caller]
fn handed(id: Id, number: usize) -> bool {
    let place = with(|world| id.of(world));
    if with(|world| channel(world, place).room) != Some(0) {
        return true;
    }
    point(Op::Handed {
        channel: place,
        number,
    });
    with(|world| {
        let it = channel(world, place);
        let taken = it.taken >= number;
        let view = if taken {
            it.freed.pop_front()
        } else {
            Some(it.gone[RECEIVERS].clone())
        };
        world.learn(&view.unwrap_or_default());
        taken
    })
}

/// Whether a message was there; none if there never will be one.
#[track_caller]
fn receive(id: Id, how: &str, op: fn(usize) -> Op) -> Option<bool> {
    receive_at(id, how, op, std::panic::Location::caller())
}

#[inline(never)]
fn receive_at(
    id: Id,
    how: &str,
    op: fn(usize) -> Op,
    at: &'static std::panic::Location<'static>,
) -> Option<bool> {
    let place = with(|world| id.of(world));
    point_at(op(place), at);
    with(|world| receives(world, place, how))
}

/// [`receive`] for one who was let go on.
fn receives(world: &mut World, place: usize, how: &str) -> Option<bool> {
    let it = channel(world, place);
    let message = it.queue.pop_front();
    it.taken += usize::from(message.is_some());
    let open = it.senders > 0;
    let learned = match &message {
        Some(message) => message.view.clone(),
        None if open => View::default(),
        None => it.gone[SENDERS].clone(),
    };
    world.learn(&learned);
    if message.is_some() {
        let view = world.view().clone();
        let it = channel(world, place);
        if it.room.is_some() {
            it.freed.push_back(view);
        }
    }
    let (there, step) = (
        message.is_some(),
        message.as_ref().map_or(0, |message| message.step),
    );
    world.did(|world| {
        let name = &world.objects[place].name;
        match message {
            Some(message) => format!("{how} {} from {name}", message.text.unwrap_or_default()),
            None if open => format!("{how} from {name}: empty"),
            None => format!("{how} from {name}: no sender is left"),
        }
    });
    world.did_follow(step);
    (there || open).then_some(there)
}

/// The sides of a channel.
const SENDERS: usize = 0;
const RECEIVERS: usize = 1;

fn count(channel: &mut Channel, side: usize) -> &mut usize {
    match side {
        SENDERS => &mut channel.senders,
        _ => &mut channel.receivers,
    }
}

#[inline(never)]
fn joins(id: Id, side: usize) {
    with(|world| {
        let place = id.of(world);
        *count(channel(world, place), side) += 1;
    });
}

/// A sender or a receiver is gone. Nothing to do if it outlives its execution.
#[inline(never)]
fn leaves(id: Id, side: usize) {
    let step = with_any(|world| {
        let place = id.still(world)?;
        let unlocks = world.rules.unlocks;
        let it = channel(world, place);
        // The last receiver's end is seen by who sends.
        let is_step = match side {
            SENDERS => unlocks,
            _ => it.receivers == 1 && it.senders > 0,
        };
        is_step.then_some(place)
    });
    let step = step.flatten();
    if let Some(place) = step {
        point(Op::Change(place));
    }
    with_any(|world| {
        let Some(place) = id.still(world) else {
            return;
        };
        if step.is_some() {
            let side = ["sender", "receiver"][side];
            world.did(|world| format!("drop {side} of {}", world.objects[place].name));
        }
        let view = world.view().clone();
        world.touch(place, true);
        let it = channel(world, place);
        *count(it, side) -= 1;
        it.gone[side].join(&view);
    });
}
