//! What is made by hand of atomics and plain data: right, and wrong by one order.

use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};
use std::time::Duration;

use interleavings::cell::UnsafeCell;
use interleavings::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, fence};
use interleavings::sync::{Arc, Once, OnceLock, mpsc};
use interleavings::{self, FailureKind, Search, channel, hint, thread};

/// The broken one has a data race, which replays; the right one passes under every schedule.
fn races(
    broken: impl Fn() + Send + Sync + Clone + 'static,
    right: impl Fn() + Send + Sync + 'static,
) {
    let report = Search::new().reduced().run(broken.clone());
    let failure = report
        .failure()
        .unwrap_or_else(|| panic!("not found: {report}"));
    assert_eq!(failure.kind(), FailureKind::DataRace, "{failure}");
    let all = interleavings::all(broken.clone());
    assert_eq!(
        all.failure().map(interleavings::Failure::kind),
        Some(FailureKind::DataRace)
    );
    let again = interleavings::replay(failure.schedule(), broken);
    assert_eq!(again.failure().unwrap().message(), failure.message());
    // Seconds, but for a machine that is busy with other things.
    let limit = Duration::from_secs(300);
    let report = Search::new().reduced().time(limit).run(right);
    assert!(report.passed(), "{report}");
}

/// Plain data, lent to several threads.
struct Lent<T>(UnsafeCell<T>);
// SAFETY: whether it is right is what is to be found out.
unsafe impl<T: Send> Sync for Lent<T> {}

impl<T: Copy> Lent<T> {
    fn new(name: &str, value: T) -> Lent<T> {
        Lent(UnsafeCell::named(name, value))
    }
    #[track_caller]
    fn get(&self) -> T {
        // SAFETY: as above.
        self.0.with(|value| unsafe { *value })
    }
    #[track_caller]
    fn set(&self, new: T) {
        // SAFETY: as above.
        self.0.with_mut(|value| unsafe { *value = new });
    }
}

#[test]
fn a_race_is_named_with_both_places() {
    let report = interleavings::all(|| {
        let data = Lent::new("data", 0);
        thread::scope(|scope| {
            scope.spawn_named("left", || data.set(1));
            scope.spawn_named("right", || data.get());
        });
    });
    let failure = report.failure().unwrap();
    let message = failure.message();
    assert_eq!(failure.kind(), FailureKind::DataRace);
    assert!(message.starts_with("data race on `data`: "), "{message}");
    for part in ["left", "right", "made_by_hand.rs", "nothing orders the two"] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(message.matches("made_by_hand.rs").count(), 2, "{message}");
    // Readers do not disturb each other; threads that are joined are over.
    let report = interleavings::all(|| {
        let data = Lent::new("data", 0);
        data.set(1);
        thread::scope(|scope| {
            scope.spawn(|| assert_eq!(data.get(), 1));
            scope.spawn(|| assert_eq!(data.get(), 1));
        });
        data.set(2);
    });
    assert!(report.passed(), "{report}");
}

#[test]
fn a_spinlock() {
    fn program(take: Ordering, free: Ordering) {
        let (taken, sum) = (AtomicBool::named("taken", false), Lent::new("sum", 0));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while taken.swap(true, take) {
                        hint::spin_loop();
                    }
                    sum.set(sum.get() + 1);
                    taken.store(false, free);
                });
            }
        });
        assert_eq!(sum.get(), 2);
    }
    for (take, free) in [(Relaxed, Relaxed), (Relaxed, Release), (Acquire, Relaxed)] {
        races(move || program(take, free), || program(Acquire, Release));
    }
}

#[test]
fn a_spinlock_by_compare_exchange_and_fences() {
    fn program(weak: bool, fences: bool) {
        let (taken, sum) = (AtomicBool::named("taken", false), Lent::new("sum", 0));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let take = || match weak {
                        true => taken.compare_exchange_weak(false, true, Relaxed, Relaxed),
                        false => taken.compare_exchange(false, true, Relaxed, Relaxed),
                    };
                    while take().is_err() {
                        hint::spin_loop();
                    }
                    if fences {
                        fence(Acquire);
                    }
                    sum.set(sum.get() + 1);
                    if fences {
                        fence(Release);
                    }
                    taken.store(false, Relaxed);
                });
            }
        });
    }
    races(|| program(false, false), || program(false, true));
    races(|| program(true, false), || program(true, true));
}

