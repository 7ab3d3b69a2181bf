//! The thread that reads the sockets and writes to the kernel's front, and to evcxr only what
//! steers it.

use super::carry::{FLUSH_LIMIT, Flusher, receive, write_all};
use super::sort::{Sorted, Sorter, Word};
use super::{BUSY, KERNEL, PANICKED, SOCKETS, waiting, watch, wire, words};
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

const OUT: usize = 0;
const ERR: usize = 1;
/// So many bytes of frames are collected before they are sent.
const ENOUGH: usize = 256 * 1024;
/// How often the cells' thread is looked at while an end is pending, and while one is in doubt.
const SHORTEST: Duration = Duration::from_micros(50);
const LONGEST: Duration = Duration::from_millis(1);
const IN_DOUBT: Duration = Duration::from_millis(20);

/// Carries for as long as the process lives, and ends it when the front has gone: a cell that
/// still runs then runs for nobody.
pub fn run() {
    let process = std::process::id() as i32;
    let mut relay = Relay {
        process,
        out: Sorter::new(wire::OUT, process, alive),
        err: Sorter::new(wire::ERR, process, alive),
        buffers: [vec![0; 64 * 1024], vec![0; 64 * 1024]],
        sorted: Sorted::default(),
        flusher: Flusher::start(),
        pause: Duration::ZERO,
        syncs: 0,
    };
    loop {
        relay.wait();
        BUSY.store(true, SeqCst);
        let delivered = relay.turn();
        BUSY.store(false, SeqCst);
        if !delivered {
            // SAFETY: `_exit` runs no handler and does not return.
            unsafe { libc::_exit(1) }
        }
    }
}

struct Relay {
    process: i32,
    out: Sorter,
    err: Sorter,
    buffers: [Vec<u8>; 2],
    sorted: Sorted,
    flusher: Flusher,
    /// How long until the cells' thread is looked at again.
    pause: Duration,
    syncs: u64,
}

impl Relay {
    fn wait(&self) {
        let now = Instant::now();
        let shown = [self.out.due(), self.err.due()].into_iter().flatten().min();
        let shown = shown.map(|due| due.saturating_duration_since(now));
        let looked = match (self.out.is_pending(), self.out.asks()) {
            (true, _) => Some(self.pause),
            (false, true) => Some(IN_DOUBT),
            (false, false) => None,
        };
        wait(shown.into_iter().chain(looked).min());
    }

    /// One round: reads, sorts, sends. False when the front or evcxr is gone.
    fn turn(&mut self) -> bool {
        // Looked at first, read then: all that the thread wrote before is known when it is judged.
        let looked = self.out.asks().then(|| watch::cells_thread(self.process));
        let was_pending = self.out.is_pending();
        if !self.read() {
            return false;
        }
        let now = Instant::now();
        if let Some(doing) = looked {
            match self.out.judge(doing, now, &mut self.sorted) {
                Some(Word::Complete) if !self.complete() => return false,
                Some(Word::Input) if !(self.deliver_front() && self.sync()) => return false,
                _ => {}
            }
        }
        self.pause = match was_pending {
            true => (self.pause * 2).clamp(SHORTEST, LONGEST),
            false => Duration::ZERO,
        };
        self.out.tick(now, &mut self.sorted);
        self.err.tick(now, &mut self.sorted);
        self.deliver()
    }

    /// Reads what has been written up to now. (Not "until nothing is left": a thread may write
    /// faster than the front reads.)
    fn read(&mut self) -> bool {
        if !self.read_errors() {
            return false;
        }
        let mut left = waiting(SOCKETS[OUT].load(SeqCst));
        while left > 0 {
            let Some((pid, length)) = self.receive(OUT) else {
                break;
            };
            left = left.saturating_sub(length);
            // What was written to stderr before this is read before it.
            if !self.read_errors() {
                return false;
            }
            self.out.facts.panicked = PANICKED.load(SeqCst);
            let piece = &self.buffers[OUT][..length];
            self.out.take(pid, piece, Instant::now(), &mut self.sorted);
            if self.sorted.front.bytes.len() > ENOUGH && !self.deliver() {
                return false;
            }
        }
        true
    }

    fn read_errors(&mut self) -> bool {
        let mut left = waiting(SOCKETS[ERR].load(SeqCst));
        while left > 0 {
            let Some((pid, length)) = self.receive(ERR) else {
                break;
            };
            left = left.saturating_sub(length);
            let piece = &self.buffers[ERR][..length];
            if pid == self.process {
                self.out.facts.wrote_to_stderr(piece);
            }
            self.err.take(pid, piece, Instant::now(), &mut self.sorted);
            if self.sorted.front.bytes.len() > ENOUGH && !self.deliver() {
                return false;
            }
        }
        true
    }

    fn receive(&mut self, stream: usize) -> Option<(i32, usize)> {
        receive(SOCKETS[stream].load(SeqCst), &mut self.buffers[stream])
    }

    fn deliver_front(&mut self) -> bool {
        self.sorted.front.bytes.is_empty() || self.sorted.front.send()
    }

    fn deliver(&mut self) -> bool {
        let evcxr = std::mem::take(&mut self.sorted.evcxr);
        self.deliver_front() && (evcxr.is_empty() || write_all(KERNEL[OUT].load(SeqCst), &evcxr))
    }

    fn sync(&mut self) -> bool {
        self.syncs += 1;
        wire::sync(self.syncs)
    }

    /// A cell has ended: what it has left in stdout's buffer, and all that was written, reach the
    /// front, and are dealt with there, before evcxr hears of it.
    fn complete(&mut self) -> bool {
        PANICKED.store(false, SeqCst);
        let result = std::mem::take(&mut self.out.result);
        let flushed = self.flusher.flush();
        let started = Instant::now();
        while !flushed.load(SeqCst) && started.elapsed() < FLUSH_LIMIT {
            wait(Some(SHORTEST));
            if !self.read() {
                return false;
            }
        }
        if !self.read() {
            return false;
        }
        self.err.finish(&mut self.sorted);
        self.out.finish(&mut self.sorted);
        if !self.deliver() || !self.sync() {
            return false;
        }
        let mut last = Vec::new();
        result.print(&mut last);
        last.extend_from_slice(words::COMPLETE);
        last.push(b'\n');
        write_all(KERNEL[OUT].load(SeqCst), &last)
    }
}

fn alive(pid: i32) -> bool {
    // SAFETY: signal 0 is not sent; the call only looks.
    unsafe { libc::kill(pid, 0) == 0 }
}

/// Waits until something can be read, at most so long.
fn wait(limit: Option<Duration>) {
    let mut wanted = SOCKETS.each_ref().map(|socket| libc::pollfd {
        fd: socket.load(SeqCst),
        events: libc::POLLIN,
        revents: 0,
    });
    let limit = limit.map(|limit| libc::timespec {
        tv_sec: limit.as_secs() as libc::time_t,
        tv_nsec: limit.subsec_nanos().into(),
    });
    let limit = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: `wanted` is two entries long; it and the limit live through the call.
    unsafe { libc::ppoll(wanted.as_mut_ptr(), 2, limit, std::ptr::null()) };
}
