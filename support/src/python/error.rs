//! Why a program did not run to a good end.

use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
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
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// There is no program of this name.
    NoProgram(String),
    /// The interpreter does not start.
    Interpreter {
        /// Its name or path.
        interpreter: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The program ended, and not well.
    Ended {
        /// The program's name.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The last line that it wrote to stderr.
        why: Option<String>,
    },
    /// The program took longer than it may, and was killed.
    Limit {
        /// The program's name.
        program: String,
        /// How long it may take.
        limit: Duration,
    },
    /// The system failed the caller.
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

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoProgram(program) => {
                write!(f, "there is no Python program {program}")?;
                match program.contains('/') {
                    true => Ok(()),
                    false => {
                        f.write_str(": neither in python/ here nor in python/ beside the notebooks")
                    }
                }
            }
            Error::Interpreter {
                interpreter,
                source,
            } => {
                let name = interpreter.display();
                match source.kind() {
                    io::ErrorKind::NotFound => write!(
                        f,
                        "there is no Python interpreter {name}: install Python 3 (Debian and Ubuntu: apt-get install python3)"
                    ),
                    _ => write!(
                        f,
                        "the Python interpreter {name} cannot be started: {source}"
                    ),
                }
            }
            Error::Ended {
                program,
                status,
                why,
            } => {
                match status.code() {
                    Some(code) => write!(f, "{program} ended with exit code {code}")?,
                    None => {
                        let signal = How::Signalled(status.signal().unwrap_or(0));
                        write!(f, "{program} was ended by {signal}")?;
                    }
                }
                why.iter().try_for_each(|why| write!(f, ": {why}"))
            }
            Error::Limit { program, limit } => write!(
                f,
                "{program} did not end within {limit:?} and was killed with all that it had started: give it longer by .limit(…)"
            ),
            Error::System { program, source } => write!(f, "{program} cannot be run: {source}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Interpreter { source, .. } | Error::System { source, .. } => Some(source),
            _ => None,
        }
    }
}
