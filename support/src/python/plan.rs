//! What is to be run, and its process.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{error::Error, minder};

/// The folder of programs in the repository that this library was compiled from.
const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../notebooks/python");

/// So long the minder may take to end what is left, before it is ended itself.
const ENDING: Duration = Duration::from_secs(3);

#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub program: String,
    pub args: Vec<String>,
    pub interpreter: Option<PathBuf>,
    pub limit: Duration,
    pub quiet: bool,
}

impl Plan {
    /// Starts the program, minded, with an empty stdin; `prepare` says where its words go.
    pub fn spawn(&self, prepare: impl FnOnce(&mut Command)) -> Result<Child, Error> {
        let path = self.find()?;
        let interpreter = self.interpreter.clone().unwrap_or_else(|| {
            let named = std::env::var_os("NOTEBOOK_PYTHON").filter(|named| !named.is_empty());
            named.map_or_else(|| PathBuf::from("python3"), PathBuf::from)
        });
        let mut command = Command::new(&interpreter);
        command
            .arg(path)
            .args(&self.args)
            // The notebooks' folder stays as it is.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONIOENCODING", "utf-8")
            // It would write a line's end apart from the line, and lines of two processes would mix.
            .env_remove("PYTHONUNBUFFERED")
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        prepare(&mut command);
        minder::mind(&mut command);
        command.spawn().map_err(|source| Error::Interpreter {
            interpreter,
            source,
        })
    }

    fn find(&self) -> Result<PathBuf, Error> {
        let program = &self.program;
        let places = if program.contains('/') {
            vec![PathBuf::from(program)]
        } else {
            let folders = [Path::new("python"), Path::new(PROGRAMS)];
            folders.map(|folder| folder.join(program)).to_vec()
        };
        let found = places.iter().find(|place| place.is_file());
        // Absolute, as the program may be shown in Python's own words.
        let found = found.and_then(|place| place.canonicalize().ok());
        found.ok_or_else(|| Error::NoProgram(program.clone()))
    }

    /// What the system says of the caller's own dealings with the program.
    pub fn system(&self, source: io::Error) -> Error {
        let program = self.program.clone();
        Error::System { program, source }
    }

    /// The program took too long.
    pub fn too_long(&self) -> Error {
        Error::Limit {
            program: self.program.clone(),
            limit: self.limit,
        }
    }
}

/// Waits for the minder's end. None when the time is up.
pub(super) fn wait(child: &mut Child, until: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        let status = child.try_wait()?;
        if status.is_some() || Instant::now() >= until {
            return Ok(status);
        }
        // Mostly the minder ends with the streams, within a millisecond.
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Has the minder ask the program to end.
pub(super) fn ask(child: &Child) {
    // Not waited for yet, so the number is still the child's.
    let _ = kill(Pid::from_raw(child.id() as i32), minder::ASK);
}

/// Has the minder end the program and all that it started.
pub(super) fn end(child: &mut Child) {
    // Not waited for yet, so the number is still the child's.
    let _ = kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM);
    if !matches!(wait(child, Instant::now() + ENDING), Ok(Some(_))) {
        let _ = child.kill();
        let _ = child.wait();
    }
}
