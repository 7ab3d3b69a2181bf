//! The time that a bar goes by: the system's, or in tests one that stands still.

use std::time::{Duration, Instant};

#[derive(Clone, Debug)]
pub enum Clock {
    System(Instant),
    #[cfg(test)]
    Paused(std::sync::Arc<std::sync::Mutex<Duration>>),
}

impl Clock {
    pub fn start() -> Clock {
        Clock::System(Instant::now())
    }

    /// Since the start.
    pub fn elapsed(&self) -> Duration {
        match self {
            Clock::System(start) => start.elapsed(),
            #[cfg(test)]
            Clock::Paused(now) => *now.lock().unwrap(),
        }
    }
}
