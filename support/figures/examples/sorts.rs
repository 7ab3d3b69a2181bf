//! Three ways to sort, timed beside each other: bars of the medians above how the runs are distributed.
//!
//! `cargo run -p figures --example sorts [file]`
//!
//! Writes an SVG to the file, `sorts.svg` unless told otherwise, and says the same in words.

use std::collections::BinaryHeap;

use figures::timing;

fn main() -> std::io::Result<()> {
    // The same numbers in each run: not in order, and not by chance.
    let numbers: Vec<u64> = (1..=20_000_u64).map(|n| n.pow(4) % 100_003).collect();
    let timings = timing::rounds(31).compare(&mut [
        ("sort", &mut || numbers.clone().sort()),
        ("sort_unstable", &mut || numbers.clone().sort_unstable()),
        ("BinaryHeap", &mut || {
            let sorted = BinaryHeap::from(numbers.clone()).into_sorted_vec();
            assert!(sorted.is_sorted());
        }),
    ]);
    println!("{timings}");

    let runs = timings.list().iter();
    let runs = runs.fold(figures::Histogram::new(), |picture, timing| {
        picture.sample(timing.name(), timing.samples())
    });
    let picture = timings.bars().title("20,000 numbers").above(runs);
    let file = std::env::args().nth(1);
    std::fs::write(file.as_deref().unwrap_or("sorts.svg"), picture.svg())?;
    println!("{picture}");
    Ok(())
}
