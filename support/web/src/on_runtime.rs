//! A server on a runtime that is there.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::error::Error;
use crate::server::{Runs, Server};
use crate::{limits, tasks};

/// What a server may take beyond its limit to end in good order.
const GRACE: Duration = Duration::from_secs(1);

struct Tasks {
    /// None once it was told.
    stop: Option<oneshot::Sender<Duration>>,
    /// Behind a lock only because a handle may be looked at by several threads.
    ended: Mutex<Receiver<bool>>,
}

/// Serves this router on a tokio runtime that is there, and on this port; port 0 has the system
/// choose one.
///
/// Returns at once; the server goes on until [`Server::stop`], or until its handle is dropped, or
/// until the runtime ends. The runtime needs its drivers of I/O and time, and somebody who runs its
/// tasks: one with threads of its own does that itself. A task of a runtime with a single thread that
/// stops the server waits for what nobody does meanwhile, until the limit has passed.
///
/// A connection is a task. A client has 30 seconds to send a request's head, of 64 KiB at most
/// (answered with 431). A handler that panics ends its own connection.
///
/// # Errors
///
/// If the port is in use, or not for ordinary users.
///
/// ```
/// use axum::{Router, routing::get};
///
/// let runtime = tokio::runtime::Runtime::new()?;
/// let pages = Router::new().route("/", get(async || "hello"));
/// let server = web::serve_on(runtime.handle(), 0, pages)?;
/// assert_eq!(web::get(&server.url())?.body, "hello");
/// assert!(server.stop().in_time);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn serve_on(runtime: &Handle, port: u16, router: Router) -> Result<Server, Error> {
    let (listener, port) = limits::listen(port)?;
    let (stop, stopping) = oneshot::channel();
    let (end, ended) = channel();
    runtime.spawn(async move {
        let stopping = async { stopping.await.unwrap_or_default() };
        let in_time = tasks::serve(listener, router, stopping).await;
        // The handle may be gone.
        let _ = end.send(in_time.unwrap_or(false));
    });
    let stop = Some(stop);
    Ok(Server::new(
        "axum",
        port,
        Tasks {
            stop,
            ended: Mutex::new(ended),
        },
    ))
}

impl Runs for Tasks {
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
