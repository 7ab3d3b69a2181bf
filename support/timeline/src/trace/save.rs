//! Writes a trace in the Trace Event Format, which Perfetto and Chrome's tracing page open.

use std::collections::{BTreeSet, HashMap};
use std::fmt::{Display, Write as _, from_fn};
use std::io;
use std::path::Path;
use std::time::Duration;

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
        let mut out = Json::default();
        name_lanes(&mut out, &lanes, &events);
        let ends = events.iter().map(|event| event.end.unwrap_or(event.start));
        let last = ends.max().unwrap_or_default();
        // What is open on each thread: slices of one track have to lie within each other.
        let mut open: HashMap<(i32, i32), Vec<Duration>> = HashMap::new();
        for (number, event) in events.iter().enumerate() {
            let end = event.end.unwrap_or(last);
            match event.kind {
                Kind::Running => out.running(event, &lanes),
                Kind::Instant | Kind::Panicked => out.instant(event),
                Kind::Sent | Kind::Received => out.message(event),
                // A task's own track says it again, with the thread that polled it.
                Kind::Polled => {
                    out.apart(event, end, &format!("task {}", event.task.unwrap_or(0)));
                    out.slice(event, end);
                }
                _ => {
                    let stack = open.entry((event.pid, event.tid)).or_default();
                    stack.retain(|end| *end > event.start);
                    if stack.iter().all(|outer| end <= *outer) {
                        stack.push(end);
                        out.slice(event, end);
                    } else {
                        // Two locks released in the order in which they were taken.
                        out.apart(event, end, &format!("span {number}"));
                    }
                }
            }
        }
        out.finish()
    }
}

/// Names, and the order in which tracks stand.
fn name_lanes(out: &mut Json, lanes: &[Lane], events: &[Event]) {
    let mut named: Vec<i32> = Vec::new();
    for (place, lane) in lanes.iter().filter(|lane| lane.task.is_none()).enumerate() {
        let track = (lane.pid, lane.tid);
        if !named.contains(&lane.pid) {
            named.push(lane.pid);
            let first = lanes.iter().find(|l| l.pid == lane.pid && l.tid == l.pid);
            let name = first.map_or_else(|| format!("pid {}", lane.pid), |l| l.name.clone());
            out.about("process_name", (lane.pid, lane.pid), "name", &quoted(&name));
        }
        out.about("thread_name", track, "name", &quoted(&lane.name));
        out.about("thread_sort_index", track, "sort_index", &place.to_string());
    }
    let running = events.iter().filter(|event| event.kind == Kind::Running);
    let cpus: BTreeSet<usize> = running.map(|event| event.cpu).collect();
    if !cpus.is_empty() {
        out.about(
            "process_name",
            (CPUS, CPUS),
            "name",
            "\"CPUs, as ticks tell\"",
        );
    }
    for cpu in cpus {
        let track = (CPUS, cpu as i32 + 1);
        out.about("thread_name", track, "name", &format!("\"cpu {cpu}\""));
    }
}

/// The events as they are written, one a line.
#[derive(Default)]
struct Json {
    text: String,
    /// How often a message of this label and number was sent, and received.
    messages: HashMap<(Kind, String), usize>,
}

impl Json {
    /// `rest` is JSON already; all else is made so here. (Written as it goes, without a tree of values
    /// in between: there may be a hundred thousand events.)
    fn line(
        &mut self,
        phase: &str,
        name: &str,
        at: Duration,
        (pid, tid): (i32, i32),
        rest: impl Display,
    ) {
        let (name, at) = (quoted(name), micros(at));
        let _ = writeln!(
            self.text,
            "{{\"ph\":\"{phase}\",\"name\":{name},\"ts\":{at},\"pid\":{pid},\"tid\":{tid}{rest}}},"
        );
    }

