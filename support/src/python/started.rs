//! A program that goes on while the caller does, such as a server.

use std::fs::File;
use std::io::{Read, Seek};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam::channel::bounded;
use nix::sys::memfd::{MFdFlags, memfd_create};

use super::error::Error;
use super::lines;
use super::plan::{Plan, ask, end, wait};

/// A program that was started and has said its first line. Dropped, it is ended with all that it
/// started.
pub(crate) struct Started {
    child: Child,
    pub first_line: String,
}

impl Started {
    pub(super) fn new(plan: &Plan) -> Result<Started, Error> {
        let system = |source| plan.system(source);
        // Not a pipe, which nobody would empty while it goes on.
        let mut stderr = memfd_create(c"stderr", MFdFlags::MFD_CLOEXEC)
            .map(File::from)
            .map_err(|errno| system(errno.into()))?;
        let copy = stderr.try_clone().map_err(system)?;
        let mut child = plan.spawn(|command| {
            command.stderr(copy);
        })?;
        let stdout = child.stdout.take().expect("it is piped");
        let (tell, told) = bounded(1);
        // What it says further is read, lest it wait for that, and is left.
        thread::spawn(move || lines::read(stdout, |line| drop(tell.try_send(line.to_string()))));
        let said = told.recv_timeout(plan.limit).unwrap_or_default();
        let mut started = Started {
            child,
            first_line: said.trim_end().to_string(),
        };
        if !said.is_empty() {
            return Ok(started);
        }
        let ended = wait(
            &mut started.child,
            Instant::now() + Duration::from_millis(100),
        );
        match ended.map_err(system)? {
            Some(status) => {
                let mut text = String::new();
                stderr
                    .rewind()
                    .and_then(|()| stderr.read_to_string(&mut text))
                    .map_err(system)?;
                Err(Error::ended(&plan.program, status, &text))
            }
            None => Err(plan.too_long()),
        }
    }

    /// Asks the program to end by SIGTERM, and says whether it has ended well within the limit.
    pub fn stop(&mut self, limit: Duration) -> bool {
        if matches!(self.child.try_wait(), Ok(None)) {
            ask(&self.child);
        }
        let status = wait(&mut self.child, Instant::now() + limit);
        matches!(status, Ok(Some(status)) if status.success())
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            end(&mut self.child);
        }
    }
}
