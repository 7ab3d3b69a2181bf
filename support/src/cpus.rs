//! The CPUs that this process may use: how many, which one it is, and staying on one of them.
//!
//! ```
//! use std::thread;
//! use support::cpus;
//!
//! let stays = thread::spawn(|| cpus::pin(1) == cpus::current()).join().unwrap();
//! assert!(stays);
//! ```
//!
//! Python's `os.sched_setaffinity` and its kin.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// Keeps the calling thread on one CPU, from now on, and returns that CPU's number.
///
/// `n` counts the CPUs that the process may use: 0 is the first of them. Past the last it begins
/// again, so on a machine with one CPU every `n` means that one. Threads started by a pinned
/// thread are pinned as it is.
///
/// # Panics
///
/// If the system refuses, which Linux does only if those CPUs were taken away meanwhile.
///
/// ```
/// use support::cpus;
///
/// let same = std::thread::spawn(|| cpus::pin(1) == cpus::current()).join().unwrap();
/// assert!(same);
/// ```
pub fn pin(n: usize) -> usize {
    let cpus = allowed();
    let cpu = cpus[n % cpus.len()];
    let mut only = CpuSet::new();
    only.set(cpu)
        .and_then(|()| sched_setaffinity(Pid::from_raw(0), &only))
        .unwrap_or_else(|error| panic!("cannot stay on CPU {cpu}: {error}"));
    cpu
}

/// How many CPUs this process may use: at least one.
///
/// The main thread's answer counts, so a pinned thread gets the same.
///
/// ```
/// assert!(support::cpus::count() >= 1);
/// ```
pub fn count() -> usize {
    allowed().len()
}

/// The CPU that runs the caller at this moment; it may be another one at the next.
///
/// ```
/// println!("on CPU {}", support::cpus::current());
/// ```
pub fn current() -> usize {
    // Linux has an answer always.
    nix::sched::sched_getcpu().unwrap_or(0)
}

/// The CPUs of the process's main thread: the caller may be pinned already.
fn allowed() -> Vec<usize> {
    let set = sched_getaffinity(nix::unistd::getpid()).unwrap_or_else(|_| CpuSet::new());
    let cpus: Vec<usize> = (0..CpuSet::count())
        .filter(|cpu| set.is_set(*cpu).unwrap_or(false))
        .collect();
    if cpus.is_empty() { vec![0] } else { cpus }
}
