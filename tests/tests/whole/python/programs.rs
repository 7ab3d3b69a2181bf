//! Each program of the notebooks' folder is run, and what it says is checked.

use super::{prepared, routes};
use end_to_end::repository;
use std::collections::BTreeSet;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;
use support::python::Run;
use support::timeline::trace::{Event, How, Lane};
use support::web;

/// Runs a program of the folder by the environment's own interpreter.
fn run(program: &str, args: &[&str]) -> Run {
    let run = prepared(&in_folder(program), args)
        .try_run()
        .unwrap_or_else(|failed| panic!("{failed}"));
    assert_eq!(run.stderr, "", "{program}");
    run
}

fn in_folder(program: &str) -> String {
    let folder = repository().join("notebooks/python");
    folder.join(program).to_str().expect("UTF-8").to_owned()
}

/// What is checked of each program.
const CHECKS: &[(&str, fn())] = &[
    ("coroutines.py", coroutines),
    ("event_loop.py", event_loop),
    ("fork.py", fork),
    ("hello_async.py", hello_async),
    ("generator_memory.py", generator_memory),
    ("info.py", info),
    ("io_write.py", io_write),
    ("lock_cost.py", lock_cost),
    ("lost_update.py", lost_update),
    ("mixed.py", mixed),
    ("pool.py", pool),
    ("pool_cost.py", pool_cost),
    ("process.py", process),
    ("process_cost.py", process_cost),
    ("queue_killed.py", queue_killed),
    ("queue_throughput.py", queue_throughput),
    ("queues.py", queues),
    ("spans.py", spans_by_itself),
    ("start_methods.py", start_methods),
    ("subprocesses.py", subprocesses),
    ("switch_cost.py", switch_cost),
    ("threads.py", threads),
    ("web_server.py", web_server),
];

#[test]
fn every_program_does_what_is_expected_of_it() {
    let pattern = in_folder("*.py");
    let programs = glob::glob(&pattern).expect("a pattern").flatten();
    let programs: BTreeSet<String> = programs
        .map(|program| program.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let checked: BTreeSet<String> = CHECKS.iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(programs, checked, "each program has a check");
    end_to_end::commands::each(CHECKS, |(_, check)| check());
}

/// The number in the line, if it is the line made from this pattern: "Process ({}) start...".
fn number(line: &str, pattern: &str) -> Option<i32> {
    let (before, after) = pattern.split_once("{}").expect("a place");
    line.strip_prefix(before)?.strip_suffix(after)?.parse().ok()
}

fn numbers(run: &Run, pattern: &str) -> Vec<i32> {
    let lines = run.stdout.lines();
    lines.filter_map(|line| number(line, pattern)).collect()
}

fn lane<'a>(lanes: &'a [Lane], name: &str) -> &'a Lane {
    let lane = lanes.iter().find(|lane| lane.name == name);
    lane.unwrap_or_else(|| panic!("no lane {name:?} in {lanes:#?}"))
}

/// A reader that dies in `get` leaves the lock taken, and the item whole.
fn queue_killed() {
    for (how, signal) in [("kill", 9), ("terminate", 15)] {
        let run = run("queue_killed.py", &[how, "0.5"]);
        let lines: Vec<&str> = run.stdout.lines().collect();
        assert_eq!(
            lines,
            [
                "The second reader: Empty",
                "In the queue: 1",
                "With the lock released by hand: A"
            ]
        );
        let lanes = run.trace().lanes();
        let first = lane(&lanes, "first reader").end.unwrap();
        assert_eq!(first.how, How::Signalled(signal));
        let second = lane(&lanes, "second reader").end.unwrap();
        assert_eq!(second.how, How::Exited(0));
        // It was waiting when it was ended.
        assert_eq!(run.trace().events_of("first reader")[0].end, None);
        let get = run.trace().of("get").lane(run.trace(), "second reader");
        assert!(get.total() >= Duration::from_millis(500));
        assert!(run.trace().of("put A").during(&get));
    }
}

fn start_methods() {
    let run = run("start_methods.py", &["1"]);
    let times = run.seconds();
    assert!(times.len() == 7 && times.iter().all(|time| !time.is_zero()));
    assert!(times.iter().sum::<Duration>() < run.took);
    // Only a copy of the parent knows what the parent has changed.
    let (trace, lanes) = (run.trace(), run.trace().lanes());
    let knows = |name: &str| trace.of("secret: 42").lane(trace, name).count();
    assert_eq!((knows("fork"), trace.of("secret: 42").count()), (2, 2));
    assert_eq!(trace.of("secret: unknown").count(), 5);
    for (name, count) in [
        ("fork", 2),
        ("forkserver", 2),
        ("spawn", 2),
        ("forkserver, first", 1),
    ] {
        let of: Vec<_> = lanes.iter().filter(|lane| lane.name == name).collect();
        assert_eq!(of.len(), count, "{lanes:#?}");
        assert!(
            of.iter()
                .all(|lane| lane.end.unwrap().how == How::Exited(0))
        );
    }
}

