//! Carries what cells and their children write to the kernel.
//!
//! stdout and stderr of this process become two stream sockets. A thread reads them and writes
//! whole lines to the kernel's pipes, which no other process ever holds. With `SO_PASSCRED` the
//! operating system tells of every piece who wrote it and never joins pieces of two writers. So
//! one socket keeps the order in which processes wrote (a child's last words come before its
//! parent's "it has ended"), long lines of two processes do not mix, and a control word of the
//! kernel's protocol counts only where this process wrote it. (systemd's journal collects the
//! output of services in the same way.)
//!
//! Where the kernel has a front (see `wire`), output goes to that over a connection of its own,
//! and the pipes carry nothing but the words that steer evcxr.

use super::mark;
use processes::lifeline::above_standard;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::SeqCst};
use std::time::Duration;

mod block;
mod carry;
mod lines;
mod relay;
mod sort;
mod watch;
mod wire;
mod words;

/// The kernel's pipes and this process's ends of the sockets: `[stdout, stderr]`.
static KERNEL: [AtomicI32; 2] = [AtomicI32::new(-1), AtomicI32::new(-1)];
static SOCKETS: [AtomicI32; 2] = [AtomicI32::new(-1), AtomicI32::new(-1)];
/// Leads to where stdout leads, also when a cell has sent stdout elsewhere.
static STDOUT: AtomicI32 = AtomicI32::new(-1);
/// Whether the carrying thread holds something that it has read and not yet written.
static BUSY: AtomicBool = AtomicBool::new(false);
static IN_CHILD: AtomicBool = AtomicBool::new(false);
/// Whether this library carries the output, or did in the process that forked this one; and
/// whether to a front.
static INSTALLED: AtomicBool = AtomicBool::new(false);
static HAS_FRONT: AtomicBool = AtomicBool::new(false);
/// Whether the cells' thread has panicked since its cell began.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// The name of this module's threads, by which lists of threads leave them out.
pub const THREAD: &str = "support-output";

/// The longest that [`sync`] waits for the kernel to take what was written.
const SYNC_LIMIT: Duration = Duration::from_secs(1);

/// Puts the sockets in the place of stdout and stderr and starts the carrying thread.
pub fn install() -> io::Result<()> {
    // A front that cannot be reached is none: cells then run as in a stock kernel.
    let front = matches!(wire::connect(), Ok(Some(())));
    for (stream, standard) in [(0, libc::STDOUT_FILENO), (1, libc::STDERR_FILENO)] {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        let on: libc::c_int = 1;
        // SAFETY: `on` lives through the call and its size is the one given.
        check(unsafe {
            libc::setsockopt(
                ours.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_PASSCRED,
                (&raw const on).cast(),
                size_of_val(&on) as libc::socklen_t,
            )
        })?;
        // SAFETY: `standard` is open in a process that the kernel started.
        let pipe = check(unsafe { libc::fcntl(standard, libc::F_DUPFD_CLOEXEC, 64) })?;
        KERNEL[stream].store(pipe, SeqCst);
        SOCKETS[stream].store(above_standard(ours.into())?.into_raw_fd(), SeqCst);
        if stream == 0 {
            STDOUT.store(
                above_standard(theirs.try_clone()?.into())?.into_raw_fd(),
                SeqCst,
            );
        }
        // SAFETY: both are open; `dup2` replaces what `standard` was.
        check(unsafe { libc::dup2(theirs.as_raw_fd(), standard) })?;
    }
    std::thread::Builder::new()
        .name(THREAD.into())
        .spawn(if front { relay::run } else { carry::run })?;
    HAS_FRONT.store(front, SeqCst);
    INSTALLED.store(true, SeqCst);
    sync_at_the_end();
    Ok(())
}

