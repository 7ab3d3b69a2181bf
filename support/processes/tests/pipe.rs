//! Pipes between real processes. Each wait has a limit, and none is for a time to pass.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use processes::{Pipe, RecvError, SendError, pipe};
use serde_bytes::ByteBuf;

mod forked;

use forked::{child, ended_well};

/// Longer than any of these tests takes on the busiest machine.
const LONG: Duration = Duration::from_secs(120);

fn kill_9(child: Pid) {
    kill(child, Signal::SIGKILL).unwrap();
    waitpid(child, None).unwrap();
}

fn bytes(size: usize) -> ByteBuf {
    ByteBuf::from((0..size).map(|n| (n / 7) as u8).collect::<Vec<_>>())
}

/// One end with the other in a child that does `work` with it.
///
/// A test forks only before it has an end that it means to see closed: the test runner's threads
/// fork too, and their children would keep a copy open.
fn with_child<S, R>(work: impl FnOnce(Pipe<R, S>) -> bool) -> (Pipe<S, R>, Pid) {
    let (ours, theirs) = pipe();
    let mut ours = Some(ours);
    let child = child(|| {
        drop(ours.take());
        work(theirs)
    });
    (ours.unwrap(), child)
}

/// The tests of this file fork; a child of one test holds the ends that another has open, until it
/// ends. So those that wait for an end to be closed take turns.
static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn turn() -> std::sync::MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(|error| error.into_inner())
}

#[test]
fn messages_of_every_size_go_both_ways() {
    let _turn = turn();
    let (mut ours, echo) = with_child::<ByteBuf, (usize, ByteBuf)>(|mut theirs| {
        while let Ok(message) = theirs.recv() {
            if theirs.send((message.len(), message)).is_err() {
                return false;
            }
        }
        true
    });
    for size in (0..300)
        .chain(65_400..65_600)
        .step_by(7)
        .chain([5 << 20, 40 << 20, 3])
    {
        ours.send(bytes(size)).unwrap();
        let answer = ours.recv_timeout(LONG).unwrap();
        assert!(answer == (size, bytes(size)), "{size}");
    }
    drop(ours);
    ended_well(echo);
}

#[test]
fn many_small_messages_keep_their_order() {
    let _turn = turn();
    let (mut ours, sender) =
        with_child::<(), u32>(|mut theirs| (0..200_000).all(|n| theirs.send(n).is_ok()));
    for n in 0..200_000 {
        assert_eq!(ours.recv_timeout(LONG), Ok(n));
    }
    assert_eq!(ours.recv_timeout(LONG), Err(RecvError::Closed));
    ended_well(sender);
}

#[test]
fn a_half_received_message_is_kept_for_the_next_call() {
    let _turn = turn();
    let (mut told, mut report) = std::io::pipe().unwrap();
    let size = 10 << 20;
    let (mut ours, sender) = with_child::<u8, ByteBuf>(|mut theirs| {
        // Only a part fits; it goes on when it is told to.
        let part = theirs.send_timeout(bytes(size), Duration::from_millis(1));
        matches!(part, Err(SendError::Unfinished(_)))
            && report.write_all(b"!").is_ok()
            && theirs.recv() == Ok(1)
            && theirs.send_timeout(bytes(7), LONG) == Ok(())
    });
    told.read_exact(&mut [0]).unwrap();
    assert!(
        !ours.poll(Duration::from_millis(20)),
        "half of it is no message"
    );
    let short = ours.recv_timeout(Duration::from_millis(20));
    assert_eq!(short, Err(RecvError::Empty));
    ours.send(1).unwrap();
    assert!(ours.poll(LONG));
    assert!(ours.recv().unwrap() == bytes(size));
    assert!(ours.recv_timeout(LONG).unwrap() == bytes(7));
    ended_well(sender);
}

#[test]
fn a_full_pipe_takes_nothing_and_says_so() {
    let _turn = turn();
    let (mut one, mut other) = pipe::<ByteBuf, ()>();
    let mut sent = 0;
    let short = Duration::from_millis(5);
    let error = loop {
        match one.send_timeout(bytes(1000 + sent), short) {
            Ok(()) => sent += 1,
            Err(error) => break error,
        }
    };
    assert!(sent > 10, "{sent}");
    // Whether nothing or a part of the last one went is the system's choice.
    let again = one.send_timeout(bytes(3), Duration::ZERO);
    assert_eq!(again, Err(SendError::Full(bytes(3))));
    for n in 0..sent {
        assert!(other.recv_timeout(LONG).unwrap() == bytes(1000 + n));
    }
    one.send_timeout(bytes(4), LONG).unwrap();
    if matches!(error, SendError::Unfinished(_)) {
        assert!(other.recv_timeout(LONG).unwrap() == bytes(1000 + sent));
    }
    assert!(other.recv_timeout(LONG).unwrap() == bytes(4));
}

