//! A result that is still to come.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use super::error::TaskError;
use super::job::{Job, Outcome};
use crate::codec;

/// The result of one task, which may not be there yet: Python's `AsyncResult`. Made by
/// [`Pool::apply_async`](super::Pool::apply_async). Dropped, the task is done all the same.
///
/// ```
/// let pool = processes::Pool::new(2, |n: u32| n * n);
/// let (three, four) = (pool.apply_async(3), pool.apply_async(4));
/// assert_eq!(three.get().unwrap() + four.get().unwrap(), 25);
/// ```
#[must_use = "`get` waits for the result"]
pub struct Pending<R> {
    job: Arc<Job>,
    result: PhantomData<fn() -> R>,
}

impl<R: DeserializeOwned> Pending<R> {
    pub(super) fn new(job: Arc<Job>) -> Pending<R> {
        let result = PhantomData;
        Pending { job, result }
    }

    /// Waits for the result, however long.
    ///
    /// # Errors
    ///
    /// If there is none, why.
    ///
    /// ```
    /// let pool = processes::Pool::new(1, |text: String| text.len());
    /// assert_eq!(pool.apply_async("three".to_string()).get(), Ok(5));
    /// ```
    pub fn get(self) -> Result<R, TaskError> {
        decode(wait(&self.job, None).unwrap_or(Err(TaskError::Terminated)))
    }

    /// Waits for the result, but no longer than `limit`.
    ///
    /// # Errors
    ///
    /// `self`, if the task was not done in time. The inner result is that of [`Pending::get`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use processes::Pool;
    ///
    /// let pool = Pool::new(1, |millis: u64| std::thread::sleep(Duration::from_millis(millis)));
    /// let pending = pool.apply_async(100);
    /// let pending = pending.get_timeout(Duration::from_millis(1)).unwrap_err();
    /// assert_eq!(pending.get(), Ok(()));
    /// ```
    pub fn get_timeout(self, limit: Duration) -> Result<Result<R, TaskError>, Pending<R>> {
        // A limit beyond what the clock can tell is none.
        let until = Instant::now().checked_add(limit);
        match wait(&self.job, until) {
            Some(outcome) => Ok(decode(outcome)),
            None => Err(self),
        }
    }

    /// Whether [`Pending::get`] would return at once. Python's `ready()`.
    ///
    /// ```
    /// let pool = processes::Pool::new(1, |n: u32| n + 1);
    /// let pending = pool.apply_async(1);
    /// while !pending.is_ready() {
    ///     std::thread::yield_now();
    /// }
    /// assert_eq!(pending.get(), Ok(2));
    /// ```
    pub fn is_ready(&self) -> bool {
        self.job.has_results()
    }
}

fn wait(job: &Job, until: Option<Instant>) -> Option<Outcome> {
    let (_, outcome) = job.take(1, until).pop_front()?;
    Some(outcome)
}

pub(super) fn decode<R: DeserializeOwned>(outcome: Outcome) -> Result<R, TaskError> {
    codec::read(&outcome?).map_err(TaskError::NotSent)
}

impl<R> fmt::Debug for Pending<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("is_ready", &self.job.has_results())
            .finish()
    }
}
