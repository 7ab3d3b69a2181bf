//! Locks and channels that record what they do, with the methods that std's have.

use std::borrow::Borrow;
use std::fmt;
use std::sync::{
    Arc, LockResult, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
    TryLockError, TryLockResult, mpsc,
};
use std::time::Duration;

use super::handle::Trace;
use super::lock::Held;

/// A lock, or one end of a channel, that records what is done with it; made by [`Trace::watch`] and
/// [`Trace::watch_channel`].
///
/// It has the methods of what it watches, so that only the line that makes it says that there is a
/// trace.
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// let trace = timeline::Trace::new();
/// let counter = Arc::new(trace.watch("counter", Mutex::new(0)));
/// let worker = std::thread::spawn({
///     let counter = Arc::clone(&counter);
///     move || *counter.lock().unwrap() += 1
/// });
/// worker.join().unwrap();
/// assert_eq!(*counter.lock().unwrap(), 1);
/// ```
#[derive(Clone)]
pub struct Watched<L> {
    trace: Trace,
    name: Arc<str>,
    inner: L,
}

/// A message on its way, with the number that its arrow goes by.
///
/// ```
/// use std::sync::mpsc::{Sender, channel};
/// use timeline::trace::{Numbered, Trace, Watched};
///
/// let (tx, _rx) = Trace::new().watch_channel("jobs", channel());
/// let tx: Watched<Sender<Numbered<&str>>> = tx;
/// tx.send("bake").unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Numbered<T> {
    number: u64,
    message: T,
}

impl Trace {
    /// Watches a lock: its `lock`, `read` or `write` record the wait, if there was one, and how long
    /// the lock is held.
    ///
    /// The lock is given by value, by reference or in an `Arc`. A name holds 24 bytes.
    ///
    /// ```
    /// use std::sync::Mutex;
    /// use timeline::trace::{Kind, Trace};
    ///
    /// let trace = Trace::new();
    /// let counter = Mutex::new(0);
    /// let counter = trace.watch("counter", &counter);
    /// *counter.lock().unwrap() += 1;
    /// assert_eq!(trace.events()[0].kind, Kind::Holding);
    /// ```
    pub fn watch<L>(&self, name: &str, lock: L) -> Watched<L> {
        let (trace, name) = (self.clone(), name.into());
        Watched {
            trace,
            name,
            inner: lock,
        }
    }

    /// Watches a channel: an arrow leads from each `send` to its `recv`, and who waits is shown to
    /// wait.
    ///
    /// The channel is one of [`std::sync::mpsc`], or of `crossbeam` with the cargo feature of that
    /// name. Its messages travel with a number, which is why the channel is one of
    /// [`Numbered`] ones; the compiler finds that out by itself. A name holds 24 bytes.
    ///
    /// ```
    /// use std::sync::mpsc::channel;
    /// use timeline::Trace;
    ///
    /// let trace = Trace::new();
    /// let (tx, rx) = trace.watch_channel("jobs", channel());
    /// tx.send("bake").unwrap();
    /// assert_eq!(rx.recv().unwrap(), "bake");
    /// assert!(trace.timeline().text().contains("1 message"));
    /// ```
    pub fn watch_channel<S, R>(&self, name: &str, ends: (S, R)) -> (Watched<S>, Watched<R>) {
        (self.watch(name, ends.0), self.watch(name, ends.1))
    }
}

impl<L> Watched<L> {
    /// Locks the mutex, as [`Mutex::lock`].
    ///
    /// Blocks until it is free.
    ///
    /// # Errors
    ///
    /// If a thread panicked while it held the lock; the error holds the guard.
    ///
    /// ```
    /// let trace = timeline::Trace::new();
    /// let number = trace.watch("number", std::sync::Mutex::new(7));
    /// assert_eq!(*number.lock().unwrap(), 7);
    /// ```
    pub fn lock<T>(&self) -> LockResult<Held<'_, MutexGuard<'_, T>>>
    where
        L: Borrow<Mutex<T>>,
    {
        let lock = self.inner.borrow();
        self.trace
            .take(&self.name, || lock.try_lock(), || lock.lock())
    }

    /// Locks the mutex if it is free, as [`Mutex::try_lock`]. Does not block.
    ///
    /// # Errors
    ///
    /// If it is not free, or poisoned.
    ///
    /// ```
    /// let trace = timeline::Trace::new();
    /// let number = trace.watch("number", std::sync::Mutex::new(7));
    /// let _held = number.lock();
    /// assert!(number.try_lock().is_err());
    /// ```
    pub fn try_lock<T>(&self) -> TryLockResult<Held<'_, MutexGuard<'_, T>>>
    where
        L: Borrow<Mutex<T>>,
    {
        let held = |guard| self.trace.held(&self.name, guard);
        match self.inner.borrow().try_lock() {
            Ok(guard) => Ok(held(guard)),
            Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
            Err(TryLockError::Poisoned(guard)) => {
                Err(PoisonError::new(held(guard.into_inner())).into())
            }
        }
    }

