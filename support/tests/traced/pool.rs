//! Pools in a trace.

use support::nix::sys::signal::{Signal, raise};
use support::processes::{Exit, pool::TaskError};
use support::timeline::trace::{How, Trace};
use support::traced::TraceExt;

#[test]
fn the_picture_shows_a_killed_workers_end_and_its_successor() {
    let trace = Trace::new();
    let pool = trace.pool(2, |trace, n: u32| {
        trace.in_span("task", || {
            if n == 1 {
                raise(Signal::SIGKILL).unwrap();
            }
        });
        n
    });
    assert_eq!(
        pool.chunks_of(1).outcomes(0..6)[1],
        Err(TaskError::Died(Exit::Signal(Signal::SIGKILL)))
    );
    pool.close();
    pool.join();
    let lanes = trace.lanes();
    let ends: Vec<_> = lanes
        .iter()
        .filter(|lane| lane.name.starts_with("worker"))
        .map(|lane| (lane.name.as_str(), lane.end.unwrap().how))
        .collect();
    assert_eq!(ends.len(), 3, "{ends:?}");
    let killed = ends
        .iter()
        .filter(|(_, how)| *how == How::Signalled(9))
        .count();
    assert_eq!(killed, 1, "{ends:?}");
    assert!(ends.contains(&("worker 3", How::Returned)), "{ends:?}");
}
