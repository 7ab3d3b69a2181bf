//! What a dropped handle does, and one that a child has inherited.

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use processes::{self, Exit, Process};
use std::thread;

use crate::{byte, pipe_ends};

#[test]
fn a_dropped_handle_leaves_neither_orphan_nor_zombie() {
    let (held, hold) = pipe_ends();
    let process = Process::spawn("sleeper", thread::park);
    let pid = Pid::from_raw(process.pid());
    drop(hold);
    drop(process);
    // Nobody holds the pipe: the process has ended. And nobody has its number: it was reaped.
    assert_eq!(byte(&held), None);
    assert_eq!(kill(pid, None), Err(Errno::ESRCH));
}

#[test]
fn a_panic_drops_the_handle_too() {
    let mut pid = 0;
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let process = Process::spawn("sleeper", thread::park);
        pid = process.pid();
        std::panic::resume_unwind(Box::new("out"));
    }));
    assert!(unwound.is_err());
    assert_eq!(kill(Pid::from_raw(pid), None), Err(Errno::ESRCH));
}

#[test]
fn a_handle_in_a_child_neither_kills_nor_reaps() {
    let (told, tell) = pipe_ends();
    let mut first = Some(Process::spawn("first", || i32::from(byte(&told).unwrap())));
    let second = Process::spawn("second", || {
        // The copy that this child has inherited.
        let first = first.take().unwrap();
        let (alive, early) = (first.is_alive(), first.exit());
        drop(first);
        i32::from(!alive || early.is_some())
    });
    assert_eq!(second.join(), Exit::Code(0));
    let first = first.unwrap();
    assert!(first.is_alive());
    use std::io::Write;
    std::fs::File::from(tell).write_all(&[5]).unwrap();
    assert_eq!(first.join(), Exit::Code(5));
}

#[test]
fn a_copy_in_a_child_does_not_know_how_its_process_ended() {
    let first = Process::spawn("first", || 5);
    let second = Process::spawn("second", || i32::from(first.join() != Exit::Unknown));
    assert_eq!(second.join(), Exit::Code(0));
    assert_eq!(first.join(), Exit::Code(5));
}

#[test]
fn a_child_has_no_children_until_it_starts_some() {
    let sleeper = Process::spawn("sleeper", thread::park);
    let child = Process::spawn("child", || {
        let none = processes::children().is_empty();
        let own = Process::spawn("own", thread::park);
        let listed = processes::children();
        i32::from(!(none && listed.len() == 1 && listed[0].pid == own.pid()))
    });
    assert_eq!(child.join(), Exit::Code(0));
    let listed = processes::children();
    let names: Vec<&str> = listed.iter().map(|child| child.name.as_str()).collect();
    assert!(
        names.contains(&"sleeper") && !names.contains(&"child"),
        "{names:?}"
    );
    assert!(sleeper.is_alive());
}