    /// Takes the lock for reading, beside other readers, as [`RwLock::read`].
    ///
    /// Blocks while a writer has it.
    ///
    /// # Errors
    ///
    /// As [`Watched::lock`].
    ///
    /// ```
    /// let trace = timeline::Trace::new();
    /// let prices = trace.watch("prices", std::sync::RwLock::new(vec![1, 2]));
    /// prices.write().unwrap().push(3);
    /// assert_eq!(prices.read().unwrap().len(), 3);
    /// ```
    pub fn read<T>(&self) -> LockResult<Held<'_, RwLockReadGuard<'_, T>>>
    where
        L: Borrow<RwLock<T>>,
    {
        let lock = self.inner.borrow();
        self.trace
            .take(&self.name, || lock.try_read(), || lock.read())
    }

    /// Takes the lock for writing, alone, as [`RwLock::write`].
    ///
    /// Blocks while anybody has it.
    ///
    /// # Errors
    ///
    /// As [`Watched::lock`].
    ///
    /// ```
    /// let trace = timeline::Trace::new();
    /// let price = trace.watch("price", std::sync::RwLock::new(1));
    /// *price.write().unwrap() += 1;
    /// ```
    pub fn write<T>(&self) -> LockResult<Held<'_, RwLockWriteGuard<'_, T>>>
    where
        L: Borrow<RwLock<T>>,
    {
        let lock = self.inner.borrow();
        self.trace
            .take(&self.name, || lock.try_write(), || lock.write())
    }

    /// What is watched: for what this type has no method for.
    ///
    /// ```
    /// let trace = timeline::Trace::new();
    /// let number = trace.watch("number", std::sync::Mutex::new(7));
    /// assert!(!number.get_ref().is_poisoned());
    /// ```
    pub fn get_ref(&self) -> &L {
        &self.inner
    }

    fn numbered<T>(&self, message: T) -> Numbered<T> {
        let number = self.trace.shared.next_message();
        self.trace.sent(&self.name, number);
        Numbered { number, message }
    }

    fn received<T>(&self, numbered: Numbered<T>) -> T {
        self.trace.received(&self.name, numbered.number);
        numbered.message
    }
}

impl<L: fmt::Debug> fmt::Debug for Watched<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watched").field(&self.inner).finish()
    }
}

/// The sender of a channel without a bound.
impl<T> Watched<mpsc::Sender<Numbered<T>>> {
    /// Sends, as [`mpsc::Sender::send`]. Does not block.
    ///
    /// # Errors
    ///
    /// If nobody is left to receive; the error holds the message.
    ///
    /// ```
    /// let trace = timeline::Trace::new();
    /// let (tx, rx) = trace.watch_channel("jobs", std::sync::mpsc::channel());
    /// drop(rx);
    /// assert_eq!(tx.send(7).unwrap_err().0, 7);
    /// ```
    pub fn send(&self, message: T) -> Result<(), mpsc::SendError<T>> {
        let sent = self.inner.send(self.numbered(message));
        sent.map_err(|error| mpsc::SendError(error.0.message))
    }
}

/// The methods of a sender whose queue may be full. `$make` is a channel of room for one.
macro_rules! bounded_sender {
    ($channel:ident, $sender:ident, $make:literal) => {
        impl<T> Watched<$channel::$sender<Numbered<T>>> {
            /// Sends. Blocks while the queue is full, and records that as a wait.
            ///
            /// The arrow begins where this is called, before the wait.
            ///
            /// # Errors
            ///
            /// If nobody is left to receive; the error holds the message.
            ///
            /// ```
            /// let trace = timeline::Trace::new();
            #[doc = concat!("let (tx, rx) = trace.watch_channel(\"jobs\", ", $make, ");")]
            /// tx.send(7).unwrap();
            /// assert_eq!(rx.recv(), Ok(7));
            /// ```
            pub fn send(&self, message: T) -> Result<(), $channel::SendError<T>> {
                match self.inner.try_send(self.numbered(message)) {
                    Ok(()) => Ok(()),
                    Err($channel::TrySendError::Full(full)) => self
                        .trace
                        .waiting(&self.name, || self.inner.send(full))
                        .map_err(|error| $channel::SendError(error.0.message)),
                    Err($channel::TrySendError::Disconnected(lost)) => {
                        Err($channel::SendError(lost.message))
                    }
                }
            }

            /// Sends if there is room. Does not block. A message that found none is drawn as one
            /// that was not received.
            ///
            /// # Errors
            ///
            /// If the queue is full, or nobody is left to receive; the error holds the message.
            ///
            /// ```
            /// let trace = timeline::Trace::new();
            #[doc = concat!("let (tx, rx) = trace.watch_channel(\"jobs\", ", $make, ");")]
            /// tx.try_send(7).unwrap();
            /// assert!(tx.try_send(8).is_err());
            /// assert_eq!(rx.try_recv(), Ok(7));
            /// ```
            pub fn try_send(&self, message: T) -> Result<(), $channel::TrySendError<T>> {
                let sent = self.inner.try_send(self.numbered(message));
                sent.map_err(|error| match error {
                    $channel::TrySendError::Full(full) => {
                        $channel::TrySendError::Full(full.message)
                    }
                    $channel::TrySendError::Disconnected(lost) => {
                        $channel::TrySendError::Disconnected(lost.message)
                    }
                })
            }
        }
    };
}

