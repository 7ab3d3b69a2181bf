//! What recording costs, beside the clock that it cannot do without.
//!
//! `cargo bench -p support --bench trace`

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use support::nix::time::{ClockId, clock_gettime};
use support::trace::Trace;

/// Events in a batch, few enough to fit a trace.
const BATCH: usize = 10_000;

fn record(c: &mut Criterion) {
    let mut group = c.benchmark_group("trace");
    group.throughput(criterion::Throughput::Elements(BATCH as u64));

    group.bench_function("clock_gettime", |b| {
        b.iter(|| {
            for _ in 0..BATCH {
                let _ = black_box(clock_gettime(ClockId::CLOCK_MONOTONIC));
            }
        });
    });
    let trace = Trace::with_capacity(4 * BATCH);
    // Each batch finds the trace empty, with memory that was touched before.
    let mut bench = |name: &str, event: fn(&Trace)| {
        group.bench_function(name, |b| {
            b.iter_batched(
                || trace.clear(),
                |()| (0..BATCH).for_each(|_| event(&trace)),
                BatchSize::PerIteration,
            );
        });
    };
    bench("instant", |trace| trace.instant("instant"));
    bench("span", |trace| drop(trace.span("span")));
    bench("merged tick", |trace| trace.tick());

    let full = Trace::with_capacity(1);
    full.instant("fills it");
    group.bench_function("dropped instant", |b| {
        b.iter(|| (0..BATCH).for_each(|_| full.instant("too late")));
    });
    group.finish();
}

criterion_group!(benches, record);
criterion_main!(benches);
