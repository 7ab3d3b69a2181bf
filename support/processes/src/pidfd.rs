//! Ending and reaping a process by a descriptor that never comes to mean another one, as its
//! number may.

use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::sys::signal::Signal;

use super::Exit;

/// Sends a signal; does nothing if the process has ended.
pub fn signal(process: BorrowedFd, signal: Signal) {
    let nothing = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: a system call on an open descriptor; without a siginfo it reads no memory.
    unsafe {
        let (fd, signal) = (process.as_raw_fd(), signal as i32);
        libc::syscall(libc::SYS_pidfd_send_signal, fd, signal, nothing, 0)
    };
}

/// Waits for the end of a child of this process and reaps it. Blocks until it has ended.
pub fn reap(process: BorrowedFd) -> Exit {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    loop {
        // SAFETY: `info` is a siginfo of our own. nix's `waitid` is not used, as it loses the end
        // of a process by a real-time signal, which has no name.
        let failed = unsafe {
            let fd = process.as_raw_fd() as libc::id_t;
            libc::waitid(libc::P_PIDFD, fd, info.as_mut_ptr(), libc::WEXITED) != 0
        };
        match failed.then(Errno::last) {
            None => break,
            Some(Errno::EINTR) => {}
            // Not a child of this process, or one that somebody else has waited for.
            Some(_) => return Exit::Unknown,
        }
    }
    // SAFETY: zeroed memory is a valid siginfo, and after success it is that of a child.
    let (info, status) = unsafe {
        let info = info.assume_init();
        (info, info.si_status())
    };
    Exit::told(info.si_code, status)
}
