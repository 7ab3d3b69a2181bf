//! A million schedules without growth of memory. In a process of its own, whose memory is only its own.

use std::sync::atomic::Ordering::SeqCst;

use interleavings::sync::Mutex;
use interleavings::sync::atomic::AtomicU32;
use interleavings::{Search, thread};

/// Resident memory, in KiB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn adds() {
    let x = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..12).for_each(|_| _ = x.fetch_add(1, SeqCst)));
        }
    });
}

/// Most of its executions are like others: they are run to their ends, and leave nothing.
fn locks() {
    let locks = [Mutex::new(0), Mutex::new(0), Mutex::new(0)];
    thread::scope(|scope| {
        for n in 0..3 {
            let locks = &locks;
            scope.spawn(move || {
                for m in 0..3 {
                    *locks[(n + m) % 3].lock().unwrap() += 1;
                }
            });
        }
    });
}

#[test]
fn a_million_schedules_take_no_more_memory_than_some() {
    let run = |search: Search, program: fn(), schedules: u64| {
        let report = search.schedules(schedules).run(program);
        assert_eq!(report.failed() + report.cut(), 0, "{report}");
        report.schedules()
    };
    let long = || Search::new().time(std::time::Duration::from_secs(600));
    run(long(), adds, 20_000);
    run(long().reduced(), locks, 20_000);
    let before = memory();
    assert_eq!(run(long(), adds, 1_000_000), 1_000_000);
    run(long().reduced(), locks, 20_000);
    let grown = memory().saturating_sub(before);
    assert!(grown < 4096, "{grown} KiB more");
}
