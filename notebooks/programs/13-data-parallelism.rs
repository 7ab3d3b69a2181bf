//! Uneven tasks: in two chunks, by stealing, and by rayon
//!
//! Each task costs more than the one before. Of two chunks with as many tasks the
//! second is three times the work of the first. If each thread keeps its chunk in a
//! queue from which the other one may steal, both work to the end. Look at each
//! thread's share of the work, and at rayon, which does it in a line.

use crossbeam::deque::{Stealer, Worker};
use rayon::prelude::*;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

const TASKS: u64 = 400;

/// The sum of 1, 2, …, 20 n, added up one by one: its cost is in proportion to n.
fn task(n: u64) -> u64 {
    (1..=20 * n).fold(0, |sum, k| black_box(sum + k))
}

/// What one thread has done: its part of the sum, its work in the unit of n, and how
/// much of it was stolen.
#[derive(Default)]
struct Done {
    sum: u64,
    work: u64,
    stolen: u64,
}

/// `steal` may say "retry": somebody else was at that queue at the same moment.
fn steal(victim: &Stealer<u64>) -> Option<u64> {
    let mut tries = std::iter::repeat_with(|| victim.steal());
    tries.find(|steal| !steal.is_retry())?.success()
}

fn work(own: Worker<u64>, other: Option<Stealer<u64>>) -> Done {
    let mut done = Done::default();
    loop {
        let (n, is_stolen) = match own.pop() {
            Some(n) => (n, false),
            None => match other.as_ref().and_then(steal) {
                Some(n) => (n, true),
                // Nobody pushes any more, so empty is empty for ever.
                None => return done,
            },
        };
        done.sum += task(n);
        done.work += n;
        done.stolen += u64::from(is_stolen);
    }
}

/// Two threads, each of which begins with a half of the tasks in a queue of its own.
fn two_threads(may_steal: bool) -> [Done; 2] {
    let queues = [0..TASKS / 2, TASKS / 2..TASKS].map(|tasks| {
        // The owner takes the newest, a thief the oldest.
        let queue = Worker::new_lifo();
        tasks.for_each(|n| queue.push(n));
        queue
    });
    let others = [1, 0].map(|n: usize| may_steal.then(|| queues[n].stealer()));
    let both = Barrier::new(2); // to start a thread takes long: they begin together
    thread::scope(|scope| {
        let mut others = others.into_iter();
        let threads = queues.map(|own| {
            let (other, both) = (others.next().flatten(), &both);
            scope.spawn(move || {
                both.wait();
                work(own, other)
            })
        });
        threads.map(|thread| thread.join().unwrap())
    })
}

fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let begin = Instant::now();
    (run(), begin.elapsed())
}

fn main() {
    let (alone, time) = timed(|| (0..TASKS).map(task).sum::<u64>());
    println!("one thread:  {time:.1?}");
    for (name, may_steal) in [("two chunks: ", false), ("by stealing:", true)] {
        let ([low, high], time) = timed(|| two_threads(may_steal));
        let stolen = low.stolen + high.stolen;
        let share = 100 * high.work / (low.work + high.work);
        print!("{name} {time:.1?}, {stolen} stolen, ");
        println!("the second thread did {share} % of the work");
        assert_eq!(low.sum + high.sum, alone);
    }
    let (by_rayon, time) = timed(|| (0..TASKS).into_par_iter().map(task).sum::<u64>());
    let threads = rayon::current_num_threads();
    println!("by rayon:    {time:.1?} with {threads} threads");
    assert_eq!(by_rayon, alone);
    println!("every sum is the same");
}
