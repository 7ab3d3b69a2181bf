//! A scheduling point is one per visible operation, and none elsewhere: schedules are counted.

use std::sync::atomic::Ordering::SeqCst;

use interleavings::sync::atomic::AtomicU32;
use interleavings::sync::{Arc, Mutex, mpsc};
use interleavings::{self, thread};

/// How many orders there are of threads with so many steps each: a multinomial coefficient.
fn orders(steps: &[u64]) -> u64 {
    let mut done = 0;
    let mut orders = 1;
    for thread in steps {
        for step in 1..=*thread {
            done += 1;
            orders = orders * done / step;
        }
    }
    orders
}

fn schedules(steps: &[u64]) -> u64 {
    let own = steps.to_vec();
    let report = interleavings::all(move || {
        let steps = &own;
        let x = AtomicU32::new(0);
        thread::scope(|scope| {
            for steps in steps {
                let x = &x;
                scope.spawn(move || {
                    for _ in 0..*steps {
                        x.fetch_add(1, SeqCst);
                    }
                });
            }
        });
        assert_eq!(u64::from(x.into_inner()), steps.iter().sum::<u64>());
    });
    assert!(report.passed(), "{report}");
    report.schedules()
}

#[test]
fn two_threads_of_n_steps_have_the_binomial_coefficient() {
    let found: Vec<u64> = [[1, 1], [2, 2], [3, 3], [4, 4], [5, 5], [6, 6]]
        .iter()
        .map(|steps| schedules(steps))
        .collect();
    assert_eq!(found, [2, 6, 20, 70, 252, 924]);
    assert_eq!(orders(&[6, 6]), 924);
}

#[test]
fn threads_of_any_lengths_have_the_multinomial_coefficient() {
    for steps in [
        [1, 1, 1].as_slice(),
        &[2, 2, 2],
        &[3, 3, 3],
        &[1, 5],
        &[2, 0, 3],
        &[1, 1, 1, 1],
        &[7],
    ] {
        assert_eq!(schedules(steps), orders(steps), "{steps:?}");
    }
}

#[test]
fn loads_and_stores_that_agree_on_one_order_are_a_step_each() {
    let report = interleavings::Search::new().keep_going().run(|| {
        let x = AtomicU32::new(0);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| x.store(x.load(SeqCst) + 1, SeqCst));
            }
        });
        assert_eq!(x.into_inner(), 2);
    });
    // The two orders in which one thread comes after the other are right.
    assert_eq!((report.schedules(), report.failed()), (6, 4));
}

#[test]
fn a_lock_is_a_step_and_its_release_is_none() {
    let report = interleavings::all(|| {
        let sum = Arc::new(Mutex::new(0));
        let threads = [1, 2].map(|n| {
            let sum = sum.clone();
            thread::spawn(move || {
                for _ in 0..3 {
                    *sum.lock().unwrap() += n;
                }
            })
        });
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(*sum.lock().unwrap(), 9);
    });
    assert!(report.passed());
    assert_eq!(report.schedules(), orders(&[3, 3]));
}

#[test]
fn a_message_is_a_step_of_the_sender_and_one_of_the_receiver() {
    let report = interleavings::all(|| {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || sender.send(1).unwrap());
        assert_eq!(receiver.recv(), Ok(1));
        assert!(receiver.recv().is_err());
    });
    // Nothing can be received before it was sent.
    assert!(report.passed());
    assert_eq!(report.schedules(), 1);
    // Of two senders with two messages each, in any order.
    let report = interleavings::all(|| {
        let (sender, receiver) = mpsc::channel();
        let threads = [1, 2].map(|n| {
            let sender = sender.clone();
            thread::spawn(move || (0..2).for_each(|_| sender.send(n).unwrap()))
        });
        for thread in threads {
            thread.join().unwrap();
        }
        drop((sender, receiver));
    });
    assert!(report.passed(), "{report}");
    assert_eq!(report.schedules(), orders(&[2, 2]));
}

#[test]
fn a_receiver_that_goes_before_a_message_comes_is_one_of_the_orders() {
    let report = interleavings::Search::new().keep_going().run(|| {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || sender.send(1).expect("nobody receives"));
        drop(receiver);
    });
    assert_eq!((report.schedules(), report.failed()), (2, 1), "{report}");
}

#[test]
fn a_sender_that_goes_is_seen_by_who_tries_to_receive() {
    let report = interleavings::Search::new().keep_going().run(|| {
        let (sender, receiver) = mpsc::channel::<u32>();
        thread::spawn(move || drop(sender));
        let tried = receiver.try_recv();
        assert_eq!(tried, Err(mpsc::TryRecvError::Empty));
    });
    // Before the try, between it and the receiver's end, after that.
    assert_eq!((report.schedules(), report.failed()), (3, 1), "{report}");
}

#[test]
fn work_of_ones_own_and_starts_and_ends_are_no_choices() {
    let report = interleavings::all(|| {
        let threads = [1, 2, 3].map(|n| thread::spawn(move || thread::spawn(move || n * n)));
        let squares = threads.map(|thread| thread.join().unwrap().join().unwrap());
        assert_eq!(squares, [1, 4, 9]);
    });
    assert!(report.passed());
    assert_eq!(report.schedules(), 1);
}
