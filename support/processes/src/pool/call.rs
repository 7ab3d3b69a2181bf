//! A call of many tasks: hands them over a window at a time, and takes their results.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::chunk::Chunk;
use super::control::Control;
use super::error::TaskError;
use super::job::{Job, Numbered, Outcome};
use crate::codec;

/// Tasks that may be under way however small the chunks are.
const LEAST: usize = 64;
/// Chunks for each worker that may be under way.
const CHUNKS: usize = 4;
/// The most tasks in a chunk unless told otherwise. Larger ones gain nothing, and would have all
/// of a long list encoded at once.
const MOST: usize = 1000;

/// How many tasks are handed to a worker at once, unless told: a quarter of its share.
pub(super) fn chunk_of(tasks: usize, workers: usize) -> usize {
    tasks.div_ceil(4 * workers).clamp(1, MOST)
}

/// In which order results are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    AsTheyCome,
    AsGiven,
    /// As they come, but several at once: the caller does nothing before all are there.
    All,
}

pub(super) struct Call {
    control: Arc<Control>,
    job: Arc<Job>,
    order: Order,
    chunk: usize,
    window: usize,
    /// Tasks that are encoded and not yet handed over.
    tasks: Chunk,
    /// The number of the next task.
    next: usize,
    /// Results that were taken by the caller.
    taken: usize,
    /// All tasks were given.
    complete: bool,
    came: VecDeque<Numbered>,
    /// Results that came before their turn.
    early: BTreeMap<usize, Outcome>,
    /// The pool has let the call begin.
    is_open: bool,
    /// Why the pool takes no more tasks.
    refused: Option<TaskError>,
}

impl Call {
    pub fn new(control: &Arc<Control>, chunk: usize, order: Order) -> Call {
        let job = Job::new();
        let chunk = chunk.max(1);
        let refused = control.open(order == Order::All).err();
        Call {
            is_open: refused.is_none(),
            refused,
            control: Arc::clone(control),
            order,
            chunk,
            window: (CHUNKS * control.workers * chunk).max(LEAST),
            tasks: Chunk::new(Arc::clone(&job), 0),
            job,
            next: 0,
            taken: 0,
            complete: false,
            came: VecDeque::new(),
            early: BTreeMap::new(),
        }
    }

    /// Whether to give the next task before the next result is taken.
    pub fn wants_more(&self) -> bool {
        let under_way = self.next - self.taken;
        let has_results = || !self.came.is_empty() || self.job.has_results();
        under_way < self.window
            && (self.order == Order::All || under_way < self.window / 2 || !has_results())
    }

    /// The next task.
    pub fn push(&mut self, encode: &mut dyn FnMut(&mut Vec<u8>) -> Result<(), codec::Error>) {
        let number = self.next;
        self.next += 1;
        let failed = match &self.refused {
            Some(why) => Some(why.clone()),
            None => self.tasks.add(encode).err().map(TaskError::NotSent),
        };
        if let Some(failed) = failed {
            // The numbers of a chunk follow each other.
            self.submit();
            self.came.push_back((number, Err(failed)));
        } else if self.tasks.len() >= self.chunk {
            self.submit();
        }
    }

    /// That was the last task.
    pub fn complete(&mut self) {
        self.submit();
        self.complete = true;
    }

    fn submit(&mut self) {
        let empty = Chunk::new(Arc::clone(&self.job), self.next);
        let tasks = std::mem::replace(&mut self.tasks, empty);
        if tasks.len() == 0 {
            return;
        }
        if let Err((mut chunk, why)) = self.control.submit(tasks) {
            while let Some(number) = chunk.pop() {
                self.came.push_back((number, Err(why.clone())));
            }
            self.refused = Some(why);
        }
    }

    /// Waits for the next result; none if all were taken.
    pub fn next(&mut self) -> Option<Numbered> {
        loop {
            let under_way = self.next - self.taken;
            if self.order == Order::AsGiven
                && let Some(outcome) = self.early.remove(&self.taken)
            {
                self.taken += 1;
                return Some((self.taken - 1, outcome));
            }
            match self.came.pop_front() {
                Some((number, outcome)) if self.order == Order::AsGiven => {
                    self.early.insert(number, outcome);
                }
                Some(result) => {
                    self.taken += 1;
                    return Some(result);
                }
                None if under_way == 0 => return None,
                None => {
                    let wanted = match self.order {
                        Order::All if self.complete => under_way,
                        Order::All => under_way.saturating_sub(self.window / 2).max(1),
                        _ => 1,
                    };
                    self.came = self.job.take(wanted, None);
                }
            }
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.job.abandon();
        if self.order == Order::All && self.is_open {
            self.control.map_is_over();
        }
    }
}