fn fork() {
    let run = run("fork.py", &[]);
    let [parent]: [i32; 1] = numbers(&run, "Process ({}) start...").try_into().unwrap();
    let start = format!("I ({parent}) just created a child process ({{}}).");
    let [child]: [i32; 1] = numbers(&run, &start).try_into().unwrap();
    let says = format!("I am child process ({child}) and my parent is {parent}.");
    assert!(
        run.stdout.lines().any(|line| line == says),
        "{}",
        run.stdout
    );
    assert_eq!(run.stdout.lines().count(), 3);

    let lanes = run.trace().lanes();
    let pids: Vec<_> = lanes.iter().map(|lane| lane.pid).collect();
    assert_eq!(pids, [parent, child]);
    assert_eq!(lanes[1].fork.unwrap().pid, parent);
    assert_eq!(lanes[1].end.unwrap().how, How::Exited(0));
}

fn process() {
    let run = run("process.py", &[]);
    let lines: Vec<_> = run.stdout.lines().collect();
    let parent = number(lines[0], "Parent process {}.").unwrap();
    assert_eq!(lines[1], "Child process will start.");
    let child = number(lines[2], "Run child process test ({})...").unwrap();
    assert_eq!(lines[3..], ["Child process end."]);
    let lanes = run.trace().lanes();
    assert_eq!(lane(&lanes, "MainProcess").pid, parent);
    let lane = lane(&lanes, "ForkProcess-1");
    assert_eq!((lane.pid, lane.fork.unwrap().pid), (child, parent));
    // One clock: the child's span lies within its parent's.
    let events = run.trace().events();
    assert_eq!(events.len(), 2);
    assert!(events[0].start < events[1].start && events[1].end < events[0].end);
}

fn info() {
    let run = run("info.py", &[]);
    let lines: Vec<_> = run.stdout.lines().collect();
    let process = |lines: &[&str]| {
        assert_eq!(lines[1], "module name: __main__");
        let pid = |line, pattern| number(line, pattern).unwrap();
        (
            pid(lines[2], "parent process: {}"),
            pid(lines[3], "process id: {}"),
        )
    };
    assert_eq!(
        (lines[0], lines[4], lines[8]),
        ("main line", "function f", "hello bob")
    );
    let (_, main) = process(&lines[0..4]);
    let (parent, child) = process(&lines[4..8]);
    assert!(parent == main && child != main, "{}", run.stdout);
}

fn io_write() {
    let run = run("io_write.py", &["3"]);
    let both = "100000000 bytes written\n".repeat(2);
    assert_eq!(run.stdout, both);
    let count = |lane: &str, label: &str| {
        let events = run.trace().events_of(lane);
        events.iter().filter(|event| event.label == label).count()
    };
    for lane in ["main", "writer"] {
        assert_eq!((count(lane, "write"), count(lane, "to the disk")), (25, 1));
    }
    assert_eq!(count("main", "other work"), 6);
}

fn pool() {
    let run = run("pool.py", &["5", "2", "0.02"]);
    let lines: Vec<_> = run.stdout.lines().collect();
    assert_eq!(lines.last(), Some(&"All tasks done."));
    let [parent]: [i32; 1] = numbers(&run, "Parent process {}.").try_into().unwrap();
    let mut workers = BTreeSet::new();
    for task in 0..5 {
        let start = numbers(&run, &format!("Run task {task} ({{}})..."));
        assert_eq!(start.len(), 1, "{}", run.stdout);
        workers.insert(start[0]);
        let took = format!("Task {task} took ");
        assert_eq!(
            lines.iter().filter(|line| line.starts_with(&took)).count(),
            1
        );
    }
    let lanes = run.trace().lanes();
    let forked: BTreeSet<_> = lanes
        .iter()
        .filter(|lane| lane.fork.is_some_and(|it| it.pid == parent))
        .map(|lane| lane.pid)
        .collect();
    assert!(
        workers.is_subset(&forked) && forked.len() == 2,
        "{lanes:#?}"
    );
    // No worker does two things at once.
    for worker in workers {
        let events = run.trace().events();
        let own: Vec<_> = events.iter().filter(|event| event.pid == worker).collect();
        assert!(
            own.windows(2)
                .all(|pair| pair[0].end.unwrap() <= pair[1].start)
        );
    }
}

