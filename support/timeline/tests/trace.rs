//! Traces across threads, processes, overflow and sudden death.

use std::any::Any;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};
use timeline::trace::{Event, Kind, Trace};

/// Forks; the child runs `work`, which must neither allocate nor panic, and is gone after it.
fn child(work: impl FnOnce()) -> Pid {
    // SAFETY: the child of this many-threaded process only records, which allocates nothing and
    // takes no lock, and then ends without running anything else.
    match unsafe { fork() }.unwrap() {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            work();
            // SAFETY: ends the process.
            unsafe { libc::_exit(0) }
        }
    }
}

fn of(trace: &Trace, pid: Pid) -> Vec<Event> {
    let mut events = trace.events();
    events.retain(|event| event.pid == pid.as_raw());
    events
}

#[test]
fn a_child_records_into_its_parents_trace() {
    let trace = Trace::new();
    trace.name_lane("parent");
    let pid = child(|| {
        trace.name_lane("child");
        trace.in_span("work", || trace.instant("inside"));
    });
    trace.in_span("waitpid", || waitpid(pid, None).unwrap());

    let events = of(&trace, pid);
    let labels: Vec<_> = events.iter().map(|event| event.label.as_str()).collect();
    assert_eq!(labels, ["work", "inside"]);
    assert!(events[0].end >= Some(events[1].start));
    let wait = trace
        .events()
        .into_iter()
        .find(|event| event.label == "waitpid");
    assert!(wait.unwrap().end >= events[0].end);

    let lanes = trace.lanes();
    let names: Vec<_> = lanes.iter().map(|lane| lane.name.as_str()).collect();
    assert_eq!(names, ["parent", "child"]);
    assert_eq!(lanes[0].fork, None);
    let origin = lanes[1].fork.unwrap();
    assert_eq!((origin.pid, origin.tid), (lanes[0].pid, lanes[0].tid));
    assert!(origin.at <= events[0].start);
}

#[test]
fn a_grandchild_names_its_own_parent() {
    let trace = Trace::new();
    let pid = child(|| {
        trace.instant("child");
        let grandchild = child(|| trace.instant("grandchild"));
        let _ = waitpid(grandchild, None);
    });
    waitpid(pid, None).unwrap();

    let lanes = trace.lanes();
    assert_eq!(lanes.len(), 2);
    assert_eq!(lanes[0].fork.unwrap().pid, std::process::id() as i32);
    assert_eq!(lanes[1].fork.unwrap().pid, pid.as_raw());
    assert_eq!(lanes[1].name, format!("pid {}", lanes[1].pid));
}

#[test]
fn a_killed_child_leaves_a_readable_trace() {
    let trace = Trace::with_capacity(1 << 20);
    let pid = child(|| {
        let _span = trace.span("endless");
        loop {
            trace.instant("again");
        }
    });
    // Killed while it records: it does nothing else.
    while trace.events().len() < 1000 {
        thread::yield_now();
    }
    kill(pid, Signal::SIGKILL).unwrap();
    waitpid(pid, None).unwrap();
    trace.instant("reaped");

    let events = trace.events();
    assert_eq!(events[0].label, "endless");
    assert_eq!(events[0].end, None);
    let (child, parent): (Vec<_>, Vec<_>) = events[1..]
        .iter()
        .partition(|event| event.pid == pid.as_raw());
    assert!(
        child
            .iter()
            .all(|event| event.label == "again" && event.kind == Kind::Instant)
    );
    assert!(child.windows(2).all(|pair| pair[0].start <= pair[1].start));
    // A trace that filled up meanwhile has no room for the parent's.
    assert!(trace.dropped() > 0 || parent[0].label == "reaped");
    assert!(
        trace
            .timeline()
            .text()
            .contains("1 span has no recorded end")
    );
}

#[test]
fn a_span_open_at_a_fork_stays_the_parents() {
    let trace = Trace::new();
    let span = trace.span("parent's");
    let mut span = Some(span);
    let pid = child(|| drop(span.take()));
    waitpid(pid, None).unwrap();
    assert_eq!(trace.events()[0].end, None);
    drop(span);
    assert!(trace.events()[0].end.is_some());
}

#[test]
fn a_full_trace_drops_and_counts() {
    let trace = Trace::with_capacity(100);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    trace.in_span("some", || ());
                }
            });
        }
    });
    // 200 spans and the introductions of four lanes, for 100 slots.
    let lanes = trace.lanes().len();
    assert!(trace.events().len() + lanes >= 100);
    assert_eq!(trace.dropped(), 204 - 100);
    assert!(trace.timeline().text().contains("104 events were dropped"));

    trace.clear();
    assert_eq!((trace.events().len(), trace.dropped()), (0, 0));
    trace.instant("after");
    assert_eq!(trace.events()[0].label, "after");
    assert_eq!(trace.lanes().len(), 1);
}

