//! What threads, locks and channels cost, beside Python's `threading` and `queue` and beside the
//! bare system calls.
//!
//! `cargo bench -p support --bench thread`
//!
//! The contestants take turns, so that a busy machine is busy for all of them. Printed are the
//! median and the fastest round of one operation, and the median's ratio to Python's and to the
//! system call's, each where there is one.

use std::hint::black_box;
use std::process::Command;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Barrier, Mutex, RwLock, mpsc};
use std::thread;
use std::time::Instant;

use support::libc;

const ROUNDS: usize = 9;

/// Prints the seconds that `what` took, `count` times.
const PYTHON: &str = r"
import queue, sys, threading, time

def lock_often(lock, count):
    for _ in range(count):
        with lock:
            pass

def answer(ask, tell):
    while (item := ask.get()) is not None:
        tell.put(item)

def start_and_join(count):
    for _ in range(count):
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()

def one_lock(count):
    lock_often(threading.Lock(), count)

def two_lockers(count):
    lock = threading.Lock()
    other = threading.Thread(target=lock_often, args=(lock, count))
    other.start()
    lock_often(lock, count)
    other.join()

def send(make):
    def run(count):
        items = make()
        sender = threading.Thread(target=lambda: [items.put(n) for n in range(count)])
        sender.start()
        for _ in range(count):
            items.get()
        sender.join()
    return run

def there_and_back(count):
    ask, tell = queue.SimpleQueue(), queue.SimpleQueue()
    other = threading.Thread(target=answer, args=(ask, tell))
    other.start()
    for n in range(count):
        ask.put(n)
        tell.get()
    ask.put(None)
    other.join()

what, count = sys.argv[1], int(sys.argv[2])
run = {
    'thread': start_and_join,
    'lock': one_lock,
    'two lockers': two_lockers,
    'Queue': send(queue.Queue),
    'SimpleQueue': send(queue.SimpleQueue),
    'there and back': there_and_back,
}[what]
begin = time.perf_counter()
run(count)
print(time.perf_counter() - begin)
";

fn python(what: &str, count: u32) -> f64 {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_string());
    let output = Command::new(python)
        .args(["-c", PYTHON, what, &count.to_string()])
        .output()
        .expect("python3 is on the PATH");
    let seconds = String::from_utf8_lossy(&output.stdout).trim().parse();
    let seconds: f64 = seconds.unwrap_or_else(|_| {
        panic!("Python: {}", String::from_utf8_lossy(&output.stderr));
    });
    1e9 * seconds / f64::from(count)
}

/// The nanoseconds of one of `count` calls.
fn each(count: u32, mut f: impl FnMut()) -> f64 {
    let begin = Instant::now();
    (0..count).for_each(|_| f());
    1e9 * begin.elapsed().as_secs_f64() / f64::from(count)
}

/// The nanoseconds of one of `count` calls by each of two threads at once, on two CPUs.
fn both(count: u32, f: impl Fn() + Sync) -> f64 {
    let begin = Barrier::new(2);
    let run = |cpu| {
        // Left alone, both may stay on one CPU, where they never meet.
        support::cpus::pin(cpu);
        begin.wait();
        each(count, &f)
    };
    thread::scope(|scope| {
        let threads = [0, 1].map(|cpu| {
            let run = &run;
            scope.spawn(move || run(cpu))
        });
        threads
            .map(|thread| thread.join().unwrap())
            .into_iter()
            .fold(0.0, f64::max)
    })
}

/// `count` items from one thread to another, and the time of each.
fn sent(count: u32, send: impl Fn(u32) + Send, receive: impl Fn() -> u32) -> f64 {
    let begin = Instant::now();
    thread::scope(|scope| {
        scope.spawn(move || (0..count).for_each(send));
        (0..count).for_each(|_| {
            black_box(receive());
        });
    });
    1e9 * begin.elapsed().as_secs_f64() / f64::from(count)
}

extern "C" fn nothing(_: *mut libc::c_void) -> *mut libc::c_void {
    null_mut()
}