fn queues() {
    let run = run("queues.py", &["0.02"]);
    let order = |start: &str, end: &str| {
        let lines = run.stdout.lines();
        let values = lines.filter_map(|line| line.strip_prefix(start)?.strip_suffix(end));
        values.collect::<Vec<_>>()
    };
    assert_eq!(order("Put ", " to queue..."), ["A", "B", "C"]);
    assert_eq!(order("Get ", " from queue."), ["A", "B", "C"]);
    assert_eq!(
        run.stdout.lines().last(),
        Some("The reader's exit code: -15")
    );
    let lanes = run.trace().lanes();
    let (writer, reader) = (lane(&lanes, "writer"), lane(&lanes, "reader"));
    assert_eq!(numbers(&run, "Process to write: {}"), [writer.pid]);
    assert_eq!(numbers(&run, "Process to read: {}"), [reader.pid]);
    assert_eq!(writer.end.unwrap().how, How::Exited(0));
    assert_eq!(reader.end.unwrap().how, How::Signalled(15));
    // It was waiting for the next value when it was ended.
    let waits = run.trace().events_of("reader");
    let waits: Vec<_> = waits.iter().filter(|event| event.label == "get").collect();
    assert_eq!(waits.len(), 4);
    assert_eq!(waits[3].end, None);
}

fn threads() {
    let run = run("threads.py", &["0.01"]);
    for name in ["Thread-1", "Thread-2"] {
        let lines = run
            .stdout
            .lines()
            .filter(|line| line.starts_with(&format!("{name}: ")));
        assert_eq!(lines.count(), 5, "{}", run.stdout);
        assert_eq!(run.trace().events_of(name).len(), 5);
    }
    let last = run.stdout.lines().last().unwrap_or_default();
    assert!(last.starts_with("Thread-2: "), "its delay is twice as long");
}

fn subprocesses() {
    let run = run("subprocesses.py", &["5", "2", "0.01"]);
    let events = run.trace().events();
    let labels: BTreeSet<_> = events.iter().map(|event| event.label.as_str()).collect();
    assert_eq!(labels.len(), 5, "{labels:?}");
    for event in &events {
        assert!(event.time() >= Duration::from_millis(10), "{event:?}");
        let during = |other: &&Event| other.start <= event.start && other.end > Some(event.start);
        assert!(events.iter().filter(during).count() <= 2, "{events:#?}");
    }
    let slots = run
        .trace()
        .lanes()
        .into_iter()
        .filter(|lane| lane.name.starts_with("slot_"));
    assert_eq!(slots.count(), 2);
}

fn queue_throughput() {
    let run = run("queue_throughput.py", &["1000", "200"]);
    one_time(&run);
}

fn pool_cost() {
    one_time(&run("pool_cost.py", &["2", "100", "0"]));
    one_time(&run("pool_cost.py", &["2", "100", "0", "10"]));
    let run = run("pool_cost.py", &["2", "4", "10", "1"]);
    one_time(&run);
    let events = run.trace().events();
    assert_eq!(events.len(), 4);
    // 10 ms of a CPU are at least as much on the clock.
    assert!(
        events
            .iter()
            .all(|event| event.time() >= Duration::from_millis(10))
    );
}

fn process_cost() {
    let run = run("process_cost.py", &["5"]);
    let times = run.seconds();
    assert!(times.len() == 5 && times.iter().all(|time| !time.is_zero()));
    assert!(times.iter().sum::<Duration>() < run.took);
}

fn lock_cost() {
    let run = run("lock_cost.py", &["5", "1000"]);
    let times = run.seconds();
    assert!(times.len() == 5 && times.iter().all(|time| !time.is_zero()));
    assert!(times.iter().sum::<Duration>() < run.took);
}

fn coroutines() {
    let run = run("coroutines.py", &[]);
    let mut wanted = String::new();
    for n in 1..=5 {
        wanted += &format!("[PRODUCER] Producing {n}...\n[CONSUMER] Consuming {n}...\n");
        wanted += "[PRODUCER] Consumer return: 200 OK\n";
    }
    assert_eq!(run.stdout, wanted);
}

fn event_loop() {
    let run = run("event_loop.py", &["4", "0.001", "0.05"]);
    assert_eq!(run.seconds().len(), 8, "{}", run.stdout);
    let events = run.trace().events();
    let of = |label| -> Vec<_> { events.iter().filter(|event| event.label == label).collect() };
    let (clicks, saves) = (of("click"), of("save"));
    assert_eq!((clicks.len(), saves.len()), (8, 2));
    // The first save is in the window's own thread, and the next click waits for it.
    assert_eq!(saves[0].tid, clicks[0].tid);
    assert!(saves[0].end.unwrap() <= clicks[3].start);
    assert_ne!(saves[1].tid, clicks[4].tid);
}

