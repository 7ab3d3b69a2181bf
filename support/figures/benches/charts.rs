//! What charts cost to draw: as an SVG document, and with the page around it.
//!
//! `cargo bench -p figures --bench charts`
//!
//! Says the pictures' sizes, too.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use figures::timing::{Timing, Timings};
use figures::{Figure, Histogram, Lines};

/// Times that are spread as a service's answers are: most short, a few long.
fn times(many: u64) -> Vec<Duration> {
    let micros = (1..=many).map(|n| 100 + n * n * n % 997 + if n % 100 == 0 { 20_000 } else { 0 });
    micros.map(Duration::from_micros).collect()
}

fn draw(c: &mut Criterion) {
    let contenders = ["one", "two", "three"].map(|name| Timing::new(name, times(11)));
    let bars = Timings::new(contenders.into()).bars();
    let points: Vec<(f64, f64)> = (1..=1000)
        .map(|n| (f64::from(n), 1.0 / f64::from(n)))
        .collect();
    let lines = Lines::new("n", "1/n").line("measured", &points).log_x();
    let histogram = Histogram::new().sample("answers", &times(100_000)).log();
    let all: Figure = bars.above(&lines).beside(&histogram);
    let mut group = c.benchmark_group("chart");
    for (name, figure) in [
        ("bars of 3 times 11 runs", bars.into()),
        ("lines of 1,000 points", lines.into()),
        ("histogram of 100,000 values", histogram.into()),
        ("all three", all),
    ] {
        println!("{name}: {} bytes of SVG", figure.svg().len());
        group.bench_function(format!("{name}, svg"), |b| {
            b.iter(|| black_box(figure.svg()));
        });
        group.bench_function(format!("{name}, html"), |b| {
            b.iter(|| black_box(figure.html()));
        });
    }
    group.finish();
}

criterion_group!(benches, draw);
criterion_main!(benches);