/// Writes out what stdout's buffer holds; gives up after a moment if another thread holds its lock.
pub fn flush() {
    let (done, wait) = std::sync::mpsc::channel();
    let flush = move || {
        let _ = io::stdout().flush();
        let _ = done.send(());
    };
    if std::thread::Builder::new()
        .name(THREAD.into())
        .spawn(flush)
        .is_ok()
    {
        let _ = wait.recv_timeout(Duration::from_millis(250));
    }
}

/// Waits until all that was written has reached the kernel, one second at most.
///
/// Safe to call in a signal handler. Does nothing in a child: its parent carries its words.
pub fn sync() {
    if in_child() || SOCKETS[0].load(SeqCst) < 0 {
        return;
    }
    // A last line without its newline waits for its end: end it.
    let words = match place() {
        Place::Front => mark::last_words(),
        _ => lines::LAST_WORDS,
    };
    // SAFETY: the bytes live through the call; the descriptor is this module's.
    unsafe { libc::write(STDOUT.load(SeqCst), words.as_ptr().cast(), words.len()) };
    let pause = libc::timespec {
        tv_sec: 0,
        tv_nsec: 50_000,
    };
    for _ in 0..SYNC_LIMIT.as_micros() / 50 {
        // First the sockets, then the flag: what has left a socket is held under the flag.
        if SOCKETS
            .iter()
            .all(|socket| waiting(socket.load(SeqCst)) == 0)
            && !BUSY.load(SeqCst)
        {
            return;
        }
        // SAFETY: `pause` lives through the call; the remaining time is not asked for.
        unsafe { libc::nanosleep(&raw const pause, std::ptr::null_mut()) };
    }
}

/// Whether this process was forked from the one that runs the cells.
pub fn in_child() -> bool {
    IN_CHILD.load(SeqCst)
}

/// In a child: gives up what is the kernel's. Safe after a fork from a process with many threads.
pub fn leave_to_parent() {
    IN_CHILD.store(true, SeqCst);
    let others = [&STDOUT, wire::descriptor()];
    for descriptor in KERNEL.iter().chain(&SOCKETS).chain(others) {
        let descriptor = descriptor.swap(-1, SeqCst);
        if descriptor >= 0 {
            // SAFETY: this module opened it and nothing else in the child uses it.
            unsafe { libc::close(descriptor) };
        }
    }
}

/// Where output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// To the kernel's front.
    Front,
    /// To a stock kernel.
    Kernel,
    /// Nowhere special: no cells run here.
    Plain,
}

pub fn place() -> Place {
    match (INSTALLED.load(SeqCst), HAS_FRONT.load(SeqCst)) {
        (true, true) => Place::Front,
        (true, false) => Place::Kernel,
        (false, _) => Place::Plain,
    }
}

/// Notes that the cells' thread has panicked: evcxr's word that says so is then true.
pub fn panicked() {
    PANICKED.store(true, SeqCst);
}

/// So many bytes wait to be read.
fn waiting(socket: RawFd) -> usize {
    let mut bytes: libc::c_int = 0;
    // SAFETY: FIONREAD writes one integer, and `bytes` is one.
    match unsafe { libc::ioctl(socket, libc::FIONREAD, &raw mut bytes) } {
        0 => usize::try_from(bytes).unwrap_or(0),
        _ => 0,
    }
}

/// Lets nothing be lost that was written before a normal exit or an abort.
fn sync_at_the_end() {
    extern "C" fn at_exit() {
        sync();
    }
    extern "C" fn at_abort(_signal: libc::c_int) {
        sync();
        // Returning lets `abort()` go on: it restores the default action and raises again.
    }
    // SAFETY: the handlers are functions of this library, which is never unloaded, and `sync`
    // makes only calls that are safe in a signal handler.
    unsafe {
        libc::atexit(at_exit);
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = at_abort as *const () as usize;
        action.sa_flags = libc::SA_ONSTACK;
        libc::sigaction(libc::SIGABRT, &raw const action, std::ptr::null_mut());
    }
}

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