fn generator_memory() {
    let run = run("generator_memory.py", &["1000", "100000"]);
    let bytes: Vec<u64> = run
        .stdout
        .lines()
        .map(|line| line.parse().unwrap())
        .collect();
    assert!(bytes.len() == 2 && bytes[1] > 100_000 * 100, "{bytes:?}");
}

fn switch_cost() {
    let run = run("switch_cost.py", &["2", "2000"]);
    let times = run.seconds();
    assert!(times.len() == 6 && times.iter().all(|time| !time.is_zero()));
    assert!(times.iter().sum::<Duration>() < run.took);
}

fn lost_update() {
    let run = run("lost_update.py", &["100000"]);
    let (_, end) = run
        .stdout
        .trim_end()
        .split_once(": ")
        .expect("round N: what it gave");
    let total = number(end, "200000 additions by two Python threads gave {}").unwrap();
    assert!((1..200_000).contains(&total), "{}", run.stdout);
}

/// One line: a time that is no longer than the whole run.
fn one_time(run: &Run) {
    let times = run.seconds();
    assert!(
        times.len() == 1 && !times[0].is_zero() && times[0] < run.took,
        "{times:?}"
    );
}

/// The same pages as the servers of `support`, and an end in good order.
fn web_server() {
    let program = |delay| prepared(&in_folder("web_server.py"), &[delay]);
    let server = web::aiohttp(program("0"));
    routes::pages(&server);
    routes::refusals(&server);
    let load = web::load(&server.at("/hello/{n}"), "<h1>hello, {n}!</h1>").connections(1_000);
    let report = load.run();
    assert_eq!((report.done, report.failed()), (1_000, 0), "{report}");
    let port = server.port();
    assert!(server.stop().in_time);
    assert!(TcpListener::bind(("127.0.0.1", port)).is_ok());

    // A request that is under way is cut off at the limit, or with the handle.
    let server = web::aiohttp(program("3600"));
    let report = web::load(&server.at("/hello/{n}"), "").timeout(Duration::from_millis(300));
    assert_eq!(report.run().count(web::Failure::TimedOut), 1);
    let mut waiting = TcpStream::connect(server.address()).unwrap();
    let request = b"GET /hello/Ada HTTP/1.1\r\nHost: here\r\n\r\n";
    waiting.write_all(request).unwrap();
    let pids = server.pids();
    assert!(!server.stop_within(Duration::from_millis(300)).in_time);
    assert!(!Path::new(&format!("/proc/{}", pids[0])).exists());
}

/// A module; as a program it does nothing.
fn spans_by_itself() {
    let run = run("spans.py", &[]);
    assert_eq!(run.stdout, "");
    assert!(run.trace().lanes().is_empty());
}

fn hello_async() {
    let run = run("hello_async.py", &["0.01"]);
    let lines: Vec<&str> = run.stdout.lines().collect();
    let thread = number(lines[0], "Hello, world! (task 1, thread {})").unwrap();
    let expected = ["Hello", "Again"].into_iter().flat_map(|what| {
        [1, 2].map(|task| format!("{what}, world! (task {task}, thread {thread})"))
    });
    assert_eq!(lines, expected.collect::<Vec<_>>());
    // One lane, and on it four spans of which none overlaps another.
    assert_eq!(run.trace().lanes().len(), 1);
    let events = run.trace().events();
    let labels: Vec<&str> = events.iter().map(|event| event.label.as_str()).collect();
    assert_eq!(labels, ["Hello 1", "Hello 2", "Again 1", "Again 2"]);
    assert!(events.is_sorted_by(|one, next| one.end.unwrap() <= next.start));
}

fn mixed() {
    for (work, processes, threads) in [("compute", "2", "2"), ("wait", "1", "4")] {
        let run = run("mixed.py", &[work, processes, threads, "2"]);
        let times = run.seconds();
        assert!(times.len() == 2 && times.iter().all(|time| !time.is_zero()));
        assert!(times.iter().sum::<Duration>() < run.took);
        let lanes = run.trace().lanes();
        let started: usize = processes.parse().unwrap();
        let of = |name: &str| lanes.iter().filter(|lane| lane.name == name).count();
        // Those of both rounds.
        assert_eq!(
            (of(&format!("process {processes}")), of("process 3")),
            (2, 0)
        );
        assert_eq!(of(&format!("thread {threads}")), 2 * started);
        let jobs = run
            .trace()
            .events()
            .into_iter()
            .filter(|event| event.label == work);
        assert_eq!(jobs.count(), 16);
    }
}
