//! A number is written, then a flag is raised. Which orders of memory make sure that whoever sees the
//! flag also sees the number?
//!
//! `cargo run -p interleavings --example message`

use interleavings::sync::Arc;
use interleavings::sync::atomic::Ordering::{self, Acquire, Relaxed, Release, SeqCst};
use interleavings::sync::atomic::{AtomicBool, AtomicU32};
use interleavings::{Report, hint, thread};

fn message(store: Ordering, load: Ordering) -> Report {
    interleavings::all(move || {
        let number = Arc::new(AtomicU32::named("number", 0));
        let ready = Arc::new(AtomicBool::named("ready", false));
        let writer = thread::spawn_named("writer", {
            let (number, ready) = (number.clone(), ready.clone());
            move || {
                number.store(42, Relaxed);
                ready.store(true, store);
            }
        });
        while !ready.load(load) {
            hint::spin_loop();
        }
        assert_eq!(
            number.load(Relaxed),
            42,
            "the flag came, the number did not"
        );
        writer.join().unwrap();
    })
}

fn main() {
    for (store, load) in [
        (Relaxed, Relaxed),
        (Release, Relaxed),
        (Release, Acquire),
        (SeqCst, SeqCst),
    ] {
        let report = message(store, load);
        let verdict = match report.failure() {
            Some(failure) => format!("fails: {}", failure.message()),
            None => report.to_string(),
        };
        println!("store {store:?}, load {load:?}: {verdict}");
    }
    let report = message(Relaxed, Relaxed);
    if let Some(failure) = report.failure() {
        println!("\nThe first order that fails, step by step:\n{failure}");
    }
}