#[test]
fn what_waits_behind_an_unfinished_message_is_given_back_and_comes_when_it_is_sent_again() {
    let _turn = turn();
    let (mut one, mut other) = pipe::<ByteBuf, ()>();
    let short = Duration::from_millis(1);
    let large = one.send_timeout(bytes(10 << 20), short);
    assert!(matches!(large, Err(SendError::Unfinished(_))));
    for n in 1..4 {
        let error = one.send_timeout(bytes(n), short).unwrap_err();
        assert_eq!(error, SendError::Full(bytes(n)));
        assert_eq!(error.into_inner(), bytes(n));
    }
    let received = std::thread::spawn(move || {
        let first = other.recv_timeout(LONG).unwrap() == bytes(10 << 20);
        (first, other.recv_timeout(LONG), other.recv_timeout(LONG))
    });
    one.send(bytes(7)).unwrap();
    drop(one);
    let (first, second, end) = received.join().unwrap();
    assert!(first, "the large one came whole");
    assert_eq!((second, end), (Ok(bytes(7)), Err(RecvError::Closed)));
}

#[test]
fn a_sender_killed_in_the_middle_is_told_from_one_that_closed() {
    let _turn = turn();
    let (mut told, report) = std::io::pipe().unwrap();
    let size = 10 << 20;
    let (mut ours, sender) = with_child::<(), ByteBuf>(|mut theirs| {
        let part = theirs.send_timeout(bytes(size), Duration::from_millis(1));
        drop(report);
        loop {
            assert!(matches!(part, Err(SendError::Unfinished(_))));
            std::thread::park();
        }
    });
    // Here this process's copy of `report` is gone: it was moved into the closure.
    told.read_exact(&mut [0]).unwrap_err();
    kill_9(sender);
    match ours.recv_timeout(LONG) {
        // Its bytes, and the five before them that say how many.
        Err(RecvError::CutOff { came, of }) => assert!(came > 0 && came < of && of == size + 5),
        other => panic!("{other:?}"),
    }
    assert!(ours.poll(Duration::ZERO), "it would not wait");
}

#[test]
fn the_others_death_is_an_error_and_no_signal() {
    let _turn = turn();
    let (mut ours, peer) = with_child::<ByteBuf, ()>(|_theirs| {
        loop {
            std::thread::park();
        }
    });
    // More than fits: it waits, until the peer dies. SIGPIPE would end this process, if the
    // test runner had not chosen to ignore it; so the child of the next test tries it too.
    let killer = std::thread::spawn(move || kill_9(peer));
    assert!(matches!(
        ours.send(bytes(10 << 20)),
        Err(SendError::Closed(_))
    ));
    killer.join().unwrap();
    assert_eq!(ours.send(bytes(1)), Err(SendError::Closed(bytes(1))));
    assert_eq!(ours.recv_timeout(LONG), Err(RecvError::Closed));
}

#[test]
fn sigpipe_does_not_come_where_it_would_kill() {
    let _turn = turn();
    ended_well(child(|| {
        let action = nix::sys::signal::SigHandler::SigDfl;
        // SAFETY: no handler of ours is installed.
        unsafe { nix::sys::signal::signal(Signal::SIGPIPE, action) }.unwrap();
        let (mut one, other) = pipe::<u8, u8>();
        drop(other);
        one.send(1) == Err(SendError::Closed(1))
    }));
}

#[test]
fn what_was_sent_before_the_end_is_received() {
    let _turn = turn();
    let (mut one, mut other) = pipe::<u8, u8>();
    // It closes with something unread of its own: the system then tells of a reset.
    other.send(9).unwrap();
    one.send(1).unwrap();
    one.send(2).unwrap();
    drop(one);
    assert_eq!((other.recv(), other.recv()), (Ok(1), Ok(2)));
    assert_eq!(other.recv(), Err(RecvError::Closed));
    assert_eq!(other.send(3), Err(SendError::Closed(3)));
}

#[test]
fn an_end_that_nobody_dropped_keeps_the_pipe_open() {
    let _turn = turn();
    let (ours, mut theirs) = pipe::<u8, u8>();
    let peer = child(|| {
        // The trap: the child has a copy of `ours`, too.
        let nothing = theirs.recv_timeout(Duration::from_millis(50));
        nothing == Err(RecvError::Empty)
    });
    drop(ours);
    ended_well(peer);
    // Here nobody has it any more.
    assert_eq!(theirs.recv_timeout(LONG), Err(RecvError::Closed));
}

#[test]
fn a_thousand_pipes_leave_no_descriptors() {
    let _turn = turn();
    let count = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let before = count();
    for n in 0..1000 {
        let (mut one, mut other) = pipe::<u32, u32>();
        one.send(n).unwrap();
        assert_eq!(other.recv(), Ok(n));
        one.close();
    }
    assert_eq!(count(), before);
}

#[test]
fn waits_are_as_long_as_asked() {
    let (mut one, _other) = pipe::<u8, u8>();
    let (begin, wait) = (Instant::now(), Duration::from_millis(30));
    assert_eq!(one.recv_timeout(wait), Err(RecvError::Empty));
    assert!(begin.elapsed() >= wait);
    assert!(!one.poll(wait));
    assert!(begin.elapsed() >= 2 * wait);
}

#[test]
fn an_end_that_this_process_closed_says_so() {
    let _turn = turn();
    let (mut one, mut other) = pipe::<u8, u8>();
    other.send(1).unwrap();
    one.close();
    let said = "this end of the pipe was closed by this process";
    assert_eq!(one.send(1).unwrap_err().to_string(), said);
    assert_eq!(one.recv().unwrap_err().to_string(), said);
    assert!(one.poll(Duration::ZERO));
    assert_eq!(other.recv_timeout(LONG), Err(RecvError::Closed));
}
