//! Names, lists and ends of threads.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::time::Duration;

use support::process::{Exit, Process};
use support::thread::{self, Event, Timer};

/// Longer than anything here takes; only a failure waits for it.
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn an_ended_thread_is_not_listed() {
    let (stop, wait) = channel::<()>();
    let waiter = thread::spawn_named("listed", move || wait.recv().is_err());
    let tid = waiter.tid();
    let listed = || thread::enumerate().iter().any(|thread| thread.tid == tid);
    assert!(listed() && waiter.is_alive());
    drop(stop);
    waiter.join().unwrap();
    // The thread is joined when the kernel has told so, shortly before it leaves the list.
    while listed() {
        std::thread::yield_now();
    }
}

#[test]
fn a_panic_is_the_error_of_join() {
    let failed = thread::spawn_named("unlucky", || -> u32 { panic!("number {}", 13) });
    let error = failed.join().unwrap_err();
    assert_eq!((error.thread(), error.message()), ("unlucky", "number 13"));
    let failed = thread::spawn_named("unlucky", || panic!("at once"));
    let error = failed
        .join_timeout(Duration::from_secs(60))
        .unwrap()
        .unwrap_err();
    assert_eq!(error.message(), "at once");
}

#[test]
fn names_are_cut_as_linux_cuts_them() {
    let named = |name: &'static str| thread::spawn_named(name, thread::name).join().unwrap();
    assert_eq!(named("short"), "short");
    assert_eq!(named("sixteen bytes ok"), "sixteen bytes o");
    assert_eq!(named("zero\0byte"), "zero");
    let renamed = thread::spawn_named("x", || {
        thread::set_name("äöüäöüäö and on");
        thread::name()
    });
    assert_eq!(renamed.join().unwrap(), "äöüäöüä");
}

#[test]
fn the_kernels_own_thread_is_not_listed() {
    let (stop, wait) = channel::<()>();
    let carrier = thread::spawn_named("support-output", move || wait.recv().is_err());
    assert!(
        thread::enumerate()
            .iter()
            .all(|thread| thread.tid != carrier.tid())
    );
    drop(stop);
    carrier.join().unwrap();
}

#[test]
fn pinned_threads_stay_where_they_are_told() {
    let cpus = thread::cpus();
    let pinned: Vec<usize> = (0..2 * cpus)
        .map(|n| {
            let worker = std::thread::spawn(move || {
                let cpu = thread::pin(n);
                std::thread::yield_now();
                // A thread inherits it, and may choose another.
                let heir = std::thread::spawn(move || (thread::cpu(), thread::pin(n + 1)));
                let (inherited, next) = heir.join().unwrap();
                assert_eq!((thread::cpu(), inherited), (cpu, cpu));
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
        let event = Arc::new(Event::new());
        let threads: Vec<_> = (0..5)
            .map(|n| {
                let event = event.clone();
                thread::spawn_named(&format!("number {n}"), move || event.wait())
            })
            .collect();
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
        let listed = || -> BTreeSet<i32> {
            thread::enumerate()
                .iter()
                .map(|thread| thread.tid)
                .collect()
        };
        let mut expected: BTreeSet<i32> = threads.iter().map(|thread| thread.tid()).collect();
        expected.insert(std::process::id() as i32);
        assert_eq!((listed(), thread::active_count()), (expected.clone(), 6));
        assert_eq!(systems(), (6, expected));
        assert_eq!(thread::enumerate()[0].tid, std::process::id() as i32);
        event.set();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        // A joined thread leaves the system's list a moment later.
        while thread::active_count() > 1 {
            thread::yield_now();
        }
        assert_eq!(systems().0, 1);
    });
    assert_eq!(process.join_timeout(LIMIT), Some(Exit::Code(0)));
}

#[test]
fn the_longest_limit_does_not_overflow() {
    let waiter = thread::spawn_named("waiter", || 5);
    assert_eq!(waiter.join_timeout(Duration::MAX).unwrap(), Ok(5));
    let event = Arc::new(Event::new());
    let waits = event.clone();
    let waiter = thread::spawn_named("waiter", move || waits.wait_timeout(Duration::MAX));
    event.set();
    assert_eq!(waiter.join_timeout(LIMIT).unwrap(), Ok(true));
    let timer = Timer::start(Duration::MAX, || unreachable!());
    timer.cancel();
    assert_eq!(timer.join(), Ok(false));
}

#[test]
fn an_event_wakes_all_who_wait_and_all_who_come() {
    let event = Event::new();
    let through = AtomicUsize::new(0);
    thread::scope(|scope| {
        for n in 0..4 {
            let name = format!("waiter {n}");
            thread::spawn_scoped(scope, &name, || {
                assert!(event.wait_timeout(LIMIT));
                through.fetch_add(1, SeqCst);
            });
        }
        assert_eq!(through.load(SeqCst), 0);
        event.set();
    });
    event.wait();
    assert_eq!(through.load(SeqCst), 4);
    event.clear();
    assert!(!event.wait_timeout(Duration::ZERO) && !event.is_set());
}

#[test]
fn a_timer_calls_once_unless_it_is_cancelled() {
    let (tell, told) = channel();
    let timer = Timer::start(Duration::ZERO, move || tell.send(thread::name()).unwrap());
    assert_eq!(told.recv_timeout(LIMIT).unwrap(), "timer");
    timer.cancel();
    assert_eq!(timer.join(), Ok(true));
    assert!(told.recv().is_err());
    // Dropped, it still calls.
    let (tell, told) = channel();
    drop(Timer::start(Duration::from_millis(2), move || {
        tell.send(1).unwrap()
    }));
    assert_eq!(told.recv_timeout(LIMIT), Ok(1));
    let failed = Timer::start(Duration::ZERO, || panic!("too late"));
    assert_eq!(
        failed.join().unwrap_err().to_string(),
        "thread 'timer' panicked: too late"
    );
}

#[test]
fn scoped_threads_bear_their_names() {
    let borrowed = String::from("scoped");
    let (inside, outside) = thread::scope(|scope| {
        let thread = thread::spawn_scoped(scope, &borrowed, || (thread::name(), borrowed.len()));
        (thread.join().unwrap(), thread::name())
    });
    assert_eq!(inside, ("scoped".to_string(), 6));
    assert_ne!(outside, "scoped");
}
