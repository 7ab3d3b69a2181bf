//! What `save` writes is JSON, is what the Trace Event Format asks for, and says what happened.

use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Waker};
use std::time::Duration;

use serde_json::Value;
use timeline::trace::Trace;

/// Writes the trace to a file, loads it back, and checks what the format asks of every event.
fn loaded(trace: &Trace) -> Vec<Value> {
    let file = tempfile(trace);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(file).unwrap();
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let events = document["traceEvents"].as_array().unwrap().clone();
    for event in &events {
        for key in ["name", "ph"] {
            assert!(event[key].is_string(), "{key} of {event}");
        }
        for key in ["ts", "pid", "tid"] {
            assert!(event[key].is_number(), "{key} of {event}");
        }
        let asked: &[&str] = match event["ph"].as_str().unwrap() {
            "X" => &["dur"],
            "b" | "e" => &["cat", "id2"],
            "s" => &["cat", "id"],
            "f" => &["cat", "id", "bp"],
            "i" => &["s"],
            "M" => &["args"],
            other => panic!("a phase {other:?}"),
        };
        for key in asked {
            assert!(!event[key].is_null(), "{key} of {event}");
        }
    }
    nests(&events);
    events
}

fn tempfile(trace: &Trace) -> std::path::PathBuf {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("test").replace(':', "_");
    let file = std::env::temp_dir().join(format!("{name}-{}.json", std::process::id()));
    trace.save(&file).unwrap();
    file
}

/// Slices of one track lie within each other or apart.
fn nests(events: &[Value]) {
    let slices = events.iter().filter(|event| event["ph"] == "X");
    let slice = |event: &Value| {
        let start = event["ts"].as_f64().unwrap();
        let track = (event["pid"].to_string(), event["tid"].to_string());
        (track, start, start + event["dur"].as_f64().unwrap())
    };
    let slices: Vec<_> = slices.map(slice).collect();
    for (n, (track, start, end)) in slices.iter().enumerate() {
        for (_, from, to) in slices[..n].iter().filter(|other| other.0 == *track) {
            // Half a nanosecond for what floating point makes of microseconds.
            let apart = *start > to - 0.0005 || *end < from + 0.0005;
            let within = *start > from - 0.0005 && *end < to + 0.0005;
            let around = *start < from + 0.0005 && *end > to - 0.0005;
            assert!(
                apart || within || around,
                "{start}..{end} crosses {from}..{to}"
            );
        }
    }
}

fn named<'a>(events: &'a [Value], phase: &str, name: &str) -> Vec<&'a Value> {
    let found = events
        .iter()
        .filter(|e| e["ph"] == phase && e["name"] == name);
    found.collect()
}

#[test]
fn spans_and_names_are_all_there() {
    let trace = Trace::new();
    trace.name_lane("the \"main\" one\n");
    trace.in_span("outer \\ <&>", || trace.instant("half-way"));
    trace.sleep(Duration::from_micros(10));
    let events = loaded(&trace);
    let outer = named(&events, "X", "outer \\ <&>")[0];
    let recorded = &trace.events()[0];
    let ns = (outer["dur"].as_f64().unwrap() * 1000.0).round();
    assert_eq!(ns, recorded.time().as_nanos() as f64);
    assert_eq!(named(&events, "i", "half-way").len(), 1);
    assert_eq!(named(&events, "X", "sleep")[0]["cat"], "sleeping");
    let thread = named(&events, "M", "thread_name")[0];
    assert_eq!(thread["args"]["name"], "the \"main\" one\n");
    assert_eq!(thread["tid"], recorded.tid);
}

#[test]
fn a_message_is_a_flow_between_two_slices() {
    let trace = Trace::new();
    for _ in 0..2 {
        trace.sent("job", 7);
        let receiver = trace.spawn("receiver", |trace| trace.received("job", 7));
        receiver.join().unwrap();
    }
    let events = loaded(&trace);
    let (starts, ends) = (named(&events, "s", "job"), named(&events, "f", "job"));
    assert_eq!((starts.len(), ends.len()), (2, 2));
    let ids = |flows: &[&Value]| {
        flows
            .iter()
            .map(|flow| flow["id"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&starts), ids(&ends));
    assert_ne!(starts[0]["id"], starts[1]["id"]);
    for flow in starts.into_iter().chain(ends) {
        let mut slices = events.iter().filter(|event| event["ph"] == "X");
        assert!(slices.any(|slice| slice["ts"] == flow["ts"] && slice["tid"] == flow["tid"]));
    }
}

#[test]
fn locks_released_crosswise_do_not_cross_on_one_track() {
    let trace = Trace::new();
    let [a, b] = ["a", "b"].map(|name| trace.watch(name, Mutex::new(())));
    let first = a.lock().unwrap();
    let second = b.lock().unwrap();
    drop(first);
    drop(second);
    let events = loaded(&trace);
    assert_eq!(named(&events, "X", "a").len(), 1);
    assert_eq!(
        (
            named(&events, "b", "b").len(),
            named(&events, "e", "b").len()
        ),
        (1, 1)
    );
}

#[test]
fn polls_are_on_the_threads_track_and_on_the_tasks() {
    let trace = Trace::new();
    let mut task = pin!(trace.task("client", async { 1 }));
    let _ = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let events = loaded(&trace);
    assert_eq!(named(&events, "X", "client").len(), 1);
    let begins = named(&events, "b", "client");
    assert_eq!(begins[0]["id2"]["local"], "task 1");
    assert_eq!(named(&events, "e", "client").len(), 1);
}

#[test]
fn what_ticked_is_on_a_track_for_its_cpu() {
    let trace = Trace::new();
    trace.name_lane("busy");
    trace.busy(Duration::from_micros(100));
    let events = loaded(&trace);
    let running = named(&events, "X", "busy");
    assert!(!running.is_empty());
    let cpu = trace.events()[0].cpu;
    let track = named(&events, "M", "thread_name").into_iter();
    let track = track.filter(|event| event["tid"] == running[0]["tid"]);
    let names: Vec<_> = track.map(|event| event["args"]["name"].clone()).collect();
    assert!(
        names.contains(&Value::from(format!("cpu {cpu}"))),
        "{names:?}"
    );
}

#[test]
fn an_empty_trace_and_an_open_span_are_valid() {
    let trace = Trace::new();
    assert!(loaded(&trace).is_empty());
    let _open = trace.span("open");
    trace.instant("later");
    let events = loaded(&trace);
    assert_eq!(named(&events, "X", "open")[0]["args"]["open"], true);
}
