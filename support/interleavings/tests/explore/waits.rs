//! Conditions, barriers and channels: who waits, who is woken, who waits for ever.

use interleavings::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use interleavings::sync::{Barrier, Condvar, Mutex, mpsc};
use interleavings::{self, FailureKind, thread};

use super::broken::tell_apart;

#[test]
fn a_missed_notification() {
    /// The flag is changed without the lock: between the reader's look and its wait.
    fn broken() {
        let (ready, lock, changed) = (
            AtomicBool::named("ready", false),
            Mutex::named("lock", ()),
            Condvar::named("changed"),
        );
        thread::scope(|scope| {
            scope.spawn_named("reader", || {
                let mut guard = lock.lock().unwrap();
                while !ready.load(SeqCst) {
                    guard = changed.wait(guard).unwrap();
                }
            });
            scope.spawn_named("writer", || {
                ready.store(true, SeqCst);
                changed.notify_one();
            });
        });
    }
    fn right() {
        let (ready, changed) = (Mutex::named("ready", false), Condvar::named("changed"));
        thread::scope(|scope| {
            scope.spawn_named("reader", || {
                let guard = ready.lock().unwrap();
                drop(changed.wait_while(guard, |ready| !*ready).unwrap());
            });
            scope.spawn_named("writer", || {
                *ready.lock().unwrap() = true;
                changed.notify_one();
            });
        });
    }
    let message =
        "deadlock: reader waits for `changed` (a Condvar) and nobody is left to notify it";
    let report = tell_apart(broken, message, right);
    assert_eq!(report.failure().unwrap().kind(), FailureKind::Deadlock);
}

/// A place for one item, two consumers, one producer of two items.
fn one_place(waits: fn(&Condvar, &Mutex<Vec<u32>>) -> u32) {
    let (place, filled) = (Mutex::named("place", Vec::new()), Condvar::named("filled"));
    thread::scope(|scope| {
        for name in ["consumer 1", "consumer 2"] {
            scope.spawn_named(name, || waits(&filled, &place));
        }
        scope.spawn_named("producer", || {
            for item in [1, 2] {
                place.lock().unwrap().push(item);
                filled.notify_one();
            }
        });
    });
}

#[test]
fn a_consumer_that_looks_once_instead_of_again() {
    tell_apart(
        || {
            one_place(|filled, place| {
                let mut items = place.lock().unwrap();
                if items.is_empty() {
                    items = filled.wait(items).unwrap();
                }
                items.pop().expect("woken, and nothing is there")
            })
        },
        "woken, and nothing is there",
        || {
            one_place(|filled, place| {
                let mut items = place.lock().unwrap();
                while items.is_empty() {
                    items = filled.wait(items).unwrap();
                }
                items.pop().expect("woken, and nothing is there")
            })
        },
    );
}

/// A bounded place for one item: producers wait for room, consumers for an item.
fn bounded(shared: bool) {
    let place = Mutex::named("place", None);
    let conditions = [Condvar::named("changed"), Condvar::named("room")];
    let (filled, room) = (&conditions[0], &conditions[usize::from(!shared)]);
    let put = |item| {
        let mut guard = room
            .wait_while(place.lock().unwrap(), |place| place.is_some())
            .unwrap();
        *guard = Some(item);
        drop(guard);
        filled.notify_one();
    };
    let take = || {
        let mut guard = filled
            .wait_while(place.lock().unwrap(), |place| place.is_none())
            .unwrap();
        let item = guard.take();
        drop(guard);
        room.notify_one();
        item
    };
    thread::scope(|scope| {
        scope.spawn_named("consumer 1", take);
        scope.spawn_named("consumer 2", take);
        scope.spawn_named("producer", || [1, 2].into_iter().for_each(put));
    });
}

#[test]
fn one_condition_for_two_purposes_wakes_the_wrong_one() {
    let report = interleavings::all(|| bounded(true));
    let failure = report.failure().unwrap_or_else(|| panic!("{report}"));
    assert_eq!(failure.kind(), FailureKind::Deadlock);
    assert!(
        failure
            .message()
            .contains("waits for `changed` (a Condvar)"),
        "{failure}"
    );
    let report = interleavings::all(|| bounded(false));
    assert!(report.passed(), "{report}");
}

#[test]
fn each_of_those_who_wait_may_be_the_one_that_is_woken() {
    let report = interleavings::Search::new().keep_going().run(|| {
        let (count, changed) = (Mutex::new((0, 0)), Condvar::new());
        thread::scope(|scope| {
            for n in [1, 2] {
                let (count, changed) = (&count, &changed);
                scope.spawn(move || {
                    let mut guard = count.lock().unwrap();
                    guard.0 += 1;
                    guard = changed.wait(guard).unwrap();
                    if guard.1 == 0 {
                        guard.1 = n;
                    }
                });
            }
            scope.spawn(|| {
                if count.lock().unwrap().0 == 2 {
                    changed.notify_one();
                    changed.notify_one();
                }
            });
        });
        let first = count.into_inner().unwrap().1;
        assert_eq!(first, 1, "the other was first");
    });
    let message = report.failure().unwrap().message().to_string();
    assert!(report.failed() < report.schedules(), "{report}");
    // Both sorts of failure are among them: those who were not both waiting in time wait for ever.
    assert!(message.contains("the other was first") || message.contains("nobody is left"));
}

