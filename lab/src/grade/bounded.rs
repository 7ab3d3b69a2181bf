//! Runs a command within bounds of time, size and memory.

use crate::launcher::end_with_parent;
use crate::proc;
use anyhow::{Context, Result};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What may come out of it: a compiled solution.
const LARGEST: u64 = 64 << 20;
const MOST_SAID: u64 = 1 << 20;

/// What became of a command.
pub struct Ran {
    /// `None` if it was ended for taking too long.
    pub succeeded: Option<bool>,
    pub too_large: bool,
    /// Whether it was ended for the memory that its processes occupied.
    pub too_much_memory: bool,
    /// From stderr.
    pub said: String,
}

/// How long a command has to end by itself once it is asked to.
const ENDING: Duration = Duration::from_secs(6);

/// Between two looks at the memory: in so short a time it does not grow by more than it may.
const LOOK: Duration = Duration::from_millis(20);

/// Runs a command with its stdout going to `out`, and ends it and its group at a limit of time, size
/// or memory of all its processes.
///
/// # Errors
/// When it cannot be started, or there is no disk.
pub fn bounded(command: &mut Command, time: Duration, memory: u64, out: &Path) -> Result<Ran> {
    let until = Instant::now() + time;
    // An interrupted grading leaves nothing that goes on: its group is not the terminal's.
    // SAFETY: one system call on numbers, as is asked of code between fork and exec.
    unsafe { command.pre_exec(end_with_parent) };
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .context("a submission cannot be started")?;
    let stdout = child.stdout.take().context("a pipe")?;
    let stderr = child.stderr.take().context("a pipe")?;
    let file = fs::File::create(out)?;
    let written = std::thread::spawn(move || keep(stdout, file, LARGEST));
    let said = std::thread::spawn(move || {
        let mut said = Vec::new();
        let _ = keep(stderr, &mut said, MOST_SAID);
        String::from_utf8_lossy(&said).into_owned()
    });
    let (mut too_much_memory, mut looked) = (false, Instant::now());
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if looked.elapsed() > LOOK {
            too_much_memory = occupied(child.id()) > memory;
            looked = Instant::now();
        }
        if too_much_memory {
            end(&mut child);
            break None;
        }
        if Instant::now() > until {
            end(&mut child);
            break None;
        }
        std::thread::sleep(Duration::from_millis(3));
    };
    let too_large = !written.join().unwrap_or(Ok(false))?;
    Ok(Ran {
        succeeded: if too_large {
            Some(false)
        } else {
            status.map(|status| status.success())
        },
        too_large,
        too_much_memory,
        said: said.join().unwrap_or_default(),
    })
}

/// Bytes of memory that a process and all below it occupy.
fn occupied(process: u32) -> u64 {
    let (mut bytes, mut processes) = (0, vec![process as i32]);
    while let Some(process) = processes.pop() {
        bytes += proc::memory(process);
        processes.extend(proc::children(process));
    }
    bytes
}

fn end(child: &mut Child) {
    // Where there is a sandbox: its init goes with it, and all that is inside goes with that; or what
    // keeps the program ends all of it, for which it is asked and has some time.
    let group = Pid::from_raw(child.id() as i32);
    let _ = killpg(group, Signal::SIGTERM);
    let until = Instant::now() + ENDING;
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(3));
    }
    let _ = killpg(group, Signal::SIGKILL);
    let _ = child.kill();
    let _ = child.wait();
}

/// Copies up to `most` bytes and reads the rest without keeping it. False if there was a rest.
fn keep(mut from: impl Read, mut to: impl Write, most: u64) -> std::io::Result<bool> {
    std::io::copy(&mut from.by_ref().take(most), &mut to)?;
    Ok(std::io::copy(&mut from, &mut std::io::sink())? == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_all_processes_together_is_bounded() {
        // Two shells below a shell, each with fifty megabytes in a variable.
        let one = "a=$(head -c 50000000 /dev/zero | tr '\\0' x); sleep 60";
        let script = format!("({one}) & ({one}) & wait");
        let out = tempfile::NamedTempFile::new().unwrap();
        let run = |memory: u64, script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            let limit = Duration::from_secs(30);
            bounded(&mut command, limit, memory, out.path()).unwrap()
        };
        let ran = run(80 << 20, &script);
        assert!(ran.too_much_memory && ran.succeeded.is_none());
        let ran = run(80 << 20, "exit 0");
        assert!(!ran.too_much_memory && ran.succeeded == Some(true));
    }
}
