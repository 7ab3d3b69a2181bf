//! Worker processes that do tasks: Python's `multiprocessing.Pool`.
//!
//! ```
//! use processes::Pool;
//!
//! let pool = Pool::new(4, |n: u64| n * n);
//! assert_eq!(pool.map(0..10).unwrap(), [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]);
//! ```
//!
//! A [`Pool`] forks its workers when it is made. They inherit its function, and all that the
//! function refers to, as it is at that moment; what the program defines or changes later, they do
//! not see. Items travel to them and results come back as bytes, by [`serde`]: numbers,
//! texts, tuples, vectors, and structs with
//! `#[derive(Serialize, Deserialize)] #[serde(crate = "serde")]`.
//!
//! | Python | here |
//! |---|---|
//! | `Pool(4)`, `f` given to each call | [`Pool::new`]`(4, f)` |
//! | `p.map(f, items)` | [`Pool::map`]; [`Pool::outcomes`] where some may fail |
//! | `p.map(f, items, chunksize=n)` | [`Pool::chunks_of`]`(n).map(items)` |
//! | `p.imap(f, items)`, `p.imap_unordered(f, items)` | [`Pool::imap`], [`Pool::imap_unordered`] |
//! | `p.apply(f, (item,))` | [`Pool::apply`] |
//! | `p.apply_async(f, (item,))` | [`Pool::apply_async`] |
//! | `r.get()`, `r.get(timeout)`, `r.ready()` | [`Pending::get`], [`Pending::get_timeout`], [`Pending::is_ready`] |
//! | `p.close()`, `p.join()`, `p.terminate()` | [`Pool::close`], [`Pool::join`], [`Pool::terminate`] |
//! | the end of `with Pool(4) as p:` | the pool is dropped |
//! | an exception comes out of `map` or `get` | [`TaskError::Panicked`] |
//! | a worker is killed: `map` waits for ever | [`TaskError::Died`], and a new worker |
//!
//! # Which worker gets what
//!
//! Tasks go out in chunks, in their order, to whoever is free. While more chunks wait than there are
//! workers, one that has done its latest chunk in less than a millisecond is given two at once.
//!
//! A worker notes in shared memory which task it is about to begin, and leaves its results
//! there. So when it dies, however suddenly, everything that it has finished counts; the task that
//! it had begun is [`TaskError::Died`], since it may have been done in part; those that it had not
//! begun are done by others. No task is lost, and none is begun twice.
//!
//! For: work that should be kept apart, or use several cores. Not for: many processes of
//! different kinds (start each by itself), or threads, which share memory.

mod book;
mod call;
mod chunk;
mod chunks;
mod control;
mod error;
mod job;
mod manager;
mod pending;
mod results;
mod watch;
mod worker;

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec;
use call::chunk_of;
use chunk::Chunk;
pub use chunks::Chunks;
use control::Control;
pub use error::TaskError;
use job::Job;
use manager::Manager;
pub use pending::Pending;
pub use results::Results;
pub use watch::Watch;
use worker::Work;

/// Worker processes that apply one function to the items they are given.
///
/// Several threads may use one pool at once. A child forked by anybody has a copy that it can do
/// nothing with.
///
/// ```
/// let pool = processes::Pool::new(2, |word: String| word.len());
/// let words = ["process", "pool"].map(String::from);
/// assert_eq!(pool.map(words).unwrap(), [7, 4]);
/// ```
pub struct Pool<T, R> {
    control: Arc<Control>,
    manager: Mutex<Option<JoinHandle<()>>>,
    types: PhantomData<fn(T) -> R>,
}

