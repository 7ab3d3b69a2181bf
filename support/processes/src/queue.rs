//! A bounded queue between processes.

mod hook;
pub(crate) mod items;
mod place;
pub(crate) mod ring;
mod state;
#[cfg(test)]
mod tests;
mod word;

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use ring::{NotGot, NotPut, Ring};

use crate::codec;
use crate::error::{Cause, RecvError, SendError};
use crate::limit::Limit;

/// Bytes that the items of a queue may have together, unless told otherwise.
const ROOM: usize = 64 << 20;

/// A buffer that has become larger than this is given back to the system.
const KEPT: usize = 1 << 20;

thread_local! {
    /// Items are turned into bytes here before the lock is taken, and back after it.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A bounded queue for any number of producers and consumers, in any number of processes: what
/// Python calls `multiprocessing.Queue(capacity)`.
///
/// Made before the fork. Clones, and the copies in forked children, are the same queue; it goes
/// with the last of them. First in, first out: what one producer sends, each consumer receives in the
/// order in which it was sent.
///
/// Items are copied into shared memory and out of it again; a `send` returns when the item is in.
/// (Python's `put` returns earlier, and a hidden thread does the sending; a process that ends without
/// waiting for that thread loses what it had "put".) A `Vec<u8>` travels byte by byte, four times
/// as slowly as a `serde_bytes::ByteBuf`, which is copied at once.
///
/// A process that is killed in the middle of a send or a receive leaves the queue as it was before: see
/// [the crate](crate).
///
/// ```
/// use processes::Queue;
///
/// let queue = Queue::new(3);
/// for name in ["A", "B", "C"] {
///     queue.send(name.to_string()).unwrap();
/// }
/// queue.close();
/// assert_eq!(queue.iter().collect::<Vec<String>>(), ["A", "B", "C"]);
/// ```
pub struct Queue<T> {
    ring: Arc<Ring>,
    items: PhantomData<fn(T) -> T>,
}

impl<T: Serialize + DeserializeOwned> Queue<T> {
    /// An empty queue for up to `capacity` items, which may take up to 64 MiB together.
    ///
    /// Memory is used as it is needed, and kept until the queue goes: two times the room at most.
    ///
    /// # Panics
    ///
    /// If `capacity` is 0, or the system has no address space left for it.
    ///
    /// ```
    /// let queue: processes::Queue<u64> = processes::Queue::new(10);
    /// assert_eq!((queue.len(), queue.capacity()), (0, 10));
    /// ```
    pub fn new(capacity: usize) -> Queue<T> {
        Queue::with_room(capacity, ROOM)
    }

    /// An empty queue for up to `capacity` items, which may take up to `bytes` bytes together: that
    /// is also the largest item. An item takes its MessagePack's length, rounded up to 16.
    ///
    /// Less room than the processor's cache has makes large items quicker: with 512 KiB those of
    /// 64 KiB take a quarter less time than with 64 MiB, measured.
    ///
    /// # Panics
    ///
    /// As [`Queue::new`].
    ///
    /// ```
    /// use processes::{SendError, Queue};
    ///
    /// let queue = Queue::with_room(10, 1000);
    /// queue.send("a".repeat(900)).unwrap();
    /// let error = queue.send("b".repeat(2000)).unwrap_err();
    /// assert!(error.to_string().contains("2003 bytes"));
    /// ```
    pub fn with_room(capacity: usize, bytes: usize) -> Queue<T> {
        Queue {
            ring: Arc::new(new_ring(capacity, bytes)),
            items: PhantomData,
        }
    }

    /// Sends an item: it goes to the end; blocks while the queue is full.
    ///
    /// # Errors
    ///
    /// If the queue is closed, also while this waits; or if the item cannot be serialised or is
    /// larger than the queue's room. Each gives the item back.
    ///
    /// ```
    /// let queue = processes::Queue::new(1);
    /// queue.send((1, "one".to_string())).unwrap();
    /// assert_eq!(queue.recv().unwrap(), (1, "one".to_string()));
    /// ```
    pub fn send(&self, item: T) -> Result<(), SendError<T>> {
        self.send_until(item, Limit::NONE)
    }

    /// Sends an item: it goes to the end; blocks while the queue is full, but no longer than `timeout`.
    ///
    /// # Errors
    ///
    /// As [`Queue::send`]; and [`SendError::Full`] if no room came in time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use processes::{SendError, Queue};
    ///
    /// let queue = Queue::new(1);
    /// queue.send(1).unwrap();
    /// let error = queue.send_timeout(2, Duration::from_millis(1)).unwrap_err();
    /// assert_eq!(error, SendError::Full(2));
    /// ```
    pub fn send_timeout(&self, item: T, timeout: Duration) -> Result<(), SendError<T>> {
        self.send_until(item, Limit::after(timeout))
    }

    /// Sends an item: it goes to the end if there is room now.
    ///
    /// Does not wait for room. (Another process in the middle of its own send is waited for: some
    /// microseconds, or a tenth of a second if that process was stopped there.)
    ///
    /// # Errors
    ///
    /// As [`Queue::send`]; and [`SendError::Full`] if there is no room.
    ///
    /// ```
    /// use processes::{SendError, Queue};
    ///
    /// let queue = Queue::new(1);
    /// assert_eq!(queue.try_send('a'), Ok(()));
    /// assert_eq!(queue.try_send('b'), Err(SendError::Full('b')));
    /// ```
    pub fn try_send(&self, item: T) -> Result<(), SendError<T>> {
        self.send_until(item, Limit::NOW)
    }

    /// Receives the first item; blocks while the queue is empty.
    ///
    /// # Errors
    ///
    /// If the queue is closed and empty, also while this waits; or if the item's `Deserialize`
    /// refuses it.
    ///
    /// ```
    /// use processes::{RecvError, Queue};
    ///
    /// let queue = Queue::new(2);
    /// queue.send(1).unwrap();
    /// queue.close();
    /// assert_eq!(queue.recv(), Ok(1));
    /// assert_eq!(queue.recv(), Err(RecvError::Closed));
    /// ```
    pub fn recv(&self) -> Result<T, RecvError> {
        self.recv_until(Limit::NONE)
    }

    /// Receives the first item; blocks while the queue is empty, but no longer than `timeout`.
    ///
    /// # Errors
    ///
    /// As [`Queue::recv`]; and [`RecvError::Empty`] if nothing came in time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use processes::{RecvError, Queue};
    ///
    /// let queue: Queue<u8> = Queue::new(1);
    /// assert_eq!(queue.recv_timeout(Duration::from_millis(1)), Err(RecvError::Empty));
    /// ```
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvError> {
        self.recv_until(Limit::after(timeout))
    }

    /// Receives the first item if there is one now.
    ///
    /// Does not wait for items; see [`Queue::try_send`] for what it may wait for.
    ///
    /// # Errors
    ///
    /// As [`Queue::recv`]; and [`RecvError::Empty`] if there is none.
    ///
    /// ```
    /// use processes::{RecvError, Queue};
    ///
    /// let queue: Queue<u8> = Queue::new(1);
    /// assert_eq!(queue.try_recv(), Err(RecvError::Empty));
    /// ```
    pub fn try_recv(&self) -> Result<T, RecvError> {
        self.recv_until(Limit::NOW)
    }

    fn send_until(&self, item: T, limit: Limit) -> Result<(), SendError<T>> {
        let mut bytes = BUFFER.take();
        bytes.clear();
        let encoded = codec::append(&item, &mut bytes);
        let put = encoded.map(|()| self.ring.put(&bytes, limit));
        let length = bytes.len();
        keep(bytes);
        let source = match put {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(NotPut::Full)) => return Err(SendError::Full(item)),
            Ok(Err(NotPut::Closed)) => return Err(SendError::Closed(item)),
            Ok(Err(NotPut::TooLarge)) => Cause::TooLarge {
                bytes: length,
                room: self.ring.room(),
            },
            Err(error) => Cause::Codec(error),
        };
        Err(SendError::NotSent { item, source })
    }

    fn recv_until(&self, limit: Limit) -> Result<T, RecvError> {
        let mut bytes = BUFFER.take();
        bytes.clear();
        let item = match self.ring.get(&mut bytes, limit) {
            Ok(()) => codec::read(&bytes).map_err(|error| RecvError::NotRead(Cause::Codec(error))),
            Err(NotGot::Empty) => Err(RecvError::Empty),
            Err(NotGot::Closed) => Err(RecvError::Closed),
        };
        keep(bytes);
        item
    }
}

// Not compiled anew in each cell.
fn new_ring(capacity: usize, room: usize) -> Ring {
    assert!(
        capacity > 0,
        "a queue needs a capacity of 1 at least: each item rests in it for a moment"
    );
    Ring::new(capacity, room).unwrap_or_else(|error| {
        panic!("no memory for a queue of {capacity} items and {room} bytes: {error}")
    })
}

fn keep(mut bytes: Vec<u8>) {
    if bytes.capacity() > KEPT {
        bytes = Vec::new();
    }
    BUFFER.set(bytes);
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Queue<T> {
        Queue {
            ring: Arc::clone(&self.ring),
            items: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("is_closed", &self.is_closed())
            .finish()
    }
}
