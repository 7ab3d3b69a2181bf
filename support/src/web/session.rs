//! A server on the runtime of the session.

use ::web::{Error, Server, serve_on};
use axum::Router;

use crate::runtime;

/// Serves this router on the runtime of the session, on a port that the system chooses.
///
/// Returns at once; the server goes on behind the cells, until [`Server::stop`], or until its
/// handle is dropped (as it is when the cell that made it is run again), or until the kernel ends.
/// All else is as with [`serve_on`].
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
/// assert_eq!(server.pids(), [std::process::id() as i32]);
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
    serve_on(runtime::handle(), port, router)
}