#[test]
fn a_ticket_lock() {
    fn program(serve: Ordering) {
        let [next, serving] = ["next", "serving"].map(|name| AtomicU32::named(name, 0));
        let sum = Lent::new("sum", 0);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let own = next.fetch_add(1, Relaxed);
                    while serving.load(Acquire) != own {
                        hint::spin_loop();
                    }
                    sum.set(sum.get() + 1);
                    serving.store(own + 1, serve);
                });
            }
        });
    }
    races(|| program(Relaxed), || program(Release));
}

/// The last of two owners drops what both have used.
#[test]
fn a_shared_pointer() {
    struct Shared {
        owners: AtomicUsize,
        value: UnsafeCell<u32>,
    }
    // SAFETY: as `Lent`.
    unsafe impl Sync for Shared {}
    fn program(leave: Ordering, last: bool) {
        let shared = Shared {
            owners: AtomicUsize::named("owners", 2),
            value: UnsafeCell::named("value", 5),
        };
        let shared = &shared;
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(move || {
                    // SAFETY: as `Lent`.
                    assert_eq!(shared.value.with(|value| unsafe { *value }), 5);
                    if shared.owners.fetch_sub(1, leave) == 1 {
                        if last {
                            fence(Acquire);
                        }
                        // SAFETY: as `Lent`. It stands for the drop.
                        shared.value.with_mut(|value| unsafe { *value = 0 });
                    }
                });
            }
        });
    }
    races(|| program(Relaxed, true), || program(Release, true));
    races(|| program(Release, false), || program(AcqRel, false));
}

/// One producer, one consumer, two places.
#[test]
fn a_ring() {
    fn program(publish: Ordering, free: Ordering) {
        let [head, tail] = ["head", "tail"].map(|name| AtomicUsize::named(name, 0));
        let slots = [Lent::new("slot 0", 0), Lent::new("slot 1", 0)];
        thread::scope(|scope| {
            scope.spawn_named("producer", || {
                for n in 0..3_usize {
                    while n - head.load(Acquire) == 2 {
                        hint::spin_loop();
                    }
                    slots[n % 2].set(n + 10);
                    tail.store(n + 1, publish);
                }
            });
            scope.spawn_named("consumer", || {
                for n in 0..3_usize {
                    while tail.load(Acquire) == n {
                        hint::spin_loop();
                    }
                    assert_eq!(slots[n % 2].get(), n + 10);
                    head.store(n + 1, free);
                }
            });
        });
    }
    races(|| program(Relaxed, Release), || program(Release, Release));
    races(|| program(Release, Relaxed), || program(Release, Release));
}

/// Treiber's stack, whose nodes are leaked.
#[test]
fn a_stack() {
    struct Node {
        value: UnsafeCell<u32>,
        next: *mut Node,
    }
    fn push(head: &AtomicPtr<Node>, value: u32, publish: Ordering) {
        let node = Box::into_raw(Box::new(Node {
            value: UnsafeCell::named("node", value),
            next: std::ptr::null_mut(),
        }));
        let mut next = head.load(Relaxed);
        loop {
            // SAFETY: nobody else has it yet.
            unsafe { (*node).next = next };
            match head.compare_exchange_weak(next, node, publish, Relaxed) {
                Ok(_) => return,
                Err(other) => next = other,
            }
        }
    }
    fn pop(head: &AtomicPtr<Node>, take: Ordering) -> Option<u32> {
        let mut node = head.load(take);
        loop {
            if node.is_null() {
                return None;
            }
            // SAFETY: no node is ever freed.
            let next = unsafe { (*node).next };
            match head.compare_exchange_weak(node, next, take, take) {
                // SAFETY: as above.
                Ok(_) => return Some(unsafe { (*node).value.with(|value| *value) }),
                Err(other) => node = other,
            }
        }
    }
    fn program(publish: Ordering, take: Ordering) {
        let head = AtomicPtr::named("head", std::ptr::null_mut());
        thread::scope(|scope| {
            scope.spawn_named("left", || push(&head, 1, publish));
            scope.spawn_named("right", || {
                push(&head, 2, publish);
                assert!(pop(&head, take).is_some());
            });
        });
        assert!(pop(&head, take).is_some());
        assert_eq!(pop(&head, take), None);
    }
    races(|| program(Relaxed, Acquire), || program(Release, Acquire));
    races(|| program(Release, Relaxed), || program(Release, Acquire));
    let report = interleavings::replay("", || program(Release, Acquire));
    let steps = report.run().unwrap().steps();
    assert!(steps[0].operation().contains("head → null"), "{report}");
    assert!(steps[1].operation().contains("null → &a"), "{report}");
}

