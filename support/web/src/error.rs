//! Why there is no server, no answer or no load.

use std::fmt;
use std::io;

/// Why there is no server, no answer or no load, in a sentence that says what helps.
///
/// ```
/// use axum::Router;
/// use web::{Error, serve_on};
///
/// let runtime = tokio::runtime::Runtime::new()?;
/// let first = serve_on(runtime.handle(), 0, Router::new())?;
/// let port = first.port();
/// let error = serve_on(runtime.handle(), port, Router::new()).unwrap_err();
/// assert!(error.to_string().starts_with(&format!("port {port} of 127.0.0.1 is in use")));
/// assert!(matches!(error, Error::Listen { .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Nobody can listen on this port.
    Listen {
        /// The port that was asked for: 0 for any.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// This is no URL of a server on this machine.
    Url(String),
    /// The server at this URL has not answered.
    Answer {
        /// What was asked for.
        url: String,
        /// What came of it; of kind `InvalidData` if what came was no whole answer.
        source: io::Error,
    },
    /// A process cannot have descriptors for so many connections.
    Descriptors {
        /// The connections of each process.
        connections: usize,
        /// The descriptors that it would need for them.
        needed: usize,
        /// The descriptors that it may have.
        limit: usize,
        /// The connections that all processes together have room for.
        room: usize,
    },
    /// The system has fewer ports than the connections would need.
    Ports {
        /// The connections that were asked for.
        connections: usize,
        /// The ports that there are.
        ports: usize,
    },
    /// The system gives no process for a server or a client.
    Process(io::Error),
    /// A process has been started and does not do its work; how it ended, if it has.
    Died(Option<processes::Exit>),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Listen { port, source } => match source.kind() {
                io::ErrorKind::AddrInUse => write!(
                    f,
                    "port {port} of 127.0.0.1 is in use: stop the server that has it, in this notebook or in another program, or let the system choose a port by asking for port 0"
                ),
                io::ErrorKind::PermissionDenied => write!(
                    f,
                    "port {port} of 127.0.0.1 is for privileged programs: ask for one from 1024 on, or let the system choose by asking for port 0"
                ),
                _ => write!(f, "nobody can listen on port {port} of 127.0.0.1: {source}"),
            },
            Error::Url(url) => write!(
                f,
                "{url:?} is no URL such as http://127.0.0.1:8000/hello: only servers on this machine are asked"
            ),
            Error::Answer { url, source } => write!(f, "no answer from {url}: {source}"),
            Error::Descriptors {
                connections,
                needed,
                limit,
                room,
            } => write!(
                f,
                "{connections} connections need {needed} descriptors in one process, and the hard limit is {limit} (ulimit -Hn): ask for {room} connections at most, or have the limit raised"
            ),
            Error::Ports { connections, ports } => write!(
                f,
                "{connections} connections to one port need as many ports of their own, and the system has {ports} (net.ipv4.ip_local_port_range): ask for fewer"
            ),
            Error::Process(source) => write!(f, "no process for a server or a client: {source}"),
            Error::Died(None) => f.write_str("a process was started and did not begin its work"),
            Error::Died(Some(exit)) => write!(f, "a client ended without its report: {exit}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Listen { source, .. } | Error::Answer { source, .. } => Some(source),
            Error::Process(source) => Some(source),
            _ => None,
        }
    }
}
