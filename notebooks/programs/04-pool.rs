//! A pool of processes that survives the death of a worker.
//!
//! Three workers are forked, and each is given the next task when it is done with one.
//! Task 5 kills the process that works on it. Look at the results: that one task is
//! lost, the other workers do the rest, and the tasks overlap in time.

use nix::sys::signal::{Signal, raise};
use nix::sys::wait::WaitStatus::{Exited, Signaled};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, alarm, fork};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{process, thread};

const TASKS: u64 = 9;
const TIME: Duration = Duration::from_millis(25);

type Results = BTreeMap<u64, u64>;

/// The work itself, in a process of its own.
fn square(task: u64) -> u64 {
    thread::sleep(TIME);
    if task == 5 {
        // Stands for a fault, or for memory that has run out.
        let _ = raise(Signal::SIGKILL);
    }
    task * task
}

/// A worker's life: a line with a task comes in, a line with the result goes out.
fn serve(socket: UnixStream) -> io::Result<()> {
    for line in BufReader::new(&socket).lines() {
        let task = line?.parse().map_err(io::Error::other)?;
        writeln!(&socket, "{}", square(task))?;
    }
    Ok(()) // the parent has closed its end: no more tasks
}

fn start_workers(count: usize) -> io::Result<Vec<(Pid, UnixStream)>> {
    let mut pool = Vec::new();
    for _ in 0..count {
        let (ours, theirs) = UnixStream::pair()?;
        // SAFETY: all workers are forked before this program starts a thread.
        match unsafe { fork() }? {
            ForkResult::Parent { child } => pool.push((child, ours)),
            ForkResult::Child => {
                alarm::set(10); // no worker outlives a parent that was killed
                // Copies of the parent's ends: with one of them open, a
                // worker never sees its end.
                drop((ours, pool));
                process::exit(serve(theirs).is_err().into());
            }
        }
    }
    Ok(pool)
}

/// Asks the worker for one result. The end of its socket says that the worker has died.
fn ask(mut socket: &UnixStream, task: u64) -> Option<u64> {
    writeln!(socket, "{task}").ok()?;
    let mut line = String::new();
    // A single line: no more can be on its way.
    BufReader::new(socket).read_line(&mut line).ok()?;
    line.trim().parse().ok()
}

/// Keeps one worker busy; ends when no task is left, or with the worker.
fn feed(
    pid: Pid,
    socket: &UnixStream,
    next: &Mutex<Range<u64>>,
    results: &Mutex<Results>,
) {
    // The lock is free again while the worker works.
    let take = || next.lock().unwrap().next();
    while let Some(task) = take() {
        let Some(result) = ask(socket, task) else {
            return println!("task {task} was lost with process {pid}");
        };
        println!("task {task} was done by process {pid}");
        results.lock().unwrap().insert(task, result);
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pool = start_workers(3)?;
    let (begin, next, results) =
        (Instant::now(), Mutex::new(0..TASKS), Mutex::default());
    thread::scope(|scope| {
        for (pid, socket) in &pool {
            scope.spawn(|| feed(*pid, socket, &next, &results));
        }
    });
    let time = begin.elapsed();
    println!("{TASKS} tasks of {TIME:?} each took {time:.0?}");

    for (pid, socket) in pool {
        drop(socket); // the worker's loop ends
        let end = waitpid(pid, None)?;
        println!("{end:?}");
        assert!([Exited(pid, 0), Signaled(pid, Signal::SIGKILL, false)].contains(&end));
    }
    let results = results.into_inner()?;
    println!("{results:?}");
    let expected: Results =
        (0..TASKS).filter(|&n| n != 5).map(|n| (n, n * n)).collect();
    assert_eq!(results, expected);
    Ok(())
}