/// A reader that sees no change between its two looks has read whole data: with the fence that makes it so.
#[test]
fn a_seqlock() {
    fn program(fenced: bool) {
        let sequence = AtomicU32::named("sequence", 0);
        let halves = ["left", "right"].map(|name| AtomicU32::named(name, 0));
        thread::scope(|scope| {
            scope.spawn_named("writer", || {
                sequence.store(1, Relaxed);
                fence(Release);
                halves[0].store(1, Relaxed);
                halves[1].store(1, Relaxed);
                sequence.store(2, Release);
            });
            scope.spawn_named("reader", || {
                let before = sequence.load(Acquire);
                let read = [halves[0].load(Relaxed), halves[1].load(Relaxed)];
                if fenced {
                    fence(Acquire);
                }
                if before.is_multiple_of(2) && sequence.load(Relaxed) == before {
                    assert_eq!(read[0], read[1], "torn");
                }
            });
        });
    }
    super::broken::tell_apart(|| program(false), "torn", || program(true));
}

#[test]
fn a_value_that_is_made_once() {
    for reduced in [false, true] {
        let search = if reduced {
            Search::new().reduced()
        } else {
            Search::new()
        };
        let report = search.run(|| {
            let (value, made) = (OnceLock::new(), AtomicU32::new(0));
            thread::scope(|scope| {
                for n in 1..=2 {
                    let (value, made) = (&value, &made);
                    scope.spawn(move || {
                        let seen: u32 = *value.get_or_init(|| {
                            made.fetch_add(1, SeqCst);
                            n
                        });
                        assert_eq!(Some(&seen), value.get());
                    });
                }
            });
            assert_eq!(made.into_inner(), 1);
            assert_eq!(value.set(7), Err(7));
        });
        assert!(report.passed(), "{report}");
    }
    // What was done once is seen by who sees that it was done; and only by that one.
    let report = interleavings::all(|| {
        let (once, data) = (Once::new(), Lent::new("data", 0));
        thread::scope(|scope| {
            scope.spawn(|| once.call_once(|| data.set(1)));
            scope.spawn(|| {
                if once.is_completed() {
                    assert_eq!(data.get(), 1);
                }
            });
        });
    });
    assert!(report.passed(), "{report}");
}

#[test]
fn thread_locals_are_each_threads_own() {
    use std::cell::RefCell;
    interleavings::thread_local! {
        static OWN: RefCell<Vec<u32>> = RefCell::new(Vec::new());
        static LAST: Farewell = Farewell;
    }
    /// A destructor that takes a step.
    struct Farewell;
    impl Drop for Farewell {
        fn drop(&mut self) {
            assert_eq!(OWN.with(|own| own.borrow().len()), 2);
            drop(interleavings::sync::Mutex::new(0).lock());
        }
    }
    let report = interleavings::all(|| {
        let all: Vec<_> = (0..2)
            .map(|n| {
                thread::spawn(move || {
                    OWN.with(|own| own.borrow_mut().push(n));
                    thread::yield_now();
                    LAST.with(|_| ());
                    OWN.with(|own| own.borrow_mut().push(n + 10));
                    OWN.with(|own| own.borrow().clone())
                })
            })
            .collect();
        for (n, thread) in (0..).zip(all) {
            assert_eq!(thread.join().unwrap(), [n, n + 10]);
        }
        assert!(OWN.with(|own| own.borrow().is_empty()));
    });
    assert!(report.passed(), "{report}");
}

