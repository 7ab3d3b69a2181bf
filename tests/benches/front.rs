//! What the front costs: `cargo test -p end-to-end --bench front` (as tests are compiled, which is how
//! the kernel itself is).
//!
//! Two kernels side by side, ours and the same evcxr without the front, asked in turns, so that a
//! drift of the machine hits both.

use end_to_end::kernel::Kernel;
use jupyter_protocol::ExecuteRequest;
use std::time::{Duration, Instant};

const REQUESTS: usize = 1000;

fn main() {
    let mut ours = Kernel::start();
    let mut stock = Kernel::start_without_front();
    for kernel in [&mut ours, &mut stock] {
        kernel.run("let warm = 1;").ok();
    }
    // A cell with nothing in it: all that it takes is the way there and back.
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..REQUESTS {
        for (kernel, times) in [&mut ours, &mut stock].into_iter().zip(&mut times) {
            let began = Instant::now();
            kernel.ask(ExecuteRequest::new(String::new()));
            times.push(began.elapsed());
        }
    }
    println!("{REQUESTS} empty cells           median       p99");
    let [with, without] = times.map(|mut times| {
        times.sort();
        (times[REQUESTS / 2], times[REQUESTS * 99 / 100])
    });
    println!("  with the front     {:>10.3?} {:>10.3?}", with.0, with.1);
    println!(
        "  without            {:>10.3?} {:>10.3?}",
        without.0, without.1
    );
    println!("resident memory of the front: {} MB", ours.memory() >> 20);
    let floods = [
        (
            "10,000 lines",
            "for n in 0..10_000 { println!(\"line {n}\"); }",
        ),
        (
            "one line of 5 MB",
            "println!(\"{}\", \"y\".repeat(5_000_000));",
        ),
    ];
    for (name, code) in floods {
        // The first run of each compiles it.
        let took = [&mut ours, &mut stock].map(|kernel| {
            let mut times: Vec<Duration> = (0..3).map(|_| kernel.run(code).ok().took).collect();
            times.sort();
            times[1]
        });
        let ratio = took[1].as_secs_f64() / took[0].as_secs_f64();
        println!(
            "{name}: {:.2?}, without the front {:.2?}, {ratio:.1} times",
            took[0], took[1]
        );
    }
    println!(
        "resident memory of the front after the floods: {} MB",
        ours.memory() >> 20
    );
    ours.shut_down();
    stock.shut_down();
}
