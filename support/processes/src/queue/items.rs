//! A queue's items in a loop.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Queue;
use crate::error::RecvError;

/// The items of a queue as they come; made by [`Queue::iter`].
///
/// ```
/// let queue = processes::Queue::new(2);
/// queue.send(20).unwrap();
/// queue.send(22).unwrap();
/// queue.close();
/// let mut sum = 0;
/// for item in &queue {
///     sum += item;
/// }
/// assert_eq!(sum, 42);
/// ```
#[derive(Debug)]
pub struct Items<'a, T> {
    queue: &'a Queue<T>,
}

impl<T: Serialize + DeserializeOwned> Queue<T> {
    /// The items as they come; ends when the queue is closed and empty.
    ///
    /// Each step blocks as [`Queue::recv`] does. `for item in &queue` does the same.
    ///
    /// # Panics
    ///
    /// In a step, if an item's `Deserialize` refuses it.
    ///
    /// ```
    /// let queue = processes::Queue::new(3);
    /// (1..=3).for_each(|n| queue.send(n).unwrap());
    /// queue.close();
    /// assert_eq!(queue.iter().sum::<i32>(), 6);
    /// ```
    pub fn iter(&self) -> Items<'_, T> {
        Items { queue: self }
    }
}

impl<T: Serialize + DeserializeOwned> Iterator for Items<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        match self.queue.recv() {
            Ok(item) => Some(item),
            Err(RecvError::NotRead(why)) => panic!("{why}"),
            Err(_) => None,
        }
    }
}

impl<'a, T: Serialize + DeserializeOwned> IntoIterator for &'a Queue<T> {
    type Item = T;
    type IntoIter = Items<'a, T>;

    fn into_iter(self) -> Items<'a, T> {
        self.iter()
    }
}
