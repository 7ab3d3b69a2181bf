//! Runs a command within bounds of time and size.

use anyhow::{Context, Result};
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
    /// From stderr.
    pub said: String,
}

/// Runs a command with its stdout going to `out`, and ends it and its group at a limit of time or
/// size.
///
/// # Errors
/// When it cannot be started, or there is no disk.
pub fn bounded(command: &mut Command, time: Duration, out: &Path) -> Result<Ran> {
    let until = Instant::now() + time;
    // SAFETY: one system call on numbers, as is asked of code between fork and exec.
    unsafe {
        command.pre_exec(|| {
            // An interrupted grading leaves nothing that goes on: its group is not the terminal's.
            match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) {
                -1 => Err(std::io::Error::last_os_error()),
                _ => Ok(()),
            }
        });
    }
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
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
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
        said: said.join().unwrap_or_default(),
    })
}

fn end(child: &mut Child) {
    let group = nix::unistd::Pid::from_raw(child.id() as i32);
    let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
    let _ = child.kill();
    let _ = child.wait();
}

/// Copies up to `most` bytes and reads the rest without keeping it. False if there was a rest.
fn keep(mut from: impl Read, mut to: impl Write, most: u64) -> std::io::Result<bool> {
    std::io::copy(&mut from.by_ref().take(most), &mut to)?;
    Ok(std::io::copy(&mut from, &mut std::io::sink())? == 0)
}
