//! The notebooks' Python programs: each one is run, and what it says is checked.

use end_to_end::kernel::Kernel;
use end_to_end::processes::{wait_until, with_variable};
use end_to_end::repository;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::python::{Python, Run, python};
use support::trace::{Event, How, Lane};

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

fn prepared(program: &str, args: &[&str]) -> Python {
    let home = lab::home::Home::at(&repository()).expect("the repository");
    let installed = lab::installed::Installed::read(&home).expect("a set-up");
    python(program)
        .interpreter(installed.python)
        .args(args)
        .limit(Duration::from_secs(60))
        .quiet()
}

/// What is checked of each program.
const CHECKS: &[(&str, fn())] = &[
    ("fork.py", fork),
    ("info.py", info),
    ("pool.py", pool),
    ("pool_cost.py", pool_cost),
    ("process.py", process),
    ("process_cost.py", process_cost),
    ("queue_throughput.py", queue_throughput),
    ("queues.py", queues),
    ("spans.py", spans_by_itself),
    ("subprocesses.py", subprocesses),
    ("threads.py", threads),
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

/// One line: a time that is no longer than the whole run.
fn one_time(run: &Run) {
    let times = run.seconds();
    assert!(
        times.len() == 1 && !times[0].is_zero() && times[0] < run.took,
        "{times:?}"
    );
}

/// A module; as a program it does nothing.
fn spans_by_itself() {
    let run = run("spans.py", &[]);
    assert_eq!(run.stdout, "");
    assert!(run.trace().lanes().is_empty());
}

/// Writes a program for a test and returns its path.
fn program(folder: &Path, text: &str) -> String {
    let path = folder.join("program.py");
    std::fs::write(&path, text).expect("a writable folder");
    path.to_str().expect("UTF-8").to_owned()
}

/// A mark in a program's environment, which its children inherit.
fn marked(mark: &str, rest: &str) -> String {
    format!("import os, subprocess, sys, time\nos.environ['TEST_MARK'] = '{mark}'\n{rest}")
}

#[test]
fn a_program_that_hangs_is_ended_at_the_limit_with_all_that_it_started() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mark = format!("hangs-{}", std::process::id());
    // A child, a child's child whose parent has ended, and one that left for a session of its own.
    let text = marked(
        &mark,
        "subprocess.Popen(['sleep', '600'])\n\
         subprocess.run(['sh', '-c', 'sleep 600 > /dev/null &'])\n\
         subprocess.Popen(['sleep', '600'], start_new_session=True)\n\
         print('all started', flush=True)\n\
         time.sleep(600)\n",
    );
    let path = program(folder.path(), &text);
    let hanging = prepared(&path, &[]).limit(Duration::from_secs(2));
    let started = Instant::now();
    let runner = std::thread::spawn(move || hanging.try_run());
    let processes = || with_variable("TEST_MARK", &mark);
    wait_until("three children", || processes().len() == 3);
    let failed = runner.join().expect("no panic").unwrap_err().to_string();
    assert!(started.elapsed() < Duration::from_secs(10));
    assert!(failed.contains("did not end within 2s"), "{failed}");
    assert_eq!(processes(), [] as [i32; 0]);
}

#[test]
fn what_a_program_leaves_behind_is_ended_with_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mark = format!("leaves-{}", std::process::id());
    // It holds the program's stdout: without an end of its own, the run would wait for it.
    let text = marked(
        &mark,
        "subprocess.Popen(['sleep', '600'], start_new_session=True)\n",
    );
    let started = Instant::now();
    prepared(&program(folder.path(), &text), &[]).run();
    assert!(started.elapsed() < Duration::from_secs(30));
    assert_eq!(with_variable("TEST_MARK", &mark), [] as [i32; 0]);
}

