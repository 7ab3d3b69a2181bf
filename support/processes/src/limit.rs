//! Until when a call may wait.

use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::time::{ClockId, clock_gettime};

/// A moment on CLOCK_MONOTONIC, or none: then the wait has no limit.
///
/// `std::time::Instant` is the same clock, but does not give its number away, and the locks need
/// that.
#[derive(Clone, Copy)]
pub struct Limit(Option<Duration>);

impl Limit {
    pub const NONE: Limit = Limit(None);
    /// Does not wait, and does not ask for the time.
    pub const NOW: Limit = Limit(Some(Duration::ZERO));

    pub fn after(wait: Duration) -> Limit {
        // What lies past the clock's end is no limit.
        Limit(now().checked_add(wait))
    }

    /// The time that is left: zero when it has passed, `None` without a limit.
    pub fn left(self) -> Option<Duration> {
        self.0.map(|at| match at {
            Duration::ZERO => at,
            at => at.saturating_sub(now()),
        })
    }

    pub fn has_passed(self) -> bool {
        self.left() == Some(Duration::ZERO)
    }

    /// The moment itself, as the C library's locks want it.
    pub fn timespec(self) -> Option<Timespec> {
        self.0?.try_into().ok()
    }

    /// Waits until the descriptor is ready for `what`; `false`: the limit has passed.
    pub fn wait_for(self, descriptor: impl AsFd, what: PollFlags) -> bool {
        loop {
            let left = self.left().and_then(|left| Timespec::try_from(left).ok());
            match poll(&mut [PollFd::new(&descriptor, what)], left.as_ref()) {
                Ok(0) if !self.has_passed() => {}
                // A signal came in between.
                Err(Errno::INTR) => {}
                ready => return ready.is_ok_and(|ready| ready > 0),
            }
        }
    }
}

fn now() -> Duration {
    // Its parts are never negative.
    clock_gettime(ClockId::Monotonic)
        .try_into()
        .unwrap_or_default()
}