fn bare_thread() {
    let mut thread = 0;
    // SAFETY: `nothing` may run in any thread; the thread is joined once, and gives null.
    unsafe {
        assert_eq!(
            libc::pthread_create(&mut thread, null(), nothing, null_mut()),
            0
        );
        assert_eq!(libc::pthread_join(thread, null_mut()), 0);
    }
}

fn futex(word: &AtomicU32, call: libc::c_int, value: u32) {
    let call = call | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the word outlives the call; without a time limit.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), call, value, null::<u8>()) };
}

/// Sets the other's word and wakes it.
fn futex_tell(word: &AtomicU32, value: u32) {
    word.store(value, SeqCst);
    futex(word, libc::FUTEX_WAKE, 1);
}

/// Sleeps until the word has this value.
fn futex_hear(word: &AtomicU32, value: u32) {
    loop {
        let seen = word.load(SeqCst);
        if seen == value {
            return;
        }
        futex(word, libc::FUTEX_WAIT, seen);
    }
}

fn futex_there_and_back(count: u32) -> f64 {
    let (ask, tell) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 1..=count {
                futex_hear(&ask, n);
                futex_tell(&tell, n);
            }
        });
        let mut n = 0;
        each(count, || {
            n += 1;
            futex_tell(&ask, n);
            futex_hear(&tell, n);
        })
    })
}

fn mpsc_there_and_back(count: u32) -> f64 {
    let ((ask, asked), (tell, told)) = (mpsc::channel(), mpsc::channel());
    thread::scope(|scope| {
        scope.spawn(move || asked.iter().for_each(|n: u32| tell.send(n).unwrap()));
        let time = each(count, || {
            ask.send(1).unwrap();
            told.recv().unwrap();
        });
        drop(ask);
        time
    })
}

fn crossbeam_there_and_back(count: u32) -> f64 {
    let (ask, asked) = support::crossbeam::channel::unbounded::<u32>();
    let (tell, told) = support::crossbeam::channel::unbounded();
    thread::scope(|scope| {
        scope.spawn(move || asked.iter().for_each(|n| tell.send(n).unwrap()));
        let time = each(count, || {
            ask.send(1).unwrap();
            told.recv().unwrap();
        });
        drop(ask);
        time
    })
}

fn eventfd_write(count: u32) -> f64 {
    // SAFETY: a system call that takes numbers.
    let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK) };
    assert!(fd >= 0);
    let one = 1u64;
    let time = each(count, || {
        // SAFETY: reads the eight bytes of `one`.
        let wrote = unsafe { libc::write(fd, (&raw const one).cast(), 8) };
        assert_eq!(wrote, 8);
    });
    // SAFETY: the descriptor is this function's own.
    unsafe { libc::close(fd) };
    time
}

/// Who, for the last two columns: what the others are compared with.
#[derive(PartialEq)]
enum Side {
    Ours,
    Python,
    System,
}
use Side::{Ours, Python, System};

type Contestant<'a> = (Side, &'a str, Box<dyn Fn() -> f64 + 'a>);

fn row<'a>(side: Side, name: &'a str, run: impl Fn() -> f64 + 'a) -> Contestant<'a> {
    (side, name, Box::new(run))
}

fn compare(title: &str, contestants: &[Contestant]) {
    let mut times = vec![Vec::new(); contestants.len()];
    for _ in 0..ROUNDS {
        for (times, (_, _, run)) in times.iter_mut().zip(contestants) {
            times.push(run());
        }
    }
    let all: Vec<(f64, f64)> = times
        .iter_mut()
        .map(|times| {
            times.sort_by(f64::total_cmp);
            (times[ROUNDS / 2], times[0])
        })
        .collect();
    let median_of = |side| {
        let place = contestants.iter().position(|it| it.0 == side);
        place.map(|place| all[place].0)
    };
    let (python, system) = (median_of(Python), median_of(System));
    println!(
        "\n{title:<42} {:>10} {:>10} {:>9} {:>9}",
        "median ns", "fastest", "/ Python", "/ system"
    );
    for ((_, name, _), (median, fastest)) in contestants.iter().zip(&all) {
        let ratio = |to: Option<f64>| to.map_or("".to_string(), |to| format!("{:.3}", median / to));
        println!(
            "  {name:<40} {median:>10.1} {fastest:>10.1} {:>9} {:>9}",
            ratio(python),
            ratio(system)
        );
    }
}

