//! Runs a test's body in a process of its own: where it counts descriptors and children, or is
//! killed, or where its output matters, other tests must not be about.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

const VARIABLE: &str = "SUPPORT_TEST_ALONE";

/// The longest that a body may take. Most of it is for a loaded machine.
const LIMIT: Duration = Duration::from_secs(120);

/// What a body wrote.
pub struct Said {
    pub stdout: String,
    pub stderr: String,
}

/// Runs the test of this path (`module::name`) once more in a process of its own, where `body`
/// runs; gives what it wrote. Its stdin holds "for the parent".
///
/// Fails if the body does, or if anything that it started still holds its stdout after the limit.
/// In that process this does not return.
pub fn alone(test: &str, body: impl FnOnce()) -> Said {
    let mut run = start(test, body);
    // A body that does not read it may have closed it.
    let mut stdin = run.child.stdin.take().unwrap();
    let _ = stdin.write_all(b"for the parent");
    drop(stdin);
    let (stdout, stderr) = (run.stdout(LIMIT), run.stderr());
    let status = run.child.wait().unwrap();
    assert!(status.success(), "{status}\n{stdout}\n{stderr}");
    Said { stdout, stderr }
}

/// As [`alone`], and gives the running process at once.
pub fn start(test: &str, body: impl FnOnce()) -> Running {
    if std::env::var_os(VARIABLE).is_some() {
        // Also where the test that waits for it is killed.
        // SAFETY: a system call that takes two numbers.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        body();
        std::process::exit(0);
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(VARIABLE, "1")
        .env("RUST_BACKTRACE", "0")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = read(child.stdout.take().unwrap());
    let stderr = read(child.stderr.take().unwrap());
    Running {
        child,
        stdout,
        stderr,
    }
}

/// A body that runs.
pub struct Running {
    pub child: Child,
    stdout: Receiver<Option<String>>,
    stderr: Receiver<Option<String>>,
}

impl Running {
    /// The next line that ends in `mark`, without it; what libtest says stands before others.
    pub fn line(&self, mark: &str) -> String {
        loop {
            let line = self
                .stdout
                .recv_timeout(LIMIT)
                .expect("no word from the body");
            let line = line.unwrap_or_else(|| panic!("the body ended without {mark:?}"));
            if let Some(line) = line.trim_end().strip_suffix(mark) {
                return line.to_string();
            }
        }
    }

    /// Everything until the last holder of the body's stdout has ended.
    pub fn stdout(&mut self, limit: Duration) -> String {
        all(&self.stdout, limit).unwrap_or_else(|| {
            let group = Pid::from_raw(self.child.id() as i32);
            let _ = killpg(group, Signal::SIGKILL);
            let said = all(&self.stderr, Duration::from_secs(1)).unwrap_or_default();
            panic!("a process still runs after {limit:?}; stderr: {said}")
        })
    }

    fn stderr(&self) -> String {
        all(&self.stderr, LIMIT).expect("a process still holds stderr")
    }

    /// Kills the body's process, as nothing can refuse.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        assert_eq!(self.child.wait().unwrap().signal(), Some(9));
    }
}

/// Lines as they come, none at the end of the stream.
fn read(mut from: impl Read + Send + 'static) -> Receiver<Option<String>> {
    let (send, lines) = channel();
    std::thread::spawn(move || {
        let (mut line, mut byte) = (Vec::new(), [0]);
        // Byte by byte: there is little of it.
        while let Ok(1) = from.read(&mut byte) {
            line.push(byte[0]);
            if byte[0] == b'\n' {
                let _ = send.send(Some(String::from_utf8_lossy(&line).into_owned()));
                line.clear();
            }
        }
        let _ = send.send(Some(String::from_utf8_lossy(&line).into_owned()));
        let _ = send.send(None);
    });
    lines
}

fn all(lines: &Receiver<Option<String>>, limit: Duration) -> Option<String> {
    let mut text = String::new();
    while let Some(line) = lines.recv_timeout(limit).ok()? {
        text += &line;
    }
    Some(text)
}
