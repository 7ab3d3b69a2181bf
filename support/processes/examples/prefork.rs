//! A small service of four processes that square numbers, in the way of a preforking web server:
//! the workers are forked before the first request comes, and share one queue of requests.
//!
//! A worker is killed under load. Then the same with a pool, which says whose request that cost.

use std::time::Duration;

use processes::pool::TaskError;
use processes::{Pool, Process, Queue, RecvError};

fn square(n: u64) -> u64 {
    std::thread::sleep(Duration::from_millis(1));
    n * n
}

fn main() {
    // Made before the fork, so that all have them.
    let requests: Queue<u64> = Queue::new(16);
    let answers: Queue<(String, u64, u64)> = Queue::new(16);
    let workers: Vec<Process> = (1..=4)
        .map(|n| {
            Process::spawn(&format!("server {n}"), || {
                for n in &requests {
                    let answer = (processes::current_name(), n, square(n));
                    answers.send(answer).expect("somebody waits for it");
                }
            })
        })
        .collect();

    let mut served = std::collections::BTreeMap::<String, u64>::new();
    let mut missing: Vec<u64> = (0..400).collect();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..400 {
                if n == 200 {
                    workers[0].kill();
                }
                requests.send(n).expect("the service is open");
            }
            requests.close();
        });
        // Nobody knows which request a killed worker had in hand, so the wait has a limit.
        loop {
            match answers.recv_timeout(Duration::from_millis(200)) {
                Ok((who, n, squared)) => {
                    assert_eq!(squared, n * n);
                    missing.retain(|&other| other != n);
                    *served.entry(who).or_default() += 1;
                }
                Err(RecvError::Empty) => break,
                Err(error) => panic!("{error}"),
            }
        }
    });
    for worker in &workers {
        let count = served.get(worker.name()).unwrap_or(&0);
        println!(
            "{}: {count} requests, then {}",
            worker.name(),
            worker.join()
        );
    }
    println!("unanswered, as their worker was killed: {missing:?}");

    let pool = Pool::new(4, |n| {
        if n == 200 {
            // As if somebody had killed it here.
            let own = nix::unistd::Pid::this();
            nix::sys::signal::kill(own, nix::sys::signal::Signal::SIGKILL).unwrap();
        }
        square(n)
    });
    let before = pool.workers();
    let outcomes = pool.outcomes(0..400);
    let failed: Vec<(usize, &TaskError)> = outcomes
        .iter()
        .enumerate()
        .filter_map(|(n, outcome)| Some((n, outcome.as_ref().err()?)))
        .collect();
    println!("a pool of four: {} answers", outcomes.len() - failed.len());
    for (n, error) in failed {
        println!("    request {n}: {error}");
    }
    let new = |pid: &&i32| !before.contains(pid);
    println!(
        "    workers started anew: {}",
        pool.workers().iter().filter(new).count()
    );
}
