//! What becomes of those who wait for their answers when a server stops: with time enough they are
//! answered, with too little they are cut off. In both cases the port is free again afterwards.
//!
//! `cargo run -p web --example stop`

use std::net::TcpListener;
use std::time::Duration;

use processes::Counter;
use web::{Report, Server, Site, Stopped};

const VISITORS: usize = 20;

/// Stops the server while all of its visitors wait for their answers.
fn stop_under_load(limit: Duration) -> (Report, Stopped) {
    // Shared with the server's process, which adds to it.
    let begun = Counter::new(0);
    let here = begun.clone();
    let server: Server = web::threads(Site::new().page("/", move |_| {
        begun.add(1);
        std::thread::sleep(Duration::from_millis(500));
        "done".to_string()
    }));
    let address = server.address();
    let load = web::load(&server.url(), "done").connections(VISITORS);
    let ended = std::thread::scope(|scope| {
        let report = scope.spawn(|| load.run());
        while here.get() < VISITORS as i64 && !report.is_finished() {
            std::thread::yield_now();
        }
        let stopped = server.stop_within(limit);
        (report.join().expect("a report"), stopped)
    });
    TcpListener::bind(address).expect("a free port");
    ended
}

fn main() {
    for limit in [Duration::from_secs(5), Duration::from_millis(100)] {
        let (report, stopped) = stop_under_load(limit);
        println!(
            "{VISITORS} wait for half a second, and the server has {limit:?} to stop: it {stopped}"
        );
        for line in report.to_string().lines() {
            println!("    {line}");
        }
    }
}
