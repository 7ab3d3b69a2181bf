//! Two threads add 1 by a load and a store. Every order is tried; the first that loses an addition is
//! told step by step, and drawn into `lost_update.svg`, or where the argument says.
//!
//! `cargo run -p interleavings --example lost_update`

use interleavings::sync::Arc;
use interleavings::sync::atomic::{AtomicU32, Ordering::SeqCst};
use interleavings::{Report, thread};

fn two_additions(add: fn(&AtomicU32)) -> Report {
    interleavings::all(move || {
        let counter = Arc::new(AtomicU32::named("counter", 0));
        let adders = ["left", "right"].map(|name| {
            let counter = counter.clone();
            thread::spawn_named(name, move || add(&counter))
        });
        for adder in adders {
            adder.join().unwrap();
        }
        assert_eq!(counter.load(SeqCst), 2, "an addition is lost");
    })
}

fn main() -> std::io::Result<()> {
    let lost = two_additions(|counter| {
        let before = counter.load(SeqCst);
        counter.store(before + 1, SeqCst);
    });
    println!("A load and a store:\n{lost}\n");
    if let Some(failure) = lost.failure() {
        let path = std::env::args().nth(1);
        let path = path.as_deref().unwrap_or("lost_update.svg");
        std::fs::write(path, failure.timeline().svg())?;
        println!("Drawn into {path}.\n");
    }
    let kept = two_additions(|counter| {
        counter.fetch_add(1, SeqCst);
    });
    println!("One fetch_add:\n{kept}");
    Ok(())
}