#[test]
fn a_barrier_lets_nobody_through_before_all_are_there() {
    let report = interleavings::all(|| {
        let (barrier, arrived) = (Barrier::new(3), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    arrived.fetch_add(1, SeqCst);
                    barrier.wait();
                    assert_eq!(arrived.load(SeqCst), 3);
                });
            }
        });
    });
    assert!(report.passed(), "{report}");
    let report = interleavings::all(|| {
        let barrier = Barrier::named("all", 3);
        thread::scope(|scope| {
            scope.spawn_named("left", || barrier.wait());
            scope.spawn_named("right", || barrier.wait());
        });
    });
    assert_eq!(
        report.failure().unwrap().message(),
        "deadlock: left waits for `all` (a Barrier), where 2 of 3 have arrived; right waits for \
         `all` (a Barrier), where 2 of 3 have arrived"
    );
}

#[test]
fn a_barrier_has_one_leader_in_each_round() {
    let report = interleavings::all(|| {
        let (barrier, leaders) = (Barrier::new(2), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..2 {
                        leaders.fetch_add(barrier.wait().is_leader().into(), SeqCst);
                    }
                });
            }
        });
        assert_eq!(leaders.into_inner(), 2);
    });
    assert!(report.passed(), "{report}");
}

#[test]
fn a_channel_keeps_the_order_of_each_sender() {
    let report = interleavings::all(|| {
        let (sender, receiver) = mpsc::channel();
        for name in ["a", "b"] {
            let sender = sender.clone();
            thread::spawn(move || (1..=2).for_each(|n| sender.send((name, n)).unwrap()));
        }
        drop(sender);
        let all: Vec<_> = receiver.iter().collect();
        for name in ["a", "b"] {
            let own = all.iter().filter(|it| it.0 == name).map(|it| it.1);
            assert!(own.eq(1..=2));
        }
    });
    assert!(report.passed(), "{report}");
}

#[test]
fn a_bounded_channel_holds_no_more_than_its_room() {
    for room in [0, 1, 2] {
        let report = interleavings::all(move || {
            let (sender, receiver) = mpsc::sync_channel(room);
            let (sent, taken) = (AtomicU32::new(0), AtomicU32::new(0));
            thread::scope(|scope| {
                let (sent, taken) = (&sent, &taken);
                scope.spawn(move || {
                    for n in 0..3 {
                        sender.send(n).unwrap();
                        let taken = taken.load(SeqCst) as usize;
                        let sent = sent.fetch_add(1, SeqCst) as usize + 1;
                        // One may have been taken, and not yet been counted.
                        assert!(sent <= taken + room + 1, "{sent} {taken}");
                    }
                });
                scope.spawn(move || {
                    for n in 0..3 {
                        assert_eq!(receiver.recv(), Ok(n));
                        taken.fetch_add(1, SeqCst);
                    }
                });
            });
        });
        assert!(report.passed(), "{room}: {report}");
    }
}

#[test]
fn a_sender_without_room_hears_that_the_receiver_is_gone() {
    let report = interleavings::all(|| {
        let (sender, receiver) = mpsc::sync_channel(0);
        thread::spawn(move || {
            let _ = receiver.recv();
        });
        let both = (sender.send(1).is_ok(), sender.send(2).is_ok());
        assert_eq!(both, (true, false));
    });
    assert!(report.passed(), "{report}");
}

#[test]
fn a_forgotten_sender_keeps_the_receiver_waiting() {
    tell_apart(
        || {
            let (sender, receiver) = mpsc::channel_named("orders");
            let worker = sender.clone();
            thread::spawn(move || worker.send(1).unwrap());
            assert_eq!(receiver.iter().count(), 1); // `sender` still lives
            drop(sender);
        },
        "deadlock: main waits for a message in `orders` and nobody is left to send one",
        || {
            let (sender, receiver) = mpsc::channel_named("orders");
            thread::spawn(move || sender.send(1).unwrap());
            assert_eq!(receiver.iter().count(), 1);
        },
    );
}

#[test]
fn who_only_waits_for_the_end_of_a_stuck_thread_is_not_blamed() {
    let report = interleavings::all(|| {
        let worker = thread::spawn_named("worker", || {
            let lock = Mutex::named("lock", ());
            let _held = lock.lock().unwrap();
            let _again = lock.lock().unwrap();
        });
        worker.join().unwrap();
    });
    assert_eq!(
        report.failure().unwrap().message(),
        "deadlock: worker holds `lock` and waits for `lock`, which it holds itself"
    );
}
