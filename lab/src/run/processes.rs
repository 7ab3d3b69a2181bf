//! All processes of a kernel: signals to them, and their end.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// Signals every process of a group. That none is left is no error.
pub fn signal_group(group: Pid, signal: Signal) {
    killpg(group, signal).ok();
}

/// Signals every process of a session, which holds also those that moved to a group of their own,
/// such as the jobs of a shell.
pub fn signal_session(session: Pid, signal: Signal) {
    for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = process
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue; // /proc holds more than processes
        };
        let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        if session_in(&stat) == Some(session.as_raw()) {
            kill(Pid::from_raw(pid), signal).ok();
        }
    }
}

/// Makes this process the parent of every orphan beneath it, so that it can see their end.
pub fn adopt_orphans() {
    // SAFETY: a system call without pointers. Where it is refused, orphans go to init as usual.
    unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) };
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

/// The session's number in a line of `/proc/<pid>/stat`: the fourth field behind the name, which
/// stands in parentheses and may itself hold spaces and parentheses.
fn session_in(stat: &str) -> Option<i32> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_session_behind_an_odd_name() {
        assert_eq!(session_in("12 (a) b (c) S 1 12 34 0 -1"), Some(34));
        assert_eq!(session_in(""), None);
    }

    #[test]
    fn finds_the_session_of_this_process() {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        let own = nix::unistd::getsid(None).unwrap();
        assert_eq!(session_in(&stat), Some(own.as_raw()));
    }
}
