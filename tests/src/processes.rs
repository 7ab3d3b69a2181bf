//! Looks for what a kernel may have left behind, and ends what a test has started that cannot end it itself.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The variable that marks what a test starts, with the test's folder as its value.
pub const MARK: &str = "MARK_OF_THIS_TEST";

/// Ends what has a mark if the test fails, or if the test program is killed. After a test that has passed it
/// ends nothing: that there is nothing to end is for the test to see.
pub struct Guard(Child);

/// Its stdin ends with the test program, and a line comes before that if all is well.
const WATCHES: &str = r#"read -r line && exit
for environment in /proc/[0-9]*/environ; do
    process=${environment#/proc/}
    grep -szqxF "$1" "$environment" && kill -KILL "${process%/environ}"
done"#;

impl Guard {
    /// # Panics
    /// When the shell does not start.
    pub fn of(mark: &str) -> Guard {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", WATCHES, "sh", &format!("{MARK}={mark}")])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            // An interrupt is for the tests, and this for what they then leave.
            .process_group(0);
        Guard(shell.spawn().expect("a shell"))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(mut stdin) = self.0.stdin.take()
            && !std::thread::panicking()
        {
            let _ = stdin.write_all(b"\n");
        }
        let _ = self.0.wait();
    }
}

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
