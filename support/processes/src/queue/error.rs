//! Why an item was not put or not got.

use std::fmt;

/// An item was not put; it is given back.
///
/// ```
/// use processes::Queue;
///
/// let queue = Queue::new(1);
/// queue.put("first".to_string()).unwrap();
/// let error = queue.try_put("second".to_string()).unwrap_err();
/// assert_eq!(error.to_string(), "the queue is full: no room came in time");
/// assert_eq!(error.into_item(), "second");
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PutError<T> {
    /// No room came in time.
    Full(T),
    /// The queue was closed.
    Closed(T),
    /// The item cannot go through this queue; the text says why, and what to do.
    NotSent(T, String),
}

impl<T> PutError<T> {
    /// The item that was not put.
    ///
    /// ```
    /// let queue = processes::Queue::new(1);
    /// queue.close();
    /// assert_eq!(queue.put(7).unwrap_err().into_item(), 7);
    /// ```
    pub fn into_item(self) -> T {
        match self {
            PutError::Full(item) | PutError::Closed(item) | PutError::NotSent(item, _) => item,
        }
    }

    fn why(&self) -> &str {
        match self {
            PutError::Full(_) => "the queue is full: no room came in time",
            PutError::Closed(_) => "the queue was closed: it takes no more items",
            PutError::NotSent(_, why) => why,
        }
    }
}

impl<T> fmt::Display for PutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why())
    }
}

// Without the item, which need not be printable and may be long.
impl<T> fmt::Debug for PutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PutError::Full(_) => f.write_str("Full(..)"),
            PutError::Closed(_) => f.write_str("Closed(..)"),
            PutError::NotSent(_, why) => write!(f, "NotSent(.., {why:?})"),
        }
    }
}

impl<T> std::error::Error for PutError<T> {}

/// No item was got.
///
/// ```
/// use processes::{GetError, Queue};
///
/// let queue: Queue<u8> = Queue::new(1);
/// assert_eq!(queue.try_get(), Err(GetError::Empty));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GetError {
    /// Nothing came in time.
    Empty,
    /// The queue was closed, and everything that was in it has been got.
    Closed,
    /// An item came that its type's `Deserialize` refuses; the text says why. It is out of the
    /// queue.
    NotRead(String),
}

impl fmt::Display for GetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GetError::Empty => f.write_str("the queue is empty: nothing came in time"),
            GetError::Closed => f.write_str("the queue was closed, and nothing is left in it"),
            GetError::NotRead(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for GetError {}