impl<T, R> Pool<T, R>
where
    T: Serialize + DeserializeOwned,
    R: Serialize + DeserializeOwned,
{
    /// Forks so many workers, which know `f`. Each has a copy of what `f` has captured, so changes
    /// that `f` makes there stay in the worker.
    ///
    /// A task may panic: it is reported, and its worker goes on with the next, with whatever the
    /// panic has left behind in what `f` captured.
    ///
    /// # Panics
    ///
    /// If `workers` is 0, or the system has no room for them.
    ///
    /// ```
    /// use processes::Pool;
    ///
    /// let factor = 3;
    /// let pool = Pool::new(2, move |n: u32| factor * n);
    /// assert_eq!(pool.map([1, 2]).unwrap(), [3, 6]);
    /// ```
    pub fn new<F>(workers: usize, f: F) -> Pool<T, R>
    where
        F: Fn(T) -> R + Send + Sync + 'static,
    {
        Pool::try_new(workers, f)
            .unwrap_or_else(|error| panic!("cannot make a pool of {workers} workers: {error}"))
    }

    /// As [`Pool::new`], for programs that can go on without.
    ///
    /// # Errors
    ///
    /// If `workers` is 0, or the system has no room for them.
    ///
    /// ```
    /// let error = processes::Pool::try_new(0, |n: u32| n).unwrap_err();
    /// assert_eq!(error.to_string(), "a pool needs at least one worker");
    /// ```
    pub fn try_new<F>(workers: usize, f: F) -> io::Result<Pool<T, R>>
    where
        F: Fn(T) -> R + Send + Sync + 'static,
    {
        Pool::watched(workers, f, None)
    }

    /// As [`Pool::try_new`], with somebody who follows the workers.
    ///
    /// # Errors
    ///
    /// As [`Pool::try_new`].
    pub fn watched<F>(workers: usize, f: F, watch: Option<Arc<dyn Watch>>) -> io::Result<Pool<T, R>>
    where
        F: Fn(T) -> R + Send + Sync + 'static,
    {
        let work =
            move |item: &[u8], result: &mut Vec<u8>| codec::append(&f(codec::read(item)?), result);
        let (control, manager) = open(workers, Arc::new(work), watch)?;
        let manager = Mutex::new(Some(manager));
        Ok(Pool {
            control,
            manager,
            types: PhantomData,
        })
    }

    /// Does all items and gives the results in the order of the items.
    ///
    /// Blocks until all are done. An item of a range, a vector or anything else that knows its
    /// length is encoded shortly before a worker gets it; those of other iterators are collected
    /// first, so that they can be shared out in chunks: a quarter of a worker's share, 1,000 at
    /// most.
    ///
    /// # Errors
    ///
    /// The first failure in the order of the items, once all the others are done, too.
    ///
    /// ```
    /// let pool = processes::Pool::new(2, |n: i64| -n);
    /// assert_eq!(pool.map(vec![1, 2, 3]).unwrap(), [-1, -2, -3]);
    /// ```
    pub fn map(&self, items: impl IntoIterator<Item = T>) -> Result<Vec<R>, TaskError> {
        self.outcomes(items).into_iter().collect()
    }

    /// As [`Pool::map`], with a result or a failure for each item.
    ///
    /// ```
    /// let pool = processes::Pool::new(2, |n: u32| 6_u32.checked_div(n).expect("a divisor"));
    /// let outcomes = pool.outcomes([3, 0, 2]);
    /// assert_eq!(outcomes[0], Ok(2));
    /// assert_eq!(outcomes[1].as_ref().unwrap_err().to_string(), "the task panicked: a divisor");
    /// assert_eq!(outcomes[2], Ok(3));
    /// ```
    pub fn outcomes(&self, items: impl IntoIterator<Item = T>) -> Vec<Result<R, TaskError>> {
        let items = items.into_iter();
        let (length, items): (usize, Box<dyn Iterator<Item = T> + '_>) = match items.size_hint() {
            (least, Some(most)) if least == most => (most, Box::new(items)),
            _ => {
                let items: Vec<T> = items.collect();
                (items.len(), Box::new(items.into_iter()))
            }
        };
        let chunk = chunk_of(length, self.control.workers);
        results::all(&self.control, chunk, items)
    }

    /// Does the items, and gives the results in the order of the items as soon as that allows.
    ///
    /// The workers begin at once. See [`Results`].
    ///
    /// ```
    /// let pool = processes::Pool::new(2, |n: u32| n + 1);
    /// for (number, result) in pool.imap(10..13) {
    ///     assert_eq!(result.unwrap(), 11 + number as u32);
    /// }
    /// ```
    pub fn imap<'a, I>(&self, items: I) -> Results<'a, T, R>
    where
        I: IntoIterator<Item = T, IntoIter: 'a>,
    {
        self.chunks_of(1).imap(items)
    }

    /// Does the items, and gives each result when it comes, with its item's number.
    ///
    /// The workers begin at once. See [`Results`].
    ///
    /// ```
    /// let pool = processes::Pool::new(2, |n: u32| 2 * n);
    /// let mut numbers: Vec<usize> = pool.imap_unordered(0..5).map(|(number, _)| number).collect();
    /// numbers.sort();
    /// assert_eq!(numbers, [0, 1, 2, 3, 4]);
    /// ```
    pub fn imap_unordered<'a, I>(&self, items: I) -> Results<'a, T, R>
    where
        I: IntoIterator<Item = T, IntoIter: 'a>,
    {
        self.chunks_of(1).imap_unordered(items)
    }

    /// The same pool, for calls whose tasks go out `n` at once (0 counts as 1).
    ///
    /// ```
    /// let pool = processes::Pool::new(2, |n: u32| n * n);
    /// assert_eq!(pool.chunks_of(2).map(0..5).unwrap(), [0, 1, 4, 9, 16]);
    /// ```
    pub fn chunks_of(&self, n: usize) -> Chunks<'_, T, R> {
        Chunks::new(&self.control, n)
    }

    /// Does one item, and waits for the result.
    ///
    /// # Errors
    ///
    /// If there is no result, why.
    ///
    /// ```
    /// let pool = processes::Pool::new(1, |(a, b): (u32, u32)| a + b);
    /// assert_eq!(pool.apply((1, 2)), Ok(3));
    /// ```
    pub fn apply(&self, item: T) -> Result<R, TaskError> {
        self.apply_async(item).get()
    }

    /// Has one item done, and goes on; [`Pending::get`] waits for the result.
    ///
    /// ```
    /// let pool = processes::Pool::new(2, |n: u32| n * n);
    /// let pending: Vec<_> = (1..=3).map(|n| pool.apply_async(n)).collect();
    /// let sum: u32 = pending.into_iter().map(|pending| pending.get().unwrap()).sum();
    /// assert_eq!(sum, 14);
    /// ```
    pub fn apply_async(&self, item: T) -> Pending<R> {
        Pending::new(submit(&self.control, &mut |bytes| {
            codec::append(&item, bytes)
        }))
    }
}

