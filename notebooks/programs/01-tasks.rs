//! More workers for jobs that wait, and for jobs that compute.
//!
//! Twelve jobs are dealt out to one, two and twelve workers. Look at how much
//! faster each kind gets: waiting gains with every worker, computing no more than
//! there are cores for it.

use std::thread;
use std::time::{Duration, Instant};

const JOBS: u32 = 12;

/// Stands for a question to a server or a disk: time passes, and no core is in use.
fn wait(job: u32) -> u32 {
    thread::sleep(Duration::from_millis(15));
    job
}

/// Counts the primes among five thousand numbers, and needs a core all the time.
fn compute(job: u32) -> u32 {
    let is_prime = |n: &u32| {
        *n > 1
            && (2..)
                .take_while(|d| d * d <= *n)
                .all(|d| !n.is_multiple_of(d))
    };
    (5000 * job..5000 * (job + 1)).filter(is_prime).count() as u32
}

/// Deals the jobs out to the workers like cards; returns what the jobs add
/// up to, and the time.
fn run(job: fn(u32) -> u32, workers: u32) -> (u32, Duration) {
    let begin = Instant::now();
    let sum = thread::scope(|scope| {
        let start = |worker| {
            let jobs = (worker..JOBS).step_by(workers as usize);
            scope.spawn(move || jobs.map(job).sum::<u32>())
        };
        // Collected, so that all have started before the first is joined.
        let threads: Vec<_> = (0..workers).map(start).collect();
        threads.into_iter().map(|it| it.join().unwrap()).sum()
    });
    (sum, begin.elapsed())
}

fn compare(name: &str, job: fn(u32) -> u32) -> u32 {
    let (sum, alone) = run(job, 1);
    println!("{name}: 1 worker {alone:.0?}");
    for workers in [2, JOBS] {
        let (again, time) = run(job, workers);
        let gain = alone.as_secs_f64() / time.as_secs_f64();
        println!("{name}: {workers} workers {time:.0?}, {gain:.1} times as fast");
        assert_eq!(again, sum); // whoever does the work
    }
    sum
}

fn main() {
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get());
    println!("{JOBS} jobs, cores for this program: {cores}");
    assert_eq!(compare("waiting", wait), 66);
    let primes = compare("computing", compute);
    println!("Each run has found the same {primes} primes.");
    assert_eq!(primes, 6057);
}
