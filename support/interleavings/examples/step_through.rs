//! A lost update, a deadlock and a stale load as pages that can be stepped through.
//!
//! `cargo run -p interleavings --example step_through -- /tmp` writes `lost.html`, `deadlock.html` and
//! `stale.html` there.

use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use interleavings::sync::Mutex;
use interleavings::sync::atomic::{AtomicBool, AtomicU32};
use interleavings::{Report, hint, thread};

fn lost() {
    let balance = AtomicU32::named("balance", 0);
    let deposit = || {
        let before = balance.load(SeqCst);
        balance.store(before + 1, SeqCst);
    };
    thread::scope(|scope| {
        scope.spawn_named("left", deposit);
        scope.spawn_named("right", deposit);
    });
    assert_eq!(balance.load(SeqCst), 2, "a deposit is lost");
}

fn deadlock() {
    let (ada, bob) = (Mutex::named("Ada", 100), Mutex::named("Bob", 100));
    let transfer = |from: &Mutex<i32>, to: &Mutex<i32>| {
        let mut giver = from.lock().unwrap();
        let mut taker = to.lock().unwrap();
        *giver -= 10;
        *taker += 10;
    };
    thread::scope(|scope| {
        scope.spawn_named("left", || transfer(&ada, &bob));
        scope.spawn_named("right", || transfer(&bob, &ada));
    });
}

fn stale() {
    let (data, ready) = (
        AtomicU32::named("data", 0),
        AtomicBool::named("ready", false),
    );
    thread::scope(|scope| {
        scope.spawn_named("writer", || {
            data.store(42, Relaxed);
            ready.store(true, Relaxed);
        });
        scope.spawn_named("reader", || {
            while !ready.load(Relaxed) {
                hint::spin_loop();
            }
            assert_eq!(data.load(Relaxed), 42, "the flag came before the data");
        });
    });
}

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".to_string());
    let all: [(&str, Report); 3] = [
        ("lost", interleavings::all(lost)),
        ("deadlock", interleavings::all(deadlock)),
        ("stale", interleavings::all(stale)),
    ];
    for (name, report) in all {
        let stepper = report.failure().expect("it fails").step_through();
        let page = format!(
            "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>{name}</title>{}</html>",
            stepper.html()
        );
        std::fs::write(format!("{folder}/{name}.html"), page)?;
        println!("{}", stepper.sentence());
    }
    Ok(())
}
