//! Which system calls are left to this process: those that it takes to search, and one line to the judge.
//!
//! Safe code of a solution has no name for any of them (`explored-std`). This is for what is not thought
//! of there.

use libc::{c_long, c_uint, sock_filter, sock_fprog};
use std::io::{Error, Result};
use std::os::fd::RawFd;

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;

/// What the standard library and the C library need to allocate, to start and end threads, and to wait.
const ALLOWED: &[c_long] = &[
    libc::SYS_futex,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_sigaltstack,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigaction,
    libc::SYS_clock_gettime,
    libc::SYS_getrandom,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_gettid,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

const KILL: u32 = libc::SECCOMP_RET_KILL_PROCESS;
const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const fn refuse(error: i32) -> u32 {
    libc::SECCOMP_RET_ERRNO | error as u32
}

/// From now on all threads of this process read from the one descriptor and write to the other, and reach
/// nothing else. It cannot be taken back.
///
/// # Errors
/// When the system has no such filters.
pub fn only_the_line(questions: RawFd, answers: RawFd) -> Result<()> {
    let mut program = filter(questions as u32, answers as u32);
    let program = sock_fprog {
        len: program.len() as u16,
        filter: program.as_mut_ptr(),
    };
    // SAFETY: system calls on numbers, and on a program that lives until the second has returned.
    let set = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::syscall(
                libc::SYS_seccomp,
                libc::SECCOMP_SET_MODE_FILTER,
                libc::SECCOMP_FILTER_FLAG_TSYNC,
                &program,
            ) == 0
    };
    if set {
        Ok(())
    } else {
        Err(Error::last_os_error())
    }
}

fn filter(questions: u32, answers: u32) -> Vec<sock_filter> {
    // Of `struct seccomp_data`: the number, the architecture, then the arguments, low half first.
    let argument = |number: u32| load(16 + 8 * number);
    let mut program = vec![
        load(4),
        unless_equal(ARCHITECTURE, 1),
        skip(1),
        give(KILL),
        load(0),
    ];
    let mut when = |call: c_long, then: &[sock_filter]| {
        program.push(unless_equal(call as u32, then.len() as u8));
        program.extend(then);
    };
    for &call in ALLOWED {
        when(call, &[give(ALLOW)]);
    }
    let only = |descriptor| {
        [
            argument(0),
            unless_equal(descriptor, 1),
            give(ALLOW),
            give(refuse(libc::EPERM)),
        ]
    };
    when(libc::SYS_read, &only(questions));
    when(libc::SYS_write, &only(answers));
    // Threads, never processes. The newer call says which by a pointer, so the older one has to be taken.
    let threads = [
        argument(0),
        unless_any(libc::CLONE_THREAD as u32, 1),
        give(ALLOW),
        give(KILL),
    ];
    when(libc::SYS_clone, &threads);
    when(libc::SYS_clone3, &[give(refuse(libc::ENOSYS))]);
    // The C library looks for a setting of the system where it returns memory, and does without it.
    when(libc::SYS_openat, &[give(refuse(libc::EPERM))]);
    // A thread's name, and nothing else of what this call can do.
    let name = [
        argument(0),
        unless_equal(libc::PR_SET_NAME as u32, 1),
        give(ALLOW),
        give(refuse(libc::EINVAL)),
    ];
    when(libc::SYS_prctl, &name);
    let not_code = [
        argument(2),
        unless_any(libc::PROT_EXEC as u32, 1),
        give(KILL),
        give(ALLOW),
    ];
    when(libc::SYS_mmap, &not_code);
    when(libc::SYS_mprotect, &not_code);
    program.push(give(KILL));
    program
}

fn instruction(code: c_uint, jump: (u8, u8), k: u32) -> sock_filter {
    let (jt, jf) = jump;
    sock_filter {
        code: code as u16,
        jt,
        jf,
        k,
    }
}

fn load(offset: u32) -> sock_filter {
    instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, (0, 0), offset)
}

fn give(what: u32) -> sock_filter {
    instruction(libc::BPF_RET | libc::BPF_K, (0, 0), what)
}

fn skip(instructions: u32) -> sock_filter {
    instruction(libc::BPF_JMP | libc::BPF_JA, (0, 0), instructions)
}

