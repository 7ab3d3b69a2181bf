//! The runtime itself: one for each process, made at first use.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use crossbeam::channel::bounded;
use tokio::runtime::{Builder, Handle, Runtime};

use super::running::Main;
use processes::latest::Latest;

/// How long to wait for the workers' threads; they are there within a millisecond.
const LIMIT: Duration = Duration::from_secs(2);

/// Not a lock: a forked child would find one held for ever that another thread held at the fork.
static SESSION: Latest<Session> = Latest::new();

struct Session {
    pid: u32,
    handle: Handle,
}

/// tokio's handle to the runtime, for whatever wants one.
///
/// ```
/// let task = support::runtime::handle().spawn(async { 1 + 1 });
/// assert_eq!(support::runtime::block_on(task).unwrap(), 2);
/// ```
pub fn handle() -> &'static Handle {
    let pid = std::process::id();
    let known = SESSION.get();
    match known {
        Some(session) if session.pid == pid => &session.handle,
        _ => make(pid, known),
    }
}

/// Polls a future on the calling thread until it is ready.
#[inline(never)]
pub(super) fn drive(future: Main) {
    handle().block_on(future);
}

/// Makes the runtime in place of the one that is `known`: none, or that of a process which this
/// one was forked from. That one is left alone, as its threads are not here.
#[cold]
fn make(pid: u32, known: Option<&'static Session>) -> &'static Handle {
    let runtime = build().unwrap_or_else(|error| panic!("cannot start the runtime: {error}"));
    let handle = runtime.handle().clone();
    match SESSION.replace(known, Session { pid, handle }) {
        // It lives as long as the process.
        true => std::mem::forget(runtime),
        // Another thread was first. These threads end by themselves: this may be no place to wait
        // for them.
        false => runtime.shutdown_background(),
    }
    self::handle()
}

fn build() -> std::io::Result<Runtime> {
    let workers = crate::cpus::count().max(2);
    let started = Arc::new(AtomicUsize::new(0));
    let runtime = Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name_fn(move || match started.fetch_add(1, SeqCst) {
            n if n < workers => format!("worker {}", n + 1),
            n => format!("blocking {}", n + 1 - workers),
        })
        .enable_all()
        .build()?;
    let handle = runtime.handle();
    await_workers(handle, workers);
    Ok(runtime)
}

/// Waits until each worker has a thread. tokio's threads take the first work that they find: one
/// that was started for a blocking closure might become a worker, and bear the wrong name.
fn await_workers(handle: &Handle, workers: usize) {
    let (here, arrived) = bounded(workers);
    let (all_are, wait) = bounded::<()>(0);
    for _ in 0..workers {
        let (here, wait) = (here.clone(), wait.clone());
        // Each keeps its worker until all have one.
        handle.spawn(async move {
            let _ = here.send(());
            let _ = wait.recv_timeout(LIMIT);
        });
    }
    // If it takes too long, only names are at stake.
    (0..workers).all(|_| arrived.recv_timeout(LIMIT).is_ok());
    drop(all_are);
}
