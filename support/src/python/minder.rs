//! The process between the caller and a program: it sees to it that nothing stays behind.
//!
//! `Command` forks; the child forks once more. The grandchild goes on to run the program, and the
//! child becomes its minder: the program's processes that lose their parent become its children
//! (it is a *subreaper*), so it can end them all, also those that left the program's group. It does
//! so when the program has ended, when it is asked to by SIGTERM, and when the caller dies, upon
//! which the system sends it SIGTERM too. It then ends as the program did.
//!
//! All this is code in a child of a process with several threads: system calls, and nothing that
//! allocates or locks.

use std::io;
use std::process::Command;
use std::time::Duration;

use nix::fcntl::{OFlag, open};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::Signal::{self, SIGCHLD, SIGKILL, SIGTERM};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, kill, signal};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, getpid, getppid, read, setpgid};
use processes::exit_at_once;
use rustix::process::{WaitOptions, wait};

/// By this the minder is asked to pass SIGTERM on to the program, which may then end in good order.
pub(super) const ASK: Signal = Signal::SIGUSR1;

/// Has the program that `command` starts minded. The child's number is then the minder's, and its
/// exit status the program's.
pub(super) fn mind(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    let caller = getpid();
    // SAFETY: `stand_between` makes only system calls.
    unsafe { command.pre_exec(move || stand_between(caller)) };
}

/// Returns in a process that is to become the program; the calling one never does.
fn stand_between(caller: Pid) -> io::Result<()> {
    let wanted = SigSet::from_iter([SIGTERM, SIGCHLD, ASK]);
    // Blocked before the caller's death can be told, and read by `SigSet::wait`.
    let before = wanted.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    // SAFETY: the default handler is none of ours.
    unsafe { signal(SIGCHLD, SigHandler::SigDfl) }?;
    die_with(caller, SIGTERM)?;
    prctl::set_child_subreaper(true)?;
    let minder = getpid();
    // SAFETY: the bare system call: the handlers that `fork` runs have run in this process already.
    match unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            setpgid(Pid::this(), Pid::this())?;
            die_with(minder, SIGKILL)?;
            Ok(before.thread_set_mask()?)
        }
        program => watch(Pid::from_raw(program as i32), &wanted),
    }
}

/// Has the system send this process a signal when its parent ends, which may be already.
fn die_with(parent: Pid, how: Signal) -> nix::Result<()> {
    prctl::set_pdeathsig(how)?;
    if getppid() != parent {
        exit_at_once(1);
    }
    Ok(())
}

/// Waits for the program's end or for SIGTERM, ends all that is left, and ends like the program.
fn watch(program: Pid, wanted: &SigSet) -> ! {
    close_all();
    let _ = prctl::set_name(c"minder");
    let status = loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((ended, status))) if ended.as_raw_pid() == program.as_raw() => break status,
            // One that the program had left behind.
            Ok(Some(_)) => {}
            Err(_) => exit_at_once(1),
            // Nobody has ended yet: wait until somebody does.
            Ok(None) => match wanted.wait() {
                Ok(SIGTERM) => {
                    end_all(program);
                    exit_at_once(1);
                }
                // Not waited for yet, so the number is still the program's.
                Ok(ASK) => _ = kill(program, SIGTERM),
                _ => {}
            },
        }
    };
    end_all(program);
    if let Some(code) = status.exit_status() {
        exit_at_once(code);
    }
    let number = status.terminating_signal().unwrap_or_default();
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    // SAFETY: the default handler is none of ours. (nix has no name for a real-time signal.)
    unsafe {
        libc::signal(number, libc::SIG_DFL);
        libc::raise(number);
    }
    let _ = SigSet::empty().thread_set_mask();
    exit_at_once(128 + number)
}

/// Kills the program's group and every child, until there is none left; two seconds at most.
fn end_all(program: Pid) {
    for _ in 0..2_000 {
        // The group's number is not given to another process as long as one of the group is left.
        let _ = kill(Pid::from_raw(-program.as_raw()), SIGKILL);
        kill_children();
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => return,
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Kills the children that the system lists: "123 456 ". None of them is waited for yet, so each
/// number is still a child's.
fn kill_children() {
    let mut text = [0u8; 4096];
    let path = c"/proc/thread-self/children";
    let list = open(path, OFlag::O_RDONLY, Mode::empty());
    let length = list.and_then(|list| read(list, &mut text)).unwrap_or(0);
    let text = str::from_utf8(&text[..length]).unwrap_or_default();
    // What stands behind the last space may have been cut.
    let (whole, _) = text.rsplit_once(' ').unwrap_or_default();
    for child in whole.split(' ').filter_map(|word| word.parse().ok()) {
        let _ = kill(Pid::from_raw(child), SIGKILL);
    }
}

fn close_all() {
    // SAFETY: no value of Rust's owns a descriptor in this process any more: nothing runs in it but
    // this module. By holding one it would keep the caller's pipes open.
    unsafe {
        if libc::syscall(libc::SYS_close_range, 0, libc::c_uint::MAX, 0) == 0 {
            return;
        }
        // A kernel before 5.9.
        for descriptor in 0..libc::sysconf(libc::_SC_OPEN_MAX).clamp(64, 65_536) {
            libc::close(descriptor as i32);
        }
    }
}
