//! Writes a trace in the Trace Event Format, which Perfetto and Chrome's tracing page open.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::event::{Event, Kind};
use super::handle::Trace;
use super::lane::Lane;

/// The format wants a process for the tracks of CPUs. Linux gives no process so high a number.
const CPUS: i32 = (1 << 22) + 1;

impl Trace {
    /// Writes the trace to a file that <https://ui.perfetto.dev> and Chrome's `about:tracing`
    /// open; `.json` is the usual ending.
    ///
    /// Spans, waits and polls become slices on the track of their thread, tasks have tracks of
    /// their own, messages become flow arrows, and what ticked is shown on a track for each CPU.
    /// Spans that have not ended reach to the trace's last moment and say so. Times are in
    /// microseconds since the trace was made.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.in_span("work", || ());
    /// let file = std::env::temp_dir().join(format!("trace-{}.json", std::process::id()));
    /// trace.save(&file).unwrap();
    /// # std::fs::remove_file(file).unwrap();
    /// ```
    pub fn save(&self, file: impl AsRef<Path>) -> io::Result<()> {
        std::fs::write(file.as_ref(), self.json())
    }

    /// What [`Trace::save`] writes.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.instant("here");
    /// assert!(trace.json().starts_with("{\"displayTimeUnit\":\"ns\",\"traceEvents\":["));
    /// ```
    pub fn json(&self) -> String {
        let (events, lanes) = (self.events(), self.lanes());
        let mut out = names(&lanes, &events);
        let ends = events.iter().map(|event| event.end.unwrap_or(event.start));
        let last = ends.max().unwrap_or_default();
        // What is open on each thread: slices of one track have to lie within each other.
        let mut open: HashMap<(i32, i32), Vec<Duration>> = HashMap::new();
        // How often a message was sent, and received: its arrow needs a number of its own.
        let mut messages: HashMap<(Kind, &str, Option<u64>), usize> = HashMap::new();
        for (number, event) in events.iter().enumerate() {
            let end = event.end.unwrap_or(last);
            match event.kind {
                Kind::Running => {
                    let lane = lanes.iter().find(|lane| lane.has(event));
                    let mut slice = slice(event, end);
                    slice["name"] = lane.map_or("", |lane| &lane.name).into();
                    (slice["pid"], slice["tid"]) = (CPUS.into(), (event.cpu + 1).into());
                    out.push(slice.to_string());
                }
                Kind::Instant | Kind::Panicked => {
                    out.push(entry("i", event, json!({"s": "t"})).to_string());
                }
                Kind::Sent | Kind::Received => {
                    out.push(slice(event, event.start + Duration::from_nanos(1)).to_string());
                    let message = (event.kind, event.label.as_str(), event.message);
                    let times = messages.entry(message).or_default();
                    *times += 1;
                    let id = format!("{} {} {times}", event.label, event.message.unwrap_or(0));
                    let flow = json!({"cat": "message", "id": id, "bp": "e"});
                    let phase = if event.kind == Kind::Sent { "s" } else { "f" };
                    out.push(entry(phase, event, flow).to_string());
                }
                // A task's own track says it again, with the thread that polled it.
                Kind::Polled => {
                    out.extend(apart(
                        event,
                        end,
                        format!("task {}", event.task.unwrap_or(0)),
                    ));
                    out.push(slice(event, end).to_string());
                }
                _ => {
                    let stack = open.entry((event.pid, event.tid)).or_default();
                    stack.retain(|end| *end > event.start);
                    if stack.iter().all(|outer| end <= *outer) {
                        stack.push(end);
                        out.push(slice(event, end).to_string());
                    } else {
                        // Two locks released in the order in which they were taken.
                        out.extend(apart(event, end, format!("span {number}")));
                    }
                }
            }
        }
        let events = out.join(",\n");
        format!("{{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n{events}\n]}}\n")
    }
}

/// The tracks' names, and their order. (Each entry is text at once: there may be a hundred thousand.)
fn names(lanes: &[Lane], events: &[Event]) -> Vec<String> {
    let mut out = Vec::new();
    let mut about = |what: &str, (pid, tid): (i32, i32), args: Value| {
        let entry = json!({"ph": "M", "name": what, "ts": 0, "pid": pid, "tid": tid, "args": args});
        out.push(entry.to_string());
    };
    let mut named: Vec<i32> = Vec::new();
    for (place, lane) in lanes.iter().filter(|lane| lane.task.is_none()).enumerate() {
        if !named.contains(&lane.pid) {
            named.push(lane.pid);
            let first = lanes.iter().find(|l| l.pid == lane.pid && l.tid == l.pid);
            let name = first.map_or_else(|| format!("pid {}", lane.pid), |l| l.name.clone());
            about("process_name", (lane.pid, lane.pid), json!({"name": name}));
        }
        let track = (lane.pid, lane.tid);
        about("thread_name", track, json!({"name": lane.name}));
        about("thread_sort_index", track, json!({"sort_index": place}));
    }
    let running = events.iter().filter(|event| event.kind == Kind::Running);
    let cpus: BTreeSet<usize> = running.map(|event| event.cpu).collect();
    if !cpus.is_empty() {
        let name = "CPUs, as ticks tell";
        about("process_name", (CPUS, CPUS), json!({"name": name}));
    }
    for cpu in cpus {
        let track = (CPUS, cpu as i32 + 1);
        about("thread_name", track, json!({"name": format!("cpu {cpu}")}));
    }
    out
}

/// An event in a phase, with what that phase asks for.
fn entry(phase: &str, event: &Event, more: Value) -> Value {
    let mut entry = json!({
        "ph": phase,
        "name": event.label,
        "cat": format!("{:?}", event.kind).to_lowercase(),
        "ts": micros(event.start),
        "pid": event.pid,
        "tid": event.tid,
        "args": {"cpu": event.cpu, "tid": event.tid},
    });
    if event.end.is_none() {
        entry["args"]["open"] = true.into();
    }
    if let (Value::Object(entry), Value::Object(more)) = (&mut entry, more) {
        entry.extend(more);
    }
    entry
}

/// A bar on the track of its thread.
fn slice(event: &Event, end: Duration) -> Value {
    let length = micros(end.saturating_sub(event.start));
    entry("X", event, json!({"dur": length}))
}

/// A bar on a track of its own.
fn apart(event: &Event, end: Duration, id: String) -> [String; 2] {
    [("b", event.start), ("e", end)].map(|(phase, at)| {
        let more = json!({"ts": micros(at), "id2": {"local": id}});
        entry(phase, event, more).to_string()
    })
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1000.0
}
