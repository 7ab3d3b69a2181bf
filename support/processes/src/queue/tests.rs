//! What needs to look inside: processes stopped and killed in the middle of a put or a get, and
//! numbers near their word's end. The rest is in `tests/queue.rs`.

use std::io::{Read, Write, pipe};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use serde_bytes::ByteBuf;

use super::hook::{Point, stop_at};
use super::place::{Item, place};
use super::ring::{NotGot, Ring};
use super::*;

/// Longer than any of these tests takes on the busiest machine.
const LONG: Duration = Duration::from_secs(60);

/// A child that runs `work` and exits with 0.
fn child(work: impl FnOnce()) -> Pid {
    // SAFETY: other tests' threads are not in the child, and their locks may be held: the child
    // takes none but malloc's, which the C library makes ready again. A panic would print.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            work();
            // SAFETY: ends the child without running what the test runner has registered.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child } => child,
    }
}

/// Where a stopped child says that it is there. Set before the fork, read in the child.
static REPORT: AtomicI32 = AtomicI32::new(-1);
/// One test at a time uses it.
static ONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// Says that this process has come to its point, and stays there until it is killed.
fn stay() {
    // SAFETY: writes one byte to a pipe that the parent made; pausing has no conditions.
    unsafe {
        libc::write(REPORT.load(SeqCst), c"!".as_ptr().cast(), 1);
        loop {
            libc::pause();
        }
    }
}

/// A child that has come to `point` in what `work` does, and stands there.
fn child_standing_at(point: Point, work: impl FnOnce()) -> Pid {
    let (mut told, report) = pipe().unwrap();
    REPORT.store(report.as_raw_fd() as RawFd, SeqCst);
    let child = child(|| {
        stop_at(point, stay);
        work();
    });
    drop(report);
    told.read_exact(&mut [0]).unwrap();
    child
}

fn kill_9(child: Pid) {
    kill(child, Signal::SIGKILL).unwrap();
    let status = waitpid(child, None).unwrap();
    assert_eq!(status, WaitStatus::Signaled(child, Signal::SIGKILL, false));
}

fn item(n: u8) -> ByteBuf {
    ByteBuf::from(vec![n; 5000 + usize::from(n)])
}

#[test]
fn a_consumer_killed_in_mid_get_leaves_the_item_in() {
    let _one = ONE.lock().unwrap_or_else(|error| error.into_inner());
    let queue = Queue::new(3);
    for n in 0..200 {
        queue.send(item(n)).unwrap();
        queue.send(item(n + 1)).unwrap();
        let consumer = child_standing_at(Point::MidGet, || drop(queue.recv()));
        // It holds the consumers' lock; producers go on.
        queue.send(item(n + 2)).unwrap();
        assert_eq!(
            queue.recv_timeout(Duration::from_millis(1)),
            Err(RecvError::Empty)
        );
        kill_9(consumer);
        for more in 0..3 {
            assert_eq!(queue.recv_timeout(LONG), Ok(item(n + more)));
        }
        assert_eq!((queue.len(), queue.deaths()), (0, u64::from(n) + 1));
    }
}

#[test]
fn a_producer_killed_in_mid_put_never_put() {
    let _one = ONE.lock().unwrap_or_else(|error| error.into_inner());
    let queue = Queue::new(3);
    for n in 0..200 {
        queue.send(item(n)).unwrap();
        let producer = child_standing_at(Point::MidPut, || drop(queue.send(item(255))));
        // It holds the producers' lock; consumers go on.
        assert_eq!(queue.recv_timeout(LONG), Ok(item(n)));
        let late = queue.send_timeout(item(0), Duration::from_millis(1));
        assert_eq!(late, Err(SendError::Full(item(0))));
        kill_9(producer);
        assert_eq!(queue.try_recv(), Err(RecvError::Empty));
        queue.send_timeout(item(n + 1), LONG).unwrap();
        assert_eq!(queue.recv_timeout(LONG), Ok(item(n + 1)));
        assert_eq!((queue.len(), queue.deaths()), (0, u64::from(n) + 1));
    }
}

