//! No process outlives its parent, however that ends; nor is it killed for less.
//!
//! Each tree of processes holds a pipe. That this closes is what tells that all of it has ended.

use std::fs::File;
use std::io::Write;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid, gettid};
use processes::{Exit, Process};
use std::thread;

use crate::alone::{self, start};
use crate::{byte, pipe_ends};

const LIMIT: Duration = Duration::from_secs(60);

/// Says that all is ready, and waits for the end.
fn ready() {
    println!("\nready");
    thread::park();
}

fn sleeper(name: &str) -> Process {
    Process::spawn(name, thread::park)
}

/// A process that the process's first thread has started, and two of another thread's: one's
/// thread lives, the other's has ended.
fn three() -> [Process; 3] {
    assert_eq!(gettid(), getpid());
    let of_first = sleeper("of the first");
    let (handle, handles) = std::sync::mpsc::channel();
    thread::spawn(move || {
        handle.send(sleeper("of another")).unwrap();
        thread::park();
    });
    let of_another = handles.recv().unwrap();
    let of_an_ended = thread::spawn(|| sleeper("of an ended")).join().unwrap();
    [of_first, of_another, of_an_ended]
}

#[test]
fn killed_with_its_parent() {
    let mut run = start("lineage::killed_with_its_parent", || {
        // A process in between, since a test does not run on its process's first thread.
        let between = Process::spawn("between", || {
            let _three = three();
            ready();
        });
        between.join();
    });
    run.line("ready");
    run.kill();
    run.stdout(LIMIT);
}

#[test]
fn killed_with_its_parent_of_one_sort_only() {
    // Nobody here has a first thread's child; there is nothing but the lifeline.
    let mut run = start("lineage::killed_with_its_parent_of_one_sort_only", || {
        let started = thread::spawn(|| [1, 2, 3].map(|_| sleeper("sleeper")));
        let _three = started.join().unwrap();
        ready();
    });
    run.line("ready");
    run.kill();
    run.stdout(LIMIT);
}

#[test]
fn killed_when_its_parent_exits_without_a_word() {
    let mut run = start(
        "lineage::killed_when_its_parent_exits_without_a_word",
        || {
            let between = Process::spawn("between", || {
                for child in three() {
                    std::mem::forget(child);
                }
                // SAFETY: ends the process, without unwinding or running anything.
                unsafe { libc::_exit(7) };
            });
            assert_eq!(between.join(), Exit::Code(7));
        },
    );
    run.stdout(LIMIT);
    assert!(run.child.wait().unwrap().success());
}

#[test]
fn a_grandchild_is_killed_with_its_own_parent() {
    // One of the first thread, whose children are its own first thread's and another's.
    let body = || {
        let (held, hold) = pipe_ends();
        let (ready, tell) = pipe_ends();
        let middle = Process::spawn("middle", move || {
            drop(held);
            let _three = three();
            let _hold = hold;
            File::from(tell).write_all(b"!").unwrap();
            thread::park();
        });
        // `held` and `hold` were dropped with the closure; the child's copies count.
        assert_eq!(byte(&ready), Some(b'!'));
        println!("\n{} middle", middle.pid());
        middle.join();
        println!("\nended");
        // The grandchildren hold this process's stdout; so the test sees when they end.
        std::mem::forget(middle);
    };
    let mut run = start("lineage::a_grandchild_is_killed_with_its_own_parent", body);
    let middle = run.line(" middle").parse().unwrap();
    kill(Pid::from_raw(middle), Signal::SIGKILL).unwrap();
    run.line("ended");
    run.stdout(LIMIT);
    assert!(run.child.wait().unwrap().success());
}

#[test]
fn a_whole_line_of_descent_is_killed_with_its_first() {
    fn descend(generations: u32) -> i32 {
        if generations == 0 {
            ready();
        }
        // Turn by turn by the first thread and by another.
        let child = move || Process::spawn("child", move || descend(generations - 1));
        let child = if generations.is_multiple_of(2) {
            child()
        } else {
            thread::spawn(child).join().unwrap()
        };
        child.join().code().unwrap()
    }
    let mut run = start(
        "lineage::a_whole_line_of_descent_is_killed_with_its_first",
        || {
            descend(6);
        },
    );
    run.line("ready");
    run.kill();
    run.stdout(LIMIT);
}

#[test]
fn the_end_of_the_thread_that_started_it_is_no_reason_to_end() {
    let (told, tell) = pipe_ends();
    let started =
        thread::spawn(move || Process::spawn("outlives", || byte(&told).map_or(1, i32::from)));
    let process = started.join().unwrap();
    // The thread has left the system, too, when its number means nothing any more; a process that
    // ended with it would end before it answers.
    assert!(process.is_alive());
    File::from(tell).write_all(&[6]).unwrap();
    assert_eq!(process.join(), Exit::Code(6));
}

#[test]
fn nothing_stays_when_there_is_no_room() {
    alone::alone("lineage::nothing_stays_when_there_is_no_room", || {
        use processes::children;
        // What a process needs once is there.
        assert!(
            thread::spawn(|| Process::spawn("first", || ()).join())
                .join()
                .unwrap()
                .success()
        );
        let mut all = Vec::new();
        let full = loop {
            match File::open("/dev/null") {
                Ok(file) => all.push(file),
                Err(error) => break error,
            }
        };
        let error = Process::try_spawn("too many", thread::park).unwrap_err();
        assert_eq!(error.raw_os_error(), full.raw_os_error());
        assert!(children().is_empty());
        let none = nix::sys::wait::waitpid(None, None);
        assert_eq!(none, Err(nix::errno::Errno::ECHILD));
        all.pop();
        assert!(Process::spawn("fits", || ()).join().success());
    });
}
