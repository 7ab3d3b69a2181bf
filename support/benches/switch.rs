//! What one switch costs, there and back again: a coroutine's resume and yield, beside raw
//! corosensei, async tasks, threads, processes, Python's generator and asyncio.
//!
//! `cargo bench -p support --bench switch`, and with `-- oroutine` only those whose names contain
//! that. Threads and processes are pinned: both to one core, or
//! each to its own.
//!
//! The contestants take turns, so that a busy machine is busy for all of them; printed are the
//! median and the fastest round, and how many times as long as our coroutine it takes.

use std::future::Future;
use std::hint::black_box;
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::pin::{Pin, pin};
use std::process::Command;
use std::sync::mpsc::sync_channel;
use std::sync::{Condvar, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use support::coroutine::Coroutine;
use support::cpus;
use support::nix::sys::wait::{WaitStatus, waitpid};
use support::nix::unistd::{ForkResult, fork};

const ROUNDS: usize = 9;

/// The nanoseconds of one of `count` calls.
fn each(count: u32, mut call: impl FnMut()) -> f64 {
    call();
    let begin = Instant::now();
    (0..count).for_each(|_| call());
    per(count, begin)
}

fn per(count: u32, begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64() * 1e9 / f64::from(count)
}

#[inline(never)]
fn plus_one(n: u64) -> u64 {
    black_box(n) + 1
}

fn call(count: u32) -> f64 {
    let mut n = 0;
    each(count, || n = black_box(plus_one(n)))
}

fn coroutine(count: u32) -> f64 {
    let numbers: Coroutine<u64> = Coroutine::new(|co| {
        for n in 0.. {
            co.yield_(n);
        }
    });
    each(count, || {
        let _ = black_box(numbers.next());
    })
}

fn send(count: u32) -> f64 {
    let double: Coroutine<u64, u64> = Coroutine::new(|co| {
        let mut answer = 0;
        while let Some(n) = co.yield_(answer) {
            answer = 2 * n;
        }
    });
    double.next().unwrap();
    each(count, || {
        let _ = black_box(double.send(black_box(21)));
    })
}

fn corosensei(count: u32) -> f64 {
    let mut numbers = corosensei::Coroutine::<(), u64, ()>::new(|yielder, ()| {
        for n in 0.. {
            yielder.suspend(n);
        }
    });
    each(count, || {
        let _ = black_box(numbers.resume(()).as_yield());
    })
}

/// Not ready every other time that it is asked.
struct Once(bool);

impl Future for Once {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

fn bare_future(count: u32) -> f64 {
    let mut task: Pin<&mut dyn Future<Output = ()>> = pin!(async {
        loop {
            Once(false).await;
        }
    });
    let mut context = Context::from_waker(Waker::noop());
    each(count, || {
        let task = black_box(&mut task);
        assert!(task.as_mut().poll(&mut context).is_pending());
    })
}

/// Two tasks on one loop.
fn tokio(count: u32) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let politely = move || async move {
        for _ in 0..count / 2 {
            tokio::task::yield_now().await;
        }
    };
    runtime.block_on(async {
        let begin = Instant::now();
        let (one, other) = (tokio::spawn(politely()), tokio::spawn(politely()));
        one.await.unwrap();
        other.await.unwrap();
        per(count, begin)
    })
}

/// Which cores the two sides have.
#[derive(Clone, Copy)]
enum Cores {
    One,
    Two,
}

impl Cores {
    fn of(self, side: usize) -> usize {
        match self {
            Cores::One => 0,
            Cores::Two => side % cpus::count(),
        }
    }
}

/// Runs `there` on another thread and times `back` here.
fn threads(cores: Cores, count: u32, there: impl FnMut() + Send, back: impl FnMut() + Send) -> f64 {
    let (mut there, back) = (there, back);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            cpus::pin(cores.of(1));
            // One more, to warm up.
            (0..=count).for_each(|_| there());
        });
        let here = scope.spawn(move || {
            cpus::pin(cores.of(0));
            each(count, back)
        });
        here.join().unwrap()
    })
}

fn channel(cores: Cores, count: u32) -> f64 {
    let (go, gone) = sync_channel::<()>(1);
    let (come, came) = sync_channel::<()>(1);
    threads(
        cores,
        count,
        move || {
            gone.recv().unwrap();
            come.send(()).unwrap();
        },
        move || {
            go.send(()).unwrap();
            came.recv().unwrap();
        },
    )
}

