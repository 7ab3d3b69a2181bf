//! What a cell takes, by its kind: `cargo test -p end-to-end --bench cells`, as tests are compiled.
//!
//! Two kernels side by side, ours and the same with every cell compiled by cargo, asked in turns, so
//! that a drift of the machine hits both. And a kernel's first cells: asked for at once, and after it
//! has stood for ten seconds.

use end_to_end::kernel::Kernel;
use lab::shims;
use std::time::{Duration, Instant};

const ROUNDS: usize = 9;
const STANDS: Duration = Duration::from_secs(10);

const SET_UP: &str = ":dep support = { path = \"../support\" }\nuse support::prelude::*;";
const KINDS: [(&str, &str); 7] = [
    ("println!", "println!(\"said\");"),
    ("a let", "let words = vec![1, 2, 3];"),
    ("a function", "fn next(n: i32) -> i32 { n + 1 }"),
    ("1 + 1", "1 + 1"),
    ("a thread's join", "thread::spawn(|| 5).join().unwrap()"),
    ("a picture", "trace.timeline()"),
    ("a mistake", "nosuch(1);"),
];

fn main() {
    let mut ours = Kernel::start();
    let mut by_cargo = Kernel::start_with(&[(shims::ALWAYS, "1")]);
    let mut both = [&mut ours, &mut by_cargo];
    for kernel in &mut both {
        kernel.run(SET_UP).ok();
        kernel
            .run("let trace = Trace::new(); trace.in_span(\"work\", || ());")
            .ok();
    }
    println!("median of {ROUNDS}        ours   by cargo   ratio");
    for (name, code) in KINDS {
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for (kernel, times) in both.iter_mut().zip(&mut times) {
                times.push(kernel.run(code).took);
            }
        }
        let [ours, by_cargo] = times.map(|mut times| {
            times.sort();
            times[ROUNDS / 2].as_secs_f64()
        });
        println!(
            "  {name:16}{ours:6.2} s  {by_cargo:6.2} s  {:6.2}",
            by_cargo / ours
        );
    }
    ours.shut_down();
    by_cargo.shut_down();
    first_cells("at once", Duration::ZERO);
    first_cells("after ten seconds", STANDS);
}

/// A new kernel's set-up cell, first `let` and first picture.
fn first_cells(when: &str, stands: Duration) {
    let began = Instant::now();
    let mut kernel = Kernel::start();
    let ready = began.elapsed().as_secs_f64();
    std::thread::sleep(stands);
    let asked = Instant::now();
    let set_up = kernel.run(SET_UP).ok().took.as_secs_f64();
    let code = "let trace = Trace::new(); trace.in_span(\"work\", || ());";
    let first_let = kernel.run(code).ok().took.as_secs_f64();
    kernel.run("trace.timeline()").ok();
    let picture = asked.elapsed().as_secs_f64();
    println!(
        "{when}: ready {ready:.2} s, set-up cell {set_up:.2} s, first let {first_let:.2} s, picture after {picture:.2} s"
    );
    kernel.shut_down();
}
