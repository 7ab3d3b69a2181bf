//! Memory orders: what each permits, by small programs whose outcomes are known.

use std::collections::BTreeSet;
use std::sync::Arc as StdArc;
use std::sync::Mutex as StdMutex;
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};

use interleavings::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize};
use interleavings::sync::{Mutex, mpsc};
use interleavings::{self, hint, thread};

use super::broken::tell_apart;

/// Peterson's lock for two, around an addition that is two steps.
fn peterson(order: Ordering) {
    let wants = [
        AtomicBool::named("left wants", false),
        AtomicBool::named("right wants", false),
    ];
    let turn = AtomicUsize::named("turn", 0);
    let inside = AtomicU32::named("inside", 0);
    let (store, load) = match order {
        AcqRel => (Release, Acquire),
        order => (order, order),
    };
    thread::scope(|scope| {
        for (me, name) in ["left", "right"].into_iter().enumerate() {
            let (wants, turn, inside) = (&wants, &turn, &inside);
            scope.spawn_named(name, move || {
                wants[me].store(true, store);
                turn.store(1 - me, store);
                while wants[1 - me].load(load) && turn.load(load) == 1 - me {
                    hint::spin_loop();
                }
                assert_eq!(inside.fetch_add(1, Relaxed), 0, "both are in");
                inside.fetch_sub(1, Relaxed);
                wants[me].store(false, store);
            });
        }
    });
}

#[test]
fn petersons_lock_needs_sequential_consistency() {
    tell_apart(|| peterson(Relaxed), "both are in", || peterson(SeqCst));
    tell_apart(|| peterson(AcqRel), "both are in", || peterson(SeqCst));
}

fn message(store: Ordering, load: Ordering) {
    let (data, ready) = (
        AtomicU32::named("data", 0),
        AtomicBool::named("ready", false),
    );
    thread::scope(|scope| {
        scope.spawn_named("writer", || {
            data.store(42, Relaxed);
            ready.store(true, store);
        });
        scope.spawn_named("reader", || {
            while !ready.load(load) {
                hint::spin_loop();
            }
            assert_eq!(
                data.load(Relaxed),
                42,
                "the message came before its content"
            );
        });
    });
}

#[test]
fn passing_a_message_needs_release_and_acquire() {
    for (store, load) in [(Relaxed, Relaxed), (Release, Relaxed), (Relaxed, Acquire)] {
        let why = "the message came before its content";
        tell_apart(
            move || message(store, load),
            why,
            || message(Release, Acquire),
        );
    }
    assert!(interleavings::all(|| message(SeqCst, SeqCst)).passed());
}

/// Every outcome of a program, over all its schedules.
fn outcomes(program: fn() -> Vec<u32>) -> BTreeSet<Vec<u32>> {
    let seen = StdArc::new(StdMutex::new(BTreeSet::new()));
    let own = StdArc::clone(&seen);
    let report = interleavings::all(move || _ = own.lock().unwrap().insert(program()));
    assert!(report.passed(), "{report}");
    seen.lock().unwrap().clone()
}

/// Each stores to its own and looks at the other's.
fn store_buffering(store: Ordering, load: Ordering) -> Vec<u32> {
    let (x, y) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        let left = scope.spawn(|| {
            x.store(1, store);
            y.load(load)
        });
        let right = scope.spawn(|| {
            y.store(1, store);
            x.load(load)
        });
        vec![left.join().unwrap(), right.join().unwrap()]
    })
}

#[test]
fn two_stores_may_pass_each_other_but_not_in_one_order() {
    let all = BTreeSet::from([vec![0, 0], vec![0, 1], vec![1, 0], vec![1, 1]]);
    assert_eq!(outcomes(|| store_buffering(Relaxed, Relaxed)), all);
    assert_eq!(outcomes(|| store_buffering(Release, Acquire)), all);
    let mut agreed = all;
    agreed.remove(&vec![0, 0]);
    assert_eq!(outcomes(|| store_buffering(SeqCst, SeqCst)), agreed);
}

/// Two readers see two independent stores.
fn independent(order: (Ordering, Ordering)) -> Vec<u32> {
    let (x, y) = (AtomicU32::new(0), AtomicU32::new(0));
    let (x, y, (store, load)) = (&x, &y, order);
    thread::scope(|scope| {
        scope.spawn(move || x.store(1, store));
        scope.spawn(move || y.store(1, store));
        let first = scope.spawn(move || [x.load(load), y.load(load)]);
        let second = scope.spawn(move || [y.load(load), x.load(load)]);
        [first.join().unwrap(), second.join().unwrap()].concat()
    })
}

#[test]
fn readers_agree_on_the_order_of_independent_stores_only_by_sequential_consistency() {
    let apart = vec![1, 0, 1, 0];
    assert!(outcomes(|| independent((Release, Acquire))).contains(&apart));
    assert!(!outcomes(|| independent((SeqCst, SeqCst))).contains(&apart));
}

