//! How full a queue is, and its end.

use super::Queue;

impl<T> Queue<T> {
    /// How many items are in the queue at this moment; another process may change it at the next.
    ///
    /// ```
    /// let queue = processes::Queue::new(2);
    /// queue.send(1).unwrap();
    /// assert_eq!(queue.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// Whether nothing is in the queue at this moment.
    ///
    /// ```
    /// assert!(processes::Queue::<u8>::new(1).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether as many items are in the queue at this moment as it may hold.
    ///
    /// ```
    /// let queue = processes::Queue::new(1);
    /// queue.send(1).unwrap();
    /// assert!(queue.is_full());
    /// ```
    pub fn is_full(&self) -> bool {
        self.len() == self.capacity()
    }

    /// How many items the queue may hold.
    ///
    /// ```
    /// assert_eq!(processes::Queue::<u8>::new(5).capacity(), 5);
    /// ```
    pub fn capacity(&self) -> usize {
        self.ring.capacity()
    }

    /// Closes the queue for all processes: nobody sends any more, what is in it can still be received.
    ///
    /// Wakes all who wait: a send ends in [`SendError::Closed`](crate::SendError::Closed), a receive in [`RecvError::Closed`](crate::RecvError::Closed) as
    /// soon as nothing is left. Does not block. Without effect on a queue that is closed.
    ///
    /// ```
    /// use processes::{SendError, Queue};
    ///
    /// let queue = Queue::new(1);
    /// queue.close();
    /// assert_eq!(queue.send(1), Err(SendError::Closed(1)));
    /// ```
    pub fn close(&self) {
        self.ring.close();
    }

    /// Whether the queue was closed.
    ///
    /// ```
    /// let queue = processes::Queue::<u8>::new(1);
    /// assert!(!queue.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.ring.is_closed()
    }

    /// How often a process was found to have died while it held one of the queue's locks: in the
    /// middle of a send or a receive. Found by the next process that takes the lock.
    ///
    /// ```
    /// assert_eq!(processes::Queue::<u8>::new(1).deaths(), 0);
    /// ```
    pub fn deaths(&self) -> u64 {
        self.ring.deaths()
    }
}