#[test]
fn ticks_of_a_full_trace_count_once() {
    let trace = Trace::with_capacity(1);
    trace.instant("fills it");
    let before = trace.dropped();
    for _ in 0..1000 {
        trace.tick();
    }
    assert!(trace.dropped() - before < 100);
}

#[test]
fn threads_on_one_cpu_take_turns_without_overlap() {
    const TURNS: usize = 6;
    let allowed = sched_getaffinity(Pid::from_raw(0)).unwrap();
    let cpu = (0..CpuSet::count())
        .find(|cpu| allowed.is_set(*cpu).unwrap())
        .unwrap();
    let mut only = CpuSet::new();
    only.set(cpu).unwrap();

    let trace = Trace::new();
    let ready = Barrier::new(2);
    let last = AtomicUsize::new(0);
    let turns = AtomicUsize::new(0);
    let turn = |me: usize| {
        sched_setaffinity(Pid::from_raw(0), &only).unwrap();
        ready.wait();
        // No clock: it goes on until the scheduler has changed its mind often enough.
        while turns.load(Ordering::SeqCst) < TURNS {
            trace.tick();
            if last.swap(me, Ordering::SeqCst) != me {
                turns.fetch_add(1, Ordering::SeqCst);
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| turn(1));
        scope.spawn(|| turn(2));
    });

    let events = trace.events();
    assert!(
        events
            .iter()
            .all(|event| event.kind == Kind::Running && event.cpu == cpu)
    );
    for pair in events.windows(2) {
        assert!(pair[0].end.unwrap() <= pair[1].start, "{pair:?} overlap");
    }
    let changes = events
        .windows(2)
        .filter(|pair| pair[0].tid != pair[1].tid)
        .count();
    assert!(changes >= TURNS - 2, "{changes} changes in {events:?}");
}

#[test]
fn labels_are_cut_between_characters() {
    let trace = Trace::new();
    trace.instant("exactly 24 bytes, no more and not less");
    trace.instant("äöüäöüäöüäö12ü");
    trace.instant("äöüäöüäöüäö1ü");
    trace.instant("");
    let labels: Vec<_> = trace
        .events()
        .into_iter()
        .map(|event| event.label)
        .collect();
    assert_eq!(
        labels,
        [
            "exactly 24 bytes, no mor",
            "äöüäöüäöüäö12",
            "äöüäöüäöüäö1",
            ""
        ]
    );
}

#[test]
fn lanes_bear_their_threads_names() {
    let trace = Trace::new();
    thread::scope(|scope| {
        let named = |name: &str| thread::Builder::new().name(name.to_string());
        let run = |name: &str, work: fn(&Trace)| {
            let trace = &trace;
            named(name)
                .spawn_scoped(scope, move || work(trace))
                .unwrap()
                .join()
                .unwrap();
        };
        run("a long name, not cut at 15", |trace| trace.tick());
        run("one", |trace| {
            nix::sys::prctl::set_name(c"another").unwrap();
            trace.tick();
        });
        run("given", |trace| {
            trace.tick();
            trace.name_lane("taken");
        });
    });
    let names: Vec<_> = trace.lanes().into_iter().map(|lane| lane.name).collect();
    assert_eq!(names, ["a long name, not cut at ", "another", "taken"]);
}

#[test]
fn several_traces_at_once_keep_apart() {
    let traces: Vec<Trace> = (0..6).map(|_| Trace::new()).collect();
    for _ in 0..3 {
        for trace in &traces {
            trace.in_span("work", || trace.tick());
        }
    }
    for trace in &traces {
        let spans = trace
            .events()
            .into_iter()
            .filter(|event| event.kind == Kind::Span);
        assert_eq!(spans.count(), 3);
        assert_eq!(trace.lanes().len(), 1);
    }
}

#[test]
fn a_trace_may_be_kept_as_a_cells_variable() {
    let kept: Box<dyn Any + Send + Sync> = Box::new(Trace::new());
    let trace = kept.downcast::<Trace>().unwrap();
    trace.instant("still here");
    assert_eq!(trace.events().len(), 1);
}

#[test]
fn a_reader_sees_whole_events_while_the_trace_is_cleared() {
    const ROUNDS: u64 = 20_000;
    let trace = Trace::with_capacity(64);
    let done = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..ROUNDS {
                // Every event of a round says the round twice.
                let label = format!("{round:024}");
                (0..8).for_each(|_| trace.sent(&label, round));
                trace.clear();
            }
            done.store(1, Ordering::Release);
        });
        while done.load(Ordering::Acquire) == 0 {
            for event in trace.events() {
                let said = event.message.map(|round| format!("{round:024}"));
                assert_eq!(said.as_deref(), Some(event.label.as_str()));
                // Counted from its own clear, not from another.
                assert!(event.start.as_secs() < 60, "{event:?}");
            }
        }
    });
}
