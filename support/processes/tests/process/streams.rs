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
