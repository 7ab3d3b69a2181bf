//! Until when a call may wait.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// A moment on CLOCK_MONOTONIC, or none: then the wait has no limit.
///
/// `std::time::Instant` is the same clock, but does not give its number away, and the locks need
/// that.
#[derive(Clone, Copy)]
pub struct Limit(Option<Duration>);

impl Limit {
    pub const NONE: Limit = Limit(None);

    pub fn after(wait: Duration) -> Limit {
        // What lies past the clock's end is no limit.
        Limit(now().checked_add(wait))
    }

    /// The time that is left: zero when it has passed, `None` without a limit.
    pub fn left(self) -> Option<Duration> {
        self.0.map(|at| at.saturating_sub(now()))
    }

    pub fn has_passed(self) -> bool {
        self.left() == Some(Duration::ZERO)
    }

    /// As the C library's locks want it.
    pub fn timespec(self) -> Option<libc::timespec> {
        let at = self.0?;
        Some(libc::timespec {
            tv_sec: at.as_secs().try_into().ok()?,
            tv_nsec: at.subsec_nanos().into(),
        })
    }
}

fn now() -> Duration {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from)
}
