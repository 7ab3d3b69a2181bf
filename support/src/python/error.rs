//! Why a program did not run to a good end.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use timeline::trace::How;

/// Why a program did not run to a good end, in one sentence.
///
/// ```
/// use support::python::{Error, python};
///
/// let error = python("pool.py").try_run().unwrap_err();
/// let told = "pool.py ended with exit code 1: IndexError: list index out of range";
/// assert_eq!(error.to_string(), told);
/// assert!(matches!(error, Error::Ended { status, .. } if status.code() == Some(1)));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no program of this name.
    #[error("there is no Python program {}{}", .0, places(.0))]
    NoProgram(String),
    /// The interpreter does not start.
    #[error("{}", unstarted(interpreter, source))]
    Interpreter {
        /// Its name or path.
        interpreter: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The program ended, and not well.
    #[error("{program} {}{}", end(*status), why.iter().map(|why| format!(": {why}")).collect::<String>())]
    Ended {
        /// The program's name.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The last line that it wrote to stderr.
        why: Option<String>,
    },
    /// The program took longer than it may, and was killed.
    #[error(
        "{program} did not end within {limit:?} and was killed with all that it had started: give it longer by .limit(…)"
    )]
    Limit {
        /// The program's name.
        program: String,
        /// How long it may take.
        limit: Duration,
    },
    /// The system failed the caller.
    #[error("{program} cannot be run: {source}")]
    System {
        /// The program's name.
        program: String,
        /// What the system says.
        source: io::Error,
    },
}

impl Error {
    pub(super) fn ended(program: &str, status: ExitStatus, stderr: &str) -> Error {
        let mut lines = stderr.lines().map(str::trim).filter(|it| !it.is_empty());
        Error::Ended {
            program: program.to_string(),
            status,
            why: lines.next_back().map(str::to_string),
        }
    }
}

/// Where a program was looked for that is given without a folder.
fn places(program: &str) -> &'static str {
    match program.contains('/') {
        true => "",
        false => ": neither in python/ here nor in python/ beside the notebooks",
    }
}

fn unstarted(interpreter: &Path, source: &io::Error) -> String {
    let name = interpreter.display();
    match source.kind() {
        io::ErrorKind::NotFound => format!(
            "there is no Python interpreter {name}: install Python 3 (Debian and Ubuntu: apt-get install python3)"
        ),
        _ => format!("the Python interpreter {name} cannot be started: {source}"),
    }
}

fn end(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("ended with exit code {code}"),
        None => format!(
            "was ended by {}",
            How::Signalled(status.signal().unwrap_or(0))
        ),
    }
}
