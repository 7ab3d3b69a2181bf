//! A pipeline of coroutines: each pulls its values from the one before, and nothing is computed that
//! nobody asks for.
//!
//! `cargo run -p support --example coroutine`

use support::coroutine::Coroutine;

fn numbers() -> Coroutine<u64> {
    Coroutine::new(|co| {
        for n in 2.. {
            println!("  numbers yields {n}");
            co.yield_(n);
        }
    })
}

/// What is left of `numbers` without the multiples of a prime: one stage of the sieve.
fn without_multiples_of(prime: u64, numbers: Coroutine<u64>) -> Coroutine<u64> {
    Coroutine::new(move |co| {
        for n in numbers {
            if n % prime != 0 {
                co.yield_(n);
            }
        }
    })
}

fn main() {
    let mut sieve = numbers();
    for _ in 0..5 {
        let prime = sieve.next().expect("there is always one more prime");
        println!("{prime} is prime");
        sieve = without_multiples_of(prime, sieve);
    }
}
