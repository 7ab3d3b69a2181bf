//! What bounds a search, and that each bound is told.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool as Real;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use interleavings::sync::Mutex;
use interleavings::sync::atomic::{AtomicBool, AtomicU32};
use interleavings::{self, Bound, FailureKind, Search, hint, thread};

/// Far too many schedules to try all.
fn large() {
    let x = AtomicU32::named("x", 0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..20).for_each(|_| _ = x.fetch_add(1, SeqCst)));
        }
    });
    assert_eq!(x.into_inner(), 80);
}

#[test]
fn a_number_of_schedules() {
    let report = Search::new().schedules(1000).run(large);
    assert_eq!(
        (report.schedules(), report.bound()),
        (1000, Some(Bound::Schedules(1000)))
    );
    assert!(!report.passed() && report.failure().is_none());
    assert_eq!(
        report.to_string(),
        "1,000 schedules, none of which failed; stopped after 1,000 schedules, the limit: not \
         every schedule was tried"
    );
}

#[test]
fn a_time() {
    let limit = Duration::from_millis(50);
    let report = Search::new().time(limit).run(large);
    assert_eq!(report.bound(), Some(Bound::Time(limit)));
    assert!(report.time() >= limit && !report.passed());
    let end = "; stopped after 50 ms, the limit: not every schedule was tried";
    assert!(report.to_string().ends_with(end), "{report}");
}

#[test]
fn a_depth() {
    let spin = |hint: bool| {
        move || {
            let ready = AtomicBool::named("ready", false);
            thread::scope(|scope| {
                scope.spawn(|| {
                    while !ready.load(SeqCst) {
                        if hint {
                            hint::spin_loop();
                        }
                    }
                });
                scope.spawn(|| ready.store(true, SeqCst));
            });
        }
    };
    let report = Search::new().depth(20).run(spin(false));
    // Those in which the store is the twentieth step, or never comes.
    assert_eq!((report.cut(), report.passed()), (2, false));
    assert!(
        report
            .to_string()
            .contains("2 given up after 20 steps, the limit"),
        "{report}"
    );
    // A loop that says that it waits is let go round once in vain, before and after.
    let report = Search::new().depth(20).run(spin(true));
    assert!(report.passed(), "{report}");
    assert_eq!(report.schedules(), 3);
    let text = report.to_string();
    let end = "where a loop that waits goes round in vain at most once: all of them passed";
    assert!(text.ends_with(end), "{text}");
    let report = Search::new().depth(20).rounds(0).run(spin(true));
    assert_eq!((report.passed(), report.schedules()), (true, 2));
}

#[test]
fn a_schedule_that_comes_to_no_end_is_given_up() {
    // The explored thread waits here for something real, until this test lets it go.
    static GO_ON: Real = Real::new(false);
    let begin = Instant::now();
    let report = Search::new().time(Duration::from_millis(10)).run(|| {
        let end = Instant::now() + Duration::from_secs(60);
        while !GO_ON.load(SeqCst) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    GO_ON.store(true, SeqCst);
    assert!(matches!(report.bound(), Some(Bound::Stuck(_))), "{report}");
    assert!(begin.elapsed() < Duration::from_secs(30));
    assert!(
        report
            .to_string()
            .contains("waits for something that the explorer does not see")
    );
}

#[test]
fn the_same_seed_finds_the_same() {
    let lost = || {
        let x = AtomicU32::named("x", 0);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..3 {
                        x.store(x.load(SeqCst) + 1, SeqCst);
                    }
                });
            }
        });
        assert!(x.into_inner() > 4, "more than half is lost");
    };
    let search = Search::new().random(7).schedules(100_000);
    let (one, two) = (search.run(lost), search.run(lost));
    let schedule =
        |report: &interleavings::Report| report.failure().unwrap().schedule().to_string();
    assert_eq!(
        (one.schedules(), schedule(&one)),
        (two.schedules(), schedule(&two))
    );
    assert!(
        one.to_string()
            .contains("(random, seed 7), and the last one fails"),
        "{one}"
    );
    let other = Search::new().random(8).schedules(100_000).run(lost);
    assert_ne!(schedule(&one), schedule(&other));
    // What chance found replays like any other.
    let again = interleavings::replay(&schedule(&one), lost);
    assert_eq!(
        again.failure().unwrap().message(),
        one.failure().unwrap().message()
    );
}

