//! Looks for what a kernel may have left behind.

use std::path::Path;
use std::time::{Duration, Instant};

/// Waits until `condition` holds, at most ten seconds: for an end, which is promised.
///
/// # Panics
/// When it does not.
pub fn wait_until(what: &str, condition: impl FnMut() -> bool) {
    wait(what, Duration::from_secs(10), condition);
}

/// Waits until something has begun. How long that takes is the machine's affair, which may be busy:
/// the limit is for what never begins.
///
/// # Panics
/// When it does not.
pub fn wait_until_begun(what: &str, condition: impl FnMut() -> bool) {
    wait(what, Duration::from_secs(180), condition);
}

fn wait(what: &str, limit: Duration, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(
            started.elapsed() < limit,
            "still not so after {limit:?}: {what}"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Processes whose environment has this variable set to this value: children inherit it, however
/// far down and whoever is their parent now.
pub fn with_variable(name: &str, value: &str) -> Vec<i32> {
    let wanted = format!("{name}={value}");
    lab::proc::pids()
        .filter(|pid| {
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment
                .split(|&byte| byte == 0)
                .any(|variable| variable == wanted.as_bytes())
        })
        .collect()
}

/// How many kernel directories there are below a folder for temporary files.
pub fn kernel_folders(temporary: &Path) -> usize {
    std::fs::read_dir(temporary).map_or(0, Iterator::count)
}

/// A process's state letter, such as `Z` for a zombie; `None` when it is gone.
pub fn state(pid: i32) -> Option<char> {
    Some(lab::proc::process(pid)?.state)
}