/// The methods of a receiver. `$make` is a channel of room for one.
macro_rules! receiver {
    ($channel:ident, $make:literal) => {
        impl<T> Watched<$channel::Receiver<Numbered<T>>> {
            /// Receives. Blocks while nothing is there, and records that as a wait.
            ///
            /// # Errors
            ///
            /// If nothing is there and all senders are gone.
            ///
            /// ```
            /// let trace = timeline::Trace::new();
            #[doc = concat!("let (tx, rx) = trace.watch_channel(\"jobs\", ", $make, ");")]
            /// tx.send(7).unwrap();
            /// drop(tx);
            /// assert_eq!((rx.recv().ok(), rx.recv().ok()), (Some(7), None));
            /// ```
            pub fn recv(&self) -> Result<T, $channel::RecvError> {
                let received = match self.inner.try_recv() {
                    Ok(numbered) => Ok(numbered),
                    Err(_) => self.trace.waiting(&self.name, || self.inner.recv()),
                };
                received.map(|numbered| self.received(numbered))
            }

            /// Receives within `limit`. Blocks no longer, and records a wait as one.
            ///
            /// # Errors
            ///
            /// If nothing came, or all senders are gone.
            ///
            /// ```
            /// use std::time::Duration;
            ///
            /// let trace = timeline::Trace::new();
            #[doc = concat!("let (tx, rx) = trace.watch_channel(\"jobs\", ", $make, ");")]
            /// tx.send(7).unwrap();
            /// assert_eq!(rx.recv_timeout(Duration::ZERO), Ok(7));
            /// assert!(rx.recv_timeout(Duration::ZERO).is_err());
            /// ```
            pub fn recv_timeout(&self, limit: Duration) -> Result<T, $channel::RecvTimeoutError> {
                let received = match self.inner.try_recv() {
                    Ok(numbered) => Ok(numbered),
                    Err(_) => self
                        .trace
                        .waiting(&self.name, || self.inner.recv_timeout(limit)),
                };
                received.map(|numbered| self.received(numbered))
            }

            /// Receives what is there. Does not block.
            ///
            /// # Errors
            ///
            /// If nothing is there.
            ///
            /// ```
            /// let trace = timeline::Trace::new();
            #[doc = concat!("let (tx, rx) = trace.watch_channel(\"jobs\", ", $make, ");")]
            /// tx.send(7).unwrap();
            /// assert_eq!((rx.try_recv().ok(), rx.try_recv().ok()), (Some(7), None));
            /// ```
            pub fn try_recv(&self) -> Result<T, $channel::TryRecvError> {
                let received = self.inner.try_recv();
                received.map(|numbered| self.received(numbered))
            }
        }

        /// Receives until all senders are gone.
        impl<T> Iterator for Messages<$channel::Receiver<Numbered<T>>> {
            type Item = T;

            fn next(&mut self) -> Option<T> {
                self.0.recv().ok()
            }
        }

        impl<T> IntoIterator for Watched<$channel::Receiver<Numbered<T>>> {
            type Item = T;
            type IntoIter = Messages<$channel::Receiver<Numbered<T>>>;

            fn into_iter(self) -> Self::IntoIter {
                Messages(self)
            }
        }
    };
}

/// The messages of a receiver, until all its senders are gone: `for job in rx`.
///
/// ```
/// let trace = timeline::Trace::new();
/// let (tx, rx) = trace.watch_channel("jobs", std::sync::mpsc::channel());
/// (1..=3).for_each(|n| tx.send(n).unwrap());
/// drop(tx);
/// assert_eq!(rx.into_iter().sum::<i32>(), 6);
/// ```
#[derive(Debug)]
pub struct Messages<R>(Watched<R>);

bounded_sender!(mpsc, SyncSender, "std::sync::mpsc::sync_channel(1)");
receiver!(mpsc, "std::sync::mpsc::sync_channel(1)");
#[cfg(feature = "crossbeam")]
bounded_sender!(crossbeam_channel, Sender, "crossbeam_channel::bounded(1)");
#[cfg(feature = "crossbeam")]
receiver!(crossbeam_channel, "crossbeam_channel::bounded(1)");
