//! Programs that are wrong under some schedule, each beside the right one.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};

use interleavings::sync::atomic::{AtomicBool, AtomicU32};
use interleavings::sync::{Mutex, RwLock};
use interleavings::{self, FailureKind, Report, thread};

/// The broken one fails with such a message, under a schedule that replays to the same failure;
/// the right one passes under every schedule.
pub fn tell_apart(
    broken: impl Fn() + Send + Sync + Clone + 'static,
    message: &str,
    right: impl Fn() + Send + Sync + 'static,
) -> Report {
    let report = interleavings::all(broken.clone());
    let failure = report
        .failure()
        .unwrap_or_else(|| panic!("not found: {report}"));
    assert!(failure.message().contains(message), "{failure}");
    assert!(report.bound().is_none() && report.cut() == 0);
    let again = interleavings::replay(failure.schedule(), broken);
    let again = again.failure().expect("it fails again");
    assert_eq!(again.message(), failure.message());
    assert_eq!(again.schedule(), failure.schedule());
    assert_eq!(again.steps(), failure.steps());
    let right = interleavings::all(right);
    assert!(right.passed(), "{right}");
    report
}

#[test]
fn a_lost_update() {
    fn program(add: fn(&AtomicU32)) {
        let x = AtomicU32::named("x", 0);
        thread::scope(|scope| {
            scope.spawn_named("left", || add(&x));
            scope.spawn_named("right", || add(&x));
        });
        assert_eq!(x.load(SeqCst), 2);
    }
    let report = tell_apart(
        || program(|x| x.store(x.load(SeqCst) + 1, SeqCst)),
        "left: 1",
        || program(|x| _ = x.fetch_add(1, SeqCst)),
    );
    let steps = report.failure().unwrap().steps();
    let operations: Vec<&str> = steps.iter().map(|step| step.operation()).collect();
    assert_eq!(
        operations,
        [
            "load x → 0",
            "load x → 0",
            "store x ← 1",
            "store x ← 1",
            "load x → 1"
        ]
    );
    let values: Vec<&str> = steps.iter().map(|step| &*step.values()[0].1).collect();
    assert_eq!(values, ["0", "0", "1", "1", "1"]);
}

#[test]
fn check_then_act() {
    fn program(take: fn(&Mutex<u32>)) {
        let seats = Mutex::named("seats", 1);
        thread::scope(|scope| {
            scope.spawn_named("Ada", || take(&seats));
            scope.spawn_named("Bob", || take(&seats));
        });
    }
    tell_apart(
        || {
            program(|seats| {
                let free = *seats.lock().unwrap() > 0;
                if free {
                    let left = seats.lock().unwrap().checked_sub(1).expect("sold twice");
                    *seats.lock().unwrap() = left;
                }
            })
        },
        "sold twice",
        || {
            program(|seats| {
                let mut seats = seats.lock().unwrap();
                if *seats > 0 {
                    *seats = seats.checked_sub(1).expect("sold twice");
                }
            })
        },
    );
}

#[test]
fn a_double_checked_flag() {
    /// Whoever finds the flag clear looks again under the lock, and makes the value.
    fn program(published: std::sync::atomic::Ordering) {
        let (ready, lock) = (AtomicBool::named("ready", false), Mutex::named("lock", ()));
        let value = AtomicU32::named("value", 0);
        let get = || {
            if !ready.load(Acquire) {
                let _guard = lock.lock().unwrap();
                if !ready.load(Relaxed) {
                    value.store(42, Relaxed);
                    ready.store(true, published);
                }
            }
            assert_eq!(value.load(Relaxed), 42, "seen before it was made");
        };
        thread::scope(|scope| {
            scope.spawn(get);
            scope.spawn(get);
        });
    }
    tell_apart(
        || program(Relaxed),
        "seen before it was made",
        || program(Release),
    );
}

#[test]
fn a_deadlock_of_two_locks() {
    fn program(same_order: bool) {
        let (a, b) = (Mutex::named("a", 1), Mutex::named("b", 2));
        thread::scope(|scope| {
            scope.spawn_named("left", || {
                let (a, b) = (a.lock().unwrap(), b.lock().unwrap());
                assert_eq!(*a + *b, 3);
            });
            scope.spawn_named("right", || {
                let (first, second) = if same_order { (&a, &b) } else { (&b, &a) };
                let (first, second) = (first.lock().unwrap(), second.lock().unwrap());
                assert_eq!(*first + *second, 3);
            });
        });
    }
    let report = tell_apart(
        || program(false),
        "deadlock: left holds `a` and waits for `b`; right holds `b` and waits for `a`",
        || program(true),
    );
    let failure = report.failure().unwrap();
    assert_eq!(
        (failure.kind(), failure.place()),
        (FailureKind::Deadlock, "")
    );
}

#[test]
fn dining_philosophers() {
    fn program(in_order: bool) {
        let forks = [1, 2, 3].map(|n| Mutex::named(&format!("fork {n}"), n));
        thread::scope(|scope| {
            for n in 0..3 {
                let (mut first, mut second) = (n, (n + 1) % 3);
                if in_order && first > second {
                    (first, second) = (second, first);
                }
                let (first, second) = (&forks[first], &forks[second]);
                scope.spawn_named(["Kant", "Hume", "Mill"][n], move || {
                    let _forks = (first.lock().unwrap(), second.lock().unwrap());
                });
            }
        });
    }
    tell_apart(
        || program(false),
        "deadlock: Kant holds `fork 1` and waits for `fork 2`; Hume holds `fork 2` and waits for \
         `fork 3`; Mill holds `fork 3` and waits for `fork 1`",
        || program(true),
    );
}

#[test]
fn readers_and_a_writer() {
    /// The two halves are always equal: unless somebody reads between the two changes.
    fn program(change: fn(&RwLock<[u32; 2]>)) {
        let halves = RwLock::named("halves", [0, 0]);
        thread::scope(|scope| {
            scope.spawn_named("writer", || change(&halves));
            for name in ["reader 1", "reader 2"] {
                scope.spawn_named(name, || {
                    let halves = halves.read().unwrap();
                    assert_eq!(halves[0], halves[1], "torn");
                });
            }
        });
    }
    tell_apart(
        || {
            program(|halves| {
                halves.write().unwrap()[0] = 1;
                halves.write().unwrap()[1] = 1;
            })
        },
        "torn",
        || program(|halves| *halves.write().unwrap() = [1, 1]),
    );
}

#[test]
fn readers_are_in_together_and_a_writer_is_alone() {
    let report = interleavings::Search::new().keep_going().run(|| {
        let (lock, inside) = (RwLock::new(()), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let _guard = lock.read().unwrap();
                    let before = inside.fetch_add(1, SeqCst);
                    inside.fetch_sub(1, SeqCst);
                    assert_eq!(before, 0, "together");
                });
            }
        });
    });
    assert!(
        report.failed() > 0 && report.failed() < report.schedules(),
        "{report}"
    );
    let report = interleavings::all(|| {
        let (lock, inside) = (RwLock::new(()), AtomicU32::new(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                let _guard = lock.write().unwrap();
                assert_eq!(inside.fetch_add(10, SeqCst), 0);
                inside.fetch_sub(10, SeqCst);
            });
            for _ in 0..2 {
                scope.spawn(|| {
                    let _guard = lock.read().unwrap();
                    assert!(inside.fetch_add(1, SeqCst) < 10);
                    inside.fetch_sub(1, SeqCst);
                });
            }
        });
    });
    assert!(report.passed(), "{report}");
}