#[test]
fn who_is_killed_before_he_wakes_others_leaves_nobody_asleep() {
    let _one = ONE.lock().unwrap_or_else(|error| error.into_inner());
    for round in 0..10 {
        let queue = Queue::new(1);
        let consumer = child(|| {
            let fine = queue.recv_timeout(LONG) == Ok(round);
            // SAFETY: as in `child`.
            unsafe { libc::_exit(if fine { 0 } else { 1 }) }
        });
        let producer = child_standing_at(Point::Put, || drop(queue.send(round)));
        kill_9(producer);
        let begin = Instant::now();
        assert_eq!(waitpid(consumer, None), Ok(WaitStatus::Exited(consumer, 0)));
        assert!(begin.elapsed() < LONG / 2, "woken only by its limit");
        // The same on the other side: the queue is full, and who makes room dies.
        queue.send(1).unwrap();
        let producer = child(|| {
            let fine = queue.send_timeout(2, LONG).is_ok();
            // SAFETY: as in `child`.
            unsafe { libc::_exit(if fine { 0 } else { 1 }) }
        });
        kill_9(child_standing_at(Point::Got, || drop(queue.recv())));
        assert_eq!(waitpid(producer, None), Ok(WaitStatus::Exited(producer, 0)));
        assert_eq!(queue.try_recv(), Ok(2));
    }
}

#[test]
fn a_peer_stopped_in_the_middle_holds_nobody_up_for_longer_than_asked() {
    let _one = ONE.lock().unwrap_or_else(|error| error.into_inner());
    let queue = Queue::new(3);
    queue.send(item(1)).unwrap();
    let consumer = child_standing_at(Point::MidGet, || drop(queue.recv()));
    let producer = child_standing_at(Point::MidPut, || drop(queue.send(item(2))));
    let begin = Instant::now();
    assert_eq!(queue.try_recv(), Err(RecvError::Empty));
    assert_eq!(queue.try_send(item(3)), Err(SendError::Full(item(3))));
    let short = Duration::from_millis(20);
    assert_eq!(queue.recv_timeout(short), Err(RecvError::Empty));
    assert_eq!(
        queue.send_timeout(item(3), short),
        Err(SendError::Full(item(3)))
    );
    assert!(begin.elapsed() >= 2 * short && begin.elapsed() < LONG / 2);
    // Closing needs no lock.
    queue.close();
    kill_9(consumer);
    kill_9(producer);
    assert_eq!(queue.iter().collect::<Vec<_>>(), [item(1)]);
}

#[test]
fn what_is_put_while_the_queue_is_closed_is_not_in_it() {
    let queue = Queue::new(3);
    std::thread::scope(|scope| {
        let (mut told, mut report) = pipe().unwrap();
        let (mut go, mut on) = pipe().unwrap();
        thread_local!(static PIPES: std::cell::RefCell<Option<(std::io::PipeWriter, std::io::PipeReader)>> = const { std::cell::RefCell::new(None) });
        let queue = &queue;
        let producer = scope.spawn(move || {
            report.flush().unwrap();
            PIPES.set(Some((report, go.try_clone().unwrap())));
            stop_at(Point::MidPut, || {
                PIPES.with_borrow_mut(|pipes| {
                    let (report, go) = pipes.as_mut().unwrap();
                    report.write_all(b"!").unwrap();
                    go.read_exact(&mut [0]).unwrap();
                });
            });
            let put = queue.send(7);
            drop(go.read(&mut []));
            put
        });
        told.read_exact(&mut [0]).unwrap();
        queue.close();
        assert_eq!(queue.recv(), Err(RecvError::Closed));
        on.write_all(b"!").unwrap();
        assert_eq!(producer.join().unwrap(), Err(SendError::Closed(7)));
        assert_eq!(queue.recv(), Err(RecvError::Closed));
    });
}

