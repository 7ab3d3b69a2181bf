//! Workers that die: no task is lost, none is done twice, and others take their place.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use processes::pool::TaskError;
use processes::{Exit, Pool};
use serde_bytes::ByteBuf;

use crate::help::{Random, shared, until, within};

const KILLED: TaskError = TaskError::Died(Exit::Signal(Signal::SIGKILL));

fn kill_9(pid: i32) {
    // It may have been replaced a moment ago.
    let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
}

/// Waits until the pool is complete without this worker.
fn is_replaced<T, R>(pool: &Pool<T, R>, pid: i32, workers: usize) {
    until("the worker is replaced", || {
        let pids = pool.workers();
        pids.len() == workers && !pids.contains(&pid)
    });
}

#[test]
fn a_worker_killed_in_the_midst_of_a_task_costs_that_task_alone() {
    within(|| {
        let mut random = Random(2026);
        for round in 0..80 {
            let workers = 1 + random.below(3) as usize;
            let tasks = 1 + random.below(30) as usize;
            let victim = random.below(tasks as u64) as usize;
            let chunk = 1 + random.below(8) as usize;
            let times = shared(tasks + 1);
            let pool = Pool::new(workers, move |n: usize| {
                times[n].fetch_add(1, SeqCst);
                if n == victim {
                    times[tasks].store(std::process::id(), SeqCst);
                    std::thread::sleep(Duration::from_secs(3600));
                }
                n
            });
            let outcomes = std::thread::scope(|scope| {
                let map = scope.spawn(|| pool.chunks_of(chunk).outcomes(0..tasks));
                until("the victim has begun", || times[tasks].load(SeqCst) != 0);
                kill_9(times[tasks].load(SeqCst) as i32);
                map.join().unwrap()
            });
            for n in 0..tasks {
                let expected = if n == victim { Err(KILLED) } else { Ok(n) };
                assert_eq!(outcomes[n], expected, "round {round}, task {n}");
                assert_eq!(times[n].load(SeqCst), 1, "round {round}, task {n}");
            }
            is_replaced(&pool, times[tasks].load(SeqCst) as i32, workers);
        }
    });
}

#[test]
fn workers_killed_at_any_moment_lose_nothing_and_repeat_nothing() {
    within(|| {
        let mut random = Random(9);
        let mut killed_in_a_task = 0;
        for round in 0..120 {
            let workers = 1 + random.below(3) as usize;
            let tasks = 20 + random.below(200) as usize;
            let chunk = 1 + random.below(40) as usize;
            // Some results go in pieces.
            let largest = [10, 1000, 200_000][random.below(3) as usize];
            let after = random.below(tasks as u64) as u32;
            let times = shared(tasks + 1);
            let pool = Pool::new(workers, move |n: usize| {
                times[tasks].fetch_add(1, SeqCst);
                times[n].fetch_add(1, SeqCst);
                ByteBuf::from(vec![n as u8; n * 7919 % largest])
            });
            // In every fourth round before anything has begun: the worker may be starting still.
            let is_idle = round % 4 == 0;
            let who = pool.workers()[random.below(workers as u64) as usize];
            let outcomes = std::thread::scope(|scope| {
                if is_idle {
                    kill_9(who);
                }
                let map = scope.spawn(|| pool.chunks_of(chunk).outcomes(0..tasks));
                if !is_idle {
                    until("some have begun", || times[tasks].load(SeqCst) > after);
                    kill_9(who);
                }
                map.join().unwrap()
            });
            assert_eq!(outcomes.len(), tasks);
            for (n, outcome) in outcomes.into_iter().enumerate() {
                let times = times[n].load(SeqCst);
                match outcome {
                    Ok(bytes) => {
                        assert_eq!(times, 1, "round {round}, task {n}");
                        assert_eq!(bytes, vec![n as u8; n * 7919 % largest]);
                    }
                    Err(failed) => {
                        assert_eq!(failed, KILLED, "round {round}, task {n}");
                        // Its number was stored, and then it was killed before it came to count.
                        assert!(times <= 1, "round {round}, task {n}: {times} times");
                        killed_in_a_task += 1;
                    }
                }
            }
            is_replaced(&pool, who, workers);
            assert_eq!(pool.apply(3).unwrap().len(), 3 * 7919 % largest);
        }
        assert!(
            killed_in_a_task <= 120,
            "one worker was killed in each round"
        );
    });
}

#[test]
fn a_task_that_ends_its_process_is_charged_for_it_and_no_other() {
    within(|| {
        let times = shared(20);
        let pool = Pool::new(2, move |n: usize| {
            times[n].fetch_add(1, SeqCst);
            if n % 2 == 1 {
                processes::exit(n as i32);
            }
            n
        });
        for chunk in [1, 7, 20] {
            for (n, outcome) in pool
                .chunks_of(chunk)
                .outcomes(0..20)
                .into_iter()
                .enumerate()
            {
                let died = Err(TaskError::Died(Exit::Code(n as i32)));
                assert_eq!(outcome, if n % 2 == 1 { died } else { Ok(n) });
            }
        }
        assert!(times.iter().all(|times| times.load(SeqCst) == 3));
    });
}

#[test]
fn all_workers_may_be_killed_at_once_while_they_are_idle() {
    within(|| {
        let pool = Pool::new(3, |n: u32| n);
        for _ in 0..5 {
            let workers = pool.workers();
            workers.iter().for_each(|&pid| kill_9(pid));
            workers.iter().for_each(|&pid| is_replaced(&pool, pid, 3));
            assert_eq!(pool.map(0..30).unwrap().len(), 30);
        }
    });
}

#[test]
fn a_pool_whose_workers_never_live_gives_up() {
    within(|| {
        let pool = Pool::new(2, |n: u32| n);
        until("it has given up", || {
            let workers = pool.workers();
            workers.iter().for_each(|&pid| kill_9(pid));
            workers.is_empty()
        });
        let failed = pool.apply(1).unwrap_err();
        let said = "the pool has no workers: one after the other ended before its first task, \
                    the last: SIGKILL";
        assert_eq!(failed.to_string(), said);
        assert_eq!(pool.map(0..3), Err(failed.clone()));
        pool.close();
        pool.join();
    });
}
