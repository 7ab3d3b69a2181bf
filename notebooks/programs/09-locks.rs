//! A lost update, a mutex, and two locks in one order
//!
//! Two threads add to one number: without a lock additions are lost, with a `Mutex`
//! none is. Then two threads move money in opposite directions, and each holds the lock
//! that the other one wants. Look at the lost additions, and at the last line: with one
//! order for all, every transfer gets through.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Barrier, Mutex};
use std::thread;

const EACH: u64 = 50_000; // additions of each thread

fn two_threads(add: impl Fn() + Sync) {
    // To start a thread takes long: without the barrier the first might be done
    // before the second begins.
    let start = Barrier::new(2);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                start.wait();
                (0..EACH).for_each(|_| add());
            });
        }
    });
}

/// Each load and each store is whole, but another thread may come between the two.
fn without_a_lock() -> u64 {
    let counter = AtomicU64::new(0);
    two_threads(|| {
        let value = counter.load(Relaxed);
        counter.store(value + 1, Relaxed);
    });
    counter.into_inner()
}

fn with_a_mutex() -> u64 {
    let counter = Mutex::new(0);
    two_threads(|| *counter.lock().unwrap() += 1);
    counter.into_inner().unwrap()
}

struct Account {
    number: u32,
    money: Mutex<i64>,
}

impl Account {
    fn new(number: u32) -> Account {
        let money = Mutex::new(100);
        Account { number, money }
    }
}

/// Takes the giver's lock, and looks whether the other one is free. The barriers make
/// the bad luck certain: both threads hold their first lock while they look. `lock()`
/// would wait for ever here.
fn gets_both(giver: &Account, taker: &Account, both: &Barrier) -> bool {
    let _giver = giver.money.lock().unwrap();
    both.wait();
    let is_free = taker.money.try_lock().is_ok();
    both.wait();
    is_free
}

/// The account with the smaller number is locked first, whichever way the money goes.
/// So whoever has the first lock never stands behind somebody who waits for it.
fn transfer(giver: &Account, taker: &Account, amount: i64) {
    let (first, second, change) = if giver.number < taker.number {
        (giver, taker, -amount)
    } else {
        (taker, giver, amount)
    };
    let (mut first, mut second) =
        (first.money.lock().unwrap(), second.money.lock().unwrap());
    *first += change;
    *second -= change;
}

fn main() {
    // An update is lost by bad luck, so there are many rounds, up to the first
    // that loses something.
    let mut rounds = (0..200).map(|_| without_a_lock());
    let sum = rounds.find(|sum| *sum < 2 * EACH).unwrap_or(2 * EACH);
    let lost = 2 * EACH - sum;
    println!("100000 additions without a lock: {sum}, {lost} are lost");
    let sum = with_a_mutex();
    println!("100000 additions with a mutex: {sum}");
    assert_eq!(sum, 2 * EACH);

    let [ada, bob] = [1, 2].map(Account::new);
    let both = Barrier::new(2);
    let got = thread::scope(|scope| {
        let right = scope.spawn(|| gets_both(&bob, &ada, &both));
        [gets_both(&ada, &bob, &both), right.join().unwrap()]
    });
    println!("the giver's lock first: does each thread get both locks? {got:?}");
    assert_eq!(got, [false, false], "each holds what the other one wants");

    thread::scope(|scope| {
        scope.spawn(|| (0..1000).for_each(|_| transfer(&ada, &bob, 3)));
        scope.spawn(|| (0..1000).for_each(|_| transfer(&bob, &ada, 2)));
    });
    let [ada, bob] = [ada, bob].map(|account| account.money.into_inner().unwrap());
    println!("one order for all, 2000 transfers: Ada has {ada}, Bob has {bob}");
    assert_eq!((ada, bob), (-900, 1100));
}
