//! The handle to a server, wherever that runs.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use crate::limits;
use figures::units::human;

/// How long a server may take to answer what it has begun, once it is told to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// What runs behind a [`Server`]: to be implemented for a server of one's own, which
/// [`Server::new`] then gives the same handle as those of this crate.
pub trait Runs: Send + Sync {
    /// The processes that serve.
    fn pids(&self) -> Vec<i32>;
    /// Takes no more connections, lets those that wait for an answer have it, and has ended when
    /// it returns, a moment after the limit at the latest. True if nothing was cut off.
    ///
    /// Called once at most, and only in the process that made the handle.
    fn stop(&mut self, limit: Duration) -> bool;
}

/// A server that runs; made by [`serve_on`](crate::serve_on) and its siblings. Dropped, it stops at once.
///
/// ```
/// use web::Site;
///
/// let server = web::threads(Site::new().page("/", |_| "hello".to_string()));
/// assert_eq!(web::get(&server.at("/")).unwrap().body, "hello");
/// assert!(server.stop().in_time);
/// ```
#[must_use = "dropped, it stops"]
pub struct Server {
    name: &'static str,
    port: u16,
    /// The process that started it: a copy in a forked child is nobody's to stop.
    owner: u32,
    /// None once it was stopped.
    running: Option<Box<dyn Runs>>,
}

impl Server {
    /// A handle to a server of one's own on 127.0.0.1, which is listening already: one that is made
    /// in a way that this crate does not have, or that is a program of its own.
    ///
    /// ```
    /// use std::time::Duration;
    /// use web::{Runs, Server, Site};
    ///
    /// /// Somebody else has started it, and will stop it.
    /// struct Elsewhere;
    ///
    /// impl Runs for Elsewhere {
    ///     fn pids(&self) -> Vec<i32> {
    ///         Vec::new()
    ///     }
    ///
    ///     fn stop(&mut self, _: Duration) -> bool {
    ///         true
    ///     }
    /// }
    ///
    /// let there = web::threads(Site::new());
    /// let server = Server::new("elsewhere", there.port(), Elsewhere);
    /// assert_eq!(web::get(&server.at("/")).unwrap().status, 404);
    /// ```
    pub fn new(name: &'static str, port: u16, running: impl Runs + 'static) -> Server {
        let running = Some(Box::new(running) as Box<dyn Runs>);
        Server {
            name,
            port,
            owner: std::process::id(),
            running,
        }
    }

    /// The port that it listens on.
    ///
    /// ```
    /// let server = web::threads(web::Site::new());
    /// assert!(server.port() > 0);
    /// ```
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address that it listens on: 127.0.0.1, so nobody outside of this machine reaches it.
    ///
    /// ```
    /// let server = web::threads(web::Site::new());
    /// assert!(std::net::TcpStream::connect(server.address()).is_ok());
    /// ```
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// "http://127.0.0.1:" and its port.
    ///
    /// ```
    /// let server = web::threads(web::Site::new());
    /// assert_eq!(server.url(), format!("http://127.0.0.1:{}", server.port()));
    /// ```
    pub fn url(&self) -> String {
        self.at("")
    }

    /// The URL of one of its pages: `server.at("/hello/Ada")`.
    ///
    /// ```
    /// let server = web::threads(web::Site::new());
    /// assert_eq!(server.at("/hello"), format!("{}/hello", server.url()));
    /// ```
    pub fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// The processes that serve: this one, or children of it.
    ///
    /// ```
    /// let server = web::threads(web::Site::new());
    /// assert_eq!(server.pids().len(), 1);
    /// ```
    pub fn pids(&self) -> Vec<i32> {
        self.running.as_ref().map_or(Vec::new(), |it| it.pids())
    }

    /// The memory of its processes together, in bytes: what each of them alone uses, and its share
    /// of what it shares with others (Linux's "Pss"). A server in this process counts all of this
    /// process.
    ///
    /// Reads `/proc`, which takes a millisecond or more for a large process. Zero if the system
    /// does not tell.
    ///
    /// ```
    /// let server = web::threads(web::Site::new());
    /// assert!(server.memory() > 100_000);
    /// ```
    pub fn memory(&self) -> u64 {
        self.pids().into_iter().filter_map(limits::memory).sum()
    }

    /// Stops it: [`Server::stop_within`] five seconds.
    ///
    /// ```
    /// let stopped = web::threads(web::Site::new()).stop();
    /// assert!(stopped.in_time);
    /// ```
    pub fn stop(self) -> Stopped {
        self.stop_within(DRAIN)
    }

    /// Stops it in good order: it takes no more connections, closes those on which nobody waits,
    /// and answers the requests that it has begun. What is unanswered when the limit has passed is
    /// cut off.
    ///
    /// Blocks for that long, and a second more at most. Then its port is free, and its processes
    /// have ended.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let server = web::threads(web::Site::new());
    /// let address = server.address();
    /// assert!(server.stop_within(Duration::from_secs(1)).in_time);
    /// assert!(std::net::TcpListener::bind(address).is_ok());
    /// ```
    pub fn stop_within(mut self, limit: Duration) -> Stopped {
        let begun = Instant::now();
        Stopped {
            in_time: self.end(limit),
            took: begun.elapsed(),
        }
    }

    fn end(&mut self, limit: Duration) -> bool {
        match self.running.take() {
            None => true,
            Some(mut running) if self.owner == std::process::id() => running.stop(limit),
            Some(copy) => {
                // Not even dropped: that, too, would reach the server.
                std::mem::forget(copy);
                false
            }
        }
    }
}

/// Stops it without a thought for those who wait.
impl Drop for Server {
    fn drop(&mut self) {
        self.end(Duration::ZERO);
    }
}

/// "axum at http://127.0.0.1:8000".
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.name, self.url())
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("name", &self.name)
            .field("port", &self.port)
            .finish()
    }
}

/// How a server stopped; made by [`Server::stop`].
///
/// ```
/// let stopped = web::threads(web::Site::new()).stop();
/// assert!(stopped.to_string().starts_with("stopped after "));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Whether every request that it had begun was answered before the limit.
    pub in_time: bool,
    /// How long that took.
    pub took: Duration,
}

/// "stopped after 480 ms; every request was answered".
impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.in_time {
            true => "every request was answered",
            false => "the limit cut off who was not yet answered",
        };
        let took = human(self.took);
        write!(f, "stopped after {took}; {how}")
    }
}
