//! What recording costs, beside the clock that it cannot do without, and beside the `tracing` crate
//! with tracing-chrome, which writes the same file format: by the trace's own calls, and through its
//! layer.
//!
//! `cargo bench -p timeline --bench trace`
//!
//! "both cores" are two threads, each on a core of its own, that record into one trace at the same
//! time; the time is that of one event in one thread.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use nix::sched::{CpuSet, sched_setaffinity};
use timeline::{TimelineLayer, Trace};
use tracing::Dispatch;
use tracing::dispatcher::with_default;
use tracing_chrome::ChromeLayerBuilder;
use tracing_subscriber::prelude::*;

/// Events of a thread in a batch, few enough to fit a trace.
const BATCH: u64 = 10_000;

/// The time that `iterations` events take on each of `threads` threads at once; `fresh` is called
/// before each batch and does not count.
fn time(
    threads: usize,
    iterations: u64,
    subscriber: &Dispatch,
    fresh: &dyn Fn(),
    event: &(dyn Fn() + Sync),
) -> Duration {
    let mut total = Duration::ZERO;
    let mut left = iterations;
    while left > 0 {
        let batch = left.min(BATCH);
        fresh();
        total += batch_on(threads, batch, subscriber, event);
        left -= batch;
    }
    total
}

fn batch_on(
    threads: usize,
    batch: u64,
    subscriber: &Dispatch,
    event: &(dyn Fn() + Sync),
) -> Duration {
    let run = |n: usize, start: &Barrier| {
        pin(n);
        // The first event of a thread introduces it.
        event();
        start.wait();
        let begin = Instant::now();
        (0..batch).for_each(|_| event());
        begin.elapsed()
    };
    let start = Barrier::new(threads);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|n| {
                scope.spawn({
                    let start = &start;
                    move || with_default(subscriber, || run(n, start))
                })
            })
            .collect();
        let times = threads.into_iter().map(|thread| thread.join().unwrap());
        times.sum::<Duration>()
    }) / threads as u32
}

fn clock() {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: writes to a timespec of our own.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    black_box(time.tv_nsec);
}

fn record(c: &mut Criterion) {
    // Each batch finds the trace empty, with memory that was touched before.
    let trace = Trace::with_capacity(4 * BATCH as usize);
    let fresh = || trace.clear();
    let nothing = || ();
    let full = Trace::with_capacity(1);
    full.instant("fills it");
    let (layer, guard) = ChromeLayerBuilder::new().writer(std::io::sink()).build();
    let chrome = Dispatch::new(tracing_subscriber::registry().with(layer));
    let layered = Dispatch::new(tracing_subscriber::registry().with(TimelineLayer::new(&trace)));
    let none = Dispatch::none();
    // What is recorded is written by a thread of its own; the batch does not wait for that, but
    // the next one does.
    let written = || guard.flush();

    for threads in [
        1,
        std::thread::available_parallelism().unwrap().get().min(2),
    ] {
        let name = if threads == 1 {
            "one thread"
        } else {
            "both cores"
        };
        let mut group = c.benchmark_group(name);
        let mut through =
            |name: &str, to: &Dispatch, fresh: &dyn Fn(), event: &(dyn Fn() + Sync)| {
                group.bench_function(name, |b| {
                    b.iter_custom(|n| time(threads, n, to, fresh, event))
                });
            };
        let span = || drop(black_box(tracing::info_span!("span").entered()));
        through("tracing span, no subscriber", &none, &nothing, &span);
        through("tracing span, this layer", &layered, &fresh, &span);
        through("tracing span, tracing-chrome", &chrome, &written, &span);
        let mut bench = |name: &str, fresh: &dyn Fn(), event: &(dyn Fn() + Sync)| {
            through(name, &none, fresh, event);
        };
        bench("clock_gettime", &nothing, &clock);
        bench("instant", &fresh, &|| trace.instant("instant"));
        bench("span, in_span", &fresh, &|| {
            trace.in_span("span", || black_box(()))
        });
        bench("span, guard", &fresh, &|| {
            drop(black_box(trace.span("span")))
        });
        bench("merged tick", &fresh, &|| trace.tick());
        bench("dropped instant", &nothing, &|| full.instant("too late"));
        group.finish();
    }
}

/// Keeps the caller on the `n`th CPU, or on the only one.
fn pin(n: usize) {
    let cpus = std::thread::available_parallelism().unwrap().get();
    let mut only = CpuSet::new();
    only.set(n % cpus).unwrap();
    sched_setaffinity(nix::unistd::Pid::from_raw(0), &only).unwrap();
}

criterion_group!(benches, record);
criterion_main!(benches);
