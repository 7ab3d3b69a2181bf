//! However a program ends, or its caller does: nothing stays behind, and it is told in a sentence.

use super::prepared;
use end_to_end::kernel::{Kernel, Reply};
use end_to_end::lent::Lent;
use end_to_end::processes::{wait_until, wait_until_begun, with_variable};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::python::python;

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
    // Python and its children may take long to begin on a busy machine: this is what a start takes.
    let started = Instant::now();
    prepared(
        &program(folder.path(), "import subprocess\nsubprocess.run('true')\n"),
        &[],
    )
    .run();
    let limit = Duration::from_secs(2) + 4 * started.elapsed();
    let path = program(folder.path(), &text);
    let hanging = prepared(&path, &[]).limit(limit);
    let started = Instant::now();
    let runner = std::thread::spawn(move || hanging.try_run());
    let processes = || with_variable("TEST_MARK", &mark);
    wait_until_begun("three children", || processes().len() == 3);
    let failed = runner.join().expect("no panic").unwrap_err().to_string();
    assert!(started.elapsed() < limit + Duration::from_secs(8));
    let told = format!("did not end within {limit:?}");
    assert!(failed.contains(&told), "{failed}");
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
        .args([
            "--exact",
            "python::ends::a_caller",
            "--ignored",
            "--test-threads=1",
        ])
        .env("TEST_PROGRAM", &path)
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    wait_until_begun("two children", || {
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

/// With the front before the cells, and in a stock kernel.
fn in_both_kernels(work: impl Fn(&mut Kernel)) {
    let mut ours = Lent::take();
    work(&mut ours);
    ours.give_back();
    let mut stock = Kernel::start_without_front();
    work(&mut stock);
    stock.shut_down();
}

#[test]
fn a_cell_runs_a_program_before_the_front_and_in_a_stock_kernel() {
    in_both_kernels(|kernel| {
        kernel.run("use support::prelude::*;").ok();
        let reply = kernel
            .run_saying(r#"let run = python("queues.py").arg(0.01).run(); println!("{}", run.trace().lanes().len());"#, |it| it.stdout.ends_with("-15\n3\n"))
            .ok();
        let said: Vec<_> = reply.stdout.lines().collect();
        assert_eq!(said[said.len() - 2..], ["The reader's exit code: -15", "3"]);
        // From a thread that ends, too.
        let reply = kernel
            .run_saying(r#"std::thread::spawn(|| python("fork.py").run().stdout.lines().count()).join().unwrap()"#, |it| it.stdout.lines().count() == 3)
            .ok();
        assert_eq!(
            (reply.text(), reply.stdout.lines().count()),
            ("3", 3),
            "{reply:?}"
        );
        let tells =
            |it: &Reply| format!("{it:?}").contains("there is no Python program no-such.py");
        let reply = kernel
            .run_saying(r#"python("no-such.py").run()"#, tells)
            .error();
        assert!(tells(&reply), "{reply:?}");
    });
}

#[test]
fn an_interrupt_ends_a_program_and_all_that_it_started() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mark = format!("interrupt-{}", std::process::id());
    let path = with_children(folder.path(), &mark);
    in_both_kernels(|kernel| {
        kernel.run("use support::prelude::*;").ok();
        let cell = kernel.begin(&format!("python({path:?}).run();"));
        kernel.wait_for(&cell, "started\n");
        // A new program's environment is not yet there when its starter hears of it.
        wait_until_begun("two children", || {
            with_variable("TEST_MARK", &mark).len() == 2
        });
        kernel.interrupt();
        kernel.finish(&cell).error();
        wait_until("nothing is left", || {
            with_variable("TEST_MARK", &mark).is_empty()
        });
        kernel.run("1 + 1").ok();
    });
}
