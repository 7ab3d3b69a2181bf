//! What `tracing`'s spans and events become: bars of threads, lanes of tasks, and a child's own.

use std::thread;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};
use timeline::trace::{How, Kind, Lane};
use timeline::{TimelineLayer, Trace};
use tracing::dispatcher::with_default;
use tracing::{Dispatch, Instrument, info, info_span, instrument};
use tracing_subscriber::prelude::*;

fn layered(trace: &Trace) -> Dispatch {
    tracing_subscriber::registry()
        .with(TimelineLayer::new(trace))
        .into()
}

fn lane(trace: &Trace, name: &str) -> Lane {
    let found = trace.lanes().into_iter().find(|lane| lane.name == name);
    found.unwrap_or_else(|| panic!("no lane {name:?} in {:?}", trace.lanes()))
}

fn what(trace: &Trace, lane: &str) -> Vec<(Kind, String)> {
    let events = trace.events_of(lane).into_iter();
    events.map(|event| (event.kind, event.label)).collect()
}

#[instrument]
fn knead() {
    info!(grams = 500, "flour");
    info!(grams = 5);
}

#[test]
fn a_span_that_is_entered_once_is_its_threads() {
    let trace = Trace::new();
    let dispatch = layered(&trace);
    thread::scope(|scope| {
        for name in ["left", "right"] {
            let (dispatch, trace) = (dispatch.clone(), &trace);
            scope.spawn(move || {
                trace.name_lane(name);
                with_default(&dispatch, || {
                    info_span!("bake", loaf = 1).in_scope(knead);
                });
            });
        }
    });
    for name in ["left", "right"] {
        let events = what(&trace, name);
        let kinds: Vec<_> = events.iter().map(|event| event.0).collect();
        assert_eq!(
            kinds,
            [Kind::Span, Kind::Span, Kind::Instant, Kind::Instant]
        );
        let labels: Vec<_> = events.iter().map(|event| event.1.as_str()).collect();
        assert_eq!(labels[..3], ["bake", "knead", "flour"]);
        assert!(labels[3].starts_with("event "), "{labels:?}");
        assert_eq!(lane(&trace, name).task, None);
    }
    let events = trace.events_of("left");
    let (bake, knead) = (&events[0], &events[1]);
    assert!(bake.start <= knead.start && knead.end <= bake.end);
    assert_eq!(trace.lanes().len(), 2);
}

#[instrument]
async fn query() {
    info!("asked");
    tokio::task::yield_now().await;
    info!("answered");
}

#[test]
fn instrumented_futures_are_tasks_with_their_polls() {
    let trace = Trace::new();
    with_default(&layered(&trace), || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let one = tokio::spawn(query().instrument(info_span!("one")));
            let two = tokio::spawn(query().instrument(info_span!("two")));
            one.await.unwrap();
            two.await.unwrap();
        });
        info!("after");
    });
    for name in ["one", "two"] {
        let polled = (Kind::Polled, name.to_string());
        let instant = |label: &str| (Kind::Instant, label.to_string());
        // One bar for the query, over both polls. The last piece is the future's end.
        let wanted = [
            polled.clone(),
            (Kind::Span, "query".to_string()),
            instant("asked"),
            polled.clone(),
            instant("answered"),
            polled,
        ];
        assert_eq!(what(&trace, name), wanted);
        let events = trace.events_of(name);
        assert!(
            events[1].end >= Some(events[4].start),
            "the query lasts: {events:?}"
        );
        let lane = lane(&trace, name);
        assert_eq!(lane.end.unwrap().how, How::Returned);
        assert_eq!(lane.spawn.unwrap().began, events[0].start);
    }
    let polls = trace.events().into_iter();
    let polls = polls.filter(|event| event.kind == Kind::Polled && event.time().as_nanos() > 0);
    let order: Vec<_> = polls.map(|poll| poll.label).collect();
    assert_eq!(order[..2], ["one", "two"]);
    let after = trace.events().pop().unwrap();
    assert_eq!((after.label.as_str(), after.task), ("after", None));
    assert!(trace.timeline().text().contains("2 of them tasks"));
}

#[test]
fn a_task_may_move_from_thread_to_thread() {
    let trace = Trace::new();
    let dispatch = layered(&trace);
    let span = with_default(&dispatch, || info_span!("traveller"));
    for _ in 0..2 {
        let span = &span;
        let dispatch = &dispatch;
        thread::scope(|scope| {
            scope.spawn(move || {
                with_default(dispatch, || span.in_scope(knead));
            });
        });
    }
    drop(span);
    let events = trace.events_of("traveller");
    let polls: Vec<_> = events
        .iter()
        .filter(|event| event.kind == Kind::Polled)
        .collect();
    assert_eq!(polls.len(), 2);
    assert_ne!(polls[0].tid, polls[1].tid);
    assert!(lane(&trace, "traveller").end.is_some());
}

#[test]
fn two_threads_in_one_span_at_once_are_no_task() {
    let trace = Trace::new();
    let dispatch = layered(&trace);
    with_default(&dispatch, || {
        let span = info_span!("shared");
        span.in_scope(|| {
            thread::scope(|scope| {
                scope.spawn(|| {
                    with_default(&dispatch, || span.in_scope(knead));
                });
            });
        });
    });
    assert!(trace.lanes().iter().all(|lane| lane.task.is_none()));
    let events = trace.events();
    let shared = events.iter().filter(|event| event.label == "shared");
    let tids: Vec<_> = shared.map(|event| event.tid).collect();
    assert_eq!(tids.len(), 2);
    assert_ne!(tids[0], tids[1]);
}

#[test]
fn a_forked_childs_spans_are_its_own() {
    let trace = Trace::new();
    with_default(&layered(&trace), || {
        let open = info_span!("parent's").entered();
        // SAFETY: the child records, and ends without running anything else. What it allocates is
        // the C library's, whose locks a fork keeps free.
        let pid = match unsafe { fork() }.unwrap() {
            ForkResult::Parent { child } => child,
            ForkResult::Child => {
                // SAFETY: asks for a signal, and ends the process.
                unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
                trace.name_lane("child");
                info_span!("child's").in_scope(|| info!("here"));
                drop(open);
                // SAFETY: as above.
                unsafe { libc::_exit(0) }
            }
        };
        waitpid(pid, None).unwrap();
        assert_eq!(trace.events()[0].end, None, "the child has not ended it");
        drop(open);
    });
    let wanted = [(Kind::Span, "child's"), (Kind::Instant, "here")];
    let wanted = wanted.map(|(kind, label)| (kind, label.to_string()));
    assert_eq!(what(&trace, "child"), wanted);
    assert!(trace.events()[0].end.is_some());
    assert!(lane(&trace, "child").fork.is_some());
}