/// "All workers are done" is what the end of a channel is used for: their writes are seen.
#[test]
fn a_channel_that_ends_tells_what_its_senders_wrote() {
    let report = interleavings::all(|| {
        let (sender, receiver) = mpsc::channel::<()>();
        let data = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
        for n in 0..2 {
            let (sender, data) = (sender.clone(), data.clone());
            thread::spawn(move || {
                data[n].store(1, Relaxed);
                drop(sender);
            });
        }
        drop(sender);
        receiver.iter().for_each(drop);
        assert_eq!([data[0].load(Relaxed), data[1].load(Relaxed)], [1, 1]);
    });
    assert!(report.passed(), "{report}");
    // And so does the end of the receiver.
    let report = interleavings::all(|| {
        let (sender, receiver) = mpsc::channel();
        let data = Arc::new(AtomicU32::new(0));
        let own = data.clone();
        thread::spawn(move || {
            own.store(1, Relaxed);
            drop(receiver);
        });
        if sender.send(1).is_err() {
            assert_eq!(data.load(Relaxed), 1);
        }
    });
    assert!(report.passed(), "{report}");
}

/// A place in a channel is a permit: who gets it knows what the one before did.
#[test]
fn a_bounded_channel_is_a_semaphore() {
    for room in [0, 1] {
        let report = interleavings::all(move || {
            let (sender, receiver) = channel::bounded(room);
            let data = Arc::new(Lent::new("data", 0));
            let own = data.clone();
            thread::spawn(move || {
                own.set(own.get() + 1);
                receiver.recv().unwrap();
                let _ = receiver.recv();
            });
            sender.send(()).unwrap();
            if room == 0 {
                data.set(5);
            } else {
                sender.send(()).unwrap();
                data.set(5);
            }
        });
        assert!(report.passed(), "{room}: {report}");
    }
}

#[test]
fn several_receive_each_message_once() {
    let report = interleavings::all(|| {
        let (sender, receiver) = channel::unbounded();
        let sum = AtomicU32::new(0);
        thread::scope(|scope| {
            for _ in 0..2 {
                let (receiver, sum) = (receiver.clone(), &sum);
                scope.spawn(move || {
                    for n in receiver.iter() {
                        sum.fetch_add(n, Relaxed);
                    }
                });
            }
            drop(receiver);
            (1..=2).for_each(|n| sender.send(n).unwrap());
            drop(sender);
        });
        assert_eq!(sum.into_inner(), 3);
    });
    assert!(report.passed(), "{report}");
}

/// Whichever of two has something; and where both have, neither is preferred.
#[test]
fn a_selection_takes_either() {
    use interleavings::channel::select;
    let seen = Arc::new(std::sync::Mutex::new(std::collections::BTreeSet::new()));
    for reduced in [false, true] {
        let own = seen.clone();
        own.lock().unwrap().clear();
        let search = if reduced {
            Search::new().reduced()
        } else {
            Search::new()
        };
        let report = search.run(move || {
            let (orders, from_orders) = channel::unbounded();
            let (stop, from_stop) = channel::unbounded();
            thread::spawn(move || orders.send(1).is_ok());
            thread::spawn(move || stop.send(2).is_ok());
            let mut order = Vec::new();
            for _ in 0..2 {
                select! {
                    recv(from_orders) -> n => order.push(n.unwrap_or(10)),
                    recv(from_stop) -> n => order.push(n.unwrap_or(20)),
                }
            }
            own.lock().unwrap().insert(order);
        });
        assert!(report.passed(), "{report}");
        let expected = [[1, 2], [1, 10], [2, 1], [2, 20]].map(Vec::from);
        assert_eq!(*seen.lock().unwrap(), expected.into());
    }
    let report = interleavings::all(|| {
        let (_a, from_a) = channel::named::<()>("a", None);
        let (_b, from_b) = channel::named::<()>("b", None);
        _ = channel::either(&from_a, &from_b);
    });
    assert_eq!(
        report.failure().unwrap().message(),
        "deadlock: main waits for a message in `a` or `b` and nobody is left to send one"
    );
}

