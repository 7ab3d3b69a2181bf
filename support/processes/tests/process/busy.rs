//! A fork from a process whose other threads are in the middle of everything.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::wait::waitpid;
use processes::{self, Process};
use std::thread;
use timeline::Trace;

use crate::alone::alone;
use crate::hygiene::descriptors;

const THREADS: usize = 8;
const FORKS: usize = 1000;
/// Processes at a time: on a machine whose cores are busy, one by one would take long.
const AT_ONCE: usize = 20;

/// What keeps a thread in the middle of something: its memory, both streams, the environment, a
/// lock, a channel, a panic, a trace.
fn everything(n: usize, trace: &Trace, lock: &Mutex<HashMap<usize, String>>) {
    let text = format!("thread {n}: {:?}", vec![n; 100]);
    println!("{text}");
    eprintln!("{text}");
    assert!(std::env::var("PATH").is_ok());
    lock.lock().unwrap().insert(n, text);
    let (send, receive) = mpsc::channel();
    send.send(n).unwrap();
    assert_eq!(receive.recv(), Ok(n));
    let panicked = std::panic::catch_unwind(|| panic!("in thread {n}"));
    assert!(panicked.is_err());
    trace.in_span("everything", || trace.instant("now"));
}

/// The same and a thread that begins and ends, which a child does not do: see the module's docs.
fn in_thread(n: usize, trace: &Trace, lock: &Mutex<HashMap<usize, String>>) {
    everything(n, trace, lock);
    thread::spawn(|| ()).join().unwrap();
}

/// The same, in the child; with locks of its own, since those of other threads are theirs.
fn in_child(n: usize, trace: &Trace) -> i32 {
    everything(n, trace, &Mutex::default());
    if n.is_multiple_of(10) {
        panic!("in child {n}");
    }
    if n.is_multiple_of(3) {
        processes::exit((n % 100) as i32);
    }
    (n % 100) as i32
}

#[test]
fn a_thousand_forks_from_a_process_with_eight_busy_threads() {
    let said = alone(
        "busy::a_thousand_forks_from_a_process_with_eight_busy_threads",
        || {
            let (trace, lock) = (Trace::with_capacity(1000), Arc::new(Mutex::default()));
            thread::spawn(|| Process::spawn("first", || ()).join())
                .join()
                .unwrap();
            let before = descriptors();
            let stop = AtomicBool::new(false);
            thread::scope(|scope| {
                for n in 0..THREADS {
                    let (trace, lock, stop) = (&trace, &lock, &stop);
                    scope.spawn(move || {
                        while !stop.load(Relaxed) {
                            in_thread(n, trace, lock);
                        }
                    });
                }
                let ends = std::panic::catch_unwind(|| {
                    for first in (0..FORKS).step_by(AT_ONCE) {
                        fork_some(first, &trace);
                    }
                });
                stop.store(true, Relaxed);
                ends.unwrap();
            });
            assert_eq!(descriptors(), before);
            assert_eq!(waitpid(None, None), Err(Errno::ECHILD));
        },
    );
    let panics = said
        .stderr
        .lines()
        .filter(|line| line.contains("panicked: in child"));
    assert_eq!(panics.count(), FORKS / 10);
    let lines = said.stdout.lines();
    assert!(
        lines
            .filter(|line| line.starts_with("thread 999: [999, "))
            .count()
            == 1
    );
}

fn fork_some(first: usize, trace: &Trace) {
    let children: Vec<Process> = (first..first + AT_ONCE)
        .map(|n| Process::spawn(&format!("child {n}"), || in_child(n, trace)))
        .collect();
    for (n, child) in (first..).zip(children) {
        let exit = child.join_timeout(Duration::from_secs(60));
        let exit = exit.unwrap_or_else(|| {
            let state = std::fs::read_to_string(format!("/proc/{}/wchan", child.pid()));
            panic!("child {n} hangs since 60 s: it waits in {state:?}")
        });
        let code = if n.is_multiple_of(10) { 101 } else { n % 100 };
        assert_eq!(exit.code(), Some(code as i32), "child {n}");
    }
}
