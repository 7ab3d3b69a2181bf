//! The processes below this one: what they do, and their end.

use crate::proc;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{Pid, getpid};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::time::{Duration, Instant};

/// The longest that [`end`] tries: a process in an uninterruptible call may not end.
const LIMIT: Duration = Duration::from_secs(5);

/// Makes this process the parent of every process below it that loses its own.
pub fn adopt_orphans() {
    // SAFETY: sets a flag of this process.
    unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) };
}

/// In a process about to be started: has it killed when its parent ends.
///
/// # Errors
/// When the system refuses.
pub fn end_with_parent() -> std::io::Result<()> {
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
    Ok(())
}

/// Kills every process below this one and waits until they have ended.
pub fn end() {
    let started = Instant::now();
    while started.elapsed() < LIMIT {
        for pid in below(getpid()) {
            // It may have ended by itself.
            let _ = kill(pid, Signal::SIGKILL);
        }
        if reap() == Err(Errno::ECHILD) {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Takes note of children that have ended. `ECHILD`: there is none left.
pub fn reap() -> Result<(), Errno> {
    use nix::sys::wait::WaitStatus::StillAlive;
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(StillAlive) => return Ok(()),
            Ok(_) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// The children of every process, by the parents that /proc tells.
fn children() -> HashMap<i32, Vec<i32>> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for pid in proc::pids() {
        if let Some(stat) = proc::process(pid) {
            children.entry(stat.parent).or_default().push(pid);
        }
    }
    children
}

/// All processes below `ancestors`.
fn below_all(ancestors: Vec<i32>, mut children: HashMap<i32, Vec<i32>>) -> Vec<Pid> {
    let mut found = Vec::new();
    let mut next = ancestors;
    while let Some(pid) = next.pop() {
        for child in children.remove(&pid).unwrap_or_default() {
            found.push(Pid::from_raw(child));
            next.push(child);
        }
    }
    found
}

fn below(ancestor: Pid) -> Vec<Pid> {
    below_all(vec![ancestor.as_raw()], children())
}

/// The compilers that work somewhere below the process.
pub fn compilers_below(ancestor: u32) -> Vec<Pid> {
    let is_compiler = |pid: &Pid| {
        std::fs::read_to_string(format!("/proc/{pid}/comm"))
            .is_ok_and(|name| matches!(name.trim_end(), "cargo" | "rustc"))
    };
    let below = below(Pid::from_raw(ancestor as i32));
    below.into_iter().filter(is_compiler).collect()
}

/// Kills the other children of this process's parent that have the variable in their environment, and
/// waits until they have ended.
pub fn end_siblings_with(variable: &str) {
    let parent = nix::unistd::getppid().as_raw();
    let siblings = children().remove(&parent).unwrap_or_default();
    let is_set = |pid: &i32| {
        variables_of(*pid).any(|it| {
            it.strip_prefix(variable.as_bytes())
                .is_some_and(|it| it.starts_with(b"="))
        })
    };
    for pid in siblings.into_iter().filter(is_set) {
        let process = open_process(pid);
        signal_process(process.as_ref(), Signal::SIGKILL);
        if let Some(process) = process {
            // One that has not ended by then ends when it can; evcxr waits for that.
            await_end(&process, LIMIT);
        }
    }
}

/// Kills every process that has this variable with this value in its environment.
pub fn end_all_with(variable: &str, value: &OsStr) {
    let wanted = [variable.as_bytes(), b"=", value.as_encoded_bytes()].concat();
    for pid in proc::pids().filter(|pid| variables_of(*pid).any(|it| it == wanted)) {
        // It may have ended by itself.
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
}

/// The variables with which a process was started; those of another user's are not to be read.
fn variables_of(pid: i32) -> impl Iterator<Item = Vec<u8>> {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let variables: Vec<_> = environment
        .split(|byte| *byte == 0)
        .map(<[u8]>::to_vec)
        .collect();
    variables.into_iter()
}

/// What a warden has adopted, and all below that: processes whose parent, a cell's or a cell's
/// child, has ended. The warden's own child is the eldest, evcxr.
pub fn adopted_by(warden: u32) -> Vec<Pid> {
    let mut children = children();
    let own = children.remove(&(warden as i32)).unwrap_or_default();
    let adopted = all_but_eldest(own, |child| Some(proc::process(child)?.started));
    let mut found: Vec<Pid> = adopted.iter().copied().map(Pid::from_raw).collect();
    found.extend(below_all(adopted, children));
    found
}

/// One that has ended meanwhile has no time of its start: it is no eldest.
fn all_but_eldest(children: Vec<i32>, started: impl Fn(i32) -> Option<u64>) -> Vec<i32> {
    let mut alive: Vec<(u64, i32)> = children
        .into_iter()
        .filter_map(|child| Some((started(child)?, child)))
        .collect();
    alive.sort_unstable();
    alive.into_iter().skip(1).map(|(_, child)| child).collect()
}

/// If the process's main thread waits for something to read on stdin: which of its waits it is. The
/// process of the cells waits there for evcxr's commands; a cell may read stdin too.
pub fn wait_for_stdin(pid: i32) -> Option<u64> {
    let state = proc::process(pid)?.state;
    let call = std::fs::read_to_string(format!("/proc/{pid}/syscall")).ok();
    is_told_to_wait(state, call.as_deref()).then(|| proc::status(pid, pid).waits)
}

/// Some systems hide what a process calls, by Yama's `ptrace_scope` for one: then any wait may be it.
fn is_told_to_wait(state: char, call: Option<&str>) -> bool {
    match call {
        // "0 0x0 0x55… …": the number of the system call it is in, and its arguments.
        Some(call) => call.starts_with(&format!("{} 0x0 ", libc::SYS_read)),
        None => state == 'S',
    }
}

/// A descriptor that becomes readable when the process ends.
pub fn open_process(pid: i32) -> Option<OwnedFd> {
    // SAFETY: the call returns a new descriptor, owned by nobody else, or an error.
    unsafe {
        let descriptor = libc::syscall(libc::SYS_pidfd_open, pid, 0);
        (descriptor >= 0).then(|| OwnedFd::from_raw_fd(descriptor as i32))
    }
}

/// Waits until the process behind a descriptor of [`open_process`] has ended, at most so long.
pub fn await_end(process: &OwnedFd, limit: Duration) {
    let mut ends = [PollFd::new(process.as_fd(), PollFlags::POLLIN)];
    let limit = PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX);
    let _ = poll(&mut ends, limit);
}

/// Signals the process behind a descriptor of [`open_process`]: no other can get it by mistake.
pub fn signal_process(process: Option<&OwnedFd>, signal: Signal) {
    if let Some(process) = process {
        let descriptor = process.as_raw_fd();
        let nothing = std::ptr::null::<libc::siginfo_t>();
        // SAFETY: the descriptor is open; without an info the call acts like `kill`.
        unsafe {
            libc::syscall(
                libc::SYS_pidfd_send_signal,
                descriptor,
                signal as i32,
                nothing,
                0,
            );
        }
    }
}

/// The session that a process belongs to.
pub fn session_of(pid: i32) -> Option<i32> {
    Some(proc::process(pid)?.session)
}

/// The processor time that a process has used, and its children whose end it took notice of, in
/// ticks of the system's clock. Nothing for a process that is gone.
pub fn ticks_of(pid: i32) -> u64 {
    proc::process(pid).map_or(0, |stat| stat.ticks + stat.children_ticks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_wait_is_told_from_work_also_where_the_call_is_hidden() {
        let [reads, other] =
            [libc::SYS_read, libc::SYS_futex].map(|call| format!("{call} 0x0 0x1"));
        assert!(is_told_to_wait('S', Some(&reads)));
        assert!(!is_told_to_wait('S', Some(&other)));
        assert!(!is_told_to_wait('R', Some("running")));
        assert!(is_told_to_wait('S', None));
        assert!(!is_told_to_wait('R', None));
    }

    #[test]
    fn finds_the_session_of_this_process() {
        let own = nix::unistd::getsid(None).unwrap();
        assert_eq!(session_of(std::process::id() as i32), Some(own.as_raw()));
    }

    #[test]
    fn a_process_that_has_just_ended_makes_nobody_the_eldest() {
        let started = |child: i32| (child != 7).then_some(100 + child as u64);
        assert_eq!(all_but_eldest(vec![9, 7, 3, 5], started), [5, 9]);
        assert_eq!(all_but_eldest(vec![7], started), [] as [i32; 0]);
    }

    #[test]
    fn a_grandchild_is_below_and_its_odd_name_does_not_hide_it() {
        let mut shell = Command::new("sh");
        // The name of a process may hold spaces, brackets, and what is no text.
        let script = "printf ') \\377 x (' > /proc/self/comm; sleep 60 & wait";
        let mut shell = shell.args(["-c", script]).spawn().unwrap();
        let shell_pid = Pid::from_raw(shell.id() as i32);
        let started = Instant::now();
        while below(shell_pid).is_empty() && started.elapsed() < LIMIT {
            std::thread::sleep(Duration::from_millis(1));
        }
        let grandchildren = below(shell_pid);
        assert_eq!(grandchildren.len(), 1);
        let ours = below(getpid());
        assert!(
            ours.contains(&shell_pid) && ours.contains(&grandchildren[0]),
            "{ours:?}"
        );
        for pid in grandchildren {
            kill(pid, Signal::SIGKILL).unwrap();
        }
        shell.wait().unwrap();
    }
}
