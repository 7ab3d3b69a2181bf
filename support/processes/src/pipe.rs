//! A pipe with two ends, each of which sends and receives.

mod stream;

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec;
use crate::error::{Cause, RecvError, SendError};
use crate::limit::Limit;
use stream::{Stopped, Stream};

/// Two ends of a pipe: what Python calls `multiprocessing.Pipe()`.
///
/// What one end sends, the other receives, in both directions at once. The first end sends `S` and
/// receives `R`; the second the other way round. If both are the same type, one is enough:
/// `pipe::<String, String>()`.
///
/// # The trap
///
/// Made before a fork, both ends are in both processes. **Each process must drop the end that it
/// does not use.** Else nobody ever sees the end of the other: a `recv` waits for a sender that is
/// in the waiting process itself.
///
/// # Panics
///
/// If the process has as many files open as it may.
///
/// ```
/// use processes::pipe;
/// use nix::sys::wait::waitpid;
/// use nix::unistd::{ForkResult, fork};
///
/// let (mut asking, mut answering) = pipe::<u32, String>();
/// // SAFETY: the child answers until nobody asks any more, and ends.
/// match unsafe { fork() }.unwrap() {
///     ForkResult::Child => {
///         drop(asking);
///         while let Ok(n) = answering.recv() {
///             let _ = answering.send(format!("twice {n} is {}", 2 * n));
///         }
///         unsafe { libc::_exit(0) }
///     }
///     ForkResult::Parent { child } => {
///         drop(answering);
///         asking.send(21).unwrap();
///         assert_eq!(asking.recv().unwrap(), "twice 21 is 42");
///         drop(asking);
///         waitpid(child, None).unwrap();
///     }
/// }
/// ```
pub fn pipe<S, R>() -> (Pipe<S, R>, Pipe<R, S>) {
    let (one, other) =
        Stream::pair().unwrap_or_else(|error| panic!("a pipe cannot be made: {error}"));
    (Pipe::new(one), Pipe::new(other))
}

/// One end of a [`pipe`]: sends `S`, receives `R`. Dropping it closes it.
///
/// An end belongs to one process: it reads ahead, so two that receive from copies of one end would
/// take parts of each other's messages.
///
/// ```
/// let (mut one, mut other) = processes::pipe::<u8, String>();
/// one.send(7).unwrap();
/// other.send("seven".to_string()).unwrap();
/// assert_eq!(other.recv().unwrap(), 7);
/// assert_eq!(one.recv().unwrap(), "seven");
/// ```
pub struct Pipe<S, R> {
    stream: Stream,
    messages: PhantomData<fn(S) -> R>,
}

impl<S, R> Pipe<S, R> {
    fn new(stream: Stream) -> Pipe<S, R> {
        Pipe {
            stream,
            messages: PhantomData,
        }
    }

    /// Whether [`Pipe::recv`] would return at once: a whole message is here, or the other end was
    /// closed. Waits for that, but no longer than `timeout`.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let (mut one, mut other) = processes::pipe::<u8, u8>();
    /// assert!(!other.poll(Duration::ZERO));
    /// one.send(7).unwrap();
    /// assert!(other.poll(Duration::ZERO));
    /// ```
    pub fn poll(&mut self, timeout: Duration) -> bool {
        self.stream.poll(Limit::after(timeout))
    }

    /// Closes this process's copy of this end, as dropping it does. Messages that came and were
    /// not received are gone; sending and receiving fail from then on.
    ///
    /// For a closure that runs in a child and does not own the end that it must not keep: see the
    /// trap of [`pipe`].
    ///
    /// ```
    /// use processes::pipe;
    /// use processes::Process;
    ///
    /// let (mut asking, mut answering) = pipe::<u32, u32>();
    /// let child = Process::spawn("child", || {
    ///     asking.close();
    ///     while let Ok(n) = answering.recv() {
    ///         answering.send(2 * n).unwrap();
    ///     }
    /// });
    /// answering.close();
    /// asking.send(21).unwrap();
    /// assert_eq!(asking.recv(), Ok(42));
    /// asking.close();
    /// assert!(child.join().success());
    /// ```
    pub fn close(&mut self) {
        self.stream.close();
    }
}

impl<S: Serialize, R> Pipe<S, R> {
    /// Sends a message. Blocks while the other end takes nothing and the system's buffer (some
    /// 200 KiB) is full; so two ends that send each other more than that at the same time wait
    /// for ever.
    ///
    /// # Errors
    ///
    /// If the other end was closed or its process has ended, or the message cannot be serialised.
    ///
    /// ```
    /// use processes::SendError;
    ///
    /// let (mut one, other) = processes::pipe::<u8, u8>();
    /// one.send(7).unwrap();
    /// drop(other);
    /// assert_eq!(one.send(8), Err(SendError::Closed(8)));
    /// ```
    pub fn send(&mut self, message: S) -> Result<(), SendError<S>> {
        self.send_until(message, Limit::NONE)
    }

