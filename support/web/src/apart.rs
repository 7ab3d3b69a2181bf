//! An axum server in a process of its own, on one thread.

use std::net::TcpListener;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use axum::Router;
use tokio::net::unix::pipe;
use tokio::runtime::Builder;

use crate::child::Children;
use crate::error::Error;
use crate::server::Server;
use crate::{limits, tasks};

/// Who wants a limit kills the child.
const NO_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Serves this router in a child process, on one thread: an event loop of its own.
///
/// As [`serve_on`](crate::serve_on) in all else. Its memory is its own, so [`Server::memory`] tells what
/// connections cost; what its handlers change, they change in the child. It ends with its handle,
/// and with this process however that ends.
///
/// # Panics
///
/// If the system has no port, process or descriptor left.
///
/// ```
/// use axum::{Router, routing::get};
///
/// let server = web::serve_apart(Router::new().route("/", get(async || "hello")));
/// assert_eq!(web::get(&server.url()).unwrap().body, "hello");
/// assert_ne!(server.pids(), [std::process::id() as i32]);
/// ```
#[track_caller]
pub fn serve_apart(router: Router) -> Server {
    start(router).unwrap_or_else(|error| panic!("{error}"))
}

fn start(router: Router) -> Result<Server, Error> {
    let (listener, port) = limits::listen(0)?;
    let mut children = Children::new()?;
    children.start("axum", &listener, &|listener, stop, ready| {
        run(listener, stop, ready, router.clone());
    })?;
    Ok(Server::new("axum, apart", port, children))
}

/// In the child.
fn run(listener: &TcpListener, stop: BorrowedFd, ready: &dyn Fn(), router: Router) {
    let runtime = Builder::new_current_thread().enable_all().build();
    let served = runtime.and_then(|runtime| {
        let listener = listener.try_clone()?;
        let stop = stop.try_clone_to_owned()?;
        runtime.block_on(async {
            let stop = pipe::Receiver::from_owned_fd(stop)?;
            ready();
            let stopping = async {
                let _ = stop.readable().await;
                NO_LIMIT
            };
            tasks::serve(listener, router, stopping).await
        })
    });
    if let Err(error) = served {
        panic!("the server cannot run: {error}");
    }
}
