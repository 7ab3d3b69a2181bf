//! Stacks: their size, their number, and what their overflow does.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use support::coroutine::Coroutine;
use support::libc;

use super::forked::{child, ended_well};

const OVERFLOWS: &str = "COROUTINE_TEST_OVERFLOWS";

/// Uses some hundred bytes of stack for each level.
#[inline(never)]
fn recurse(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 64]);
    if depth == 0 {
        0
    } else {
        room[7] + recurse(depth - 1)
    }
}

/// Played in a process of its own: it does not survive.
#[test]
fn child_overflows() {
    let Ok(bytes) = std::env::var(OVERFLOWS) else {
        return;
    };
    let deep: Coroutine<u64> = Coroutine::with_stack(bytes.parse().unwrap(), |co| {
        co.yield_(recurse(u64::MAX));
    });
    let _ = deep.next();
}

#[test]
fn an_overflow_is_told_and_ends_the_process() {
    for bytes in [16 << 10, 256 << 10] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "stacks::child_overflows", "--nocapture"])
            .env(OVERFLOWS, bytes.to_string())
            .output()
            .unwrap();
        assert_eq!(output.status.signal(), Some(libc::SIGSEGV));
        let told = format!(
            "a coroutine's stack of {bytes} bytes overflowed: give it more by Coroutine::with_stack, \
             or let its body recurse less\n"
        );
        assert_eq!(String::from_utf8_lossy(&output.stderr), told);
    }
}

#[test]
fn a_stack_is_as_large_as_was_asked_for() {
    // 3,000 levels of at least 512 bytes are more than the usual 256 KiB.
    let deep: Coroutine<u64> = Coroutine::with_stack(16 << 20, |co| {
        co.yield_(recurse(3000));
    });
    assert!(deep.next().is_ok());
}

const COUNTS: &str = "COROUTINE_TEST_COUNTS";

/// In a process of its own, as it looks at the memory of the whole process.
#[test]
fn thousands_wait_at_once_and_all_memory_comes_back() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "stacks::child_counts", "--nocapture"])
        .env(COUNTS, "")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn child_counts() {
    if std::env::var_os(COUNTS).is_none() {
        return;
    }
    let used = || {
        let status = std::fs::read_to_string("/proc/self/statm").unwrap();
        status.split(' ').next().unwrap().parse::<usize>().unwrap()
    };
    let all = || -> Vec<Coroutine<usize>> {
        let make = |n| {
            Coroutine::with_stack(16 << 10, move |co| {
                co.yield_(n);
            })
        };
        (0..10_000).map(make).collect()
    };
    drop(all());
    let before = used();
    let waiting = all();
    let sum: usize = waiting.iter().map(|one| one.next().unwrap()).sum();
    assert_eq!(sum, 49_995_000);
    let stacks = 10_000 * 5;
    assert!(used() >= before + stacks, "{} pages", used() - before);
    assert!(waiting.iter().all(|one| one.next().is_err()));
    // An ended body's stack has gone, although its handle is still there.
    assert!(used() < before + stacks / 2, "{} pages", used() - before);
}

/// A child has a copy of all memory at the moment of the fork, and none of the other threads: a lock
/// that one of them held would stay locked there for ever.
#[test]
fn a_forked_child_makes_coroutines_whatever_other_threads_were_making() {
    let end = Arc::new(AtomicBool::new(false));
    let others = [(); 2].map(|()| {
        let end = Arc::clone(&end);
        std::thread::spawn(move || {
            while !end.load(Relaxed) {
                drop(Coroutine::<u32>::new(|_| ()));
            }
        })
    });
    for _ in 0..100 {
        ended_well(child(|| {
            // SAFETY: a system call that takes a number. A child that hangs is killed by it.
            unsafe { libc::alarm(20) };
            let one: Coroutine<u32> = Coroutine::new(|co| {
                co.yield_(1);
            });
            one.next() == Ok(1)
        }));
    }
    end.store(true, Relaxed);
    for other in others {
        other.join().unwrap();
    }
}

#[test]
fn too_large_a_stack_is_refused_in_one_sentence() {
    let told = super::panic_of(|| Coroutine::<u32>::with_stack(usize::MAX, |_| ()));
    assert!(
        told.starts_with("no room for a coroutine's stack of 18446744073709551615 bytes ("),
        "{told}"
    );
    let told = super::panic_of(|| Coroutine::<u32>::with_stack(1 << 60, |_| ()));
    assert!(
        told.starts_with("no room for a coroutine's stack of "),
        "{told}"
    );
}