#[test]
fn a_random_search_tries_different_schedules_and_claims_nothing() {
    use std::collections::HashSet;
    use std::sync::{Arc, Mutex};
    let seen = Arc::new(Mutex::new(HashSet::new()));
    let own = Arc::clone(&seen);
    let report = Search::new().random(1).schedules(200).run(move || {
        let order = interleavings::sync::Mutex::new(Vec::new());
        thread::scope(|scope| {
            for n in 0..3 {
                let order = &order;
                scope.spawn(move || order.lock().unwrap().push(n));
            }
        });
        own.lock().unwrap().insert(order.into_inner().unwrap());
    });
    assert_eq!(
        seen.lock().unwrap().len(),
        6,
        "all orders of three within 200 draws"
    );
    assert!(!report.passed() && report.failed() == 0);
}

#[test]
fn a_program_that_does_something_else_each_time_is_named() {
    static ROUND: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let report = interleavings::all(|| {
        let x = AtomicU32::new(0);
        let round = ROUND.fetch_add(1, SeqCst);
        thread::scope(|scope| {
            for _ in 0..2 + round % 2 {
                scope.spawn(|| (0..2).for_each(|_| _ = x.fetch_add(1, SeqCst)));
            }
        });
    });
    let failure = report.failure().expect("it cannot be explored");
    assert_eq!(failure.kind(), FailureKind::Unrepeatable);
    assert!(
        failure.message().contains("does not do the same again"),
        "{failure}"
    );
}

/// Accounts are locked in the order in which a `HashMap` gives them, which is another each time.
#[test]
fn a_hash_map_that_is_iterated_is_named() {
    let report = interleavings::all(|| {
        let names = ["a", "b", "c", "d", "e"];
        let accounts: HashMap<_, _> = names
            .map(|name| (name, Mutex::named(name, 0)))
            .into_iter()
            .collect();
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for account in accounts.values() {
                        *account.lock().unwrap() += 1;
                    }
                });
            }
        });
    });
    assert!(!report.passed());
    let failure = report.failure().expect("it cannot be explored");
    assert_eq!(failure.kind(), FailureKind::Unrepeatable, "{failure}");
}

/// Only the values differ from run to run, and not what can be chosen.
#[test]
fn other_values_are_another_program() {
    static ROUND: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let report = interleavings::all(|| {
        let x = AtomicU32::new(0);
        let round = ROUND.fetch_add(1, SeqCst);
        thread::scope(|scope| {
            scope.spawn(|| x.store(round, SeqCst));
            scope.spawn(|| x.load(SeqCst));
        });
    });
    assert_eq!(
        report.failure().map(interleavings::Failure::kind),
        Some(FailureKind::Unrepeatable),
        "{report}"
    );
}

#[test]
fn a_schedule_of_another_program_is_refused() {
    let program = || {
        let x = AtomicU32::new(0);
        thread::scope(|scope| {
            scope.spawn(|| x.store(1, SeqCst));
            scope.spawn(|| x.store(2, SeqCst));
        });
    };
    for (text, why) in [
        (
            "1 1",
            "its step 2 is thread 1's, which cannot go on there (those that can: [2])",
        ),
        ("7", "its step 1 is thread 7's"),
        ("one", "\"one\" is no step of a schedule"),
    ] {
        let report = interleavings::replay(text, program);
        let failure = report.failure().expect("it does not fit");
        assert_eq!(failure.kind(), FailureKind::Unrepeatable);
        assert!(failure.message().contains(why), "{failure}");
    }
    assert!(interleavings::replay("2", program).failure().is_none());
}
