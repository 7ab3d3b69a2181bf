//! Names, lists and ends of threads.

use std::collections::BTreeSet;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use support::cpus;
use support::processes::{Exit, Process};
use support::threads::{self, JoinTimeout};

/// Longer than anything here takes; only a failure waits for it.
const LIMIT: Duration = Duration::from_secs(60);

/// Starts a thread that gives its tid at once, and ends when `stop` is dropped.
fn waiter(name: &str) -> (thread::JoinHandle<()>, i32, Sender<()>) {
    let (stop, wait) = channel::<()>();
    let (here, tid) = channel();
    let waiter = threads::spawn(name, move || {
        here.send(threads::tid()).unwrap();
        assert!(wait.recv().is_err());
    });
    (waiter, tid.recv_timeout(LIMIT).unwrap(), stop)
}

#[test]
fn an_ended_thread_is_not_listed() {
    let (waiter, tid, stop) = waiter("listed");
    let listed = || threads::list().iter().any(|thread| thread.tid == tid);
    assert!(listed() && !waiter.is_finished());
    drop(stop);
    waiter.join().unwrap();
    // The thread is joined when the kernel has told so, shortly before it leaves the list.
    while listed() {
        thread::yield_now();
    }
}

#[test]
fn a_join_with_a_limit_gives_the_handle_back_or_what_a_join_gives() {
    let (waiter, _, stop) = waiter("waiter");
    let waiter = waiter.join_timeout(Duration::ZERO).unwrap_err();
    let waiter = waiter.join_timeout(Duration::from_millis(1)).unwrap_err();
    drop(stop);
    // The longest limit does not overflow.
    waiter.join_timeout(Duration::MAX).unwrap().unwrap();
    let unlucky = threads::spawn("unlucky", || -> u32 { panic!("number {}", 13) });
    let error = unlucky.join_timeout(LIMIT).unwrap().unwrap_err();
    assert_eq!(threads::message(&*error), "number 13");
    let odd = threads::spawn("odd", || std::panic::panic_any(7));
    let error = odd.join().unwrap_err();
    assert_eq!(threads::message(&*error), "(a value that is not text)");
}

#[test]
fn names_are_cut_as_linux_cuts_them() {
    let named = |name: &'static str| threads::spawn(name, threads::name).join().unwrap();
    assert_eq!(named("short"), "short");
    assert_eq!(named("sixteen bytes ok"), "sixteen bytes o");
    assert_eq!(named("zero\0byte"), "zero");
    let renamed = threads::spawn("x", || {
        threads::set_name("äöüäöüäö and on");
        threads::name()
    });
    assert_eq!(renamed.join().unwrap(), "äöüäöüä");
}

#[test]
fn the_kernels_own_thread_is_not_listed() {
    let (carrier, tid, stop) = waiter("support-output");
    assert!(threads::list().iter().all(|thread| thread.tid != tid));
    drop(stop);
    carrier.join().unwrap();
}

#[test]
fn pinned_threads_stay_where_they_are_told() {
    let cpus = cpus::count();
    let pinned: Vec<usize> = (0..2 * cpus)
        .map(|n| {
            let worker = std::thread::spawn(move || {
                let cpu = cpus::pin(n);
                std::thread::yield_now();
                // A thread inherits it, and may choose another.
                let heir = std::thread::spawn(move || (cpus::current(), cpus::pin(n + 1)));
                let (inherited, next) = heir.join().unwrap();
                assert_eq!((cpus::current(), inherited), (cpu, cpu));
                assert_eq!(next == cpu, cpus == 1);
                cpu
            });
            worker.join().unwrap()
        })
        .collect();
    assert_eq!(pinned[..cpus], pinned[cpus..]);
}

#[test]
fn those_that_are_alive_are_those_of_the_system() {
    // In a process of its own, where no other test starts threads.
    let process = Process::spawn("listed", || {
        let waiters: Vec<_> = (0..5).map(|n| waiter(&format!("number {n}"))).collect();
        let systems = || -> (usize, BTreeSet<i32>) {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("Threads:"));
            let tasks = std::fs::read_dir("/proc/self/task").unwrap();
            let tids = tasks.map(|task| task.unwrap().file_name().to_str().unwrap().parse());
            let tids = tids.collect::<Result<_, _>>().unwrap();
            (line.unwrap().trim().parse().unwrap(), tids)
        };
        let listed =
            || -> BTreeSet<i32> { threads::list().iter().map(|thread| thread.tid).collect() };
        let mut expected: BTreeSet<i32> = waiters.iter().map(|(_, tid, _)| *tid).collect();
        expected.insert(std::process::id() as i32);
        assert_eq!((listed(), threads::count()), (expected.clone(), 6));
        assert_eq!(systems(), (6, expected));
        assert_eq!(threads::list()[0].tid, std::process::id() as i32);
        for (waiter, _, stop) in waiters {
            drop(stop);
            waiter.join().unwrap();
        }
        // A joined thread leaves the system's list a moment later.
        while threads::count() > 1 {
            thread::yield_now();
        }
        assert_eq!(systems().0, 1);
    });
    assert_eq!(process.join_timeout(LIMIT), Some(Exit::Code(0)));
}
