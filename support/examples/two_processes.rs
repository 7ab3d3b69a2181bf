//! Two processes on one queue, and a picture of who ran when.
//!
//! `cargo run -p support --example two_processes` prints the timeline and writes it to
//! `two_processes.svg` in the system's folder for temporary files.

use support::prelude::*;

fn main() -> std::io::Result<()> {
    let trace = Trace::new();
    let queue = Queue::new(2);

    let producer = trace.process("producer", |trace| {
        for n in 1..=4_u64 {
            trace.in_span("produce", || trace.busy(Duration::from_millis(2)));
            queue.send(n).expect("the consumer is there");
        }
        queue.close();
    });
    let consumer = trace.process("consumer", |trace| {
        while let Ok(n) = queue.recv() {
            trace.in_span(&format!("item {n}"), || {
                trace.busy(Duration::from_millis(3))
            });
        }
    });

    println!("producer: {}", trace.join_process(&producer));
    println!("consumer: {}", trace.join_process(&consumer));
    let timeline = trace.timeline().title("Two processes on one queue");
    println!("{timeline}");

    let file = std::env::temp_dir().join("two_processes.svg");
    std::fs::write(&file, timeline.svg())?;
    println!("as a picture: {}", file.display());
    Ok(())
}