    /// Sends a message, but waits no longer than `timeout` for room in the system's buffer.
    ///
    /// # Errors
    ///
    /// As [`Pipe::send`]. [`SendError::Full`]: nothing of the message was sent; that may be since
    /// an earlier one is still in the way. [`SendError::Unfinished`]: a part was sent, as large
    /// messages go in parts; the rest goes out before the next message.
    ///
    /// ```
    /// use std::time::Duration;
    /// use processes::SendError;
    ///
    /// let (mut one, _other) = processes::pipe::<Vec<u8>, ()>();
    /// let large = vec![0; 10_000_000];
    /// let sent = one.send_timeout(large, Duration::from_millis(1));
    /// assert!(matches!(sent, Err(SendError::Unfinished(_))));
    /// let sent = one.send_timeout(vec![1], Duration::from_millis(1));
    /// assert_eq!(sent, Err(SendError::Full(vec![1])));
    /// ```
    pub fn send_timeout(&mut self, message: S, timeout: Duration) -> Result<(), SendError<S>> {
        self.send_until(message, Limit::after(timeout))
    }

    fn send_until(&mut self, message: S, limit: Limit) -> Result<(), SendError<S>> {
        // What an earlier message has left. If that does not get away, nothing is sent of this one.
        if let Err(stopped) = self.stream.flush(limit) {
            return Err(not_sent(message, stopped));
        }
        let encoded = codec::append(&message, self.stream.begin_frame());
        if let Err(error) = encoded {
            self.stream.forget_frame();
            let source = Cause::Codec(error);
            return Err(SendError::NotSent {
                item: message,
                source,
            });
        }
        self.stream.end_frame();
        match self.stream.flush(limit) {
            Ok(()) => Ok(()),
            Err(Stopped::Full) if self.stream.is_begun() => Err(SendError::Unfinished(message)),
            Err(stopped) => {
                self.stream.forget_frame();
                Err(not_sent(message, stopped))
            }
        }
    }
}

fn not_sent<S>(item: S, stopped: Stopped) -> SendError<S> {
    match stopped {
        Stopped::Full => SendError::Full(item),
        Stopped::Closed => SendError::Closed(item),
        Stopped::Failed(source) => SendError::NotSent { item, source },
    }
}

impl<S, R: DeserializeOwned> Pipe<S, R> {
    /// Receives the next message; blocks until it is here.
    ///
    /// # Errors
    ///
    /// If the other end was closed or its process has ended, and everything that it sent was
    /// received; if it ended in the middle of a message; or if the message's `Deserialize` refuses
    /// it.
    ///
    /// ```
    /// use processes::RecvError;
    ///
    /// let (mut one, mut other) = processes::pipe::<u8, u8>();
    /// one.send(7).unwrap();
    /// drop(one);
    /// assert_eq!(other.recv(), Ok(7));
    /// assert_eq!(other.recv(), Err(RecvError::Closed));
    /// ```
    pub fn recv(&mut self) -> Result<R, RecvError> {
        self.recv_until(Limit::NONE)
    }

    /// Receives the next message; waits no longer than `timeout`.
    ///
    /// # Errors
    ///
    /// As [`Pipe::recv`]; and [`RecvError::Empty`] if it was not here in time. What has come of
    /// it is kept for the next call.
    ///
    /// ```
    /// use std::time::Duration;
    /// use processes::RecvError;
    ///
    /// let (mut one, _other) = processes::pipe::<u8, u8>();
    /// assert_eq!(one.recv_timeout(Duration::from_millis(1)), Err(RecvError::Empty));
    /// ```
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<R, RecvError> {
        self.recv_until(Limit::after(timeout))
    }

    /// Receives the next message if all of it is here.
    ///
    /// # Errors
    ///
    /// As [`Pipe::recv`]; and [`RecvError::Empty`] if it is not.
    ///
    /// ```
    /// use processes::RecvError;
    ///
    /// let (mut one, mut other) = processes::pipe::<u8, u8>();
    /// assert_eq!(other.try_recv(), Err(RecvError::Empty));
    /// one.send(7).unwrap();
    /// assert_eq!(other.try_recv(), Ok(7));
    /// ```
    pub fn try_recv(&mut self) -> Result<R, RecvError> {
        self.recv_until(Limit::NOW)
    }

    fn recv_until(&mut self, limit: Limit) -> Result<R, RecvError> {
        let message = codec::read(self.stream.receive(limit)?);
        self.stream.consume();
        message.map_err(|error| RecvError::NotRead(Cause::Codec(error)))
    }
}

impl<S, R> fmt::Debug for Pipe<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipe")
            .field("fd", &self.stream.fd())
            .finish()
    }
}
