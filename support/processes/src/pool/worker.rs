//! What a worker does: task by task, until its parent sends no more; and what it shares with its
//! parent.
//!
//! Before a task begins its number is stored where the parent sees it; when it is done its result
//! is put where the parent finds it. So whenever the worker is killed, the parent knows what was
//! done, and what had begun.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, eventfd};

use super::chunk::{Frames, HEAD, seal};
use crate::codec;
use crate::counter::Counter;
use crate::limit::Limit;
use crate::panic::message;
use crate::queue::ring::Ring;

/// The function of a pool without its types: reads an item, appends the result.
pub(super) type Work = dyn Fn(&[u8], &mut Vec<u8>) -> Result<(), codec::Error> + Send + Sync;

/// After the bell the parent looks a second time, [`LOOK_AGAIN`] later. A result that is put less
/// than this after the bell needs none of its own.
const QUIET: Duration = Duration::from_micros(200);
/// Long enough that what was put up to `QUIET` after the bell is seen then.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// The most bytes that go into a queue at once; larger tasks and results go in pieces.
const PIECE: usize = 128 << 10;
/// Pieces and bytes that a queue holds.
const PIECES: usize = 4096;
const ROOM: usize = 8 * PIECE;

/// What became of a task: the first byte of its result.
pub(super) const DONE: u8 = 1;
pub(super) const PANICKED: u8 = 2;
pub(super) const NOT_SENT: u8 = 3;

/// Wakes the pool's manager, from any process.
pub(super) struct Bell(OwnedFd);

impl Bell {
    pub fn new() -> io::Result<Bell> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        Ok(Bell(eventfd(0, flags)?))
    }

    pub fn ring(&self) {
        // It neither blocks nor fails, but after 2⁶⁴ rings that nobody has heard.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }

    /// Has it silent until it is rung again.
    pub fn hush(&self) {
        let _ = rustix::io::read(&self.0, &mut [0; 8]);
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// What a worker and its parent share.
pub(super) struct Line {
    tasks: Ring,
    results: Ring,
    /// How many tasks the worker has begun.
    begun: Counter,
}

impl Line {
    pub fn new() -> io::Result<Line> {
        Ok(Line {
            tasks: Ring::new(PIECES, ROOM)?,
            results: Ring::new(PIECES, ROOM)?,
            begun: Counter::new(0),
        })
    }

    /// Of these bytes of tasks, puts a piece in, if there is room; says how long it was.
    pub fn send(&self, tasks: &[u8]) -> Option<usize> {
        let piece = &tasks[..tasks.len().min(PIECE)];
        self.tasks.put(piece, Limit::NOW).ok()?;
        Some(piece.len())
    }

    /// Takes in all results that are there.
    pub fn receive(&self, results: &mut Frames) {
        self.results.get_all(results.tail());
    }

    pub fn begun(&self) -> u64 {
        self.begun.get() as u64
    }

    /// Lets the worker end, once it has done what it was sent.
    pub fn close(&self) {
        self.tasks.close();
    }
}

/// Takes tasks, does them and sends their results, until the line is closed.
pub(super) fn serve(line: &Line, bell: &Bell, work: &Work) -> i32 {
    let mut worker = Worker {
        line,
        bell,
        rung: None,
        unseen: false,
    };
    let (mut tasks, mut result) = (Frames::default(), Vec::new());
    for number in 1.. {
        loop {
            if let Some(task) = tasks.pop() {
                line.begun.set(number);
                one(work, task, &mut result);
                break;
            }
            // It may be a while before there is another result to speak of.
            worker.tell();
            if !worker.receive(tasks.tail()) {
                return 0;
            }
        }
        worker.send(&result);
    }
    0
}

/// Does one task; its result becomes a frame.
fn one(work: &Work, task: &[u8], frame: &mut Vec<u8>) {
    frame.clear();
    frame.extend([0; HEAD + 1]);
    // What a panic leaves half-done is `f`'s own, and `f` is told in the documentation.
    let (kind, why) = match catch_unwind(AssertUnwindSafe(|| work(task, frame))) {
        Ok(Ok(())) => (DONE, None),
        Ok(Err(error)) => (NOT_SENT, Some(error.to_string())),
        Err(payload) => (PANICKED, Some(message(payload.as_ref()).to_string())),
    };
    if let Some(why) = why {
        frame.truncate(HEAD + 1);
        frame.extend(why.into_bytes());
    }
    frame[HEAD] = kind;
    seal(frame, 0);
}

struct Worker<'a> {
    line: &'a Line,
    bell: &'a Bell,
    /// When the bell was last rung for a result.
    rung: Option<Instant>,
    /// Whether there is a result that the parent may not come to see by itself.
    unseen: bool,
}

impl Worker<'_> {
    /// Waits for more; false if there will be none.
    fn receive(&self, tasks: &mut Vec<u8>) -> bool {
        let before = tasks.len();
        if self.line.tasks.get(tasks, Limit::NONE).is_err() {
            return false;
        }
        if tasks.len() - before == PIECE {
            // There may be more of it, which waits for room.
            self.bell.ring();
        }
        true
    }

    fn send(&mut self, result: &[u8]) {
        for piece in result.chunks(PIECE) {
            // It fails if there is no room now.
            if self.line.results.put(piece, Limit::NOW).is_err() {
                self.bell.ring();
                let _ = self.line.results.put(piece, Limit::NONE);
            }
        }
        self.unseen = true;
        // The clock is read after the result was put: what the parent does not hear of here, it
        // sees when it looks again.
        if self.rung.is_none_or(|rung| rung.elapsed() > QUIET) {
            self.tell();
        }
    }

    fn tell(&mut self) {
        if self.unseen {
            self.bell.ring();
            self.rung = Some(Instant::now());
            self.unseen = false;
        }
    }
}
