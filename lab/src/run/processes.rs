//! All processes of a kernel: signals to them, and their end.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::launcher::session_of;

/// Signals every process of a group. That none is left is no error.
pub fn signal_group(group: Pid, signal: Signal) {
    killpg(group, signal).ok();
}

/// Signals every process of a session, which holds also those that moved to a group of their own,
/// such as the jobs of a shell.
pub fn signal_session(session: Pid, signal: Signal) {
    for pid in of_session(session) {
        kill(Pid::from_raw(pid), signal).ok();
    }
}

/// The processes of a session, found as they are asked for.
pub fn of_session(session: Pid) -> impl Iterator<Item = i32> {
    crate::proc::pids().filter(move |pid| session_of(*pid) == Some(session.as_raw()))
}

/// Takes the exit status of the orphans of a group whose processes have been killed, and waits a
/// moment for them. Their leader's own status must have been taken before.
pub fn reap_group(group: Pid) {
    let deadline = Instant::now() + Duration::from_millis(200);
    loop {
        match waitpid(Pid::from_raw(-group.as_raw()), Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) if Instant::now() > deadline => return,
            Ok(WaitStatus::StillAlive) => std::thread::sleep(Duration::from_millis(2)),
            Ok(_) => {}
            Err(_) => return, // none is left
        }
    }
}
