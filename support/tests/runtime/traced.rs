use std::sync::{Arc, Barrier};
use std::time::Duration;

use support::runtime::{block_on, current_thread, spawn};
use support::timeline::trace::{How, Kind, Trace};
use support::tokio;
use tokio::time::sleep;

fn polls(trace: &Trace, lane: &str) -> usize {
    let events = trace.events_of(lane);
    events
        .iter()
        .filter(|event| event.kind == Kind::Polled)
        .count()
}

#[test]
fn a_spawned_task_has_a_lane_on_the_worker_that_polls_it() {
    let trace = Trace::new();
    let barrier = Arc::new(Barrier::new(2));
    let tasks: Vec<_> = ["a", "b"]
        .into_iter()
        .map(|name| {
            let (inside, barrier) = (trace.clone(), barrier.clone());
            spawn(trace.task(name, async move {
                inside.in_span("together", || barrier.wait());
                sleep(Duration::from_millis(1)).await;
            }))
        })
        .collect();
    tasks.into_iter().for_each(|task| block_on(task).unwrap());
    for name in ["a", "b"] {
        assert!(polls(&trace, name) >= 2);
        let lane = trace
            .lanes()
            .into_iter()
            .find(|lane| lane.name == name)
            .unwrap();
        assert!(lane.task.is_some());
        assert_eq!(lane.end.unwrap().how, How::Returned);
    }
    let workers = trace
        .lanes()
        .into_iter()
        .filter(|lane| lane.name.starts_with("worker "));
    assert!(workers.count() >= 2);
    let drawn = trace.timeline().title("Two tasks on two workers");
    assert!(drawn.svg().contains("worker "));
}

#[test]
fn two_tasks_on_one_thread_take_turns() {
    let trace = Trace::new();
    let runtime = current_thread();
    let tasks = ["one", "two"].map(|name| {
        let inside = trace.clone();
        runtime.spawn_local(trace.task(name, async move {
            for _ in 0..3 {
                inside.in_span("work", || ());
                tokio::task::yield_now().await;
            }
        }))
    });
    runtime.block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
    });
    let all: Vec<String> = trace
        .events()
        .into_iter()
        .filter(|event| event.kind == Kind::Polled)
        .map(|event| event.label)
        .collect();
    // Who goes first in a round is tokio's affair.
    assert_eq!(all.len(), 8);
    for round in all.chunks(2) {
        assert_ne!(round[0], round[1]);
    }
    let threads: Vec<i32> = trace.lanes().iter().map(|lane| lane.tid).collect();
    assert!(threads.iter().all(|tid| *tid == threads[0]), "{threads:?}");
}

#[test]
fn cancelled_and_panicked_tasks_are_drawn_so() {
    let trace = Trace::new();
    let owned = Noted(trace.clone());
    let cancelled = spawn(trace.task("cancelled", async {
        let _owned = owned;
        std::future::pending::<()>().await;
    }));
    while polls(&trace, "cancelled") == 0 {
        std::thread::yield_now();
    }
    cancelled.abort();
    assert!(block_on(cancelled).unwrap_err().is_cancelled());
    let unlucky = spawn(trace.task("unlucky", async { panic!("on purpose") }));
    let ended: Result<(), _> = block_on(unlucky);
    assert!(ended.unwrap_err().is_panic());
    let how = |name: &str| {
        let lane = trace.lanes().into_iter().find(|lane| lane.name == name);
        lane.unwrap().end.unwrap().how
    };
    assert_eq!(how("cancelled"), How::Cancelled);
    // What the future's drop records is in its lane, and the lane ends behind it.
    let noted = trace
        .events_of("cancelled")
        .into_iter()
        .find(|event| event.label == "clean up");
    let lane = trace
        .lanes()
        .into_iter()
        .find(|lane| lane.name == "cancelled")
        .unwrap();
    assert!(noted.unwrap().start <= lane.end.unwrap().at);
    assert_eq!(how("unlucky"), How::Panicked);
}

/// Records that it is dropped.
struct Noted(Trace);

impl Drop for Noted {
    fn drop(&mut self) {
        self.0.instant("clean up");
    }
}
