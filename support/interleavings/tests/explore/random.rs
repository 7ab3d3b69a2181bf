//! Small programs made at random, with three oracles: the axioms of the language, loom, and shuttle. And
//! the explorer's own: a reduced search finds what the search of all finds, and counts the same.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, SeqCst};
use std::time::Duration;

use interleavings::sync::atomic::AtomicU32;
use interleavings::sync::{Arc, Condvar, Mutex, RwLock};
use interleavings::{Search, channel, thread};

use super::axioms::permitted;
use super::small::{Act, Dice, Small};

#[test]
fn the_outcomes_are_those_that_the_axioms_permit() {
    let mut dice = Dice(1);
    for _ in 0..300 {
        let threads = 2 + dice.throw(2);
        let program = dice.program(threads, 3, true);
        let permitted = permitted(&program);
        let explored = program.outcomes();
        assert_eq!(explored, permitted.modelled, "{program}");
        assert!(explored.is_subset(&permitted.all), "{program}");
    }
}

#[test]
fn a_reduced_search_finds_the_same_and_counts_the_same() {
    let mut dice = Dice(2);
    let (mut tried, mut all) = (0, 0);
    for _ in 0..150 {
        let threads = 2 + dice.throw(2);
        let program = dice.program(threads, 3, true);
        let (outcomes, report) = program.explored(&Search::new());
        let (same, reduced) = program.explored(&Search::new().reduced());
        assert_eq!(outcomes, same, "{program}");
        assert_eq!(reduced.stands_for(), report.stands_for(), "{program}");
        assert!(reduced.schedules() <= report.schedules(), "{program}");
        (tried, all) = (tried + reduced.schedules(), all + report.schedules());
    }
    assert!(tried * 2 < all, "{tried} of {all}");
}

/// Whatever loom finds is found here, but for what it should not find (it takes a sequentially consistent
/// operation for one that acquires and releases, and lets a thread read what an update that it knows has
/// replaced), and for stores that take effect in another order than they are executed in, which is not
/// modelled here. What it misses the axioms permit.
#[test]
fn loom_finds_nothing_that_is_missing_here_and_not_said_to_be() {
    let mut dice = Dice(3);
    let (mut same, mut fewer, mut left, mut wrong) = (0, 0, 0, 0);
    for round in 0..300 {
        let program = dice.program(2, 3, round % 2 == 1);
        let (explored, loom) = (program.outcomes(), program.by_loom());
        let permitted = permitted(&program);
        let (strict, updates) = (program.has_order(SeqCst), program.has_updates());
        for outcome in loom.difference(&explored) {
            assert!(strict || updates, "{program}: {outcome:?}");
            let left_out = permitted.all.contains(outcome);
            assert!(
                !permitted.modelled.contains(outcome),
                "{program}: {outcome:?}"
            );
            left += usize::from(left_out);
            wrong += usize::from(!left_out);
        }
        for outcome in explored.difference(&loom) {
            assert!(permitted.all.contains(outcome), "{program}: {outcome:?}");
        }
        same += usize::from(loom == explored);
        fewer += usize::from(!explored.is_subset(&loom));
    }
    // Most are the same; and if loom's differences go, this text has to.
    let all = format!("{same} {fewer} {left} {wrong}");
    assert!(same > 200 && fewer > 0 && left > 0 && wrong > 0, "{all}");
}

/// Shuttle takes every order for sequential consistency: it finds a part of what is found here, and all
/// of it where every order is that.
#[test]
fn shuttle_finds_what_sequential_consistency_permits() {
    let mut dice = Dice(4);
    for _ in 0..200 {
        let program = dice.program(2, 3, false);
        let (explored, shuttle) = (program.outcomes(), program.by_shuttle());
        assert!(shuttle.is_subset(&explored), "{program}");
        let strict = Small {
            threads: program
                .threads
                .iter()
                .map(|acts| acts.iter().copied().map(strict).collect())
                .collect(),
            ..program
        };
        assert_eq!(strict.outcomes(), strict.by_shuttle(), "{strict}");
    }
}

fn strict(act: Act) -> Act {
    match act {
        Act::Load(place, _) => Act::Load(place, SeqCst),
        Act::Store(place, value, _) => Act::Store(place, value, SeqCst),
        Act::Swap(place, value, _) => Act::Swap(place, value, SeqCst),
        Act::Fence(_) => Act::Fence(SeqCst),
    }
}

/// What threads do with locks, channels and tokens. Nothing here waits for ever.
#[derive(Clone, Copy, Debug)]
enum Deed {
    /// Adds under a lock, by a load and a store.
    Lock(usize),
    /// Under two, in their order.
    LockBoth,
    TryLock(usize),
    Read,
    Write,
    TryRead,
    Send,
    TryReceive,
    Exchange(usize),
    Notify,
    WaitAWhile,
    Unpark,
    ParkAWhile,
    Rest,
}