#[test]
fn who_is_killed_in_the_middle_of_closing_leaves_nobody_waiting() {
    let _one = ONE.lock().unwrap_or_else(|error| error.into_inner());
    let queue = Queue::new(1);
    queue.send(1).unwrap();
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| queue.send_timeout(2, LONG));
        kill_9(child_standing_at(Point::MidClose, || queue.close()));
        assert_eq!(waits.join().unwrap(), Err(SendError::Closed(2)));
    });
    assert_eq!(queue.recv(), Ok(1));
    assert_eq!(queue.recv(), Err(RecvError::Closed));
    assert_eq!(queue.try_send(3), Err(SendError::Closed(3)));
}

#[test]
fn numbers_go_past_the_end_of_32_bits() {
    // The half of the word that the kernel looks at holds 30 bits of the number.
    for end in [1 << 30, 1 << 32] {
        let queue = Queue::new(5);
        queue.ring.start_at(end - 100);
        for n in 0..200 {
            queue.send(n).unwrap();
            queue.send(n + 1000).unwrap();
            assert_eq!(queue.len(), 2);
            assert_eq!((queue.recv(), queue.recv()), (Ok(n), Ok(n + 1000)));
        }
        queue.ring.start_at(end - 1000);
        std::thread::scope(|scope| {
            scope.spawn(|| (0..3000).for_each(|n| queue.send(n).unwrap()));
            (0..3000).for_each(|n| assert_eq!(queue.recv_timeout(LONG), Ok(n)));
        });
    }
}

#[test]
fn items_of_each_size_lie_in_one_piece_also_around_the_rings_end() {
    // Each length within two steps of what the queue's room can take, at each fill.
    for length in (0..200).chain(900..1024) {
        let ring = Ring::new(4, 1024).unwrap();
        let (mut put, mut got) = (0u64, 0u64);
        let bytes = |number: u64| vec![number as u8; if number % 3 == 1 { length } else { 40 }];
        while got < 60 {
            // Never empty, so that it goes round and round.
            while put < got + 4 && ring.put(&bytes(put), Limit::after(Duration::ZERO)).is_ok() {
                put += 1;
            }
            assert!(
                put > got + 1,
                "{length} bytes: less than the room was taken"
            );
            let mut item = Vec::new();
            assert_eq!(ring.get(&mut item, Limit::NONE), Ok(()));
            assert_eq!(item, bytes(got));
            got += 1;
        }
        while got < put {
            assert_eq!(ring.get(&mut Vec::new(), Limit::NONE), Ok(()));
            got += 1;
        }
        let nothing = ring.get(&mut Vec::new(), Limit::after(Duration::ZERO));
        assert_eq!(nothing, Err(NotGot::Empty));
    }
}

/// All fills of a small ring: an item is never laid over another, and always has a place while all
/// take no more than half.
#[test]
fn places_are_never_given_twice() {
    const SIZE: usize = 16 * 16;
    let taken = |length: usize| length.max(1).next_multiple_of(16);
    let mut random = 1u64;
    let mut next = |below: usize| {
        random = random
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (random >> 33) as usize % below
    };
    let mut items: std::collections::VecDeque<Item> = Default::default();
    let mut turned = 0;
    for _ in 0..100_000 {
        let length = next(SIZE / 2 + 1);
        let sum: usize = items.iter().map(|item| taken(item.length)).sum();
        let start = match (items.front(), items.back()) {
            (Some(first), Some(last)) => place(*first, *last, length, SIZE),
            _ => Some(0),
        };
        let Some(start) = start else {
            assert!(sum + taken(length) > SIZE / 2, "{sum} and {length}");
            items.pop_front();
            continue;
        };
        assert!(start + taken(length) <= SIZE);
        turned += usize::from(items.back().is_some_and(|last| start < last.start));
        for item in &items {
            let apart =
                start >= item.start + taken(item.length) || item.start >= start + taken(length);
            assert!(apart, "{start}+{length} on {}+{}", item.start, item.length);
        }
        items.push_back(Item { start, length });
        // Often short of room, now and then empty.
        for _ in 0..next(3) {
            items.pop_front();
        }
    }
    assert!(turned > 1000);
}
