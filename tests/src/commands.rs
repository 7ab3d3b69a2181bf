//! Runs other people's tools: bounded, and with a look at what they leave behind.

use crate::processes::{kernel_folders, wait_until, with_variable};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::process::{Command, Output, Stdio};
use std::sync::{Condvar, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

/// The longest that a test waits for one command: some start seven kernels, and the machine may be
/// busy.
const LIMIT: Duration = Duration::from_secs(600);

/// What a command did.
pub struct Ran {
    pub passed: bool,
    /// stdout and stderr as they came, without colours.
    pub said: String,
}

/// Runs a command to its end, with `input` as its stdin. At most two run at a time in a test
/// program, as each has a kernel.
///
/// # Panics
/// When it takes more than ten minutes, or leaves a process or a kernel's directory behind.
pub fn run(command: &mut Command, input: &str) -> Ran {
    run_within(LIMIT, command, input)
}

/// As [`run`], with another limit.
///
/// # Panics
/// As [`run`] does.
pub fn run_within(limit: Duration, command: &mut Command, input: &str) -> Ran {
    let _turn = Turn::take();
    let temporary = tempfile::tempdir().expect("a temporary folder");
    // A file rather than a pipe: a process that outlives the command cannot make us wait for it.
    let file = |text: &str| {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(text.as_bytes()).expect("disk space");
        file.rewind().expect("a file");
        file
    };
    let mut output = file("");
    let clone = |file: &File| file.try_clone().expect("a descriptor");
    let mut process = command
        .env("TMPDIR", temporary.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONUNBUFFERED", "1")
        .stdin(file(input))
        .stdout(clone(&output))
        .stderr(clone(&output))
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let mut said = || {
        let mut bytes = Vec::new();
        output.rewind().expect("a file");
        output.read_to_end(&mut bytes).expect("a file");
        lab::run::plain(&String::from_utf8_lossy(&bytes))
    };
    let mark = temporary.path().to_string_lossy().into_owned();
    let started = Instant::now();
    let status = loop {
        if let Some(status) = process.try_wait().expect("a child") {
            break status;
        }
        if started.elapsed() > limit {
            // All that it started has its TMPDIR.
            for pid in with_variable("TMPDIR", &mark) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
            let _ = process.wait();
            panic!("{command:?} did not end in {limit:?}: {}", said());
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    wait_until("the tool left no process", || {
        with_variable("TMPDIR", &mark).is_empty()
    });
    assert_eq!(
        kernel_folders(temporary.path()),
        0,
        "{command:?} left a directory"
    );
    Ran {
        passed: status.success(),
        said: said(),
    }
}

/// What a command writes, and how it ends: as by [`Command::output`], and within a limit.
pub trait BoundedOutput {
    /// # Panics
    /// When it does not start, or takes more than ten minutes.
    fn bounded_output(&mut self) -> Output;
}

impl BoundedOutput for Command {
    fn bounded_output(&mut self) -> Output {
        self.stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = self.spawn();
        let child = child.unwrap_or_else(|error| panic!("{self:?} does not start: {error}"));
        let pid = Pid::from_raw(child.id() as i32);
        let (ended, end) = mpsc::channel();
        std::thread::spawn(move || ended.send(child.wait_with_output()));
        let output = end.recv_timeout(LIMIT).unwrap_or_else(|_| {
            let _ = kill(pid, Signal::SIGKILL);
            panic!("{self:?} did not end in {LIMIT:?}")
        });
        output.expect("a child's output")
    }
}

/// Does `work` for each of `all` at the same time and tells all failures at once.
///
/// # Panics
/// When one of them fails.
pub fn each<T: Sync>(all: &[T], work: impl Fn(&T) + Sync) {
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = all
            .iter()
            .map(|one| scope.spawn(move || work(one)))
            .collect();
        let failed = threads
            .into_iter()
            .map(|thread| thread.join())
            .filter(Result::is_err)
            .count();
        assert_eq!(failed, 0, "{failed} of {} failed: see above", all.len());
    });
}

/// One of two places at a command's start.
struct Turn;

static PLACES: (Mutex<u32>, Condvar) = (Mutex::new(2), Condvar::new());

impl Turn {
    fn take() -> Turn {
        let (places, freed) = &PLACES;
        // A failed test gives its place back as well, so the number is right even then.
        let free = places.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = freed
            .wait_while(free, |free| *free == 0)
            .unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (places, freed) = &PLACES;
        *places.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        freed.notify_one();
    }
}
