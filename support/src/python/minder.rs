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
use std::mem::zeroed;
use std::process::Command;

use nix::sys::signal::Signal;

/// By this the minder is asked to pass SIGTERM on to the program, which may then end in good order.
pub(super) const ASK: Signal = Signal::SIGUSR1;

/// Has the program that `command` starts minded. The child's number is then the minder's, and its
/// exit status the program's.
pub(super) fn mind(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    let caller = std::process::id() as i32;
    // SAFETY: `stand_between` makes only system calls.
    unsafe { command.pre_exec(move || stand_between(caller)) };
}

/// Returns in a process that is to become the program; the calling one never does.
fn stand_between(caller: libc::pid_t) -> io::Result<()> {
    // SAFETY: plain system calls on values of this function's own.
    unsafe {
        let mut wanted: libc::sigset_t = zeroed();
        let mut before: libc::sigset_t = zeroed();
        libc::sigemptyset(&mut wanted);
        libc::sigaddset(&mut wanted, libc::SIGTERM);
        libc::sigaddset(&mut wanted, libc::SIGCHLD);
        libc::sigaddset(&mut wanted, ASK as libc::c_int);
        // Blocked before the caller's death can be told, and read by `sigwaitinfo`.
        libc::sigprocmask(libc::SIG_BLOCK, &wanted, &mut before);
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
        if libc::getppid() != caller {
            libc::_exit(1);
        }
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1);
        let minder = libc::getpid();
        // The bare system call: the handlers that `fork` runs have run in this process already.
        match libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) {
            -1 => Err(io::Error::last_os_error()),
            0 => {
                libc::setpgid(0, 0);
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                if libc::getppid() != minder {
                    libc::_exit(1);
                }
                libc::sigprocmask(libc::SIG_SETMASK, &before, std::ptr::null_mut());
                Ok(())
            }
            program => watch(program as libc::pid_t, &wanted),
        }
    }
}

/// Waits for the program's end or for SIGTERM, ends all that is left, and ends like the program.
unsafe fn watch(program: libc::pid_t, wanted: &libc::sigset_t) -> ! {
    // SAFETY: plain system calls; this process has no use for any descriptor, and by holding one
    // it would keep the caller's pipes open.
    unsafe {
        close_all();
        libc::prctl(libc::PR_SET_NAME, c"minder".as_ptr());
        let mut status = 0;
        loop {
            let ended = libc::waitpid(-1, &mut status, libc::WNOHANG);
            if ended == program {
                break;
            }
            if ended == -1 {
                libc::_exit(1);
            }
            // Nobody has ended yet: wait until somebody does. (Else it was one that the program
            // had left behind.)
            if ended == 0 {
                match libc::sigwaitinfo(wanted, std::ptr::null_mut()) {
                    libc::SIGTERM => {
                        end_all(program);
                        libc::_exit(1);
                    }
                    // Not waited for yet, so the number is still the program's.
                    signal if signal == ASK as libc::c_int => {
                        libc::kill(program, libc::SIGTERM);
                    }
                    _ => {}
                }
            }
        }
        end_all(program);
        if libc::WIFEXITED(status) {
            libc::_exit(libc::WEXITSTATUS(status));
        }
        let signal = libc::WTERMSIG(status);
        let no_core = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        libc::setrlimit(libc::RLIMIT_CORE, &no_core);
        libc::signal(signal, libc::SIG_DFL);
        libc::kill(libc::getpid(), signal);
        let mut all: libc::sigset_t = zeroed();
        libc::sigemptyset(&mut all);
        libc::sigprocmask(libc::SIG_SETMASK, &all, std::ptr::null_mut());
        libc::_exit(128 + signal)
    }
}

/// Kills the program's group and every child, until there is none left; two seconds at most.
unsafe fn end_all(program: libc::pid_t) {
    let pause = libc::timespec {
        tv_sec: 0,
        tv_nsec: 1_000_000,
    };
    for _ in 0..2_000 {
        // SAFETY: system calls. The group's number is not given to another process as long as one
        // of the group is left; a number in `children` is that of a child not yet waited for.
        unsafe {
            libc::kill(-program, libc::SIGKILL);
            kill_children();
            loop {
                match libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) {
                    -1 => return,
                    0 => break,
                    _ => {}
                }
            }
            libc::nanosleep(&pause, std::ptr::null_mut());
        }
    }
}

/// Kills the children that the system lists: "123 456 ".
unsafe fn kill_children() {
    let mut text = [0u8; 4096];
    // SAFETY: the path ends in a zero byte, and the buffer is as long as is said.
    let length = unsafe {
        let list = libc::open(c"/proc/thread-self/children".as_ptr(), libc::O_RDONLY);
        let length = libc::read(list, text.as_mut_ptr().cast(), text.len());
        libc::close(list);
        length.max(0) as usize
    };
    let mut number = 0;
    // What stands behind the last space may have been cut.
    for byte in &text[..length] {
        match byte {
            b'0'..=b'9' => number = number * 10 + i32::from(byte - b'0'),
            _ if number > 1 => {
                // SAFETY: a child of this process, not yet waited for.
                unsafe { libc::kill(number, libc::SIGKILL) };
                number = 0;
            }
            _ => number = 0,
        }
    }
}

unsafe fn close_all() {
    // SAFETY: no value of Rust's owns a descriptor in this process any more: nothing runs in it but
    // this module.
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
