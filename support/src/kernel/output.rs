//! Carries what cells and their children write to the kernel.
//!
//! stdout and stderr of this process become two stream sockets. A thread reads them and writes
//! whole lines to the kernel's front, or to a stock kernel's pipes, which no other process ever
//! holds. With `SO_PASSCRED` the operating system tells of every piece who wrote it and never joins
//! pieces of two writers. So one socket keeps the order in which processes wrote (a child's last
//! words come before its parent's "it has ended"), long lines of two processes do not mix, and a
//! control word of evcxr's protocol counts only where this process wrote it. (systemd's journal
//! collects the output of services in the same way.)
//!
//! A socket cannot be opened by name, as a shell does for `> /dev/stderr`. So a program that std
//! starts, from this process or from a forked child, has pipes in their place, two of its own (see
//! `programs`). What it writes comes before what the cell prints after having waited for it, and
//! lines of two programs do not mix; but between a cell and a program that still runs, the order is
//! that in which the thread finds their words. By the cells' process itself, by its forked children,
//! and by programs that those become through a bare `exec`, `/dev/stdout` still cannot be opened.
//!
//! Where the kernel has a front, output goes to that over a connection of its own (see `wire`), and
//! the kernel's pipes carry nothing but the words that steer evcxr. A stock kernel gets all by the
//! pipes (see `evcxr`).

use super::mark;
use nix::poll::{PollTimeout, poll};
use nix::sys::socket::{setsockopt, sockopt::PassCred};
use nix::sys::stat::fstat;
use nix::unistd::{dup2_stderr, dup2_stdout, write};
use processes::lifeline::above_standard;
use state::{BUSY, IN_CHILD, STREAMS, Streams, waiting};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::mpsc::channel;
use std::time::Duration;

mod block;
mod evcxr;
mod programs;
mod relay;
mod sort;
mod state;
mod watch;
mod wire;
mod words;

pub use programs::pipe as program_pipe;
pub use state::{THREAD, has_front, in_child, is_carried, panicked};

/// The longest that [`sync`] waits for the kernel to take what was written, in ms.
const SYNC_LIMIT: u32 = 1000;

/// Puts the sockets in the place of stdout and stderr and starts the carrying thread.
pub fn install() -> io::Result<()> {
    let aside = |pipe: BorrowedFd| above_standard(pipe.try_clone_to_owned()?);
    let (out, stdout) = UnixStream::pair()?;
    let (err, stderr) = UnixStream::pair()?;
    for socket in [&out, &err] {
        setsockopt(socket, PassCred, &true)?;
    }
    let streams = Streams {
        kernel: [
            aside(io::stdout().as_fd())?.into(),
            aside(io::stderr().as_fd())?.into(),
        ],
        sockets: [above_standard(out.into())?, above_standard(err.into())?],
        inodes: [fstat(&stdout)?.st_ino, fstat(&stderr)?.st_ino],
        stdout: aside(stdout.as_fd())?,
        // A front that cannot be reached is none: cells then run as in a stock kernel.
        front: wire::connect().ok().flatten(),
    };
    let streams = STREAMS.get_or_init(|| streams);
    std::thread::Builder::new()
        .name(THREAD.into())
        .spawn(|| relay::run(streams))?;
    dup2_stdout(stdout)?;
    dup2_stderr(stderr)?;
    // SAFETY: the handler is a function of this library, which is never unloaded.
    unsafe { libc::atexit(at_exit) };
    Ok(())
}

/// Lets nothing be lost that was written before a normal exit.
extern "C" fn at_exit() {
    sync();
}

/// Writes out what stdout's buffer holds; gives up after a moment if another thread holds its lock.
pub fn flush() {
    let (done, wait) = channel();
    let flush = move || drop(done.send(io::stdout().flush()));
    let thread = std::thread::Builder::new().name(THREAD.into());
    if thread.spawn(flush).is_ok() {
        let _ = wait.recv_timeout(Duration::from_millis(250));
    }
}

/// Waits until all that was written has reached the kernel, one second at most.
///
/// Safe to call in a signal handler. Does nothing in a child: its parent carries its words.
pub fn sync() {
    let Some(streams) = STREAMS.get().filter(|_| !in_child()) else {
        return;
    };
    // A last line without its newline waits for its end: end it.
    let _ = write(&streams.stdout, mark::last_words());
    for _ in 0..SYNC_LIMIT {
        // First the sockets, then the flag: what has left a socket is held under the flag.
        if streams.sockets.iter().all(|it| waiting(it) == 0) && !BUSY.load(SeqCst) {
            return;
        }
        let _ = poll(&mut [], PollTimeout::from(1u8));
    }
}

/// In a child: gives up what is the kernel's. Safe after a fork from a process with many threads.
pub fn leave_to_parent() {
    if IN_CHILD.swap(true, SeqCst) {
        return;
    }
    let Some(streams) = STREAMS.get() else { return };
    let kernel = streams.kernel.iter().map(AsFd::as_fd);
    let sockets = streams
        .sockets
        .iter()
        .chain([&streams.stdout])
        .map(AsFd::as_fd);
    let front = streams.front.iter().map(AsFd::as_fd);
    for descriptor in kernel.chain(sockets).chain(front) {
        // In a child nothing uses it again: all that does asks `in_child` first or runs in the
        // carrying thread, which is the parent's.
        let _ = nix::unistd::close(descriptor.as_raw_fd());
    }
}