/// A failing exchange may have seen an old value; one that may fail for nothing does.
#[test]
fn an_exchange_fails_as_it_may() {
    let seen = Arc::new(std::sync::Mutex::new(std::collections::BTreeSet::new()));
    let own = seen.clone();
    let report = interleavings::all(move || {
        let x = AtomicU32::named("x", 0);
        thread::scope(|scope| {
            scope.spawn(|| {
                x.store(1, Relaxed);
                x.store(2, Relaxed);
            });
            let result = x.compare_exchange(2, 3, Relaxed, Relaxed);
            own.lock().unwrap().insert(result);
        });
    });
    assert!(report.passed(), "{report}");
    let all = [Ok(2), Err(0), Err(1)];
    assert_eq!(*seen.lock().unwrap(), all.into());
    let report = interleavings::all(|| {
        let x = AtomicU32::new(0);
        let weak = x.compare_exchange_weak(0, 1, SeqCst, SeqCst);
        assert!(weak.is_ok(), "for no reason");
    });
    assert_eq!(report.failure().unwrap().message(), "for no reason");
    let report = interleavings::all(|| {
        let x = AtomicU32::new(1);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| x.fetch_update(AcqRel, Acquire, |n| Some(n * 2)));
            }
        });
        assert_eq!(x.into_inner(), 4);
    });
    assert!(report.passed(), "{report}");
}

/// A reader that leaves tells a writer what it knew, and another reader nothing.
#[test]
fn a_read_lock_orders_readers_and_writers_only() {
    use interleavings::sync::RwLock;
    let report = interleavings::all(|| {
        let (lock, data) = (RwLock::new(0), AtomicU32::new(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                let _reader = lock.read().unwrap();
                data.store(1, Relaxed);
            });
            scope.spawn(|| {
                let _writer = lock.write().unwrap();
                data.load(Relaxed);
            });
        });
    });
    assert!(report.passed(), "{report}");
    let report = interleavings::all(|| {
        let (lock, readers) = (RwLock::named("lock", 0), AtomicU32::new(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                assert!(lock.try_read().is_ok() || readers.load(SeqCst) == 0);
            });
            scope.spawn(|| {
                if let Ok(mut writer) = lock.try_write() {
                    *writer = 1;
                }
            });
        });
    });
    assert!(report.passed(), "{report}");
}

/// As std's, on the same values.
#[test]
fn updates_give_what_stds_give() {
    use interleavings::sync::atomic::AtomicI8;
    use std::sync::atomic::{AtomicBool as RealBool, AtomicI8 as RealI8};
    let report = interleavings::all(|| {
        for (before, value) in [(0, 1), (-1, 2), (i8::MIN, -1), (5, 3)] {
            let (ours, real) = (AtomicI8::new(before), RealI8::new(before));
            assert_eq!(ours.fetch_add(value, SeqCst), real.fetch_add(value, SeqCst));
            assert_eq!(ours.fetch_sub(value, SeqCst), real.fetch_sub(value, SeqCst));
            assert_eq!(ours.fetch_and(value, SeqCst), real.fetch_and(value, SeqCst));
            assert_eq!(ours.fetch_or(value, SeqCst), real.fetch_or(value, SeqCst));
            assert_eq!(ours.fetch_xor(value, SeqCst), real.fetch_xor(value, SeqCst));
            assert_eq!(
                ours.fetch_nand(value, SeqCst),
                real.fetch_nand(value, SeqCst)
            );
            assert_eq!(ours.fetch_max(value, SeqCst), real.fetch_max(value, SeqCst));
            assert_eq!(ours.fetch_min(value, SeqCst), real.fetch_min(value, SeqCst));
            assert_eq!(ours.into_inner(), real.into_inner());
        }
        for (before, value) in [(false, false), (false, true), (true, false), (true, true)] {
            let (ours, real) = (AtomicBool::new(before), RealBool::new(before));
            assert_eq!(
                ours.fetch_nand(value, SeqCst),
                real.fetch_nand(value, SeqCst)
            );
            assert_eq!(ours.fetch_xor(value, SeqCst), real.fetch_xor(value, SeqCst));
            assert_eq!(ours.into_inner(), real.into_inner());
        }
    });
    assert!(report.passed(), "{report}");
}
