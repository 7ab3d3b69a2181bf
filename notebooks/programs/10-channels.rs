//! A pipeline of bounded channels that blocks itself, and its cure.
//!
//! Jobs fan out to two workers, results come back through a second channel. First
//! `main` feeds all jobs and then collects; then a thread feeds while `main` collects.
//! Look at how many jobs get through, and that nothing that was fed is lost: each stage
//! ends when the one before it is done.

use crossbeam::channel::{Receiver, Sender, bounded};
use std::thread;
use std::time::{Duration, Instant};

const JOBS: u64 = 12;
const WORKERS: usize = 2;
const ROOM: usize = 2;

/// The job travels with its result, since results come in the order in
/// which they are done.
type Answer = (u64, u64);

/// Sends the jobs until there is no room for as long as the limit;
/// returns how many it sent.
fn feed(jobs: Sender<u64>, limit: Duration) -> u64 {
    let sent = |job: &u64| jobs.send_timeout(*job, limit).is_ok();
    (1..=JOBS).take_while(sent).count() as u64
} // `jobs` is dropped here, and with it ends the loop of every worker

fn work(jobs: Receiver<u64>, results: Sender<Answer>) -> usize {
    let mut done = 0;
    for job in jobs {
        thread::sleep(Duration::from_millis(5)); // work that waits
        if results.send((job, job * job)).is_err() {
            break; // nobody collects any more
        }
        done += 1;
    }
    done
}

fn collect(results: Receiver<Answer>) -> Vec<Answer> {
    // Until the last worker is done.
    let mut answers: Vec<Answer> = results.iter().collect();
    answers.sort();
    answers
}

/// Returns the number of jobs that were fed, and the answers.
fn pipeline(feeder_has_thread: bool) -> (u64, Vec<Answer>) {
    let (jobs, next_job) = bounded(ROOM);
    let (results, next_result) = bounded(ROOM);
    thread::scope(|scope| {
        let start = |_| {
            let (next_job, results) = (next_job.clone(), results.clone());
            scope.spawn(move || work(next_job, results))
        };
        let workers: Vec<_> = (0..WORKERS).map(start).collect();
        // The workers have clones. With this sender kept, `collect` would never end.
        drop((next_job, results));

        let (fed, answers) = if feeder_has_thread {
            let feeder = scope.spawn(|| feed(jobs, Duration::from_secs(5)));
            let answers = collect(next_result);
            (feeder.join().unwrap(), answers)
        } else {
            // The circle: `feed` waits for room, which the workers make, who wait for
            // room, which `collect` makes, which waits for `feed`.
            let fed = feed(jobs, Duration::from_millis(200)); // the limit breaks it
            (fed, collect(next_result))
        };
        let done: Vec<usize> =
            workers.into_iter().map(|it| it.join().unwrap()).collect();
        println!("  jobs done by each worker: {done:?}");
        (fed, answers)
    })
}

fn main() {
    for (name, feeder_has_thread) in
        [("feed, then collect", false), ("a thread feeds", true)]
    {
        let begin = Instant::now();
        println!("{name}:");
        let (fed, answers) = pipeline(feeder_has_thread);
        println!(
            "  of {JOBS} jobs {fed} were fed, {} answered",
            answers.len()
        );
        println!("  in {:.0?}", begin.elapsed());

        let expected: Vec<Answer> = (1..=fed).map(|job| (job, job * job)).collect();
        assert_eq!(answers, expected, "what was fed is answered");
        // Room for jobs, jobs in hand, room for results: more can't be under way.
        let most = (ROOM + WORKERS + ROOM) as u64;
        let right = if feeder_has_thread {
            fed == JOBS
        } else {
            fed <= most
        };
        assert!(right, "{fed} jobs were fed");
    }
}