    /// On the event's own track, from its start.
    fn event(&mut self, phase: &str, event: &Event, rest: impl Display) {
        self.line(
            phase,
            &event.label,
            event.start,
            (event.pid, event.tid),
            rest,
        );
    }

    fn about(&mut self, what: &str, track: (i32, i32), key: &str, value: &str) {
        let rest = format_args!(",\"args\":{{\"{key}\":{value}}}");
        self.line("M", what, Duration::ZERO, track, rest);
    }

    fn slice(&mut self, event: &Event, end: Duration) {
        self.event("X", event, length(event, end));
    }

    /// On a track of its own, which all of one `id` in a process share.
    fn apart(&mut self, event: &Event, end: Duration, id: &str) {
        let (category, args) = (category(event.kind), args(event));
        let of = format!(",\"cat\":\"{category}\",\"id2\":{{\"local\":\"{id}\"}}");
        self.event("b", event, format_args!("{of}{args}"));
        self.line("e", &event.label, end, (event.pid, event.tid), of);
    }

    fn instant(&mut self, event: &Event) {
        self.event("i", event, format_args!(",\"s\":\"t\"{}", args(event)));
    }

    /// A flow leads from slice to slice, so there has to be one at either end.
    fn message(&mut self, event: &Event) {
        self.slice(event, event.start + Duration::from_nanos(1));
        let mut id = format!("{} {}", event.label, event.message.unwrap_or(0));
        // The first that was sent under a number belongs to the first that was received.
        let times = self.messages.entry((event.kind, id.clone())).or_default();
        *times += 1;
        if *times > 1 {
            let _ = write!(id, " {times}");
        }
        let (phase, bind) = match event.kind {
            Kind::Sent => ("s", ""),
            _ => ("f", ",\"bp\":\"e\""),
        };
        let id = quoted(&id);
        let rest = format_args!(",\"cat\":\"message\",\"id\":{id}{bind}");
        self.event(phase, event, rest);
    }

    /// On the CPU's track, under the name of the lane.
    fn running(&mut self, event: &Event, lanes: &[Lane]) {
        let lane = lanes.iter().find(|lane| lane.has(event));
        let name = lane.map_or("", |lane| lane.name.as_str());
        let track = (CPUS, event.cpu as i32 + 1);
        let end = event.start + event.time();
        self.line("X", name, event.start, track, length(event, end));
    }

    fn finish(self) -> String {
        let events = self.text.trim_end().trim_end_matches(',');
        format!("{{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n{events}\n]}}\n")
    }
}

/// What a slice has besides its place.
fn length(event: &Event, end: Duration) -> impl Display {
    let time = micros(end.saturating_sub(event.start));
    let (category, args) = (category(event.kind), args(event));
    from_fn(move |f| write!(f, ",\"dur\":{time},\"cat\":\"{category}\"{args}"))
}

fn args(event: &Event) -> impl Display {
    let (cpu, tid) = (event.cpu, event.tid);
    let open = if event.end.is_none() {
        ",\"open\":true"
    } else {
        ""
    };
    from_fn(move |f| write!(f, ",\"args\":{{\"cpu\":{cpu},\"tid\":{tid}{open}}}"))
}

fn category(kind: Kind) -> &'static str {
    match kind {
        Kind::Waiting => "waiting",
        Kind::Holding => "holding",
        Kind::Sleeping => "sleeping",
        Kind::Blocked => "blocked",
        Kind::Polled => "polled",
        Kind::Sent => "sent",
        Kind::Received => "received",
        Kind::Running => "running",
        _ => "span",
    }
}

/// Microseconds with three decimals: no nanosecond is lost.
fn micros(time: Duration) -> impl Display {
    let ns = time.as_nanos() as u64;
    from_fn(move |f| write!(f, "{}.{:03}", ns / 1000, ns % 1000))
}

fn quoted(text: &str) -> String {
    // A text cannot fail to be one.
    serde_json::to_string(text).unwrap_or_default()
}
