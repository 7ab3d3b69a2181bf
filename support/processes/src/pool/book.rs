//! The bookkeeping: who has which tasks, and what becomes of them. No process, no socket and no
//! clock is needed here, so that every turn of events can be tested.
//!
//! Tasks wait in a queue of chunks. A worker holds one chunk, or two if they are short, and does
//! their tasks in order, so "which task" is a matter of counting: a worker that has begun one
//! task more than it has results in was in the midst of the first one that it still holds.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::chunk::Chunk;
use super::job::Job;

/// A worker whose latest chunk took less than this is given the next one in advance, so that it
/// never waits for the parent: as long as more chunks wait than there are workers, for a task that
/// was handed out in advance waits for the one before it even if another worker is free.
const SHORT: Duration = Duration::from_millis(1);

/// What one worker has to do.
#[derive(Default)]
struct Seat {
    held: VecDeque<Chunk>,
    /// Results that are in.
    done: u64,
    /// Since when the first chunk has been worked on.
    since: Option<Instant>,
    /// Its latest chunk was a short one.
    is_quick: bool,
    /// Nobody sits here any more.
    is_retired: bool,
}

/// A task: its call, and its number in it.
pub(super) type Task = (Arc<Job>, usize);

/// The queue, and a seat for each worker. Seats keep their places when their workers change.
pub(super) struct Book {
    queue: VecDeque<Chunk>,
    seats: Vec<Seat>,
    /// Workers in a row that died before they had begun a task.
    fruitless: usize,
}

impl Book {
    pub fn new(workers: usize) -> Book {
        Book {
            queue: VecDeque::new(),
            seats: (0..workers).map(|_| Seat::default()).collect(),
            fruitless: 0,
        }
    }

    pub fn add(&mut self, chunk: Chunk) {
        self.queue.push_back(chunk);
    }

    /// Whether there is nothing to do and nothing under way.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.seats.iter().all(|seat| seat.held.is_empty())
    }

    /// The next chunk to send, and the seat whose worker shall have it. The idle come first.
    pub fn hand_out(&mut self, now: Instant) -> Option<(usize, &Chunk)> {
        let is_abandoned = |chunk: &mut Chunk| chunk.job.is_abandoned();
        while self.queue.pop_front_if(is_abandoned).is_some() {}
        let many_wait = self.queue.len() > self.seats.len();
        let seats = self
            .seats
            .iter()
            .enumerate()
            .filter(|(_, seat)| match seat.held.len() {
                0 => !seat.is_retired,
                1 => seat.is_quick && many_wait,
                _ => false,
            });
        let (place, _) = seats.min_by_key(|(_, seat)| seat.held.len())?;
        let chunk = self.queue.pop_front()?;
        let seat = &mut self.seats[place];
        seat.since.get_or_insert(now);
        seat.held.push_back(chunk);
        Some((place, seat.held.back()?))
    }

    /// This worker's next result has come: whose it is. None if the worker had nothing to do.
    pub fn done(&mut self, seat: usize, now: Instant) -> Option<Task> {
        self.fruitless = 0;
        let seat = &mut self.seats[seat];
        let task = pop(&mut seat.held)?;
        seat.done += 1;
        if seat.held.front().is_some_and(|chunk| chunk.len() == 0) {
            seat.held.pop_front();
            let took = seat
                .since
                .replace(now)
                .map(|since| now.duration_since(since));
            seat.is_quick = took.is_some_and(|took| took < SHORT);
        }
        if seat.held.is_empty() {
            seat.since = None;
        }
        Some(task)
    }

    /// This seat's worker has died, having begun so many tasks: the one that it was in the midst
    /// of. The others it held stand at the front of the queue again, and the seat is free for a
    /// worker that begins to count anew.
    pub fn died(&mut self, seat: usize, begun: u64) -> Option<Task> {
        let Seat { mut held, done, .. } = std::mem::take(&mut self.seats[seat]);
        let lost = if begun > done { pop(&mut held) } else { None };
        self.fruitless = if begun == 0 { self.fruitless + 1 } else { 0 };
        while let Some(chunk) = held.pop_back() {
            if chunk.len() > 0 {
                self.queue.push_front(chunk);
            }
        }
        lost
    }

    /// No worker can be had for this seat.
    pub fn retire(&mut self, seat: usize) {
        self.seats[seat].is_retired = true;
    }

    /// Whether so many workers have died before their first task that more would die as well. All
    /// may be killed once or twice while they are idle.
    pub fn is_hopeless(&self) -> bool {
        self.fruitless > 2 * self.seats.len() + 2
    }

    /// Gives up: every task that is not done.
    pub fn clear(&mut self) -> Vec<Task> {
        let held = self.seats.iter_mut().flat_map(|seat| seat.held.drain(..));
        let chunks: Vec<Chunk> = held.chain(self.queue.drain(..)).collect();
        let tasks = chunks.into_iter().flat_map(|mut chunk| {
            std::iter::from_fn(move || Some((Arc::clone(&chunk.job), chunk.pop()?)))
        });
        tasks.collect()
    }
}

/// Takes the first task off.
fn pop(held: &mut VecDeque<Chunk>) -> Option<Task> {
    let chunk = held.front_mut()?;
    let number = chunk.pop()?;
    Some((Arc::clone(&chunk.job), number))
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
