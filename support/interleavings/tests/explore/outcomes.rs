//! All outcomes of a program, and a schedule stepped through.

use std::sync::atomic::Ordering::{self, Relaxed, SeqCst};

use interleavings::sync::Mutex;
use interleavings::sync::atomic::AtomicU32;
use interleavings::{Outcomes, Search, thread};

/// Each stores to its own and looks at the other's.
fn store_buffering(order: Ordering) -> (u32, u32) {
    let (x, y) = (AtomicU32::named("x", 0), AtomicU32::named("y", 0));
    thread::scope(|scope| {
        let left = scope.spawn_named("left", || {
            x.store(1, order);
            y.load(order)
        });
        let right = scope.spawn_named("right", || {
            y.store(1, order);
            x.load(order)
        });
        (left.join().unwrap(), right.join().unwrap())
    })
}

fn counts(outcomes: &Outcomes) -> Vec<(&str, u128)> {
    let rows = outcomes.rows().iter();
    rows.map(|row| (row.value(), row.schedules())).collect()
}

#[test]
fn each_outcome_has_its_count_and_a_witness() {
    let outcomes = interleavings::outcomes(|| store_buffering(SeqCst));
    assert_eq!(
        counts(&outcomes),
        [("(1, 1)", 4), ("(0, 1)", 1), ("(1, 0)", 1)]
    );
    for row in outcomes.rows() {
        let report = interleavings::replay(row.schedule().unwrap(), || {
            let end = store_buffering(SeqCst);
            panic!("{end:?}");
        });
        assert_eq!(report.failure().unwrap().message(), row.value());
    }
    let reduced = Search::new().reduced().outcomes(|| store_buffering(SeqCst));
    assert_eq!(counts(&reduced), counts(&outcomes));
    assert!(reduced.report().schedules() < 6, "{reduced}");
}

#[test]
fn what_never_comes_is_seen_as_well() {
    let all = [(0, 0), (0, 1), (1, 0), (1, 1)];
    let text = interleavings::outcomes(|| store_buffering(SeqCst))
        .among(all)
        .to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "6 schedules, and no other is possible: 3 outcomes"
    );
    assert!(lines[2].starts_with("(1, 1)           4  ██████"), "{text}");
    assert_eq!(lines[5], "(0, 0)       never", "{text}");
    let relaxed = interleavings::outcomes(|| store_buffering(Relaxed)).among(all);
    assert!(
        relaxed.has(&(0, 0)) && relaxed.rows().len() == 4,
        "{relaxed}"
    );
}

#[test]
fn failures_are_outcomes_too() {
    let outcomes = interleavings::outcomes(|| {
        let (a, b) = (Mutex::named("a", 0), Mutex::named("b", 0));
        thread::scope(|scope| {
            scope.spawn_named("left", || drop((a.lock().unwrap(), b.lock().unwrap())));
            scope.spawn_named("right", || drop((b.lock().unwrap(), a.lock().unwrap())));
        });
        "done"
    });
    let deadlock = "deadlock: left holds `a` and waits for `b`; right holds `b` and waits for `a`";
    assert_eq!(
        counts(&outcomes),
        [("\"done\"", 2), (deadlock, 2)],
        "{outcomes}"
    );
    let outcomes = interleavings::outcomes(|| {
        let x = AtomicU32::new(0);
        thread::scope(|scope| {
            scope.spawn(|| x.store(1, SeqCst));
            assert_eq!(x.load(SeqCst), 0, "late");
        });
    });
    assert_eq!(outcomes.rows().len(), 2, "{outcomes}");
}

#[test]
fn a_schedule_is_told_step_by_step() {
    let deadlock = interleavings::all(|| {
        let (a, b) = (Mutex::named("a", 0), Mutex::named("b", 0));
        thread::scope(|scope| {
            scope.spawn_named("left", || drop((a.lock().unwrap(), b.lock().unwrap())));
            scope.spawn_named("right", || drop((b.lock().unwrap(), a.lock().unwrap())));
        });
    });
    let stepper = deadlock.failure().unwrap().step_through();
    let svg = stepper.svg();
    // Who waits for whom is a circle of two arrows, in the colour of what breaks.
    assert_eq!(svg.matches("stroke=\"#b81d13\"").count(), 2, "{svg}");
    for part in [
        "waits for `a`",
        "waits for `b`",
        "left holds a",
        "right holds b",
    ] {
        assert!(svg.contains(part), "{part}: {svg}");
    }
    let html = stepper.html();
    for part in [
        "which right holds; holds a",
        "outcomes.rs:",
        "b.lock().unwrap()",
        "<img alt=\"A schedule of 2 steps",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    // What is read is an arrow: whole if it carries, dashed if not. An exchange that succeeds reads by
    // its own order, whatever that of its failure is.
    for (order, dashed) in [(SeqCst, 0), (Relaxed, 1)] {
        let load = |x: &AtomicU32, order| x.load(order) == 1;
        let exchange = |x: &AtomicU32, order| x.compare_exchange(1, 2, order, Relaxed).is_ok();
        for read in [load, exchange] {
            let report = interleavings::replay("1 2", move || {
                let x = AtomicU32::named("x", 0);
                thread::scope(|scope| {
                    scope.spawn_named("writer", || x.store(1, order));
                    scope.spawn_named("reader", || assert!(read(&x, order)));
                });
            });
            let svg = report.run().unwrap().step_through().svg();
            assert_eq!(svg.matches("url(#tip)").count(), 1, "{svg}");
            assert_eq!(svg.matches("stroke-dasharray").count(), dashed, "{svg}");
        }
    }
}

/// The picture is well-formed whatever names and values contain.
#[test]
fn names_do_no_harm_to_the_picture() {
    let report = interleavings::replay("", || {
        let text = Mutex::named("<b>\"&'</script>", "</script><img src=x>".to_string());
        text.lock().unwrap().push_str("-->");
    });
    let stepper = report.run().unwrap().step_through();
    let svg = stepper.svg();
    roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{error}: {svg}"));
    let html = stepper.html();
    assert_eq!(html.matches("</script>").count(), 1, "{html}");
    assert_eq!(html.matches("<img").count(), 1, "{html}");
}