fn condvar(cores: Cores, count: u32) -> f64 {
    let (turn, changed) = (Mutex::new(0), Condvar::new());
    let hand_over = |mine: u32| {
        let guard = turn.lock().unwrap();
        let mut guard = changed.wait_while(guard, |turn| *turn != mine).unwrap();
        *guard = 1 - mine;
        changed.notify_one();
    };
    threads(cores, count, || hand_over(1), || hand_over(0))
}

fn pipes(cores: Cores, count: u32) -> f64 {
    let (mut gone, mut go) = pipe().unwrap();
    let (mut came, mut come) = pipe().unwrap();
    let hand = |to: &mut PipeWriter| to.write_all(&[1]).unwrap();
    let take = |from: &mut PipeReader| from.read_exact(&mut [0]).unwrap();
    // SAFETY: the other threads of this process have ended, so the child may do what it likes.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            cpus::pin(cores.of(1));
            for _ in 0..=count {
                take(&mut gone);
                hand(&mut come);
            }
            // SAFETY: ends the child without running what the parent will run at its end.
            unsafe { support::libc::_exit(0) }
        }
        ForkResult::Parent { child } => {
            let time = std::thread::scope(|scope| {
                let here = scope.spawn(|| {
                    cpus::pin(cores.of(0));
                    each(count, || {
                        hand(&mut go);
                        take(&mut came);
                    })
                });
                here.join().unwrap()
            });
            assert_eq!(waitpid(child, None), Ok(WaitStatus::Exited(child, 0)));
            time
        }
    }
}

/// Three times of each round: a generator by `next`, in a `for` loop, asyncio.
fn python(count: u32) -> [f64; 3] {
    let program = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../notebooks/python/switch_cost.py"
    );
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_string());
    let output = Command::new(python)
        .args([program, "1", &count.to_string()])
        .output()
        .expect("python3 is on the PATH");
    let text = String::from_utf8_lossy(&output.stdout);
    let seconds: Vec<f64> = text.lines().filter_map(|line| line.parse().ok()).collect();
    let seconds: [f64; 3] = seconds.try_into().unwrap_or_else(|_| {
        panic!("Python: {}", String::from_utf8_lossy(&output.stderr));
    });
    seconds.map(|seconds| seconds * 1e9 / f64::from(count))
}

type Contestant = (&'static str, Box<dyn Fn() -> Vec<f64>>);

fn one(name: &'static str, run: impl Fn() -> f64 + 'static) -> Contestant {
    (name, Box::new(move || vec![run()]))
}

const PYTHONS: [&str; 3] = [
    "Python: next(generator)",
    "Python: for _ in generator",
    "Python: asyncio, sleep(0)",
];

fn main() {
    let contestants: Vec<Contestant> = vec![
        one("Coroutine::next", || coroutine(5_000_000)),
        one("Coroutine::send", || send(5_000_000)),
        one("corosensei, raw", || corosensei(5_000_000)),
        one("a call of a function", || call(5_000_000)),
        one("a hand-made future, polled", || bare_future(5_000_000)),
        one("tokio: yield_now, two tasks", || tokio(500_000)),
        one("threads: channel, one core", || channel(Cores::One, 20_000)),
        one("threads: channel, two cores", || {
            channel(Cores::Two, 20_000)
        }),
        one("threads: condvar, one core", || condvar(Cores::One, 20_000)),
        one("threads: condvar, two cores", || {
            condvar(Cores::Two, 20_000)
        }),
        one("processes: pipes, one core", || pipes(Cores::One, 20_000)),
        one("processes: pipes, two cores", || pipes(Cores::Two, 20_000)),
        ("", Box::new(|| python(500_000).to_vec())),
    ];
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let wanted = wanted.unwrap_or_default();
    let mut contestants = contestants;
    contestants.retain(|(name, _)| name.contains(&wanted));
    let mut times = vec![Vec::new(); contestants.len() + 2];
    for _ in 0..ROUNDS {
        let round = contestants.iter().flat_map(|(_, run)| run());
        times
            .iter_mut()
            .zip(round)
            .for_each(|(times, time)| times.push(time));
    }
    let names = contestants.iter().map(|(name, _)| *name);
    let pythons = PYTHONS.into_iter().filter(|_| wanted.is_empty());
    let names = names.filter(|name| !name.is_empty()).chain(pythons);
    times
        .iter_mut()
        .for_each(|times| times.sort_by(f64::total_cmp));
    let ours = times[0][ROUNDS / 2];
    println!("\nthere and back again: {ROUNDS} rounds");
    for (name, times) in names.zip(&times) {
        let (median, best) = (times[ROUNDS / 2], times[0]);
        println!(
            "  {name:<30} {median:>10.1} ns (fastest {best:>9.1} ns)  {:>8.2} × Coroutine::next",
            median / ours
        );
    }
}
