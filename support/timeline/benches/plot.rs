//! What a picture costs, for traces of a thousand and a hundred thousand events.
//!
//! `cargo bench -p timeline --bench plot`
//!
//! Says the pictures' sizes, too.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use timeline::trace::Trace;

/// Eight lanes that take turns at being recorded, with spans, ticks, a lock's holder and messages.
fn recorded(events: usize) -> Trace {
    let trace = Trace::with_capacity(2 * events + 1000);
    let lanes = 8;
    for lane in 0..lanes {
        let work = move |trace: &Trace| {
            for n in 0..events / lanes / 2 {
                let _outer = trace.span(["read", "parse", "answer"][n % 3]);
                match n % 50 {
                    0 => trace.sent("job", (lane * events + n) as u64),
                    1 => trace.received("job", (lane * events + n - 1) as u64),
                    2 => trace.instant("again"),
                    _ => trace.in_span("within", || black_box(())),
                }
            }
        };
        trace
            .join(trace.spawn(&format!("lane {lane}"), work))
            .unwrap();
    }
    trace
}

fn draw(c: &mut Criterion) {
    let mut group = c.benchmark_group("picture");
    for events in [1_000, 100_000] {
        let trace = recorded(events);
        let size = trace.timeline().svg().len();
        println!("{} events: {} bytes of SVG", trace.events().len(), size);
        group.bench_function(format!("{events} events, svg"), |b| {
            b.iter(|| black_box(trace.timeline().svg()));
        });
        group.bench_function(format!("{events} events, by_state"), |b| {
            b.iter(|| black_box(trace.timeline().by_state().svg()));
        });
        group.bench_function(format!("{events} events, events()"), |b| {
            b.iter(|| black_box(trace.events()));
        });
        group.bench_function(format!("{events} events, json()"), |b| {
            b.iter(|| black_box(trace.json()));
        });
    }
    group.finish();
}

criterion_group!(benches, draw);
criterion_main!(benches);
