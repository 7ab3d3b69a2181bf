//! A queue between real processes. Each wait has a limit, and none is for a time to pass.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use processes::{Queue, RecvError, SendError};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

mod forked;

use forked::{child, ended_well};

/// Longer than any of these tests takes on the busiest machine.
const LONG: Duration = Duration::from_secs(120);

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Waits until somebody else sleeps in this process or child, as /proc says.
fn asleep(child: Pid) {
    let begin = Instant::now();
    loop {
        let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap();
        let state = stat.rsplit(") ").next().unwrap().chars().next();
        let call = std::fs::read_to_string(format!("/proc/{child}/syscall")).unwrap_or_default();
        let futex = libc::SYS_futex.to_string();
        if state == Some('S') && call.split(' ').next() == Some(&futex) {
            return;
        }
        assert!(begin.elapsed() < LONG, "{child} does not sleep: {stat}");
        std::thread::yield_now();
    }
}

#[test]
fn a_million_items_from_four_producers_to_four_consumers() {
    const EACH: u64 = 250_000;
    let queue: Queue<(u8, u64)> = Queue::new(1000);
    let results: Queue<Vec<(u64, u64, u64)>> = Queue::new(4);
    let producers: Vec<Pid> = (0..4)
        .map(|producer| child(|| (0..EACH).all(|n| queue.send((producer, n)).is_ok())))
        .collect();
    let consumers: Vec<Pid> = (0..4)
        .map(|_| {
            child(|| {
                // For each producer: how many came, their sum, and the latest.
                let mut seen = vec![(0, 0, 0); 4];
                for (producer, n) in &queue {
                    let (count, sum, latest) = &mut seen[usize::from(producer)];
                    if *count > 0 && n <= *latest {
                        return false;
                    }
                    (*count, *sum, *latest) = (*count + 1, *sum + n, n);
                }
                results.send(seen).is_ok()
            })
        })
        .collect();
    producers.into_iter().for_each(ended_well);
    queue.close();
    consumers.into_iter().for_each(ended_well);
    let mut total = [(0, 0); 4];
    for _ in 0..4 {
        let seen = results.try_recv().unwrap();
        for ((count, sum), of) in total.iter_mut().zip(seen) {
            (*count, *sum) = (*count + of.0, *sum + of.1);
        }
    }
    // With the order kept, none came twice; with this count and sum, none is another's copy.
    assert_eq!(total, [(EACH, EACH * (EACH - 1) / 2); 4]);
}

#[test]
fn killed_at_any_moment_nothing_is_lost_or_doubled() {
    const ITEMS: u32 = 100_000;
    let queue: Queue<u32> = Queue::new(50);
    let answers: Queue<u32> = Queue::new(50);
    let producer = child(|| {
        let all = (0..ITEMS).all(|n| queue.send(n).is_ok());
        queue.close();
        all
    });
    // Consumers pass items on, and are killed while they do, again and again.
    let mut got = HashMap::new();
    let mut kills = 0;
    while kills < 200 {
        let consumer = child(|| {
            loop {
                match queue.recv() {
                    Ok(n) if answers.send(n).is_ok() => {}
                    _ => return false,
                }
            }
        });
        for _ in 0..100 {
            *got.entry(answers.recv_timeout(LONG).unwrap()).or_insert(0) += 1;
        }
        kill(consumer, Signal::SIGKILL).unwrap();
        assert!(matches!(
            waitpid(consumer, None),
            Ok(WaitStatus::Signaled(..))
        ));
        kills += 1;
    }
    // What the last one has passed on, and what nobody has got.
    answers.close();
    for n in answers.iter().chain(&queue) {
        *got.entry(n).or_insert(0) += 1;
    }
    ended_well(producer);
    // Between its get and its put a consumer has one item at most, which dies with it.
    assert!(got.values().all(|count| *count == 1), "an item came twice");
    assert!(got.len() >= (ITEMS - kills) as usize && got.len() <= ITEMS as usize);
}

#[test]
fn full_and_empty_with_and_without_limits() {
    let queue = Queue::new(2);
    let short = Duration::from_millis(30);
    let begin = Instant::now();
    assert_eq!(queue.try_recv(), Err(RecvError::Empty));
    assert_eq!(queue.recv_timeout(short), Err(RecvError::Empty));
    assert!(begin.elapsed() >= short);
    queue.send('a').unwrap();
    queue.try_send('b').unwrap();
    assert!(queue.is_full());
    let begin = Instant::now();
    assert_eq!(queue.try_send('c'), Err(SendError::Full('c')));
    assert_eq!(queue.send_timeout('c', short), Err(SendError::Full('c')));
    assert!(begin.elapsed() >= short);
    // A put that waits goes on when there is room, and a get when there is an item.
    let producer = child(|| queue.send('c').is_ok() && queue.send_timeout('d', LONG).is_ok());
    asleep(producer);
    assert_eq!(queue.recv(), Ok('a'));
    assert_eq!(queue.recv_timeout(LONG), Ok('b'));
    ended_well(producer);
    assert_eq!((queue.recv(), queue.try_recv()), (Ok('c'), Ok('d')));
    let consumer = child(|| queue.recv() == Ok('e') && queue.recv_timeout(LONG) == Ok('f'));
    asleep(consumer);
    queue.send('e').unwrap();
    queue.send('f').unwrap();
    ended_well(consumer);
    assert!(queue.is_empty());
}

