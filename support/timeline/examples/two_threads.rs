//! Two threads and one lock, and their timeline.
//!
//! `cargo run -p timeline --example two_threads [file]`
//!
//! Writes an SVG to the file, `two_threads.svg` unless told otherwise, and draws the same with
//! characters.

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use timeline::Trace;

fn main() -> std::io::Result<()> {
    let trace = Trace::new();
    let counter = Mutex::new(0);
    // The only line that the lock's use has to do with the trace.
    let counter = trace.watch("counter", &counter);

    thread::scope(|scope| {
        for name in ["left", "right"] {
            let (trace, counter) = (&trace, &counter);
            scope.spawn(move || {
                let _lane = trace.lane(name);
                for _ in 0..4 {
                    trace.in_span("prepare", || trace.busy(Duration::from_millis(1)));
                    let mut number = counter.lock().unwrap();
                    trace.busy(Duration::from_millis(2));
                    *number += 1;
                }
            });
        }
    });
    assert_eq!(*counter.get_ref().lock().unwrap(), 8);

    let picture = trace.timeline().title("Two threads, one lock");
    let file = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "two_threads.svg".into());
    std::fs::write(file, picture.svg())?;
    println!("{picture}");
    Ok(())
}
