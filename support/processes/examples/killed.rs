//! A worker is killed in the middle of an update, a hundred times, and nothing is ever half done.
//!
//! Two accounts lie in shared memory, and workers move money from one to the other. Done by hand in
//! two steps, a kill between the two loses or makes money. A `Shared` writes the new value beside
//! the old one and makes it valid by one store; its lock is robust, so that the next one who takes
//! it is told that its holder died, and goes on.

use std::time::{Duration, Instant};

use processes::{Counter, Process, Shared};

const ROUNDS: u64 = 100;

fn main() {
    let begin = Instant::now();
    let by_hand = [Counter::new(1000), Counter::new(1000)];
    let torn = (0..ROUNDS)
        .filter(|round| {
            let before = by_hand[0].get() + by_hand[1].get();
            kill_after(*round, || {
                by_hand[0].add(-1);
                by_hand[1].add(1);
            });
            before != by_hand[0].get() + by_hand[1].get()
        })
        .count();
    println!(
        "two steps: torn apart by {torn} of {ROUNDS} kills, the sum is now {}",
        { by_hand[0].get() + by_hand[1].get() }
    );

    let accounts = Shared::new([1000_i64; 2]);
    let moved = Counter::new(0);
    for round in 0..ROUNDS {
        kill_after(round, || {
            accounts.update(|[from, to]| {
                *from -= 1;
                *to += 1;
            });
            moved.add(1);
        });
        let [from, to] = accounts.get();
        assert_eq!(from + to, 2000, "round {round}");
    }
    let [from, to] = accounts.get();
    println!(
        "one store: torn apart by none, {from} + {to} = {}",
        from + to
    );
    let (seen, made) = (moved.get(), to - 1000);
    println!("    {made} moves; the workers had time to count {seen} of them");
    println!(
        "{} workers were killed in {:.1?}",
        2 * ROUNDS,
        begin.elapsed()
    );
}

/// Has a process do this over and over, and kills it at some moment.
fn kill_after(round: u64, step: impl Fn()) {
    let begun = Counter::new(0);
    let worker = Process::spawn("worker", || {
        begun.set(1);
        loop {
            step();
        }
    });
    while begun.get() == 0 {
        std::thread::yield_now();
    }
    std::thread::sleep(Duration::from_micros(round % 50));
    worker.kill();
    worker.join();
}