#[test]
fn a_broken_program_is_told_in_one_sentence() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let failed = |text: &str| {
        let path = program(folder.path(), text);
        let failed = prepared(&path, &[]).try_run().unwrap_err().to_string();
        assert_eq!(failed.lines().count(), 1);
        failed.strip_prefix(&path).expect("its name").to_owned()
    };
    assert_eq!(
        failed("raise ValueError('no luck')"),
        " ended with exit code 1: ValueError: no luck"
    );
    assert_eq!(
        failed("this is no Python"),
        " ended with exit code 1: SyntaxError: invalid syntax"
    );
    assert_eq!(failed("import sys; sys.exit(7)"), " ended with exit code 7");
    assert_eq!(
        failed("import os; os.kill(os.getpid(), 9)"),
        " was ended by SIGKILL"
    );
}

/// The caller of the test below: this program once more, started by it.
#[test]
#[ignore = "a part of another test"]
fn a_caller() {
    let path = std::env::var("TEST_PROGRAM").expect("a program");
    let _ = python(&path).quiet().try_run();
}

#[test]
fn a_program_ends_with_its_caller_even_if_that_is_killed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mark = format!("caller-{}", std::process::id());
    let path = with_children(folder.path(), &mark);
    let mut caller = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "a_caller", "--ignored", "--test-threads=1"])
        .env("TEST_PROGRAM", &path)
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    wait_until("two children", || {
        with_variable("TEST_MARK", &mark).len() == 2
    });
    // All that the caller started: minder, program and what has the mark.
    let programs = || with_variable("TEST_PROGRAM", &path);
    assert_eq!(programs().len(), 5, "caller, minder, program, two children");
    caller.kill().expect("a child");
    caller.wait().expect("a child");
    wait_until("nothing is left", || programs().is_empty());
}

/// A program with two children, whose processes all bear `mark`, that says when they are there.
fn with_children(folder: &Path, mark: &str) -> String {
    let text = marked(
        mark,
        "subprocess.Popen(['sleep', '600'], start_new_session=True)\n\
         subprocess.Popen(['sleep', '600'])\nprint('started', flush=True)\ntime.sleep(600)\n",
    );
    program(folder, &text)
}

#[test]
fn a_cell_runs_a_program_before_the_front_and_in_a_stock_kernel() {
    for mut kernel in [Kernel::start(), Kernel::start_without_front()] {
        kernel.run("use support::prelude::*;").ok();
        let reply = kernel
            .run(r#"let run = python("queues.py").arg(0.01).run(); println!("{}", run.trace().lanes().len());"#)
            .ok();
        let said: Vec<_> = reply.stdout.lines().collect();
        assert_eq!(said[said.len() - 2..], ["The reader's exit code: -15", "3"]);
        // From a thread that ends, too.
        let reply = kernel
            .run(r#"std::thread::spawn(|| python("fork.py").run().stdout.lines().count()).join().unwrap()"#)
            .ok();
        assert_eq!(
            (reply.text(), reply.stdout.lines().count()),
            ("3", 3),
            "{reply:?}"
        );
        let reply = kernel.run(r#"python("no-such.py").run()"#).error();
        assert!(
            format!("{reply:?}").contains("there is no Python program no-such.py"),
            "{reply:?}"
        );
        kernel.shut_down();
    }
}

#[test]
fn an_interrupt_ends_a_program_and_all_that_it_started() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mark = format!("interrupt-{}", std::process::id());
    let path = with_children(folder.path(), &mark);
    for mut kernel in [Kernel::start(), Kernel::start_without_front()] {
        kernel.run("use support::prelude::*;").ok();
        let cell = kernel.begin(&format!("python({path:?}).run();"));
        kernel.wait_for(&cell, "started\n");
        assert_eq!(with_variable("TEST_MARK", &mark).len(), 2);
        kernel.interrupt();
        kernel.finish(&cell).error();
        wait_until("nothing is left", || {
            with_variable("TEST_MARK", &mark).is_empty()
        });
        kernel.run("1 + 1").ok();
        kernel.shut_down();
    }
}
