//! Names, lists and ends of threads.

use std::sync::mpsc::channel;
use std::time::Duration;

use support::thread;

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
