//! Sleeping and yielding order nothing; and loops that wait come to an end all the same.

use std::sync::atomic::Ordering::{self, Acquire, Relaxed, Release, SeqCst};
use std::time::Duration;

use interleavings::sync::atomic::{AtomicBool, AtomicU32};
use interleavings::sync::{Arc, Condvar, Mutex, mpsc};
use interleavings::{self, Search, hint, thread};

use super::broken::tell_apart;

const LONG: Duration = Duration::from_secs(3600);

/// Somebody sets a flag, and this thread does something instead of waiting for it.
fn in_place_of_waiting(something: fn()) {
    let ready = AtomicBool::named("ready", false);
    thread::scope(|scope| {
        let setter = scope.spawn_named("setter", || ready.store(true, SeqCst));
        something();
        assert!(ready.load(SeqCst), "not yet");
        drop(setter);
    });
}

#[test]
fn to_sleep_is_not_to_wait() {
    let joined = || {
        let ready = AtomicBool::named("ready", false);
        thread::scope(|scope| {
            let setter = scope.spawn(|| ready.store(true, SeqCst));
            setter.join().unwrap();
            assert!(ready.load(SeqCst), "not yet");
        });
    };
    for something in [
        || thread::sleep(LONG),
        thread::yield_now,
        hint::spin_loop,
        || (0..10).for_each(|_| thread::sleep(LONG)),
        || thread::park_timeout(LONG),
    ] as [fn(); 5]
    {
        tell_apart(move || in_place_of_waiting(something), "not yet", joined);
    }
}

/// Steps between the sleeps, at different places of the program.
#[test]
fn to_sleep_twice_is_not_to_wait() {
    let report = interleavings::all(|| {
        let (ready, log) = (AtomicBool::named("ready", false), AtomicU32::new(0));
        thread::scope(|scope| {
            scope.spawn(|| ready.store(true, SeqCst));
            log.store(1, SeqCst);
            thread::sleep(LONG);
            log.store(2, SeqCst);
            thread::sleep(LONG);
            log.store(3, SeqCst);
            thread::sleep(LONG);
            assert!(ready.load(SeqCst), "not yet");
        });
    });
    assert_eq!(report.failure().unwrap().message(), "not yet");
}

#[test]
fn a_yield_between_two_stores_does_not_hide_the_first() {
    for yields in [thread::yield_now, || thread::sleep(LONG)] as [fn(); 2] {
        let report = interleavings::all(move || {
            let x = AtomicU32::named("x", 0);
            thread::scope(|scope| {
                scope.spawn(|| {
                    x.store(1, SeqCst);
                    yields();
                    x.store(2, SeqCst);
                });
                assert_ne!(x.load(SeqCst), 2, "both stores");
            });
        });
        assert_eq!(
            report.failure().map(interleavings::Failure::kind),
            Some(interleavings::FailureKind::Panic)
        );
    }
}

/// The spinner hands on only what it has read: its patience is its own.
#[test]
fn what_a_yield_lets_one_thread_see_no_other_sees() {
    let report = interleavings::all(|| {
        let [data, flag, told] = ["data", "flag", "told"].map(|name| AtomicU32::named(name, 0));
        thread::scope(|scope| {
            scope.spawn_named("writer", || {
                data.store(1, Relaxed);
                flag.store(1, Relaxed);
            });
            scope.spawn_named("spinner", || {
                while data.load(Relaxed) == 0 && flag.load(Relaxed) == 0 {
                    thread::yield_now();
                }
                told.store(1, Release);
            });
            scope.spawn_named("reader", || {
                if told.load(Acquire) == 1 && flag.load(Relaxed) == 1 {
                    assert_eq!(data.load(Relaxed), 1, "stale, as it may be");
                }
            });
        });
    });
    assert!(report.failure().is_some(), "{report}");
}

fn spinlock(threads: usize, take: Ordering, free: Ordering) {
    let (taken, inside) = (AtomicBool::named("taken", false), AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while taken.swap(true, take) {
                    hint::spin_loop();
                }
                assert_eq!(inside.fetch_add(1, Relaxed), 0, "both are in");
                inside.fetch_sub(1, Relaxed);
                taken.store(false, free);
            });
        }
    });
}

#[test]
fn two_spinners_and_a_holder_come_to_an_end() {
    let report = Search::new()
        .reduced()
        .run(|| spinlock(3, Acquire, Release));
    assert!(report.passed(), "{report}");
    let two = interleavings::all(|| spinlock(2, Acquire, Release));
    assert!(two.passed(), "{two}");
    // With the flag taken by nobody's leave.
    let report = interleavings::all(|| {
        let go = AtomicBool::named("go", false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !go.load(Acquire) {
                        hint::spin_loop();
                    }
                });
            }
            scope.spawn(|| go.store(true, Release));
        });
    });
    assert!(report.passed(), "{report}");
}

