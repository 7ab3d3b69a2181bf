//! What is left after many processes: nothing.

use std::fs;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::wait::waitpid;
use processes::{self, Process};
use std::thread;

use crate::alone::alone;

/// The descriptors that are open: what they are, sorted.
pub fn descriptors() -> Vec<String> {
    let entries = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let mut all: Vec<String> = entries
        .filter_map(|entry| Some(fs::read_link(entry.path()).ok()?.display().to_string()))
        // The one by which they are listed.
        .filter(|target| !target.starts_with("/proc/"))
        .collect();
    all.sort();
    all
}

/// The descriptors that another program has from this one.
fn inherited() -> String {
    let listed = std::process::Command::new("ls")
        .arg("/proc/self/fd")
        .output();
    String::from_utf8(listed.unwrap().stdout).unwrap()
}

fn two_hundred() {
    for n in 0..40 {
        assert!(Process::spawn("joined", || ()).join().success());
        let killed = Process::spawn("killed", thread::park);
        killed.kill();
        assert_eq!(killed.join().code(), Some(-9));
        let _dropped_while_it_runs = Process::spawn("dropped", thread::park);
        let panics = Process::spawn("panics", || panic!("on purpose"));
        assert_eq!(panics.join().code(), Some(101));
        let in_thread = thread::spawn(move || Process::spawn("in a thread", move || n).join());
        assert_eq!(in_thread.join().unwrap().code(), Some(n));
    }
}

#[test]
fn descriptors_and_children_are_the_same_after_200_processes() {
    let name = "hygiene::descriptors_and_children_are_the_same_after_200_processes";
    let said = alone(name, || {
        // What a process opens once: the pipe by which children of threads know of its end.
        thread::spawn(|| Process::spawn("first", || ()).join())
            .join()
            .unwrap();
        let before = descriptors();
        two_hundred();
        assert_eq!(descriptors(), before);
        assert_eq!(waitpid(None, None), Err(Errno::ECHILD));
        assert!(processes::children().is_empty());
    });
    assert_eq!(said.stderr.lines().count(), 40, "{}", said.stderr);
}

#[test]
fn a_running_process_costs_one_descriptor_and_passes_on_none() {
    alone(
        "hygiene::a_running_process_costs_one_descriptor_and_passes_on_none",
        || {
            thread::spawn(|| Process::spawn("first", || ()).join())
                .join()
                .unwrap();
            let (before, before_inherited) = (descriptors().len(), inherited());
            let all: Vec<Process> = (0..10)
                .map(|_| Process::spawn("sleeper", thread::park))
                .collect();
            assert_eq!(descriptors().len(), before + 10);
            // A program that is started now inherits nothing of these.
            assert_eq!(inherited(), before_inherited);
            drop(all);
            assert_eq!(descriptors().len(), before);
        },
    );
}

#[test]
fn a_long_join_costs_no_processor_time() {
    let process = Process::spawn("sleeper", thread::park);
    let time = || nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID);
    let before = Duration::from(time().unwrap());
    assert_eq!(process.join_timeout(Duration::from_millis(300)), None);
    let spent = Duration::from(time().unwrap()) - before;
    assert!(spent < Duration::from_millis(50), "{spent:?}");
}
