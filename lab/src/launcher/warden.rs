//! The warden: starts evcxr_jupyter, and ends all that is below it when either end goes.

use super::start::{hear_all_signals, ignore_interruption, take_signals};
use super::{family, workplace};
use anyhow::{Context, Result};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// What the launcher passes.
#[derive(clap::Args, Debug)]
pub struct Options {
    #[arg(long)]
    folder: PathBuf,
    #[arg(long)]
    evcxr: PathBuf,
    connection_file: PathBuf,
}

/// Runs evcxr_jupyter until it ends or the launcher does; returns its exit code.
///
/// # Errors
/// When evcxr_jupyter cannot be started.
pub fn watch(options: &Options) -> Result<i32> {
    let signals = take_signals(&[
        Signal::SIGCHLD,
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGHUP,
        Signal::SIGQUIT,
    ])?;
    family::adopt_orphans();
    let lock = workplace::hold(&options.folder)?;
    let mut evcxr = Command::new(&options.evcxr);
    evcxr
        .arg(crate::stock::CONNECTION)
        .arg(&options.connection_file)
        .stdin(Stdio::null())
        // It greets with where its configuration lies.
        .stdout(Stdio::null())
        // Its complaints, about a client that went away for one, in a line each.
        .env("RUST_BACKTRACE", "0");
    // SAFETY: both calls are safe between fork and exec.
    unsafe {
        evcxr.pre_exec(|| {
            // For when this process is killed, and the launcher too.
            family::end_with_parent()?;
            hear_all_signals()
        });
    };
    let evcxr = evcxr
        .spawn()
        .with_context(|| format!("{} cannot be started", options.evcxr.display()));
    let code = evcxr.and_then(|evcxr| wait(evcxr, &signals));
    family::end();
    let _ = std::fs::remove_dir_all(&options.folder);
    drop(lock);
    code
}

fn wait(mut evcxr: Child, signals: &nix::sys::signalfd::SignalFd) -> Result<i32> {
    let launcher = std::io::stdin();
    loop {
        // The launcher writes nothing: its end of the pipe only closes.
        let mut events = [
            PollFd::new(signals.as_fd(), PollFlags::POLLIN),
            PollFd::new(launcher.as_fd(), PollFlags::POLLIN),
        ];
        poll(&mut events, PollTimeout::NONE).or_else(ignore_interruption)?;
        let mut to_end = events[1].any() == Some(true);
        while let Ok(Some(signal)) = signals.read_signal() {
            to_end |= matches!(
                Signal::try_from(signal.ssi_signo as i32),
                Ok(Signal::SIGTERM | Signal::SIGHUP)
            );
        }
        if let Some(status) = evcxr.try_wait()? {
            return Ok(status
                .code()
                .unwrap_or_else(|| 128 + status.signal().unwrap_or(0)));
        }
        if to_end {
            return Ok(128 + Signal::SIGTERM as i32);
        }
        reap_others(&evcxr);
    }
}

/// Takes note of adopted processes that have ended, and leaves evcxr's own end to `try_wait`.
pub fn reap_others(evcxr: &Child) {
    use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
    let look = WaitPidFlag::WNOHANG | WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    while let Ok(status) = waitid(Id::All, look) {
        match status.pid() {
            Some(pid) if status != WaitStatus::StillAlive && pid.as_raw() as u32 != evcxr.id() => {
                let _ = waitpid(pid, Some(WaitPidFlag::WNOHANG));
            }
            _ => return,
        }
    }
}
