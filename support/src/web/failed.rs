//! Why there is no server, or no load.

use std::fmt;
use std::io;

/// Why a server could not be started or a load not be put on it, in one sentence.
///
/// ```
/// use support::axum::Router;
/// use support::web;
///
/// let first = web::serve(Router::new());
/// let failed = web::try_serve(first.port(), Router::new()).unwrap_err();
/// assert!(failed.to_string().ends_with("or let the system choose a port by asking for port 0"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Failed(String);

impl Failed {
    pub(super) fn new(sentence: impl Into<String>) -> Failed {
        Failed(sentence.into())
    }

    pub(super) fn bind(port: u16, error: &io::Error) -> Failed {
        Failed(match error.kind() {
            io::ErrorKind::AddrInUse => format!(
                "port {port} of 127.0.0.1 is in use: stop the server that has it, in this notebook or in another program, or let the system choose a port by asking for port 0"
            ),
            io::ErrorKind::PermissionDenied => format!(
                "port {port} of 127.0.0.1 is for privileged programs: ask for one from 1024 on, or let the system choose by asking for port 0"
            ),
            _ => format!("nobody can listen on port {port} of 127.0.0.1: {error}"),
        })
    }

    pub(super) fn system(what: &str, error: impl fmt::Display) -> Failed {
        Failed(format!("{what}: {error}"))
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// As it is displayed, so that `unwrap` tells it in the same words.
impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}
