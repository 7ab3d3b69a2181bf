//! A program that goes on while the caller does, such as a server.

use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::AsFd;
use std::process::Child;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::memfd::{MFdFlags, memfd_create};

use super::error::Error;
use super::plan::{Plan, ask, end, wait};
use super::say::Stream;

/// A program that was started and has said its first line. Dropped, it is ended with all that it
/// started.
pub(crate) struct Started {
    child: Child,
    /// What it says further is not read: as a rule it says nothing.
    stdout: Stream,
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
        let stdout = Stream::new(child.stdout.take().expect("it is piped"));
        let mut started = Started { child, stdout };
        if started
            .listen(Instant::now() + plan.limit)
            .map_err(system)?
        {
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

    /// Waits for a whole line. False if none has come when the time is up, or when it has ended.
    fn listen(&mut self, until: Instant) -> std::io::Result<bool> {
        while !self.stdout.text().contains('\n') {
            let Some(pipe) = self.stdout.open() else {
                return Ok(false);
            };
            let left = until.saturating_duration_since(Instant::now());
            let left = PollTimeout::try_from(left.as_millis()).unwrap_or(PollTimeout::MAX);
            match poll(&mut [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)], left) {
                Ok(0) => return Ok(false),
                Ok(_) => self.stdout.read()?,
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(true)
    }

    /// The first line that it printed.
    pub fn first_line(&self) -> String {
        let text = self.stdout.text();
        text.lines().next().unwrap_or_default().to_string()
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