#[test]
fn one_atomic_never_goes_back() {
    let seen = outcomes(|| {
        let x = AtomicU32::new(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                x.store(1, Relaxed);
                x.store(2, Relaxed)
            });
            let reader = scope.spawn(|| vec![x.load(Relaxed), x.load(Relaxed)]);
            reader.join().unwrap()
        })
    });
    let expected = [[0, 0], [0, 1], [0, 2], [1, 1], [1, 2], [2, 2]];
    assert_eq!(seen, expected.iter().map(|two| two.to_vec()).collect());
}

#[test]
fn what_a_thread_wrote_it_reads() {
    let seen = outcomes(|| {
        let x = AtomicU32::new(0);
        x.store(1, Relaxed);
        vec![x.load(Relaxed)]
    });
    assert_eq!(seen, BTreeSet::from([vec![1]]));
}

#[test]
fn a_release_goes_on_through_the_updates_of_others() {
    fn program() -> Vec<u32> {
        let (data, ready) = (AtomicU32::new(0), AtomicU32::new(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                data.store(42, Relaxed);
                ready.store(1, Release)
            });
            scope.spawn(|| {
                ready.fetch_add(1, Relaxed);
            });
            let reader = scope.spawn(|| match ready.load(Acquire) {
                2 => data.load(Relaxed),
                _ => 42,
            });
            // 2 is read only if the addition came after the store.
            vec![reader.join().unwrap()]
        })
    }
    assert_eq!(outcomes(program), BTreeSet::from([vec![42]]));
}

#[test]
fn an_update_reads_the_newest() {
    let seen = outcomes(|| {
        let x = AtomicU32::new(0);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| x.fetch_add(1, Relaxed));
            }
        });
        vec![x.into_inner()]
    });
    assert_eq!(seen, BTreeSet::from([vec![3]]));
}

#[test]
fn locks_channels_starts_and_ends_carry_what_was_written() {
    let report = interleavings::all(|| {
        let data = AtomicU32::new(0);
        let lock = Mutex::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                data.store(1, Relaxed);
                *lock.lock().unwrap() = true;
            });
            scope.spawn(|| {
                if *lock.lock().unwrap() {
                    assert_eq!(data.load(Relaxed), 1, "by the lock");
                }
            });
        });
        assert_eq!(data.load(Relaxed), 1, "by the end");
        data.store(2, Relaxed);
        let (sender, receiver) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                assert_eq!(data.load(Relaxed), 2, "by the start");
                data.store(3, Relaxed);
                sender.send(()).unwrap();
            });
            let data = &data;
            scope.spawn(move || {
                receiver.recv().unwrap();
                assert_eq!(data.load(Relaxed), 3, "by the channel");
            });
        });
    });
    assert!(report.passed(), "{report}");
}

#[test]
fn an_order_that_std_refuses_is_refused() {
    let report = interleavings::all(|| _ = AtomicU32::new(0).load(Release));
    assert!(
        report
            .failure()
            .unwrap()
            .message()
            .contains("a load cannot have the order Release")
    );
    let report = interleavings::all(|| AtomicU32::new(0).store(1, Acquire));
    assert!(
        report
            .failure()
            .unwrap()
            .message()
            .contains("a store cannot have the order Acquire")
    );
}

/// The sibling's answer, on which the documentation of `explore` relies: it finds Peterson's lock
/// wrong under `SeqCst`, too, because it takes that for `AcqRel`.
#[test]
fn loom_takes_sequential_consistency_for_less() {
    use loom::sync::Arc;
    use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize};
    let check = || {
        let mut model = loom::model::Builder::new();
        model.max_permutations = Some(100_000);
        model.check(|| {
            let shared = Arc::new((
                [AtomicBool::new(false), AtomicBool::new(false)],
                AtomicUsize::new(0),
                AtomicU32::new(0),
            ));
            let enter = |me: usize| {
                let shared = shared.clone();
                move || {
                    let (wants, turn, inside) = &*shared;
                    wants[me].store(true, SeqCst);
                    turn.store(1 - me, SeqCst);
                    while wants[1 - me].load(SeqCst) && turn.load(SeqCst) == 1 - me {
                        loom::thread::yield_now();
                    }
                    assert_eq!(inside.fetch_add(1, Relaxed), 0, "both are in");
                    inside.fetch_sub(1, Relaxed);
                    wants[me].store(false, SeqCst);
                }
            };
            let other = loom::thread::spawn(enter(1));
            enter(0)();
            other.join().unwrap();
        });
    };
    let failure = std::panic::catch_unwind(check).expect_err("loom proves it now: say so");
    let message = failure
        .downcast_ref::<String>()
        .cloned()
        .unwrap_or_default();
    assert!(message.contains("both are in"), "{message}");
}
