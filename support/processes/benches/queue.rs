//! How many items a second go from a producer process to a consumer process: through a `Queue`,
//! through Python's `multiprocessing.Queue` and through a bare pipe; and through crossbeam's bounded
//! channel from thread to thread, which serialises and copies nothing.
//!
//! `cargo bench -p processes --bench queue`, and `taskset -c 0 cargo bench …` for one core.
//!
//! The contestants take turns, so that a busy machine is busy for all of them; printed are the
//! median and the fastest round, and how many times the median of Python it is.

use std::hint::black_box;
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};
use processes::Queue;
use serde_bytes::ByteBuf;

/// Items that a queue or channel may hold.
const CAPACITY: usize = 1000;
const ROUNDS: usize = 9;

/// The same in Python. Prints the seconds that the gets took.
const PYTHON: &str = "
import multiprocessing, sys, time

def produce(queue, item, count):
    for _ in range(count):
        queue.put(item)

item = int(sys.argv[1]) * b'x' if sys.argv[1] != '8' else 1 << 62
count = int(sys.argv[2])
context = multiprocessing.get_context('fork')
queue = context.Queue(1000)
producer = context.Process(target=produce, args=(queue, item, count))
producer.start()
queue.get()
begin = time.monotonic()
for _ in range(count - 1):
    queue.get()
print((time.monotonic() - begin) / (count - 1))
producer.join()
";

/// Runs `produce` in a child and `consume` here. `consume` returns the time of an item.
fn between_processes(produce: impl FnOnce(), consume: impl FnOnce() -> Duration) -> Duration {
    // SAFETY: this process has no other thread, so the child may do what it likes.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            produce();
            // SAFETY: ends the child without running what the parent will run at its end.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child } => {
            let time = consume();
            assert_eq!(waitpid(child, None), Ok(WaitStatus::Exited(child, 0)));
            time
        }
    }
}

/// The time of an item, from the second on: the first says that the producer is there.
fn time_of(count: usize, mut get: impl FnMut()) -> Duration {
    get();
    let begin = Instant::now();
    (1..count).for_each(|_| get());
    begin.elapsed() / (count as u32 - 1)
}

fn queue<T>(queue: Queue<T>, item: T, count: usize) -> Duration
where
    T: Clone + serde::Serialize + serde::de::DeserializeOwned,
{
    between_processes(
        || (0..count).for_each(|_| queue.send(item.clone()).unwrap()),
        || time_of(count, || drop(black_box(queue.recv().unwrap()))),
    )
}

fn crossbeam<T: Clone + Send>(item: T, count: usize) -> Duration {
    let (sender, receiver) = crossbeam_channel::bounded::<T>(CAPACITY);
    std::thread::scope(|scope| {
        scope.spawn(move || (0..count).for_each(|_| sender.send(item.clone()).unwrap()));
        time_of(count, || drop(black_box(receiver.recv().unwrap())))
    })
}

/// A pipe(2) with a length before each item, one write and two reads for each.
fn bare_pipe(size: usize, count: usize) -> Duration {
    let (mut reader, mut writer) = pipe().unwrap();
    let item = vec![7; size];
    let produce = |writer: &mut PipeWriter| {
        let mut frame = Vec::with_capacity(size + 8);
        for _ in 0..count {
            frame.clear();
            frame.extend_from_slice(&(size as u64).to_le_bytes());
            frame.extend_from_slice(&item);
            writer.write_all(&frame).unwrap();
        }
    };
    let mut buffer = Vec::new();
    let mut get = |reader: &mut PipeReader| {
        let mut length = [0; 8];
        reader.read_exact(&mut length).unwrap();
        buffer.resize(u64::from_le_bytes(length) as usize, 0);
        reader.read_exact(&mut buffer).unwrap();
        black_box(&buffer);
    };
    between_processes(
        || produce(&mut writer),
        || time_of(count, || get(&mut reader)),
    )
}

fn python(size: usize, count: usize) -> Duration {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_string());
    let output = Command::new(python)
        .args(["-c", PYTHON, &size.to_string(), &count.to_string()])
        .output()
        .expect("python3 is on the PATH");
    let text = String::from_utf8_lossy(&output.stdout);
    let seconds: f64 = text.trim().parse().unwrap_or_else(|_| {
        panic!("Python: {}", String::from_utf8_lossy(&output.stderr));
    });
    Duration::from_secs_f64(seconds)
}

type Contestant = (&'static str, Box<dyn Fn() -> Duration>);

fn compare(title: &str, contestants: &[Contestant]) {
    let mut times = vec![Vec::new(); contestants.len()];
    for _ in 0..ROUNDS {
        for (times, (_, run)) in times.iter_mut().zip(contestants) {
            times.push(run());
        }
    }
    let medians = times.iter_mut().map(|times| {
        times.sort();
        (times[ROUNDS / 2], times[0])
    });
    let medians: Vec<_> = medians.collect();
    let slowest = medians[0].0;
    println!("\n{title}: {ROUNDS} rounds");
    for ((name, _), (median, best)) in contestants.iter().zip(medians) {
        println!(
            "  {name:<36} {median:>10.2?} an item (fastest {best:>9.2?})  {:>10.0} a second  {:>6.1} × Python",
            1.0 / median.as_secs_f64(),
            slowest.as_secs_f64() / median.as_secs_f64()
        );
    }
}

const SIZE: usize = 64 << 10;

fn large() -> ByteBuf {
    ByteBuf::from(vec![7; SIZE])
}

fn main() {
    compare(
        "8-byte items",
        &[
            ("multiprocessing.Queue", Box::new(|| python(8, 50_000))),
            ("pipe(2), framed", Box::new(|| bare_pipe(8, 300_000))),
            (
                "Queue<u64>",
                Box::new(|| queue(Queue::new(CAPACITY), 1u64 << 62, 1_000_000)),
            ),
            (
                "crossbeam's channel, two threads",
                Box::new(|| crossbeam(1u64 << 62, 1_000_000)),
            ),
        ],
    );
    compare(
        "64-KiB items",
        &[
            ("multiprocessing.Queue", Box::new(|| python(SIZE, 5_000))),
            ("pipe(2), framed", Box::new(|| bare_pipe(SIZE, 20_000))),
            (
                "Queue<ByteBuf>",
                Box::new(|| queue(Queue::new(CAPACITY), large(), 20_000)),
            ),
            // Less room than the processor's cache has.
            (
                "Queue<ByteBuf> with_room of 512 KiB",
                Box::new(|| queue(Queue::with_room(CAPACITY, 512 << 10), large(), 20_000)),
            ),
            (
                "crossbeam's channel, two threads",
                Box::new(|| crossbeam(vec![7u8; SIZE], 20_000)),
            ),
        ],
    );
}