fn main() {
    println!("{ROUNDS} rounds; the time of one operation");
    const FEW: u32 = 2_000;
    const MANY: u32 = 1_000_000;
    const SOME: u32 = 20_000;
    compare(
        "start a thread and join it",
        &[
            row(Python, "threading.Thread", || python("thread", FEW)),
            row(System, "pthread_create, pthread_join", || {
                each(FEW, bare_thread)
            }),
            row(Ours, "std::thread::spawn", || {
                each(FEW, || thread::spawn(|| ()).join().unwrap())
            }),
            row(Ours, "threads::spawn", || {
                each(FEW, || support::threads::spawn("it", || ()).join().unwrap())
            }),
        ],
    );
    let (mutex, rwlock, atomic) = (Mutex::new(0u64), RwLock::new(0u64), AtomicU64::new(0));
    let lock = || *black_box(&mutex).lock().unwrap() += 1;
    let read = || {
        black_box(*black_box(&rwlock).read().unwrap());
    };
    let write = || *black_box(&rwlock).write().unwrap() += 1;
    let add = || {
        black_box(&atomic).fetch_add(1, Relaxed);
    };
    compare(
        "lock and unlock, nobody else",
        &[
            row(Python, "threading.Lock", || python("lock", MANY)),
            row(Ours, "Mutex", || each(MANY, lock)),
            row(Ours, "RwLock, read", || each(MANY, read)),
            row(Ours, "RwLock, write", || each(MANY, write)),
            row(Ours, "AtomicU64::fetch_add", || each(MANY, add)),
        ],
    );
    compare(
        "the same by two threads at once",
        &[
            row(Python, "threading.Lock", || {
                python("two lockers", MANY / 10)
            }),
            row(Ours, "Mutex", || both(MANY, lock)),
            row(Ours, "RwLock, read", || both(MANY, read)),
            row(Ours, "RwLock, write", || both(MANY, write)),
            row(Ours, "AtomicU64::fetch_add", || both(MANY, add)),
        ],
    );
    compare(
        "an item from thread to thread",
        &[
            row(Python, "queue.Queue", || python("Queue", MANY / 10)),
            row(Ours, "Python's queue.SimpleQueue", || {
                python("SimpleQueue", MANY / 10)
            }),
            row(System, "write to an eventfd (nobody reads)", || {
                eventfd_write(MANY / 10)
            }),
            row(Ours, "std::sync::mpsc", || {
                let (sender, receiver) = mpsc::channel();
                sent(
                    MANY,
                    move |n| sender.send(n).unwrap(),
                    move || receiver.recv().unwrap(),
                )
            }),
            row(Ours, "crossbeam, unbounded", || {
                let (sender, receiver) = support::crossbeam::channel::unbounded();
                sent(
                    MANY,
                    move |n| sender.send(n).unwrap(),
                    move || receiver.recv().unwrap(),
                )
            }),
            row(Ours, "crossbeam, bounded(1000)", || {
                let (sender, receiver) = support::crossbeam::channel::bounded(1000);
                sent(
                    MANY,
                    move |n| sender.send(n).unwrap(),
                    move || receiver.recv().unwrap(),
                )
            }),
        ],
    );
    compare(
        "to another thread and back, which sleeps",
        &[
            row(Python, "two queue.SimpleQueues", || {
                python("there and back", SOME)
            }),
            row(System, "futex wake, futex wait", || {
                futex_there_and_back(SOME)
            }),
            row(Ours, "two std::sync::mpsc", || mpsc_there_and_back(SOME)),
            row(Ours, "two crossbeam channels", || {
                crossbeam_there_and_back(SOME)
            }),
        ],
    );
}
