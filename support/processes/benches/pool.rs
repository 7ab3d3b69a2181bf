//! A pool of two workers, beside Python's `multiprocessing.Pool` (its fork method).
//!
//! `cargo bench -p processes --bench pool`
//!
//! Both pools live through the whole run; their rounds take turns, so that a busy machine is busy
//! for both. CPU-bound tasks use the CPU for a given time, which is the same work in any language.
//! Given are medians, and the median of the ratios of rounds that stood side by side.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use processes::Pool;
use serde_bytes::ByteBuf;

const ROUNDS: usize = 15;

/// Uses the CPU for so long.
fn burn(micros: u64) -> u64 {
    let had = || {
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: writes to a timespec of our own.
        unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    };
    let end = had() + 1000 * micros;
    while had() < end {}
    micros
}

struct Python {
    child: Child,
    ask: ChildStdin,
    answer: BufReader<ChildStdout>,
}

impl Python {
    fn start() -> Python {
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/pool.py");
        let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../.venv/bin/python");
        let python = if std::path::Path::new(own).exists() {
            own
        } else {
            "python3"
        };
        let mut child = Command::new(python)
            .arg(here)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3, to compare with");
        let (ask, answer) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Python {
            child,
            ask,
            answer: BufReader::new(answer),
        }
    }

    fn round(&mut self, what: &str) -> Duration {
        writeln!(self.ask, "{what}").unwrap();
        let mut line = String::new();
        self.answer.read_line(&mut line).unwrap();
        Duration::from_nanos(line.trim().parse().expect("nanoseconds from Python"))
    }
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn compare(python: &mut Python, name: &str, what: &str, ours: &dyn Fn()) {
    let rounds: Vec<(f64, f64)> = (0..=ROUNDS)
        .map(|_| {
            let begin = Instant::now();
            ours();
            (
                begin.elapsed().as_secs_f64(),
                python.round(what).as_secs_f64(),
            )
        })
        // The first warms both up.
        .skip(1)
        .collect();
    let ours = median(rounds.iter().map(|round| round.0).collect());
    let theirs = median(rounds.iter().map(|round| round.1).collect());
    let ratio = median(rounds.iter().map(|round| round.1 / round.0).collect());
    let (ours, theirs) = (1e3 * ours, 1e3 * theirs);
    println!("{name:44} {ours:9.2} ms   Python {theirs:9.2} ms   ratio {ratio:6.2}");
}

fn main() {
    let square = Pool::new(2, |n: u64| n * n);
    let cpu = Pool::new(2, burn);
    let swap = Pool::new(2, |mut bytes: ByteBuf| {
        bytes.make_ascii_uppercase();
        bytes
    });
    let mut python = Python::start();
    println!("{ROUNDS} rounds each, 2 workers; medians");
    compare(
        &mut python,
        "10,000 small tasks, default chunks",
        "small",
        &|| {
            assert_eq!(
                square.map(0..10_000).unwrap().iter().sum::<u64>(),
                333283335000
            );
        },
    );
    compare(
        &mut python,
        "10,000 small tasks, one by one",
        "small_one_by_one",
        &|| {
            let squares = square.chunks_of(1).map(0..10_000).unwrap();
            assert_eq!(squares.iter().sum::<u64>(), 333283335000);
        },
    );
    compare(
        &mut python,
        "1,000 apply_async, then get",
        "apply_async",
        &|| {
            let pending: Vec<_> = (0..1000).map(|n| square.apply_async(n)).collect();
            let sum: u64 = pending.into_iter().map(|one| one.get().unwrap()).sum();
            assert_eq!(sum, 332833500);
        },
    );
    compare(
        &mut python,
        "32 values of 1 MiB there and back",
        "large",
        &|| {
            let values = (0..32).map(|_| ByteBuf::from(vec![b'x'; 1 << 20]));
            assert_eq!(swap.map(values).unwrap().len(), 32);
        },
    );
    compare(&mut python, "64 tasks of 5 ms of CPU", "cpu_bound", &|| {
        assert_eq!(cpu.map([5000; 64]).unwrap(), [5000; 64]);
    });
    compare(
        &mut python,
        "start, one task, end",
        "start_and_end",
        &|| {
            let pool = Pool::new(2, |n: u64| n * n);
            assert_eq!(pool.apply(1), Ok(1));
            pool.close();
            pool.join();
        },
    );
    drop(python.ask);
    python.child.wait().unwrap();
}