impl<T, R> Pool<T, R> {
    /// The process ids of the workers that live now. One that died is replaced by a new one, with
    /// another id.
    ///
    /// ```
    /// let pool = processes::Pool::new(3, |(): ()| std::process::id() as i32);
    /// assert!(pool.workers().contains(&pool.apply(()).unwrap()));
    /// ```
    pub fn workers(&self) -> Vec<i32> {
        self.control.pids()
    }

    /// Takes no more calls. What was handed over before is done all the same, and a `map` or
    /// `imap` that has begun goes on.
    ///
    /// ```
    /// use processes::{Pool, pool::TaskError};
    ///
    /// let pool = Pool::new(1, |n: u32| n);
    /// let before = pool.apply_async(1);
    /// pool.close();
    /// assert_eq!((before.get(), pool.apply(2)), (Ok(1), Err(TaskError::Closed)));
    /// ```
    pub fn close(&self) {
        self.control.close();
    }

    /// Waits until all that was handed over is done, lets the workers end, and waits for that.
    ///
    /// It waits for a `map` that is under way in another thread. Items that an `imap` has not
    /// handed over by then are [`TaskError::Closed`]: read its results before.
    ///
    /// # Panics
    ///
    /// If the pool takes calls: [`Pool::close`] or [`Pool::terminate`] it first. (Python raises
    /// "Pool is still running" as well: otherwise nobody could say when all is done.)
    ///
    /// ```
    /// let pool = processes::Pool::new(2, |n: u32| n);
    /// let pending = pool.apply_async(1);
    /// pool.close();
    /// pool.join();
    /// assert!(pool.workers().is_empty() && pending.is_ready());
    /// ```
    pub fn join(&self) {
        if !self.control.is_owner() {
            return;
        }
        assert!(
            self.control.join(),
            "the pool is still running: call close() or terminate() before join()"
        );
        self.join_manager();
    }

    /// Kills the workers, and waits until they are gone. Tasks that are not done are
    /// [`TaskError::Terminated`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use processes::{Pool, pool::TaskError};
    ///
    /// let pool = Pool::new(1, |seconds| std::thread::sleep(Duration::from_secs(seconds)));
    /// let pending = pool.apply_async(3600);
    /// pool.terminate();
    /// assert_eq!(pending.get(), Err(TaskError::Terminated));
    /// ```
    pub fn terminate(&self) {
        if self.control.is_owner() {
            self.control.terminate();
            self.join_manager();
        }
    }

    fn join_manager(&self) {
        let mut manager = self.manager.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(manager) = manager.take() {
            // If it panicked, its last deed was to fail what was not done.
            let _ = manager.join();
        }
    }
}

/// Terminates the pool. In a forked child, whose copy it is, it does nothing.
impl<T, R> Drop for Pool<T, R> {
    fn drop(&mut self) {
        self.terminate();
        if !self.control.is_owner() {
            // The thread is not here; the system must not be asked for it.
            let manager = self
                .manager
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner);
            std::mem::forget(manager.take());
        }
    }
}

impl<T, R> fmt::Debug for Pool<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("workers", &self.workers())
            .finish()
    }
}

/// Starts the workers and the thread that keeps them busy.
fn open(
    workers: usize,
    work: Arc<Work>,
    watch: Option<Arc<dyn Watch>>,
) -> io::Result<(Arc<Control>, JoinHandle<()>)> {
    if workers == 0 {
        let error = "a pool needs at least one worker";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, error));
    }
    let control = Arc::new(Control::new(workers)?);
    let manager = Manager::new(Arc::clone(&control), work, watch)?;
    let manager = Builder::new().name("pool".into()).spawn(|| manager.run())?;
    Ok((control, manager))
}

/// Hands over one task; its result arrives at the job.
fn submit(
    control: &Control,
    encode: &mut dyn FnMut(&mut Vec<u8>) -> Result<(), codec::Error>,
) -> Arc<Job> {
    let job = Job::new();
    let mut chunk = Chunk::new(Arc::clone(&job), 0);
    let submitted = control
        .open(false)
        .and_then(|()| chunk.add(encode).map_err(TaskError::NotSent))
        .and_then(|()| control.submit(chunk).map_err(|(_, why)| why));
    if let Err(why) = submitted {
        job.deliver([(0, Err(why))]);
    }
    job
}
