//! Why a program did not run to a good end.

use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use timeline::trace::How;

/// Why a program did not run to a good end, in one sentence.
///
/// ```
/// let failed = support::python::python("pool.py").try_run().unwrap_err();
/// let told = "pool.py ended with exit code 1: IndexError: list index out of range";
/// assert_eq!(failed.to_string(), told);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Failed(String);

impl Failed {
    pub(super) fn no_program(program: &str) -> Failed {
        Failed(if program.contains('/') {
            format!("there is no Python program {program}")
        } else {
            format!(
                "there is no Python program {program}: neither in python/ here nor in python/ beside the notebooks"
            )
        })
    }

    pub(super) fn not_started(interpreter: &Path, error: &io::Error) -> Failed {
        let name = interpreter.display();
        Failed(match error.kind() {
            io::ErrorKind::NotFound => format!(
                "there is no Python interpreter {name}: install Python 3 (Debian and Ubuntu: apt-get install python3)"
            ),
            _ => format!("the Python interpreter {name} cannot be started: {error}"),
        })
    }

    pub(super) fn ended(program: &str, status: ExitStatus, stderr: &str) -> Failed {
        let how = match (status.code(), status.signal()) {
            (Some(code), _) => format!("ended with exit code {code}"),
            (None, signal) => format!("was ended by {}", How::Signalled(signal.unwrap_or(0))),
        };
        let mut lines = stderr.lines().filter(|line| !line.trim().is_empty());
        let why = lines
            .next_back()
            .map_or(String::new(), |line| format!(": {}", line.trim()));
        Failed(format!("{program} {how}{why}"))
    }

    pub(super) fn limit(program: &str, limit: Duration) -> Failed {
        Failed(format!(
            "{program} did not end within {limit:?} and was killed with all that it had started: give it longer by .limit(…)"
        ))
    }

    pub(super) fn system(program: &str, error: &io::Error) -> Failed {
        Failed(format!("{program} cannot be run: {error}"))
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
