//! The thread that reads the sockets and writes to the kernel's pipes, where there is no front.

use super::lines::Lines;
use super::{BUSY, KERNEL, SOCKETS, THREAD};
use std::io::Write;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

const OUT: usize = 0;
const ERR: usize = 1;
/// The longest that the end of a cell waits for another thread to let go of stdout.
pub const FLUSH_LIMIT: Duration = Duration::from_millis(250);

/// Carries for as long as the process lives, and ends it when the kernel has gone: a cell that
/// still runs then runs for nobody.
pub fn run() {
    let mut carrier = Carrier {
        lines: [
            Lines::new(Some(std::process::id() as i32)),
            Lines::new(None),
        ],
        buffer: vec![0; 64 * 1024],
        out: Vec::new(),
        flusher: Flusher::start(),
    };
    loop {
        wait(-1);
        BUSY.store(true, SeqCst);
        let delivered = carrier.carry(ERR) && carrier.carry(OUT);
        BUSY.store(false, SeqCst);
        if !delivered {
            // SAFETY: `_exit` runs no handler and does not return.
            unsafe { libc::_exit(1) }
        }
    }
}

struct Carrier {
    lines: [Lines; 2],
    buffer: Vec<u8>,
    out: Vec<u8>,
    flusher: Flusher,
}

impl Carrier {
    /// Reads all that waits in a socket and writes it on. False when the kernel is gone.
    fn carry(&mut self, stream: usize) -> bool {
        while let Some((pid, length)) = receive(SOCKETS[stream].load(SeqCst), &mut self.buffer) {
            let complete = self.lines[stream].take(pid, &self.buffer[..length], &mut self.out);
            if !self.deliver(stream) || (complete && !self.complete()) {
                return false;
            }
        }
        true
    }

    fn deliver(&mut self, stream: usize) -> bool {
        let delivered = self.out.is_empty() || write_all(KERNEL[stream].load(SeqCst), &self.out);
        self.out.clear();
        delivered
    }

    /// A cell has ended: what it has left in stdout's buffer, and what it wrote to stderr, go
    /// before the line that says so, lest they be taken for the next cell's.
    fn complete(&mut self) -> bool {
        let flushed = self.flusher.flush();
        let started = Instant::now();
        while !flushed.load(SeqCst) && started.elapsed() < FLUSH_LIMIT {
            wait(1);
            if !self.carry(OUT) {
                return false;
            }
        }
        if !self.carry(OUT) || !self.carry(ERR) {
            return false;
        }
        for stream in [ERR, OUT] {
            self.lines[stream].finish(&mut self.out);
            if stream == OUT {
                Lines::complete(&mut self.out);
            }
            if !self.deliver(stream) {
                return false;
            }
        }
        true
    }
}

/// Flushes stdout in a thread of its own: another thread may hold stdout's lock while it waits
/// for the carrier to make room in the socket.
pub struct Flusher(Sender<Arc<AtomicBool>>);

impl Flusher {
    pub fn start() -> Flusher {
        let (sender, requests) = std::sync::mpsc::channel::<Arc<AtomicBool>>();
        let flush = move || {
            for done in requests {
                let _ = std::io::stdout().flush();
                done.store(true, SeqCst);
            }
        };
        // Without the thread a last line without its newline shows with the next cell.
        let _ = std::thread::Builder::new().name(THREAD.into()).spawn(flush);
        Flusher(sender)
    }

    /// Asks for a flush; the flag tells when it is done.
    pub fn flush(&self) -> Arc<AtomicBool> {
        let done = Arc::new(AtomicBool::new(false));
        if self.0.send(done.clone()).is_err() {
            done.store(true, SeqCst);
        }
        done
    }
}

/// Waits until something can be read, at most so many milliseconds (-1: for ever).
fn wait(milliseconds: i32) {
    let mut wanted = SOCKETS.each_ref().map(|socket| libc::pollfd {
        fd: socket.load(SeqCst),
        events: libc::POLLIN,
        revents: 0,
    });
    // SAFETY: `wanted` is two entries long and lives through the call.
    unsafe { libc::poll(wanted.as_mut_ptr(), 2, milliseconds) };
}

/// One piece and the process that wrote it; `None` when nothing waits.
pub fn receive(socket: RawFd, buffer: &mut [u8]) -> Option<(i32, usize)> {
    let mut piece = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    // 64 bytes, aligned for the header: enough for one message with credentials.
    let mut control = [0u64; 8];
    // SAFETY: an all-zero header is a valid empty one; its pointers are set to buffers that live
    // through the call. The control message is read only where the operating system says that it
    // is there and holds credentials.
    unsafe {
        let mut header: libc::msghdr = std::mem::zeroed();
        header.msg_iov = &raw mut piece;
        header.msg_iovlen = 1;
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = size_of_val(&control);
        let length = libc::recvmsg(
            socket,
            &raw mut header,
            libc::MSG_DONTWAIT | libc::MSG_CMSG_CLOEXEC,
        );
        if length <= 0 {
            return None;
        }
        let mut message = libc::CMSG_FIRSTHDR(&raw const header);
        let mut pid = 0;
        while !message.is_null() {
            if (*message).cmsg_level == libc::SOL_SOCKET
                && (*message).cmsg_type == libc::SCM_CREDENTIALS
            {
                pid = libc::CMSG_DATA(message)
                    .cast::<libc::ucred>()
                    .read_unaligned()
                    .pid;
            }
            message = libc::CMSG_NXTHDR(&raw const header, message);
        }
        Some((pid, length as usize))
    }
}

/// Blocks while the kernel's pipe is full. False when nobody reads it any more.
pub fn write_all(pipe: RawFd, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        // SAFETY: the bytes live through the call.
        match unsafe { libc::write(pipe, bytes.as_ptr().cast(), bytes.len()) } {
            written if written >= 0 => bytes = &bytes[written as usize..],
            _ if std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted => {}
            _ => return false,
        }
    }
    true
}
