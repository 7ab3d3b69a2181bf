//! What it costs to start a process that does nothing and to wait for its end: ours beside the bare
//! system calls, and beside Python's `multiprocessing.Process` with the fork method.
//!
//! `cargo bench -p processes --bench process`
//!
//! Ours and the bare one run in one program, and so copy the same memory. They take turns, one
//! process each; Python follows after each round, in an interpreter that goes on running. Medians.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};
use processes::Process;
use std::thread;

const ROUNDS: usize = 40;
const IN_A_ROUND: usize = 25;

const PYTHON: &str = "
import multiprocessing, sys, time
Process = multiprocessing.get_context('fork').Process
def nothing(): pass
for line in sys.stdin:
    times = []
    for _ in range(int(line)):
        begin = time.perf_counter_ns()
        process = Process(target=nothing)
        process.start()
        process.join()
        times.append(time.perf_counter_ns() - begin)
    print(*times, flush=True)
";

fn ours() {
    assert!(Process::spawn("nothing", || ()).join().success());
}

fn bare() {
    // SAFETY: the child does nothing but end.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => unsafe { libc::_exit(0) },
        ForkResult::Parent { child } => {
            waitpid(child, None).unwrap();
        }
    }
}

fn time(work: fn()) -> Duration {
    let begin = Instant::now();
    work();
    begin.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// The environment's Python, else the system's.
fn python() -> Option<Child> {
    let own = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.venv/bin/python"));
    let program = if own.exists() { own } else { "python3".into() };
    let child = Command::new(program)
        .args(["-c", PYTHON])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    child.ok()
}

/// Ours and bare, turn by turn; with what follows each round.
fn compare(rounds: usize, mut after: impl FnMut()) -> (Duration, Duration) {
    let (mut of_ours, mut of_bare) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        for _ in 0..IN_A_ROUND {
            of_ours.push(time(ours));
            of_bare.push(time(bare));
        }
        after();
    }
    (median(of_ours), median(of_bare))
}

fn row(what: &str, ours: Duration, bare: Duration) {
    let ratio = ours.as_secs_f64() / bare.as_secs_f64();
    println!("{what:<34} {ours:>10.1?} {bare:>10.1?} {ratio:>6.2} times bare");
}

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        ours();
        bare();
        return;
    }
    println!(
        "{:<34} {:>10} {:>10}",
        "start and join", "ours", "bare fork"
    );
    let mut python = python();
    let mut of_python = Vec::new();
    let (own, raw) = compare(ROUNDS, || {
        if let Some(python) = &mut python {
            of_python.extend(round_of(python));
        }
    });
    row("a small parent", own, raw);
    let (of_thread, raw) = thread::spawn(|| compare(ROUNDS, || ())).join().unwrap();
    row("… from a thread, not the first", of_thread, raw);
    for megabytes in [64, 256, 1024] {
        // Every page touched, so that a fork has to copy its entry.
        let memory = vec![1u8; megabytes << 20];
        let (own, raw) = compare(ROUNDS / 4, || ());
        row(&format!("a parent with {megabytes} MiB"), own, raw);
        drop(std::hint::black_box(memory));
    }
    match &mut python {
        Some(python) => {
            drop(python.stdin.take());
            let _ = python.wait();
            let median = median(of_python);
            let ratio = median.as_secs_f64() / own.as_secs_f64();
            println!("Python, multiprocessing with fork  {median:>10.1?} {ratio:>6.1} times ours");
        }
        None => println!("Python: not found"),
    }
}

fn round_of(python: &mut Child) -> Vec<Duration> {
    let mut input = python.stdin.as_ref().unwrap();
    writeln!(input, "{IN_A_ROUND}").unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(python.stdout.as_mut().unwrap());
    output.read_line(&mut line).unwrap();
    let times = line.split_whitespace().map(|time| time.parse().unwrap());
    times.map(Duration::from_nanos).collect()
}
