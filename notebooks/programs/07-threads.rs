//! Named threads borrow their data and hand back a result, or their panic.
//!
//! A thread for each station adds up what was measured there. Look at the order in
//! which they are done, at how long all of them took together, and at the one that
//! panics: the others go on, and whoever joins it decides what that means.

use std::any::Any;
use std::panic;
use std::thread;
use std::time::{Duration, Instant};

struct Station {
    name: &'static str,
    delay: u64, // in milliseconds
    readings: [&'static str; 3],
}

fn my_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_string()
}

/// Panics at a reading that is no number.
fn total(station: &Station) -> i32 {
    thread::sleep(Duration::from_millis(station.delay)); // the way there and back
    let number =
        |reading: &&str| reading.parse::<i32>().expect("a reading is a number");
    let total = station.readings.iter().map(number).sum();
    println!("{} is done", my_name());
    total
}

/// The text that was given to `panic!`, out of what `join` returns.
fn message(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
        (Some(formatted), _) => formatted,
        (_, Some(literal)) => literal,
        _ => "no text",
    }
}

/// What each station's thread returned, in the order of the stations.
fn totals(stations: &[Station]) -> std::io::Result<Vec<thread::Result<i32>>> {
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for station in stations {
            let named = thread::Builder::new().name(station.name.to_string());
            // The scope ends after its threads, so they may borrow
            // `stations`: no clone, no `Arc`.
            threads.push(named.spawn_scoped(scope, || total(station))?);
        }
        Ok(threads.into_iter().map(|thread| thread.join()).collect())
    })
}

fn main() -> std::io::Result<()> {
    let stations = [
        Station {
            name: "Oslo",
            delay: 120,
            readings: ["-3", "1", "4"],
        },
        Station {
            name: "Rome",
            delay: 80,
            readings: ["14", "n/a", "16"],
        },
        Station {
            name: "Lima",
            delay: 40,
            readings: ["21", "19", "20"],
        },
    ];
    let begin = Instant::now();
    panic::set_hook(Box::new(|_| println!("{} panics", my_name())));
    let results = totals(&stations)?;
    drop(panic::take_hook()); // from here on, std reports panics on stderr again
    let delays: u64 = stations.iter().map(|station| station.delay).sum();
    println!("{delays} ms of waiting took {:.0?}", begin.elapsed());

    for (station, result) in stations.iter().zip(&results) {
        match result {
            Ok(total) => println!("{}: {total}", station.name),
            Err(panic) => println!("{}: panicked, {}", station.name, message(&**panic)),
        }
    }
    let totals: Vec<Option<i32>> = results.into_iter().map(Result::ok).collect();
    assert_eq!(totals, [Some(2), None, Some(60)]);
    Ok(())
}
