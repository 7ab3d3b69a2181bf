//! Ending and reaping a process by a descriptor that never comes to mean another one, as its
//! number may.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use nix::sys::signal::Signal;
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid,
};

use crate::exit::Exit;

/// The descriptor of a child that was not waited for yet. Closed on exec.
pub(crate) fn open(child: nix::unistd::Pid) -> io::Result<OwnedFd> {
    let child = Pid::from_raw(child.as_raw()).ok_or(Errno::SRCH)?;
    Ok(pidfd_open(child, PidfdFlags::empty())?)
}

/// Sends a signal; does nothing if the process has ended.
pub fn signal(process: BorrowedFd, signal: Signal) {
    if let Some(signal) = rustix::process::Signal::from_named_raw(signal as i32) {
        let _ = pidfd_send_signal(process, signal);
    }
}

/// Waits for the end of a child of this process and reaps it. Blocks until it has ended.
pub fn reap(process: BorrowedFd) -> Exit {
    loop {
        match waitid(WaitId::PidFd(process), WaitIdOptions::EXITED) {
            Ok(Some(end)) => return Exit::told(end.exit_status(), end.terminating_signal()),
            Err(Errno::INTR) => {}
            // Not a child of this process, or one that somebody else has waited for.
            _ => return Exit::Unknown,
        }
    }
}
