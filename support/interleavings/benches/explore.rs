//! What a schedule costs, here and under the engines' own searches, on the same programs.
//!
//! `cargo bench -p interleavings --bench explore` prints a table: how many schedules the search
//! needed, how many it tried a second, and its time. Shuttle and loom have other scheduling points
//! (starts, joins), and loom leaves out schedules that differ in nothing. So the numbers of schedules
//! differ, and the time for the whole proof is what a reader waits for.

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use shuttle::scheduler::DfsScheduler;

/// Schedules after which a search is cut short; its rate is known by then.
const MOST: usize = 50_000;

/// The same program for each engine: threads, and what each does so many times.
macro_rules! programs {
    ($module:ident, $thread:path, $atomic:path, $mutex:path, $arc:path) => {
        mod $module {
            use std::sync::atomic::Ordering::SeqCst;
            use $arc as Arc;
            use $atomic as AtomicU32;
            use $mutex as Mutex;
            use $thread as thread;

            pub fn adds(threads: u32, steps: u32) {
                let x = Arc::new(AtomicU32::new(0));
                let run = |_| {
                    let x = x.clone();
                    thread::spawn(move || {
                        for _ in 0..steps {
                            x.fetch_add(1, SeqCst);
                        }
                    })
                };
                let all: Vec<_> = (0..threads).map(run).collect();
                all.into_iter().for_each(|thread| thread.join().unwrap());
                assert_eq!(x.load(SeqCst), threads * steps);
            }

            /// All steps but the last are each thread's own.
            pub fn apart(threads: u32, steps: u32) {
                let all: Vec<_> = (0..=threads).map(|_| Arc::new(AtomicU32::new(0))).collect();
                let run = |thread: u32| {
                    let (own, x) = (all[thread as usize + 1].clone(), all[0].clone());
                    thread::spawn(move || {
                        for _ in 1..steps {
                            own.fetch_add(1, SeqCst);
                        }
                        x.fetch_add(1, SeqCst);
                    })
                };
                let threads: Vec<_> = (0..threads).map(run).collect();
                threads
                    .into_iter()
                    .for_each(|thread| thread.join().unwrap());
            }

            pub fn locks(threads: u32, steps: u32) {
                let x = Arc::new(Mutex::new(0));
                let run = |_| {
                    let x = x.clone();
                    thread::spawn(move || {
                        for _ in 0..steps {
                            *x.lock().unwrap() += 1;
                        }
                    })
                };
                let all: Vec<_> = (0..threads).map(run).collect();
                all.into_iter().for_each(|thread| thread.join().unwrap());
                assert_eq!(*x.lock().unwrap(), threads * steps);
            }
        }
    };
}

programs!(
    ours,
    interleavings::thread,
    interleavings::sync::atomic::AtomicU32,
    interleavings::sync::Mutex,
    std::sync::Arc
);
programs!(
    plain,
    shuttle::thread,
    shuttle::sync::atomic::AtomicU32,
    shuttle::sync::Mutex,
    std::sync::Arc
);
programs!(
    looms,
    loom::thread,
    loom::sync::atomic::AtomicU32,
    loom::sync::Mutex,
    loom::sync::Arc
);

type Program = fn(u32, u32);

struct Found {
    schedules: usize,
    time: Duration,
}

fn by_explore(program: Program, threads: u32, steps: u32) -> Found {
    by_search(interleavings::Search::new(), program, threads, steps)
}

fn by_reduced(program: Program, threads: u32, steps: u32) -> Found {
    by_search(
        interleavings::Search::new().reduced(),
        program,
        threads,
        steps,
    )
}

fn by_search(search: interleavings::Search, program: Program, threads: u32, steps: u32) -> Found {
    let search = search.schedules(MOST as u64);
    let report = search.run(move || program(threads, steps));
    assert_eq!(report.failed(), 0, "{report}");
    Found {
        schedules: report.schedules() as usize,
        time: report.time(),
    }
}

fn by_shuttle(program: Program, threads: u32, steps: u32) -> Found {
    let scheduler = DfsScheduler::new(Some(MOST), false);
    let begin = Instant::now();
    let runner = shuttle::Runner::new(scheduler, shuttle::Config::new());
    let schedules = runner.run(move || program(threads, steps));
    Found {
        schedules,
        time: begin.elapsed(),
    }
}

fn by_loom(program: Program, threads: u32, steps: u32) -> Found {
    static TRIED: AtomicUsize = AtomicUsize::new(0);
    TRIED.store(0, SeqCst);
    let mut model = loom::model::Builder::new();
    model.max_permutations = Some(MOST);
    let begin = Instant::now();
    model.check(move || {
        TRIED.fetch_add(1, SeqCst);
        program(threads, steps);
    });
    Found {
        schedules: TRIED.load(SeqCst),
        time: begin.elapsed(),
    }
}

fn main() {
    // `cargo test --benches` is not to measure.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    println!(
        "{:34} {:>10} {:>14} {:>12}",
        "", "schedules", "per second", "time"
    );
    type Engine = fn(Program, u32, u32) -> Found;
    type Row = (&'static str, Engine, Program);
    let rows = |[ours, shuttles, looms]: [Program; 3]| -> [Row; 4] {
        [
            ("interleavings", by_explore, ours),
            ("interleavings, reduced", by_reduced, ours),
            ("shuttle's own DFS", by_shuttle, shuttles),
            ("loom", by_loom, looms),
        ]
    };
    let adds: [Program; 3] = [ours::adds, plain::adds, looms::adds];
    let apart: [Program; 3] = [ours::apart, plain::apart, looms::apart];
    let locks: [Program; 3] = [ours::locks, plain::locks, looms::locks];
    for (what, programs, threads, steps) in [
        ("atomic additions", adds, 2, 4),
        ("atomic additions", adds, 2, 7),
        ("atomic additions", adds, 3, 3),
        ("atomic additions", adds, 3, 4),
        ("additions apart, the last together", apart, 3, 4),
        ("mutex", locks, 2, 4),
        ("mutex", locks, 3, 2),
    ] {
        println!("{threads} threads, {steps} steps each: {what}");
        for (engine, run, program) in rows(programs) {
            let found = black_box(run(program, threads, steps));
            let rate = found.schedules as f64 / found.time.as_secs_f64();
            let more = if found.schedules + 1 >= MOST {
                " (cut short)"
            } else {
                ""
            };
            println!(
                "    {engine:30} {:10} {rate:14.0} {:9.1} ms{more}",
                found.schedules,
                found.time.as_secs_f64() * 1e3
            );
        }
    }
}
