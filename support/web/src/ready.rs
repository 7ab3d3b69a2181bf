//! Waits until one of several descriptors has something to read.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// The place of the first of these that has something to read, or has ended; None when the time is
/// up. Blocks, without `until` for as long as it takes.
pub(crate) fn ready<const N: usize>(
    fds: [BorrowedFd; N],
    until: Option<Instant>,
) -> io::Result<Option<usize>> {
    let mut wanted = fds.map(|fd| PollFd::new(fd, PollFlags::POLLIN));
    loop {
        let left = until.map_or(PollTimeout::NONE, |until| {
            let left = until.saturating_duration_since(Instant::now());
            // Rounded up, lest it spin through the last millisecond.
            let left = left.as_micros().div_ceil(1000);
            PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
        });
        match poll(&mut wanted, left) {
            Ok(0) if until.is_some_and(|until| Instant::now() >= until) => return Ok(None),
            Ok(_) => {
                if let Some(place) = wanted.iter().position(|fd| fd.any() == Some(true)) {
                    return Ok(Some(place));
                }
            }
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}