#[test]
fn closing_wakes_all_who_sleep() {
    let full = Queue::new(1);
    full.send(0).unwrap();
    let empty: Queue<i32> = Queue::new(1);
    let sleepers: Vec<Pid> = (1..=3)
        .flat_map(|n| {
            [
                child(|| full.send(n) == Err(SendError::Closed(n))),
                child(|| full.send_timeout(n, LONG) == Err(SendError::Closed(n))),
                child(|| empty.recv() == Err(RecvError::Closed)),
                child(|| empty.recv_timeout(LONG) == Err(RecvError::Closed)),
            ]
        })
        .collect();
    sleepers.iter().for_each(|child| asleep(*child));
    full.close();
    empty.close();
    sleepers.into_iter().for_each(ended_well);
    assert!(full.is_closed() && empty.is_closed());
    assert_eq!((full.recv(), full.recv()), (Ok(0), Err(RecvError::Closed)));
}

#[test]
fn a_sleeper_that_is_killed_leaves_nothing_behind() {
    let queue: Queue<u32> = Queue::new(1);
    for n in 0..20 {
        let sleepers = [
            child(|| queue.recv().is_ok()),
            child(|| queue.recv().is_ok()),
        ];
        sleepers.iter().for_each(|child| asleep(*child));
        kill(sleepers[0], Signal::SIGKILL).unwrap();
        waitpid(sleepers[0], None).unwrap();
        queue.send(n).unwrap();
        ended_well(sleepers[1]);
    }
    assert_eq!(queue.deaths(), 0);
}

#[test]
fn signals_in_between_do_not_shorten_a_wait() {
    let queue: Queue<u32> = Queue::new(1);
    let consumer = child(|| {
        extern "C" fn nothing(_: i32) {}
        // SAFETY: a handler that does nothing, and without SA_RESTART: system calls end by it.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = nothing as extern "C" fn(i32) as usize;
            libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut());
        }
        queue.recv_timeout(LONG) == Ok(7)
    });
    for _ in 0..50 {
        asleep(consumer);
        kill(consumer, Signal::SIGUSR1).unwrap();
    }
    asleep(consumer);
    queue.send(7).unwrap();
    ended_well(consumer);
}

#[test]
fn large_items_go_through_and_too_large_ones_say_so() {
    let queue = Queue::new(4);
    let sizes = [5 << 20, 20 << 20, 0, 30 << 20, 60 << 20];
    let bytes = |size: usize| ByteBuf::from((0..size).map(|n| (n / 7) as u8).collect::<Vec<_>>());
    let producer = child(|| sizes.iter().all(|size| queue.send(bytes(*size)).is_ok()));
    for size in sizes {
        assert!(queue.recv_timeout(LONG).unwrap() == bytes(size), "{size}");
    }
    ended_well(producer);
    let small = Queue::with_room(4, 1000);
    let error = small.send(bytes(1001)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the item takes 1004 bytes, and the queue has room for 1000: make the queue with \
         Queue::with_room(capacity, bytes)"
    );
    assert!(error.into_inner() == bytes(1001));
    small.send(bytes(900)).unwrap();
    assert!(small.try_recv().unwrap() == bytes(900));
}

#[test]
fn bytes_fill_a_queue_as_items_do() {
    let queue = Queue::with_room(100, 10_000);
    let item = |n: u8| ByteBuf::from(vec![n; 4000]);
    let mut put = 0;
    while queue.try_send(item(put)).is_ok() {
        put += 1;
    }
    // Two are promised; more may fit.
    assert!((2..=5).contains(&put), "{put}");
    let producer = child(|| queue.send(item(put)).is_ok());
    asleep(producer);
    for n in 0..=put {
        assert!(queue.recv_timeout(LONG) == Ok(item(n)));
    }
    ended_well(producer);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Message {
    Nothing,
    Text(String),
    Numbers {
        of: Vec<f64>,
        more: Option<Box<Message>>,
    },
}

#[test]
fn items_of_serdes_types_come_as_they_went() {
    let queue = Queue::new(10);
    let messages = || {
        let more = Some(Box::new(Message::Text("世界".into())));
        let of = vec![0.1, f64::MAX];
        [Message::Nothing, Message::Numbers { of, more }]
    };
    let producer = child(|| {
        messages()
            .into_iter()
            .all(|message| queue.send(message).is_ok())
    });
    for message in messages() {
        assert_eq!(queue.recv_timeout(LONG), Ok(message));
    }
    ended_well(producer);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Even(#[serde(deserialize_with = "even")] u32);

fn even<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let n = u32::deserialize(deserializer)?;
    let odd = || serde::de::Error::custom("an odd number");
    if n % 2 == 0 { Ok(n) } else { Err(odd()) }
}

#[test]
fn an_item_that_its_type_refuses_is_an_error_and_the_next_comes() {
    let queue = Queue::new(2);
    queue.send(Even(1)).unwrap();
    queue.send(Even(2)).unwrap();
    let error = queue.recv().unwrap_err();
    assert!(error.to_string().ends_with("an odd number"), "{error}");
    assert_eq!(queue.recv(), Ok(Even(2)));
}

#[test]
fn a_thousand_queues_leave_no_descriptors_and_no_memory() {
    let mapped = || std::fs::read_to_string("/proc/self/maps").unwrap().len();
    let (before, maps) = (descriptors(), mapped());
    for n in 0..1000 {
        let queue = Queue::new(3);
        let same = queue.clone();
        queue.send(n).unwrap();
        drop(queue);
        assert_eq!(same.recv(), Ok(n));
    }
    // Other tests of this file run meanwhile; a thousand leaks would show.
    assert!(descriptors() < before + 100);
    assert!(mapped() < maps + 50 * 1000);
}

#[test]
#[should_panic(expected = "a capacity of 1 at least")]
fn a_queue_without_room_is_refused() {
    Queue::<u8>::new(0);
}
