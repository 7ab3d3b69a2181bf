//! Locks and channels that are watched say what std's say, and record it.

use std::sync::mpsc::{TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, RwLock};
use std::thread;

use timeline::trace::{Event, Kind, Trace};

fn of(trace: &Trace, kind: Kind) -> Vec<Event> {
    let events = trace.events().into_iter();
    events.filter(|event| event.kind == kind).collect()
}

#[test]
fn a_watched_mutex_is_used_as_any_other() {
    let trace = Trace::new();
    let counter = Arc::new(trace.watch("counter", Mutex::new(0)));
    let workers: Vec<_> = (0..3)
        .map(|_| {
            let counter = Arc::clone(&counter);
            thread::spawn(move || {
                for _ in 0..100 {
                    *counter.lock().unwrap() += 1;
                }
            })
        })
        .collect();
    for worker in workers {
        worker.join().unwrap();
    }
    assert_eq!(*counter.lock().unwrap(), 300);
    let holds = of(&trace, Kind::Holding);
    assert_eq!(holds.len(), 301);
    assert!(
        holds
            .windows(2)
            .all(|pair| pair[0].end.unwrap() <= pair[1].start)
    );
}

#[test]
fn by_reference_by_arc_and_by_value() {
    let trace = Trace::new();
    let plain = Mutex::new(1);
    let watched = trace.watch("plain", &plain);
    thread::scope(|scope| {
        scope.spawn(|| *watched.lock().unwrap() += 1);
    });
    assert_eq!(*plain.lock().unwrap(), 2);
    let arc = Arc::new(RwLock::new(1));
    let watched = trace.watch("arc", Arc::clone(&arc));
    *watched.write().unwrap() += 1;
    assert_eq!((*watched.read().unwrap(), *arc.read().unwrap()), (2, 2));
}

#[test]
fn a_poisoned_lock_gives_its_guard_all_the_same() {
    let trace = Trace::new();
    let number = Arc::new(trace.watch("number", Mutex::new(1)));
    let unlucky = Arc::clone(&number);
    let panicked = thread::spawn(move || {
        let _held = unlucky.lock().unwrap();
        panic!("on purpose");
    });
    panicked.join().unwrap_err();
    assert_eq!(*number.lock().unwrap_err().into_inner(), 1);
    assert!(number.try_lock().is_err());
    assert!(number.get_ref().is_poisoned());
}

#[test]
fn what_is_taken_is_waited_for() {
    let trace = Trace::new();
    let number = trace.watch("number", Mutex::new(0));
    let guard = number.lock().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| *number.lock().unwrap() += 1);
        // The wait is recorded before it blocks, so this ends.
        while of(&trace, Kind::Waiting).is_empty() {
            thread::yield_now();
        }
        drop(guard);
    });
    assert_eq!(of(&trace, Kind::Waiting)[0].label, "number");
    assert_eq!(*number.lock().unwrap(), 1);
}

#[test]
fn messages_of_several_senders_keep_their_arrows() {
    let trace = Trace::new();
    let (tx, rx) = trace.watch_channel("jobs", channel());
    let senders: Vec<_> = (0..3)
        .map(|n| {
            let tx = tx.clone();
            thread::spawn(move || (0..20).for_each(|job| tx.send((n, job)).unwrap()))
        })
        .collect();
    drop(tx);
    let mut jobs: Vec<(i32, i32)> = rx.into_iter().collect();
    senders
        .into_iter()
        .for_each(|sender| sender.join().unwrap());
    jobs.sort_unstable();
    let wanted: Vec<_> = (0..3)
        .flat_map(|n| (0..20).map(move |job| (n, job)))
        .collect();
    assert_eq!(jobs, wanted);
    let numbers = |kind| {
        let mut numbers: Vec<_> = of(&trace, kind).iter().map(|event| event.message).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    };
    assert_eq!(numbers(Kind::Sent).len(), 60);
    assert_eq!(numbers(Kind::Sent), numbers(Kind::Received));
    assert!(trace.timeline().text().contains("60 messages"));
}

#[test]
fn a_full_channel_is_waited_for_or_says_so() {
    let trace = Trace::new();
    let (tx, rx) = trace.watch_channel("jobs", sync_channel(1));
    tx.send(1).unwrap();
    assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    thread::scope(|scope| {
        scope.spawn(|| tx.send(3).unwrap());
        while of(&trace, Kind::Waiting).is_empty() {
            thread::yield_now();
        }
        assert_eq!((rx.recv(), rx.recv()), (Ok(1), Ok(3)));
    });
    drop(rx);
    assert_eq!(tx.send(4).unwrap_err().0, 4);
    assert_eq!(tx.try_send(5), Err(TrySendError::Disconnected(5)));
}

#[test]
fn crossbeams_channels_have_many_receivers() {
    let trace = Trace::new();
    let (tx, rx) = trace.watch_channel("jobs", crossbeam_channel::bounded(2));
    let workers: Vec<_> = (0..2)
        .map(|_| {
            let rx = rx.clone();
            thread::spawn(move || rx.into_iter().sum::<i32>())
        })
        .collect();
    drop(rx);
    (1..=50).for_each(|n| tx.send(n).unwrap());
    drop(tx);
    let sum: i32 = workers
        .into_iter()
        .map(|worker| worker.join().unwrap())
        .sum();
    assert_eq!(sum, 50 * 51 / 2);
    assert!(trace.timeline().text().contains("50 messages"));
}
