//! One call of the pool: where its results arrive, and are waited for.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::error::TaskError;

/// A task's encoded result, or why there is none.
pub(super) type Outcome = Result<Value, TaskError>;

/// The bytes of a result. Short ones, which are many, need no memory of their own.
pub(super) enum Value {
    Short { length: u8, bytes: [u8; SHORT] },
    Long(Vec<u8>),
}

const SHORT: usize = 30;

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Value {
        if value.len() > SHORT {
            return Value::Long(value.to_vec());
        }
        let mut bytes = [0; SHORT];
        bytes[..value.len()].copy_from_slice(value);
        let length = value.len() as u8;
        Value::Short { length, bytes }
    }
}

impl Value {
    pub fn bytes(&self) -> &[u8] {
        match self {
            Value::Short { length, bytes } => &bytes[..usize::from(*length)],
            Value::Long(bytes) => bytes,
        }
    }
}

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
        while arrived.results.len() < wanted {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            arrived = match left {
                Some(Duration::ZERO) => break,
                None => self
                    .enough
                    .wait(arrived)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(left) => {
                    self.enough
                        .wait_timeout(arrived, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
            };
        }
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
