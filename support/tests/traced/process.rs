//! Processes in a trace: their lanes, where they came from and how they ended.

use std::io::{Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use support::processes::{Exit, Process};

use support::threads;
use support::timeline::trace::{How, Lane, Trace};
use support::traced::TraceExt;

fn lane(trace: &Trace, name: &str) -> Lane {
    let named = |lane: &Lane| lane.name == name;
    trace
        .lanes()
        .into_iter()
        .find(named)
        .unwrap_or_else(|| panic!("no lane {name:?}"))
}

#[test]
fn a_process_has_a_lane_with_its_name_and_its_end() {
    let trace = Trace::new();
    let works = trace.process("works", |trace| trace.in_span("work", || 3));
    let panics = trace.process("panics", |_| panic!("on purpose"));
    let sleeps = trace.process("a name of 24 bytes at mo", |_| thread::park());
    sleeps.kill();
    assert_eq!(trace.join_process(&works), Exit::Code(3));
    trace.join_process(&panics);
    trace.join_process(&sleeps);
    let own = threads::tid();
    for (name, process, how) in [
        ("works", &works, How::Exited(3)),
        ("panics", &panics, How::Exited(101)),
    ] {
        let lane = lane(&trace, name);
        assert_eq!((lane.pid, lane.tid), (process.pid(), process.pid()));
        let (fork, end) = (lane.fork.unwrap(), lane.end.unwrap());
        assert_eq!((fork.tid, end.how, end.seen.unwrap().tid), (own, how, own));
        assert!(fork.at <= fork.began && fork.began <= end.at);
        assert!(end.at <= end.seen.unwrap().at);
    }
    assert_eq!(trace.events_of("works")[0].label, "work");
    // It may have been killed before it could introduce itself.
    let mut lanes = trace.lanes().into_iter();
    if let Some(lane) = lanes.find(|lane| lane.pid == sleeps.pid()) {
        assert_eq!(lane.end.unwrap().how, How::Signalled(9));
    }
}

#[test]
fn an_end_is_where_it_was_whoever_is_joined_first() {
    let trace = Trace::new();
    let (mut ask, mut tell) = std::io::pipe().unwrap();
    let stays = trace.process("stays", move |_| ask.read_exact(&mut [0]).unwrap());
    let aborts = trace.process("aborts", |_| std::process::abort());
    thread::scope(|scope| {
        scope.spawn(|| {
            let begun = Instant::now();
            let ended = || trace.lanes().iter().any(|lane| lane.end.is_some());
            while !ended() && begun.elapsed() < Duration::from_secs(20) {
                thread::yield_now();
            }
            trace.in_span("told", || tell.write_all(&[1])).unwrap();
        });
        assert!(trace.join_process(&stays).success());
    });
    assert_eq!(trace.join_process(&aborts), Exit::Signal(Signal::SIGABRT));
    let end = lane(&trace, "aborts").end.unwrap();
    assert_eq!(end.how, How::Signalled(6));
    assert!(end.at < trace.of("told").start());
    assert!(end.at < end.seen.unwrap().at);
}

#[test]
fn a_process_that_happens_to_record_is_called_by_its_name() {
    let trace = Trace::new();
    let process = Process::spawn("by the way", || trace.instant("here"));
    assert!(process.join().success());
    assert_eq!(lane(&trace, "by the way").end, None);
    assert_eq!(trace.events_of("by the way").len(), 1);
}

#[test]
fn a_grandchilds_arrow_comes_from_the_child() {
    let trace = Trace::new();
    let child = trace.process("child", |trace| {
        let grandchild = trace.process("grandchild", |trace| trace.instant("here"));
        trace.join_process(&grandchild).code().unwrap()
    });
    assert!(trace.join_process(&child).success());
    let (child, grandchild) = (lane(&trace, "child"), lane(&trace, "grandchild"));
    assert_eq!(grandchild.fork.unwrap().pid, child.pid);
    assert_eq!(grandchild.end.unwrap().seen.unwrap().pid, child.pid);
}
