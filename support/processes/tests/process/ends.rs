//! How processes end, and what their handles say of it.

use std::fs::File;
use std::io::Write;
use std::sync::Barrier;
use std::time::Duration;

use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use processes::{Exit, Process};
use std::thread;

use crate::alone::alone;
use crate::{byte, pipe_ends};

#[test]
fn the_system_keeps_eight_bits_of_a_code() {
    let ends = [0, 1, 101, 255, 256, -1, 511].map(|code| Process::spawn("code", move || code));
    let codes = ends.map(|process| process.join().code().unwrap());
    assert_eq!(codes, [0, 1, 101, 255, 0, 255, 255]);
}

#[test]
fn exit_and_abort_end_a_process_as_they_do_everywhere() {
    // Alone: std's `exit` may hang where threads of the parent begin and end; see the docs.
    let test = "ends::exit_and_abort_end_a_process_as_they_do_everywhere";
    alone(test, || {
        let exits = Process::spawn("exits", || std::process::exit(9));
        assert_eq!(exits.join(), Exit::Code(9));
        let aborts = Process::spawn("aborts", || std::process::abort());
        assert_eq!(aborts.join(), Exit::Signal(Signal::SIGABRT));
        let leaves = Process::spawn("leaves", || processes::exit(-2));
        assert_eq!(leaves.join(), Exit::Code(254));
    });
}

#[test]
fn a_real_time_signal_has_a_number_and_no_name() {
    let number = libc::SIGRTMIN() + 1;
    // SAFETY: sends this process a signal.
    let process = Process::spawn("real-time", move || unsafe { libc::raise(number) });
    assert_eq!(process.join(), Exit::RealTime(number));
    assert_eq!(process.exit().unwrap().code(), Some(-number));
}

#[test]
fn an_error_and_a_panic_are_told_in_one_line_each() {
    let said = alone(
        "ends::an_error_and_a_panic_are_told_in_one_line_each",
        || {
            let wrong = Process::spawn("wrong", || "x".parse::<i32>());
            assert_eq!(wrong.join(), Exit::Code(1));
            let unlucky = Process::spawn("unlucky", || panic!("no {}", "luck"));
            assert_eq!(unlucky.join(), Exit::Code(101));
            let of_thread = Process::spawn("parent", || {
                i32::from(
                    thread::Builder::new()
                        .name("fingers".into())
                        .spawn(|| panic!("burnt"))
                        .unwrap()
                        .join()
                        .is_err(),
                )
            });
            assert_eq!(of_thread.join(), Exit::Code(1));
            let odd = Process::spawn("odd", || std::panic::panic_any(7));
            assert_eq!(odd.join(), Exit::Code(101));
            eprintln!("{} {} {}", unlucky.pid(), of_thread.pid(), odd.pid());
        },
    );
    let lines: Vec<&str> = said.stderr.lines().collect();
    let pids: Vec<&str> = lines[4].split(' ').collect();
    assert_eq!(lines[0], "Error: ParseIntError { kind: InvalidDigit }");
    let panic = format!(
        "process 'unlucky' ({}) panicked: no luck (support/processes/tests/",
        pids[0]
    );
    assert!(lines[1].starts_with(&panic), "{}", said.stderr);
    let panic = format!(
        "process 'parent' ({}), thread 'fingers' panicked: burnt (",
        pids[1]
    );
    assert!(lines[2].starts_with(&panic), "{}", said.stderr);
    let panic = format!(
        "process 'odd' ({}) panicked: (a value that is not text) (",
        pids[2]
    );
    assert!(lines[3].starts_with(&panic), "{}", said.stderr);
    assert_eq!(lines.len(), 5, "{}", said.stderr);
}

#[test]
fn a_panic_of_the_parent_is_told_by_the_programs_own_hook() {
    let name = "ends::a_panic_of_the_parent_is_told_by_the_programs_own_hook";
    let said = alone(name, || {
        std::panic::set_hook(Box::new(|_| eprintln!("the program's own words")));
        assert!(Process::spawn("first", || ()).join().success());
        assert!(std::panic::catch_unwind(|| panic!("here")).is_err());
    });
    assert_eq!(said.stderr, "the program's own words\n");
}

#[test]
fn all_who_join_are_told_the_same() {
    let (told, wait) = pipe_ends();
    let process = Process::spawn("waits", || byte(&told).map_or(42, i32::from));
    let together = Barrier::new(5);
    let ends: Vec<Exit> = std::thread::scope(|scope| {
        let join = || {
            together.wait();
            process.join()
        };
        let joins: Vec<_> = (0..4).map(|_| scope.spawn(join)).collect();
        together.wait();
        assert_eq!(process.exit(), None);
        File::from(wait).write_all(&[7]).unwrap();
        joins.into_iter().map(|join| join.join().unwrap()).collect()
    });
    assert_eq!(ends, [Exit::Code(7); 4]);
    assert_eq!(process.join(), Exit::Code(7));
    assert_eq!(process.join_timeout(Duration::ZERO), Some(Exit::Code(7)));
}

#[test]
fn a_bounded_join_gives_up_on_one_that_runs() {
    let (told, wait) = pipe_ends();
    let process = Process::spawn("waits", || {
        byte(&told);
    });
    let begun = std::time::Instant::now();
    for limit in [
        Duration::ZERO,
        Duration::from_nanos(1),
        Duration::from_millis(20),
    ] {
        assert_eq!(process.join_timeout(limit), None);
    }
    assert!(begun.elapsed() >= Duration::from_millis(20));
    assert!(process.is_alive());
    File::from(wait).write_all(&[0]).unwrap();
    assert_eq!(process.join_timeout(Duration::MAX), Some(Exit::Code(0)));
}

#[test]
fn one_that_ignores_sigterm_can_be_killed() {
    let (ready, tell) = pipe_ends();
    let (asked, ask) = pipe_ends();
    let process = Process::spawn("stubborn", || {
        // SAFETY: no handler of this program is replaced.
        unsafe { signal(Signal::SIGTERM, SigHandler::SigIgn) }.unwrap();
        loop {
            File::from(tell.try_clone().unwrap())
                .write_all(b"!")
                .unwrap();
            byte(&asked);
        }
    });
    assert_eq!(byte(&ready), Some(b'!'));
    process.terminate();
    // Its answer comes after the signal.
    File::from(ask).write_all(b"?").unwrap();
    assert_eq!(byte(&ready), Some(b'!'));
    assert!(process.is_alive());
    process.kill();
    assert_eq!(process.join(), Exit::Signal(Signal::SIGKILL));
    assert_eq!(process.join().code(), Some(-9));
}

#[test]
fn of_one_that_somebody_else_has_reaped_the_end_is_unknown() {
    let process = Process::spawn("taken", || 3);
    let pid = Pid::from_raw(process.pid());
    assert_eq!(waitpid(pid, None), Ok(WaitStatus::Exited(pid, 3)));
    assert_eq!(process.join(), Exit::Unknown);
    assert_eq!(process.exit(), Some(Exit::Unknown));
    assert!(!process.is_alive());
    // And there is nobody to be killed.
    process.kill();
    assert!(
        Exit::Unknown
            .to_string()
            .starts_with("unknown: somebody else")
    );
}
