//! A server that is a Python program.

use std::fmt;
use std::time::Duration;

use ::web::{Runs, Server};

use crate::python::{Error, Python, Started};

/// A program that was started, and the process that it is.
struct Program {
    started: Started,
    pid: i32,
}

/// Serves with a Python program, in a process of its own.
///
/// The program's first line tells where, in the words of the tutorial's: `Server started at
/// http://127.0.0.1:8000... (process 123)`. On SIGTERM it is to answer what it has begun, and
/// end. It ends with the handle, and with this process however that ends.
///
/// ```no_run
/// use support::{python::python, web};
///
/// // aiohttp is in the environment that `cargo lab setup` makes.
/// let server = web::aiohttp(python("web_server.py").arg(0.5));
/// assert_eq!(web::get(&server.at("/")).unwrap().body, "<h1>Index</h1>");
/// ```
///
/// # Panics
///
/// With the sentence that [`try_aiohttp`] gives as its error.
#[track_caller]
pub fn aiohttp(program: Python) -> Server {
    try_aiohttp(program).unwrap_or_else(|error| panic!("{error}"))
}

/// As [`aiohttp`], where the lack of Python or of a module is an error that one can handle.
///
/// Blocks until the program has printed its first line, for the limit of
/// [`Python::limit`] at most.
///
/// # Errors
///
/// If there is no such program or no Python, or if the program ended (its last line on stderr
/// tells why), or was silent until the limit, or said something else.
///
/// ```
/// use support::{python::python, web};
///
/// let failed = web::try_aiohttp(python("info.py")).unwrap_err();
/// let told = "the Python program did not say where it serves, but \"main line\"";
/// assert_eq!(failed.to_string(), told);
/// ```
pub fn try_aiohttp(program: Python) -> Result<Server, ProgramError> {
    let started = program.start().map_err(ProgramError::Python)?;
    let line = &started.first_line;
    let Some((port, pid)) = place(line) else {
        return Err(ProgramError::Place(line.clone()));
    };
    Ok(Server::new("aiohttp", port, Program { started, pid }))
}

/// Port and process of "Server started at http://127.0.0.1:8000... (process 123)".
fn place(line: &str) -> Option<(u16, i32)> {
    let rest = line.strip_prefix("Server started at http://127.0.0.1:")?;
    let (port, rest) = rest.split_once("... (process ")?;
    Some((port.parse().ok()?, rest.strip_suffix(')')?.parse().ok()?))
}

impl Runs for Program {
    fn pids(&self) -> Vec<i32> {
        vec![self.pid]
    }

    fn stop(&mut self, limit: Duration) -> bool {
        // What is left of it is ended with this.
        self.started.stop(limit)
    }
}

/// Why a Python program does not serve, in a sentence that says what helps.
///
/// ```
/// use support::python::python;
/// use support::web::{ProgramError, try_aiohttp};
///
/// let error = try_aiohttp(python("no such")).unwrap_err();
/// assert!(matches!(error, ProgramError::Python(_)));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ProgramError {
    /// It does not run.
    Python(Error),
    /// It runs, and this is what it said in place of where it serves.
    Place(String),
}

impl fmt::Display for ProgramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProgramError::Python(error) if error.to_string().contains("No module named") => write!(
                f,
                "{error} (`cargo lab setup` installs it into the notebooks' environment)"
            ),
            ProgramError::Python(error) => error.fmt(f),
            ProgramError::Place(line) => write!(
                f,
                "the Python program did not say where it serves, but {line:?}"
            ),
        }
    }
}

impl std::error::Error for ProgramError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ProgramError::Python(error) => Some(error),
            ProgramError::Place(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    #[test]
    fn the_first_line_tells_port_and_process() {
        let line = "Server started at http://127.0.0.1:8000... (process 123)";
        assert_eq!(place(line), Some((8000, 123)));
        for other in [
            "Server started at http://0.0.0.0:8000... (process 123)",
            "Server started at http://127.0.0.1:80000... (process 123)",
            "Server started at http://127.0.0.1:8000...",
            "",
        ] {
            assert_eq!(place(other), None, "{other}");
        }
    }

    #[test]
    fn what_lacks_a_module_says_how_to_get_it() {
        let why = "ModuleNotFoundError: No module named 'aiohttp'";
        let error = ProgramError::Python(Error::Ended {
            program: "web_server.py".to_string(),
            status: ExitStatus::from_raw(1 << 8),
            why: Some(why.to_string()),
        });
        let told = format!("web_server.py ended with exit code 1: {why} (`cargo lab setup`");
        assert!(error.to_string().starts_with(&told), "{error}");
    }
}
