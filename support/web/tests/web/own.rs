//! Servers of one's own behind the handle that all have.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use processes::Process;
use web::{Runs, Server};

/// Serves nobody, and writes down how it was stopped.
#[derive(Clone, Default)]
struct Stops(Arc<Mutex<Vec<Duration>>>);

impl Runs for Stops {
    fn pids(&self) -> Vec<i32> {
        vec![std::process::id() as i32]
    }

    fn stop(&mut self, limit: Duration) -> bool {
        self.0.lock().unwrap().push(limit);
        !limit.is_zero()
    }
}

#[test]
fn it_is_stopped_once_with_the_limit_that_was_asked_for() {
    let stops = Stops::default();
    let server = Server::new("own", 80, stops.clone());
    assert_eq!(server.to_string(), "own at http://127.0.0.1:80");
    assert!(server.memory() > 0);
    let limit = Duration::from_millis(20);
    assert!(server.stop_within(limit).in_time);
    assert!(
        !Server::new("own", 80, stops.clone())
            .stop_within(Duration::ZERO)
            .in_time
    );
    drop(Server::new("own", 80, stops.clone()));
    assert_eq!(
        *stops.0.lock().unwrap(),
        [limit, Duration::ZERO, Duration::ZERO]
    );
}

/// Or else a child that ends would stop what its parent's visitors are served by.
#[test]
fn a_copy_in_a_forked_child_does_not_reach_it() {
    let stops = Stops::default();
    let server = Server::new("own", 80, stops.clone());
    let child = Process::spawn("copy", move || {
        drop(server);
        stops.0.lock().unwrap().len() as i32
    });
    assert!(child.join().success(), "{}", child.join());
}
