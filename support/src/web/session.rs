//! A server on the runtime of the session.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use tokio::sync::oneshot;

use super::error::Error;
use super::server::{Runs, Server};
use super::{limits, tasks};
use crate::runtime;

/// What a server may take beyond its limit to end in good order.
const GRACE: Duration = Duration::from_secs(1);

struct Session {
    /// None once it was told.
    stop: Option<oneshot::Sender<Duration>>,
    /// Behind a lock only because a handle may be looked at by several threads.
    ended: Mutex<Receiver<bool>>,
}

/// Serves this router on the runtime of the session, on a port that the system chooses.
///
/// Returns at once; the server goes on behind the cells, until [`Server::stop`], or until its
/// handle is dropped (as it is when the cell that made it is run again), or until the kernel ends.
///
/// A connection is a task. A client has 30 seconds to send a request's head, of 64 KiB at most
/// (answered with 431). A handler that panics ends its own connection.
///
/// # Panics
///
/// If the system has no port left.
///
/// ```
/// use support::axum::{Router, routing::get};
/// use support::web;
///
/// let server = web::serve(Router::new().route("/", get(async || "hello")));
/// assert_eq!(web::get(&server.url()).unwrap().status, 200);
/// ```
#[track_caller]
pub fn serve(router: Router) -> Server {
    try_serve(0, router).unwrap_or_else(|error| panic!("{error}"))
}

/// As [`serve`], on this port; port 0 has the system choose one.
///
/// # Errors
///
/// If the port is in use, or not for ordinary users.
///
/// ```
/// use support::axum::Router;
/// use support::web;
///
/// let port = web::serve(Router::new()).port(); // and stops at once: its port is free
/// let server = web::try_serve(port, Router::new())?;
/// assert_eq!(server.port(), port);
/// # Ok::<(), web::Error>(())
/// ```
pub fn try_serve(port: u16, router: Router) -> Result<Server, Error> {
    let (listener, port) = limits::listen(port)?;
    let (stop, stopping) = oneshot::channel();
    let (end, ended) = channel();
    runtime::handle().spawn(async move {
        let stopping = async { stopping.await.unwrap_or_default() };
        let in_time = tasks::serve(listener, router, stopping).await;
        // The handle may be gone.
        let _ = end.send(in_time.unwrap_or(false));
    });
    let stop = Some(stop);
    Ok(Server::new(
        "axum",
        port,
        Session {
            stop,
            ended: Mutex::new(ended),
        },
    ))
}

impl Runs for Session {
    fn pids(&self) -> Vec<i32> {
        vec![std::process::id() as i32]
    }

    fn stop(&mut self, limit: Duration) -> bool {
        let told = self.stop.take().map(|stop| stop.send(limit));
        let wait = limit.saturating_add(GRACE);
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        told == Some(Ok(())) && ended.recv_timeout(wait).unwrap_or(false)
    }
}
