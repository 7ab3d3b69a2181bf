//! Who stands in for the first process of a namespace where there is none: becomes the parent of all
//! that loses its own, and leaves nothing behind, whoever ends first.

use super::{ANSWERS, HANDED, LISTENER, QUESTIONS, confine::STANDS};
use crate::launcher::{
    adopt_orphans, end_family, end_with_parent, hear_all_signals, reap_others, take_signals,
};
use anyhow::{Context, Result};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, dup2_stderr, dup2_stdout, setsid};
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command};

/// Runs the command until it ends, or whoever started this process asks for its end or ends itself.
/// The exit code is the command's, 128 and its number for a signal.
///
/// # Errors
/// When the command cannot be started.
pub fn keep(mut command: Command) -> Result<i32> {
    let signals = take_signals(&[Signal::SIGCHLD, Signal::SIGTERM])?;
    adopt_orphans();
    // A request, in place of the end without a word that was asked for until here.
    nix::sys::prctl::set_pdeathsig(Signal::SIGTERM)?;
    // SAFETY: system calls without memory, as is asked of code between fork and exec.
    unsafe {
        command.pre_exec(|| {
            // No terminal, and a group that it cannot leave: one signal reaches all of it.
            setsid()?;
            end_with_parent()?;
            hear_all_signals()
        });
    }
    let child = command.spawn().context("the program cannot be started")?;
    let group = Pid::from_raw(child.id() as i32);
    let code = leave_its_ends().and_then(|()| wait(child, &signals));
    let _ = killpg(group, Signal::SIGKILL);
    end_family();
    code
}

/// The program's ends of its pipes are not this process's: the judge is to see them closed.
fn leave_its_ends() -> Result<()> {
    let null = std::fs::File::options().write(true).open("/dev/null")?;
    dup2_stdout(&null)?;
    dup2_stderr(&null)?;
    for number in [QUESTIONS, ANSWERS, LISTENER, STANDS, HANDED] {
        // SAFETY: a system call on a number that nothing in this process owns.
        unsafe { libc::close(number) };
    }
    Ok(())
}

fn wait(mut child: Child, signals: &nix::sys::signalfd::SignalFd) -> Result<i32> {
    loop {
        if let Some(status) = child.try_wait()? {
            let signal = || 128 + status.signal().unwrap_or(0);
            return Ok(status.code().unwrap_or_else(signal));
        }
        while let Ok(Some(signal)) = signals.read_signal() {
            if signal.ssi_signo == Signal::SIGTERM as u32 {
                return Ok(128 + Signal::SIGTERM as i32);
            }
        }
        reap_others(&child);
        let _ = poll(
            &mut [PollFd::new(signals.as_fd(), PollFlags::POLLIN)],
            PollTimeout::NONE,
        );
    }
}