#[test]
fn a_loop_that_sleeps_or_waits_with_a_limit_comes_to_an_end() {
    let report = interleavings::all(|| {
        let ready = Mutex::named("ready", false);
        thread::scope(|scope| {
            scope.spawn(|| *ready.lock().unwrap() = true);
            while !*ready.lock().unwrap() {
                thread::sleep(LONG);
            }
        });
    });
    assert!(report.passed(), "{report}");
    let report = interleavings::all(|| {
        let (ready, changed) = (Mutex::named("ready", false), Condvar::named("changed"));
        thread::scope(|scope| {
            scope.spawn(|| *ready.lock().unwrap() = true); // and tells nobody
            let mut guard = ready.lock().unwrap();
            while !*guard {
                guard = changed.wait_timeout(guard, LONG).unwrap().0;
            }
        });
    });
    assert!(report.passed(), "{report}");
    let report = interleavings::all(|| {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || sender.send(5).unwrap());
        let n = loop {
            match receiver.recv_timeout(LONG) {
                Ok(n) => break n,
                Err(error) => assert_eq!(error, mpsc::RecvTimeoutError::Timeout),
            }
        };
        assert_eq!(n, 5);
    });
    assert!(report.passed(), "{report}");
}

/// A waiting that ends in time and one that does not are both tried, and so is a notification that comes
/// before its waiter.
#[test]
fn a_wait_with_a_limit_ends_in_both_ways() {
    let seen = Arc::new(std::sync::Mutex::new(std::collections::BTreeSet::new()));
    let own = seen.clone();
    let report = interleavings::all(move || {
        let (ready, changed) = (Mutex::named("ready", false), Condvar::named("changed"));
        thread::scope(|scope| {
            scope.spawn(|| {
                *ready.lock().unwrap() = true;
                changed.notify_one();
            });
            let guard = ready.lock().unwrap();
            let (guard, over) = changed.wait_timeout(guard, LONG).unwrap();
            own.lock().unwrap().insert((*guard, over.timed_out()));
        });
    });
    assert!(report.passed(), "{report}");
    let all = [(false, true), (true, false), (true, true)];
    assert_eq!(*seen.lock().unwrap(), all.into());
}

/// The token is kept for one who parks later, and carries what was written.
#[test]
fn who_is_unparked_knows_what_its_waker_knew() {
    fn program(order: Ordering) {
        let data = Arc::new(AtomicU32::named("data", 0));
        let go = Arc::new(AtomicBool::named("go", false));
        let (main, data2, go2) = (thread::current(), data.clone(), go.clone());
        thread::spawn(move || {
            data2.store(1, Relaxed);
            go2.store(true, order);
            main.unpark();
        });
        while !go.load(order) {
            thread::park();
        }
        assert_eq!(data.load(Relaxed), 1, "unseen");
    }
    // It may see the flag without having parked.
    tell_apart(
        || program(Relaxed),
        "unseen",
        || {
            let data = Arc::new(AtomicU32::named("data", 0));
            let (main, data2) = (thread::current(), data.clone());
            thread::spawn(move || {
                data2.store(1, Relaxed);
                main.unpark();
            });
            thread::park();
            assert_eq!(data.load(Relaxed), 1, "unseen");
        },
    );
}

#[test]
fn waking_for_no_reason_is_tried_if_it_is_asked_for() {
    let looks_once = || {
        let (ready, changed) = (Mutex::named("ready", false), Condvar::named("changed"));
        thread::scope(|scope| {
            scope.spawn(|| {
                *ready.lock().unwrap() = true;
                changed.notify_one();
            });
            let mut guard = ready.lock().unwrap();
            if !*guard {
                guard = changed.wait(guard).unwrap();
            }
            assert!(*guard, "woken for nothing");
        });
    };
    assert!(interleavings::all(looks_once).passed());
    let report = Search::new().spurious_wakeups().run(looks_once);
    assert_eq!(report.failure().unwrap().message(), "woken for nothing");
    let looks_again = || {
        let (ready, changed) = (Mutex::named("ready", false), Condvar::named("changed"));
        thread::scope(|scope| {
            scope.spawn(|| {
                *ready.lock().unwrap() = true;
                changed.notify_one();
            });
            let guard = ready.lock().unwrap();
            drop(changed.wait_while(guard, |ready| !*ready).unwrap());
        });
    };
    let report = Search::new().spurious_wakeups().run(looks_again);
    assert!(report.passed(), "{report}");
    // It is no way out for a notification that is lost.
    let lost = || {
        let (ready, changed) = (Mutex::named("ready", false), Condvar::named("changed"));
        let guard = ready.lock().unwrap();
        drop(changed.wait(guard));
    };
    let report = Search::new().spurious_wakeups().run(lost);
    assert!(report.failure().unwrap().message().starts_with("deadlock"));
}
