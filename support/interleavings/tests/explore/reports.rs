//! What a report says and draws.

use interleavings::sync::atomic::{AtomicU32, Ordering::SeqCst};
use interleavings::sync::{Mutex, mpsc};
use interleavings::{self, Search, thread};

fn lost() {
    let balance = AtomicU32::named("balance", 0);
    thread::scope(|scope| {
        for name in ["left", "right"] {
            scope.spawn_named(name, || {
                let before = balance.load(SeqCst);
                balance.store(before + 1, SeqCst);
            });
        }
    });
    assert!(balance.into_inner() == 2, "lost");
}

#[test]
fn a_failure_is_told_as_a_table() {
    let report = interleavings::all(lost);
    let text = report.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("2 schedules, and the last one fails: main panicked: lost ("));
    assert!(lines[0].contains("reports.rs:"), "{text}");
    assert_eq!(
        lines[1..],
        [
            "step  thread  operation          values after it",
            "   1  left    load balance → 0   balance 0",
            "   2  right   load balance → 0   balance 0",
            "   3  right   store balance ← 1  balance 1",
            "   4  left    store balance ← 1  balance 1",
            "schedule: \"1 2x2 1\"",
        ],
        "{text}"
    );
}

#[test]
fn a_count_of_failures_is_told() {
    let text = Search::new().keep_going().run(lost).to_string();
    let begin = "6 schedules, and no other is possible: 4 of them fail; the first of these:\nmain panicked: lost";
    assert!(text.starts_with(begin), "{text}");
    let text = interleavings::all(|| panic!("always")).to_string();
    assert!(
        text.starts_with("1 schedule: main panicked: always ("),
        "{text}"
    );
}

#[test]
fn a_timeline_has_a_lane_for_each_thread_and_counts_steps() {
    let timeline = interleavings::all(lost)
        .failure()
        .unwrap()
        .timeline()
        .title("Lost");
    let text = timeline.text();
    assert!(
        text.starts_with("Lost: Timeline of 4 steps: 3 lanes in 1 process, 4 spans"),
        "{text}"
    );
    assert!(text.contains("panic in main"), "{text}");
    let svg = timeline.svg();
    for part in [
        "left",
        "right",
        "main",
        "step 1",
        "load balance",
        "thread 1",
    ] {
        assert!(svg.contains(part), "{part}");
    }
    assert!(!svg.contains("µs"), "no time");
}

#[test]
fn locks_are_drawn_as_held_and_waited_for() {
    let report = interleavings::replay("1 2x2 1", || {
        let (a, x) = (Mutex::named("a", 0), AtomicU32::named("x", 0));
        thread::scope(|scope| {
            scope.spawn_named("left", || {
                let _guard = a.lock().unwrap();
                x.fetch_add(1, SeqCst);
            });
            scope.spawn_named("right", || {
                x.fetch_add(1, SeqCst);
                drop(a.lock().unwrap());
            });
        });
    });
    // right cannot take the lock before left has let go of it.
    assert!(
        report
            .failure()
            .unwrap()
            .message()
            .contains("its step 3 is thread 2's")
    );
    let report = interleavings::replay("1 2 1 2", || {
        let (a, x) = (Mutex::named("a", 0), AtomicU32::named("x", 0));
        thread::scope(|scope| {
            scope.spawn_named("left", || {
                let _guard = a.lock().unwrap();
                x.fetch_add(1, SeqCst);
            });
            scope.spawn_named("right", || {
                x.fetch_add(1, SeqCst);
                drop(a.lock().unwrap());
            });
        });
    });
    assert!(report.failure().is_none(), "{report}");
    let text = report.run().unwrap().timeline().text();
    // left holds it for three steps; right waits during the third; main for the ends of both.
    assert!(text.contains("2 spans, 2 locks held"), "{text}");
    assert!(text.contains("waits"), "{text}");
}

#[test]
fn a_deadlock_is_drawn_to_its_end() {
    let report = interleavings::all(|| {
        let (a, b) = (Mutex::named("a", 0), Mutex::named("b", 0));
        thread::scope(|scope| {
            scope.spawn_named("left", || drop((a.lock().unwrap(), b.lock().unwrap())));
            scope.spawn_named("right", || drop((b.lock().unwrap(), a.lock().unwrap())));
        });
    });
    let text = report.failure().unwrap().timeline().text();
    assert!(
        text.contains("2 locks held") && !text.contains("no recorded end"),
        "{text}"
    );
}

#[test]
fn messages_are_shown_where_they_are() {
    let report = interleavings::replay("", || {
        let (sender, receiver) = mpsc::channel_named("orders");
        sender.send("tea").unwrap();
        sender.send("coffee").unwrap();
        assert_eq!(receiver.recv(), Ok("tea"));
        drop(sender); // else the receiver's end is one more step
    });
    let steps = report.run().unwrap().steps();
    let values: Vec<&str> = steps.iter().map(|step| &*step.values()[0].1).collect();
    assert_eq!(
        values,
        ["[\"tea\"]", "[\"tea\", \"coffee\"]", "[\"coffee\"]"]
    );
    assert_eq!(steps[2].operation(), "recv \"tea\" from orders");
}
