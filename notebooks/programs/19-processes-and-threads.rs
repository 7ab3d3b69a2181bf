//! Processes with threads in them, and what a crash takes with it
//!
//! Eight jobs in shapes of N processes with M threads or an event loop each, computing
//! and waiting. Look at the two columns: computing gains nothing beyond the number of
//! cores, waiting does. Then a thread kills its process: the other thread in it dies as
//! well, and the other process does not notice.

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use std::hint::black_box;
use std::io::{self, PipeWriter, Read, Write};
use std::process::exit;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const WAIT: Duration = Duration::from_millis(10); // as for a server's answer

fn compute() {
    black_box((0..200_000u64).fold(0, |sum, n| sum ^ black_box(n)));
}

fn wait() {
    thread::sleep(WAIT);
}

/// Forks a process that runs `body` and ends with its result as the exit code.
fn start(body: impl FnOnce() -> i32) -> nix::Result<Pid> {
    // SAFETY: this program has no thread but this one while it forks (threads are
    // started in the children, and scopes end them), so no lock can be held by a thread
    // that does not exist in the child.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => exit(body()),
    }
}

/// Eight jobs, dealt out to so many processes, each of which does its share and returns
/// how many it did. Fork first, threads and loops afterwards: a fork copies only the
/// thread that calls it.
fn eight(processes: usize, share: impl Fn(usize) -> usize) -> nix::Result<Duration> {
    let begin = Instant::now();
    let start = |_| start(|| share(8 / processes) as i32);
    let children: Vec<Pid> = (0..processes).map(start).collect::<Result<_, _>>()?;
    for child in children {
        let its_share_is_done = WaitStatus::Exited(child, 8 / processes as i32);
        assert_eq!(waitpid(child, None)?, its_share_is_done);
    }
    Ok(begin.elapsed())
}

fn by_threads(threads: usize, jobs: usize, job: fn()) -> usize {
    let worker = || (0..jobs / threads).map(|_| job()).count();
    thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        all.into_iter().map(|one| one.join().unwrap()).sum()
    })
}

#[tokio::main(flavor = "current_thread")]
async fn by_a_loop(jobs: usize) -> usize {
    let waits: JoinSet<()> = (0..jobs).map(|_| tokio::time::sleep(WAIT)).collect();
    waits.join_all().await.len()
}

/// The second thread reports what the first one sends. The first may kill the process,
/// as a wild pointer or the system's out-of-memory killer would.
fn two_threads(name: &str, is_fatal: bool, mut report: PipeWriter) -> i32 {
    let (sender, receiver) = channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            if is_fatal {
                kill(Pid::this(), Signal::SIGKILL).unwrap();
            }
            sender.send(name).unwrap();
        });
        scope.spawn(move || write!(report, "{}", receiver.recv().unwrap()).unwrap());
    });
    0
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("processes × threads: 8 jobs compute, 8 jobs wait");
    for (processes, threads) in [(1, 1), (1, 2), (2, 1), (2, 4)] {
        let run = |job| eight(processes, |jobs| by_threads(threads, jobs, job));
        let (computing, waiting) = (run(compute)?, run(wait)?);
        println!("{processes} × {threads}:    {computing:>8.1?} {waiting:>8.1?}");
    }
    println!("2 × loop: {:>17.1?}", eight(2, by_a_loop)?);

    let (mut reports, report) = io::pipe()?;
    let fatal = start(|| two_threads("A", true, report.try_clone().unwrap()))?;
    let other = start(|| two_threads("B", false, report.try_clone().unwrap()))?;
    drop(report); // or the pipe would have no end
    println!("process A: {:?}", waitpid(fatal, None)?);
    println!("process B: {:?}", waitpid(other, None)?);
    let mut reported = String::new();
    reports.read_to_string(&mut reported)?;
    println!("the second thread has reported in process {reported}");
    assert_eq!(reported, "B");
    Ok(())
}