fn deed(dice: &mut Dice) -> Deed {
    use Deed::*;
    let place = dice.throw(2);
    let all = [
        Lock(place),
        LockBoth,
        TryLock(place),
        Read,
        Write,
        TryRead,
        Send,
        TryReceive,
        Exchange(place),
        Notify,
        WaitAWhile,
        Unpark,
        ParkAWhile,
        Rest,
    ];
    all[dice.throw(all.len())]
}

/// What each thread saw.
fn done(deeds: &[Vec<Deed>]) -> String {
    let locks = [Mutex::new(0), Mutex::new(0)];
    let (shared, changed) = (RwLock::new(0), Condvar::new());
    let places = [AtomicU32::new(0), AtomicU32::new(0)];
    let (sender, receiver) = channel::unbounded();
    let main = thread::current();
    let seen = thread::scope(|scope| {
        let threads: Vec<_> = deeds
            .iter()
            .map(|deeds| {
                let (locks, shared, changed, places) = (&locks, &shared, &changed, &places);
                let (sender, receiver) = (sender.clone(), receiver.clone());
                scope.spawn(move || {
                    let mut seen = Vec::new();
                    let add = |place: usize| {
                        let before = places[place].load(Relaxed);
                        places[place].store(before + 1, Relaxed);
                        before
                    };
                    for deed in deeds {
                        seen.push(match *deed {
                            Deed::Lock(place) => {
                                let mut lock = locks[place].lock().unwrap();
                                *lock += 1;
                                add(place) + *lock
                            }
                            Deed::LockBoth => {
                                let (_first, _second) = (locks[0].lock(), locks[1].lock());
                                add(0) + add(1)
                            }
                            Deed::TryLock(place) => match locks[place].try_lock() {
                                Ok(mut lock) => {
                                    *lock += 1;
                                    add(place)
                                }
                                Err(_) => 100,
                            },
                            Deed::Read => *shared.read().unwrap() + places[0].load(Acquire),
                            Deed::Write => {
                                let mut shared = shared.write().unwrap();
                                *shared += 1;
                                *shared
                            }
                            Deed::TryRead => shared.try_read().map_or(100, |shared| *shared),
                            Deed::Send => {
                                sender.send(1).unwrap();
                                0
                            }
                            Deed::TryReceive => receiver.try_recv().unwrap_or(100),
                            Deed::Exchange(place) => {
                                let done =
                                    places[place].compare_exchange_weak(0, 5, AcqRel, Relaxed);
                                done.unwrap_or_else(|before| before + 100)
                            }
                            Deed::Notify => {
                                changed.notify_one();
                                0
                            }
                            Deed::WaitAWhile => {
                                let guard = locks[0].lock().unwrap();
                                let (guard, over) =
                                    changed.wait_timeout(guard, Duration::ZERO).unwrap();
                                *guard + 100 * u32::from(over.timed_out())
                            }
                            Deed::Unpark => {
                                main.unpark();
                                0
                            }
                            Deed::ParkAWhile => {
                                thread::park_timeout(Duration::ZERO);
                                0
                            }
                            Deed::Rest => {
                                thread::yield_now();
                                0
                            }
                        });
                    }
                    seen
                })
            })
            .collect();
        let seen: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        thread::park_timeout(Duration::ZERO);
        seen
    });
    format!(
        "{seen:?} {:?}",
        locks.map(|lock| lock.into_inner().unwrap())
    )
}

#[test]
fn a_reduced_search_of_locks_and_channels_finds_the_same_and_counts_the_same() {
    let mut dice = Dice(5);
    let (mut compared, mut tried, mut all) = (0, 0, 0);
    while compared < 120 {
        let threads = 2 + dice.throw(2);
        let most = if threads == 2 { 3 } else { 2 };
        let deeds: Vec<Vec<Deed>> = (0..threads)
            .map(|_| (0..1 + dice.throw(most)).map(|_| deed(&mut dice)).collect())
            .collect();
        let explored = |search: Search| {
            let seen = Arc::new(std::sync::Mutex::new(BTreeSet::new()));
            let (own, its) = (seen.clone(), deeds.clone());
            let report = search.run(move || {
                let outcome = done(&its);
                own.lock().unwrap().insert(outcome);
            });
            assert!(
                report.passed() || report.bound().is_some(),
                "{deeds:?}: {report}"
            );
            let seen = seen.lock().unwrap().clone();
            (seen, report)
        };
        let (outcomes, report) = explored(Search::new().schedules(5_000));
        if report.bound().is_some() {
            continue;
        }
        let (same, reduced) = explored(Search::new().reduced());
        compared += 1;
        assert_eq!(outcomes, same, "{deeds:?}");
        assert_eq!(reduced.stands_for(), report.stands_for(), "{deeds:?}");
        (tried, all) = (tried + reduced.schedules(), all + report.schedules());
    }
    assert!(tried * 2 < all, "{tried} of {all}");
}
