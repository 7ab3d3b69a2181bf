//! What parent and child write and read.

use std::io::{Read, Write};

use processes::{Exit, Process};

use crate::alone::alone;

#[test]
fn what_waits_in_a_buffer_is_written_once() {
    let said = alone("streams::what_waits_in_a_buffer_is_written_once", || {
        print!("[half");
        let child = Process::spawn("child", || print!(" child's"));
        assert!(child.join().success());
        let exits = Process::spawn("exits", || {
            print!(" exit's");
            std::process::exit(3)
        });
        assert_eq!(exits.join(), Exit::Code(3));
        let leaves = Process::spawn("leaves", || {
            print!(" leave's");
            processes::exit(4)
        });
        assert_eq!(leaves.join(), Exit::Code(4));
        let panics = Process::spawn("panics", || {
            print!(" panic's");
            panic!("now")
        });
        assert_eq!(panics.join(), Exit::Code(101));
        println!(" whole]");
    });
    assert!(
        said.stdout
            .contains("[half child's exit's leave's panic's whole]\n"),
        "{}",
        said.stdout
    );
}

#[test]
fn a_child_does_not_read_its_parents_stdin() {
    let said = alone("streams::a_child_does_not_read_its_parents_stdin", || {
        let child = Process::spawn("child", || {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).unwrap() as i32
        });
        assert_eq!(child.join(), Exit::Code(0));
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).unwrap();
        println!("{text}!");
    });
    assert!(said.stdout.contains("for the parent!"), "{}", said.stdout);
}

/// Streams that are closed are no reason to fail.
#[test]
fn closed_streams_do_no_harm() {
    alone("streams::closed_streams_do_no_harm", || {
        for stream in [0, 1, 2] {
            // SAFETY: nothing here uses them but by number.
            unsafe { libc::close(stream) };
        }
        let child = Process::spawn("child", || {
            let _ = writeln!(std::io::stdout(), "to nobody");
            4
        });
        let code = child.join().code();
        std::process::exit(i32::from(code != Some(4)));
    });
}

/// A bare fork would not wait for it either.
#[test]
fn a_process_starts_though_a_stream_is_held_for_ever() {
    let test = "streams::a_process_starts_though_a_stream_is_held_for_ever";
    let said = alone(test, || {
        let out = std::io::stdout().lock();
        let child = std::thread::spawn(|| Process::spawn("child", || 7).join());
        let exit = child.join().unwrap();
        drop(out);
        assert_eq!(exit, Exit::Code(7));
        let child = Process::spawn("later", || println!("printed as ever"));
        assert_eq!(child.join(), Exit::Code(0));
    });
    let warned = "process 'child' must not print: a thread holds the lock of a stream\n";
    assert_eq!(said.stderr.matches("must not print").count(), 1);
    assert!(said.stderr.contains(warned), "{}", said.stderr);
    assert!(said.stdout.contains("printed as ever"), "{}", said.stdout);
}

#[test]
fn a_thread_that_holds_stderr_may_print_while_a_process_starts() {
    let test = "streams::a_thread_that_holds_stderr_may_print_while_a_process_starts";
    let said = alone(test, || {
        let forks = nix::unistd::gettid();
        let (holds, held) = std::sync::mpsc::channel();
        let prints = std::thread::spawn(move || {
            let mut err = std::io::stderr().lock();
            holds.send(()).unwrap();
            until_it_sleeps(forks);
            println!("while it holds the other");
            writeln!(err, "done").unwrap();
        });
        held.recv().unwrap();
        let child = Process::spawn("child", || println!("and so does the child"));
        assert_eq!(child.join(), Exit::Code(0));
        prints.join().unwrap();
    });
    assert!(said.stdout.contains("while it holds the other\n"));
    assert!(said.stdout.contains("and so does the child\n"));
    assert!(!said.stderr.contains("must not print"), "{}", said.stderr);
}

/// Waits until this thread waits for another.
fn until_it_sleeps(thread: nix::unistd::Pid) {
    let begin = std::time::Instant::now();
    let futex = libc::SYS_futex.to_string();
    loop {
        let call = std::fs::read_to_string(format!("/proc/self/task/{thread}/syscall"));
        if call.is_ok_and(|call| call.split(' ').next() == Some(&futex)) {
            return;
        }
        assert!(begin.elapsed().as_secs() < 60, "it never waits");
        std::thread::yield_now();
    }
}