/// Leaves out so many instructions unless what was loaded is this.
fn unless_equal(value: u32, leave_out: u8) -> sock_filter {
    instruction(
        libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K,
        (0, leave_out),
        value,
    )
}

/// Leaves out so many unless one of these bits is set.
fn unless_any(bits: u32, leave_out: u8) -> sock_filter {
    instruction(
        libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K,
        (0, leave_out),
        bits,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    const NULL: &CStr = c"/dev/null";

    /// What becomes of a process that takes the filter on itself and then does this: its wait status.
    fn of_a_child<T>(then: fn(&[i32; 2]) -> T) -> i32 {
        let mut ends = [0; 2];
        // SAFETY: `ends` has room for two.
        assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
        // SAFETY: the child makes system calls, and allocates a little before the first of them: glibc
        // keeps its allocator in order over a fork.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let set = only_the_line(ends[0], ends[1]).is_ok();
            if set {
                then(&ends);
            }
            // SAFETY: it ends the child.
            unsafe { libc::_exit(i32::from(!set)) };
        }
        let mut status = 0;
        // SAFETY: of our own child, into a number of our own; and our own ends of the pipe.
        unsafe {
            assert_eq!(libc::waitpid(child, &mut status, 0), child);
            libc::close(ends[0]);
            libc::close(ends[1]);
        }
        status
    }

    fn exit(holds: bool) -> ! {
        // SAFETY: it ends the child.
        unsafe { libc::_exit(if holds { 42 } else { 1 }) }
    }

    #[test]
    fn the_line_is_left() {
        let status = of_a_child(|[questions, answers]| -> () {
            let mut byte = 7u8;
            // SAFETY: one byte each, of our own.
            let came = unsafe {
                libc::write(*answers, (&raw const byte).cast(), 1) == 1
                    && libc::read(*questions, (&raw mut byte).cast(), 1) == 1
            };
            exit(came && std::thread::spawn(|| 5).join().is_ok_and(|five| five == 5));
        });
        assert_eq!(status, 42 << 8);
    }

    #[test]
    fn other_descriptors_and_files_are_refused() {
        let status = of_a_child(|[questions, answers]| -> () {
            let mut byte = 7u8;
            // SAFETY: one byte each, of our own; a path that is one.
            exit(unsafe {
                libc::write(1, (&raw const byte).cast(), 1) == -1
                    && libc::write(*questions, (&raw const byte).cast(), 1) == -1
                    && libc::read(*answers, (&raw mut byte).cast(), 1) == -1
                    && libc::read(0, (&raw mut byte).cast(), 1) == -1
                    && libc::open(NULL.as_ptr(), libc::O_RDONLY) == -1
                    && libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0) == -1
            });
        });
        assert_eq!(status, 42 << 8);
    }

    #[test]
    fn whoever_does_more_is_ended() {
        // SAFETY of all: each would do nothing but to its own process, which is ended before.
        let more: [fn(&[i32; 2]) -> i64; 9] = [
            |_| i64::from(unsafe { libc::fork() }),
            |_| i64::from(unsafe { libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0) }),
            |_| i64::from(unsafe { libc::kill(libc::getppid(), 0) }),
            |_| i64::from(unsafe { libc::execv(NULL.as_ptr(), [std::ptr::null()].as_ptr()) }),
            |ends| i64::from(unsafe { libc::dup2(ends[1], 1) }),
            |ends| unsafe { libc::pwrite(ends[1], NULL.as_ptr().cast(), 1, 0) as i64 },
            |_| unsafe { libc::ptrace(libc::PTRACE_TRACEME) },
            |_| unsafe { libc::syscall(libc::SYS_process_vm_writev, 1, 0, 0, 0, 0, 0) },
            |_| {
                let (code, private) = (libc::PROT_EXEC, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
                unsafe { libc::mmap(std::ptr::null_mut(), 4096, code, private, -1, 0) as i64 }
            },
        ];
        for (number, then) in more.into_iter().enumerate() {
            let status = of_a_child(then);
            assert_eq!(status & 0x7f, libc::SIGSYS, "{number}: {status:#x}");
        }
    }
}
