//! One call of the pool: where its results arrive, and are waited for.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::error::TaskError;

/// A task's encoded result, or why there is none.
pub(super) type Outcome = Result<Box<[u8]>, TaskError>;

/// A task's number within its call, and what became of it.
pub(super) type Numbered = (usize, Outcome);

pub(super) struct Job {
    arrived: Mutex<Arrived>,
    enough: Condvar,
    /// Nobody wants the results any more.
    abandoned: AtomicBool,
}

struct Arrived {
    results: VecDeque<Numbered>,
    /// So many does the waiter want at once: fewer do not wake it.
    wanted: usize,
}

impl Job {
    pub fn new() -> Arc<Job> {
        Arc::new(Job {
            arrived: Mutex::new(Arrived {
                results: VecDeque::new(),
                wanted: 1,
            }),
            enough: Condvar::new(),
            abandoned: AtomicBool::new(false),
        })
    }

    fn arrived(&self) -> MutexGuard<'_, Arrived> {
        // Nothing that panics happens under this lock.
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn deliver(&self, results: impl IntoIterator<Item = Numbered>) {
        let mut arrived = self.arrived();
        arrived.results.extend(results);
        if arrived.results.len() >= arrived.wanted {
            self.enough.notify_all();
        }
    }

    /// Waits until so many results are there, or the limit is over, and takes all there are.
    pub fn take(&self, wanted: usize, until: Option<Instant>) -> VecDeque<Numbered> {
        let mut arrived = self.arrived();
        arrived.wanted = wanted;
        let few = |arrived: &mut Arrived| arrived.results.len() < wanted;
        let mut arrived = match until {
            None => {
                let waited = self.enough.wait_while(arrived, few);
                waited.unwrap_or_else(PoisonError::into_inner)
            }
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                let waited = self.enough.wait_timeout_while(arrived, left, few);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        std::mem::take(&mut arrived.results)
    }

    pub fn has_results(&self) -> bool {
        !self.arrived().results.is_empty()
    }

    pub fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }

    pub fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }
}
