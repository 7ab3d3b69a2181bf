//! The session's runtime and a runtime on one thread: tasks, how they end, forks, pictures.

#[allow(dead_code, reason = "the tests of processes need more of it")]
#[path = "../../processes/tests/process/alone.rs"]
mod alone;
#[path = "../../processes/tests/forked/mod.rs"]
mod forked;

mod ends;
mod forks;
mod local;
mod session;
mod traced;

use std::time::Duration;

/// Longer than anything here takes; only a failure waits for it.
const LIMIT: Duration = Duration::from_secs(60);
