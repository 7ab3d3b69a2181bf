//! Calls whose chunks are as large as the caller says.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::call::Order;
use super::control::Control;
use super::error::TaskError;
use super::results::{Results, all};

/// A [`Pool`](super::Pool) whose tasks go out so many at once: made by
/// [`chunks_of`](super::Pool::chunks_of).
///
/// ```
/// let pool = processes::Pool::new(2, |n: u32| n);
/// assert_eq!(pool.chunks_of(1).map(0..3).unwrap(), [0, 1, 2]);
/// ```
pub struct Chunks<'p, T, R> {
    control: &'p Arc<Control>,
    n: usize,
    types: PhantomData<fn(T) -> R>,
}

impl<'p, T, R> Chunks<'p, T, R>
where
    T: Serialize + DeserializeOwned,
    R: Serialize + DeserializeOwned,
{
    pub(super) fn new(control: &'p Arc<Control>, n: usize) -> Chunks<'p, T, R> {
        let types = PhantomData;
        Chunks { control, n, types }
    }

    /// As [`Pool::map`](super::Pool::map).
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// ```
    /// let pool = processes::Pool::new(2, |n: u32| n);
    /// assert_eq!(pool.chunks_of(9).map([5, 6]).unwrap(), [5, 6]);
    /// ```
    pub fn map(&self, items: impl IntoIterator<Item = T>) -> Result<Vec<R>, TaskError> {
        self.outcomes(items).into_iter().collect()
    }

    /// As [`Pool::outcomes`](super::Pool::outcomes).
    ///
    /// ```
    /// let pool = processes::Pool::new(2, |n: u32| n);
    /// assert_eq!(pool.chunks_of(9).outcomes([5]), [Ok(5)]);
    /// ```
    pub fn outcomes(&self, items: impl IntoIterator<Item = T>) -> Vec<Result<R, TaskError>> {
        all(self.control, self.n, Box::new(items.into_iter()))
    }

    /// As [`Pool::imap`](super::Pool::imap).
    ///
    /// ```
    /// let pool = processes::Pool::new(2, |n: u32| n);
    /// assert_eq!(pool.chunks_of(10).imap(0..100).count(), 100);
    /// ```
    pub fn imap<'a, I>(&self, items: I) -> Results<'a, T, R>
    where
        I: IntoIterator<Item = T, IntoIter: 'a>,
    {
        self.results(Order::AsGiven, Box::new(items.into_iter()))
    }

    /// As [`Pool::imap_unordered`](super::Pool::imap_unordered).
    ///
    /// ```
    /// let pool = processes::Pool::new(2, |n: u32| n);
    /// assert_eq!(pool.chunks_of(10).imap_unordered(0..100).count(), 100);
    /// ```
    pub fn imap_unordered<'a, I>(&self, items: I) -> Results<'a, T, R>
    where
        I: IntoIterator<Item = T, IntoIter: 'a>,
    {
        self.results(Order::AsTheyCome, Box::new(items.into_iter()))
    }

    fn results<'a>(
        &self,
        order: Order,
        items: Box<dyn Iterator<Item = T> + 'a>,
    ) -> Results<'a, T, R> {
        Results::new(self.control, self.n, order, items)
    }
}

impl<T, R> fmt::Debug for Chunks<'_, T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunks").field("n", &self.n).finish()
    }
}
