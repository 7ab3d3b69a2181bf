//! The thread that reads the sockets and the programs' pipes, and writes to the kernel's front, and
//! to evcxr.

use super::evcxr::Evcxr;
use super::programs::COMPANION;
use super::sort::{Sorted, Sorter, Word};
use super::state::{BUSY, PANICKED, Streams, THREAD, waiting};
use super::{watch, wire, words};
use crate::threads;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::signal::kill;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, UnixCredentials, recvmsg};
use nix::unistd::Pid;
use processes::streams::harmless;
use std::fs::File;
use std::io::{self, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::time::{Duration, Instant};

const OUT: usize = 0;
const ERR: usize = 1;
/// So many bytes of frames are collected before they are sent.
const ENOUGH: usize = 256 * 1024;
/// How often the cells' thread is looked at while an end is pending, and while one is in doubt.
const SHORTEST: Duration = Duration::from_micros(50);
const LONGEST: Duration = Duration::from_millis(1);
const IN_DOUBT: Duration = Duration::from_millis(20);
/// How often it is looked at where stdout leads, and who holds it.
const LOOK: Duration = Duration::from_millis(500);
/// The longest that the end of a cell waits for another thread to let go of stdout.
const FLUSH_LIMIT: Duration = Duration::from_millis(250);
/// A thread that has not let go by then is told of.
const KEPT: Duration = Duration::from_secs(3);

/// Carries for as long as the process lives, and ends it when the kernel has gone: a cell that
/// still runs then runs for nobody.
pub fn run(streams: &'static Streams) {
    // Neither this thread nor the one that flushes waits for a cell.
    let _harmless = harmless();
    let process = std::process::id() as i32;
    let mut relay = Relay {
        streams,
        process,
        sorters: [wire::OUT, wire::ERR].map(|kind| Sorter::new(kind, process, alive)),
        programs: Vec::new(),
        started: 0,
        buffers: [vec![0; 64 * 1024], vec![0; 64 * 1024]],
        control: nix::cmsg_space!(UnixCredentials, [RawFd; 1]),
        sorted: Sorted::default(),
        evcxr: Evcxr::new(&streams.kernel),
        flusher: start_flusher(),
        pause: Duration::ZERO,
        syncs: 0,
        unflushed: None,
        told: false,
    };
    loop {
        relay.wait();
        BUSY.store(true, SeqCst);
        let delivered = relay.turn();
        BUSY.store(false, SeqCst);
        if delivered.is_err() {
            processes::exit_at_once(1);
        }
    }
}

struct Relay {
    streams: &'static Streams,
    process: i32,
    sorters: [Sorter; 2],
    programs: Vec<Program>,
    /// So many programs' pipes have come.
    started: i32,
    buffers: [Vec<u8>; 2],
    /// Where the operating system tells who has written, and gives descriptors.
    control: Vec<u8>,
    sorted: Sorted,
    evcxr: Evcxr,
    flusher: Sender<Sender<io::Result<()>>>,
    /// How long until the cells' thread is looked at again.
    pause: Duration,
    syncs: u64,
    /// What a cell's end still wants flushed, and since when.
    unflushed: Option<(Receiver<io::Result<()>>, Instant)>,
    /// Whether it has been told that stdout leads elsewhere.
    told: bool,
}

/// One of the two streams of a program.
struct Program {
    /// Stands for the program among processes: no process has a negative number.
    id: i32,
    stream: usize,
    pipe: File,
}

/// What is known of a piece that was read into a stream's buffer.
struct Piece {
    writer: i32,
    length: usize,
    /// The pipes that came behind it.
    pipes: Vec<OwnedFd>,
}

impl Relay {
    fn wait(&self) {
        let now = Instant::now();
        let shown = self.sorters.iter().filter_map(Sorter::due).min();
        let shown = shown.map(|due| due.saturating_duration_since(now));
        let looked = match (self.sorters[OUT].is_pending(), self.sorters[OUT].asks()) {
            (true, _) => Some(self.pause),
            (false, true) => Some(IN_DOUBT),
            (false, false) => Some(LOOK),
        };
        self.wait_for(shown.into_iter().chain(looked).min());
    }

    /// Waits until something can be read, at most so long.
    fn wait_for(&self, limit: Option<Duration>) {
        let sockets = self.streams.sockets.iter().map(AsFd::as_fd);
        let pipes = self.programs.iter().map(|program| program.pipe.as_fd());
        let all = sockets.chain(pipes);
        let mut wanted: Vec<_> = all.map(|it| PollFd::new(it, PollFlags::POLLIN)).collect();
        let _ = ppoll(&mut wanted, limit.map(Into::into), None);
    }

    /// One round: reads, sorts, sends.
    fn turn(&mut self) -> io::Result<()> {
        if self.streams.front_has_gone() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let away = !self.streams.hears_stdout();
        if away {
            self.sorters[OUT].misses_words();
        }
        // Looked at first, read then: all that the thread wrote before is known when it is judged.
        let asks = self.sorters[OUT].asks();
        let looked = asks.then(|| watch::cells_thread(self.process));
        let was_pending = self.sorters[OUT].is_pending();
        self.read()?;
        let now = Instant::now();
        if let Some(doing) = looked {
            match self.sorters[OUT].judge(doing, now, &mut self.sorted) {
                Some(Word::Complete) => {
                    self.tell_of_elsewhere(away);
                    self.complete()?;
                }
                Some(Word::Input) => self.sync()?,
                None => {}
            }
        }
        self.pause = match was_pending {
            true => (self.pause * 2).clamp(SHORTEST, LONGEST),
            false => Duration::ZERO,
        };
        for sorter in &mut self.sorters {
            sorter.tick(now, &mut self.sorted);
        }
        self.tell_of_a_kept_lock();
        self.deliver()
    }

    /// Once, until stdout is back.
    fn tell_of_elsewhere(&mut self, away: bool) {
        if away && !self.told {
            self.sorted.front.text(
                wire::ERR,
                b"stdout (descriptor 1) is closed or leads elsewhere since this cell: what cells print does not come here.\n",
            );
        }
        self.told = away;
    }

    /// A cell that prints then waits for ever: it should be known for what.
    fn tell_of_a_kept_lock(&mut self) {
        let Some((flushed, since)) = &self.unflushed else {
            return;
        };
        let kept = matches!(flushed.try_recv(), Err(TryRecvError::Empty));
        if kept && since.elapsed() < KEPT {
            return;
        }
        if kept {
            let others = threads::list().into_iter().skip(1);
            let names: Vec<String> = others.map(|it| format!("'{}'", it.name)).collect();
            let text = format!(
                "A thread keeps the lock on stdout: every `println!` waits until it lets go. It is one of these: {}.\n",
                names.join(", ")
            );
            self.sorted.front.text(wire::ERR, text.as_bytes());
        }
        self.unflushed = None;
    }

    /// Reads what has been written up to now. (Not "until nothing is left": a thread may write
    /// faster than the front reads.)
    fn read(&mut self) -> io::Result<()> {
        self.read_others()?;
        let mut left = waiting(&self.streams.sockets[OUT]);
        while left > 0 {
            let Some(piece) = self.receive(OUT) else {
                break;
            };
            left = left.saturating_sub(piece.length);
            // What was written elsewhere before this is read before it.
            self.read_others()?;
            self.sorters[OUT].facts.panicked = PANICKED.load(SeqCst);
            self.take(OUT, piece)?;
        }
        Ok(())
    }

    /// The same of stderr and of programs.
    fn read_others(&mut self) -> io::Result<()> {
        let mut left = waiting(&self.streams.sockets[ERR]);
        while left > 0 {
            let Some(piece) = self.receive(ERR) else {
                break;
            };
            left = left.saturating_sub(piece.length);
            if piece.writer == self.process {
                let facts = &mut self.sorters[OUT].facts;
                facts.wrote_to_stderr(&self.buffers[ERR][..piece.length]);
            }
            self.take(ERR, piece)?;
        }
        for n in (0..self.programs.len()).rev() {
            if !self.read_program(n)? {
                let Program { stream, id, .. } = self.programs.remove(n);
                self.sorters[stream].ended(id, &mut self.sorted);
            }
        }
        Ok(())
    }

    /// False when the program, and all to whom it has left its stream, have ended.
    fn read_program(&mut self, n: usize) -> io::Result<bool> {
        let mut left = waiting(&self.programs[n].pipe);
        loop {
            let Program { id, stream, pipe } = &self.programs[n];
            // Not the buffer of stdout, which may hold a piece that this comes before.
            let length = match (&*pipe).read(&mut self.buffers[ERR]) {
                Ok(0) => return Ok(false),
                Ok(length) => length,
                Err(_) => return Ok(true),
            };
            let piece = &self.buffers[ERR][..length];
            self.sorters[*stream].take(*id, piece, Instant::now(), &mut self.sorted);
            self.deliver_much()?;
            if left < length {
                return Ok(true);
            }
            left -= length;
        }
    }

    /// The next piece in a socket, and the process that wrote it; `None` when nothing waits.
    fn receive(&mut self, stream: usize) -> Option<Piece> {
        let mut buffer = [IoSliceMut::new(&mut self.buffers[stream])];
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC;
        let socket = self.streams.sockets[stream].as_raw_fd();
        let message = recvmsg::<()>(socket, &mut buffer, Some(&mut self.control), flags).ok()?;
        let mut piece = Piece {
            writer: 0,
            length: message.bytes,
            pipes: Vec::new(),
        };
        for control in message.cmsgs().ok()? {
            match control {
                ControlMessageOwned::ScmCredentials(writer) => piece.writer = writer.pid(),
                ControlMessageOwned::ScmRights(pipes) => {
                    // SAFETY: the operating system has just made these for this process.
                    let own = |pipe| unsafe { OwnedFd::from_raw_fd(pipe) };
                    piece.pipes.extend(pipes.into_iter().map(own));
                }
                _ => {}
            }
        }
        (piece.length > 0).then_some(piece)
    }

    /// Sorts a piece that stands in the stream's buffer.
    fn take(&mut self, stream: usize, piece: Piece) -> io::Result<()> {
        let mut bytes = &self.buffers[stream][..piece.length];
        if !piece.pipes.is_empty() {
            bytes = bytes.strip_suffix(COMPANION).unwrap_or(bytes);
        }
        self.sorters[stream].take(piece.writer, bytes, Instant::now(), &mut self.sorted);
        for pipe in piece.pipes {
            // Else a program that says nothing would be waited for.
            if fcntl(&pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).is_ok() {
                self.started += 1;
                self.programs.push(Program {
                    id: -self.started,
                    stream,
                    pipe: pipe.into(),
                });
            }
        }
        self.deliver_much()
    }

    fn deliver_much(&mut self) -> io::Result<()> {
        match self.sorted.front.bytes.len() > ENOUGH {
            true => self.deliver(),
            false => Ok(()),
        }
    }

    fn deliver(&mut self) -> io::Result<()> {
        let frames = &mut self.sorted.front;
        match &self.streams.front {
            Some(front) => (&*front).write_all(&frames.bytes)?,
            None => self.evcxr.show(frames)?,
        }
        frames.clear();
        let words = std::mem::take(&mut self.sorted.evcxr);
        match std::mem::take(&mut self.sorted.last) || !words.is_empty() {
            true => self.evcxr.steer(&words),
            false => Ok(()),
        }
    }

    /// Waits until all that has been sorted is where it belongs.
    fn sync(&mut self) -> io::Result<()> {
        let Some(front) = &self.streams.front else {
            return self.deliver();
        };
        self.syncs += 1;
        let words = std::mem::take(&mut self.sorted.evcxr);
        let number = self.syncs.to_le_bytes();
        self.sorted.front.frame(wire::SYNC, &number);
        self.deliver()?;
        wire::await_answer(front, self.syncs)?;
        self.sorted.evcxr = words;
        self.deliver()
    }

    /// A cell has ended: what it has left in stdout's buffer, and all that was written, reach the
    /// front, and are dealt with there, before evcxr hears of it.
    fn complete(&mut self) -> io::Result<()> {
        PANICKED.store(false, SeqCst);
        let result = std::mem::take(&mut self.sorters[OUT].result);
        let (done, flushed) = channel();
        // Without the thread a last line without its newline shows with the next cell.
        let _ = self.flusher.send(done);
        let started = Instant::now();
        while matches!(flushed.try_recv(), Err(TryRecvError::Empty))
            && started.elapsed() < FLUSH_LIMIT
        {
            self.wait_for(Some(SHORTEST));
            self.read()?;
        }
        if started.elapsed() >= FLUSH_LIMIT {
            self.unflushed = Some((flushed, started));
        }
        self.read()?;
        for stream in [ERR, OUT] {
            self.sorters[stream].finish(&mut self.sorted);
        }
        self.sync()?;
        result.print(&mut self.sorted.evcxr);
        self.sorted.evcxr.extend_from_slice(words::COMPLETE);
        self.sorted.evcxr.push(b'\n');
        self.deliver()
    }
}

/// A thread that flushes stdout, as another may hold stdout's lock while it waits for the carrying
/// thread to make room in the socket.
fn start_flusher() -> Sender<Sender<io::Result<()>>> {
    let (flusher, requests) = channel::<Sender<_>>();
    let flush = move || {
        let _harmless = harmless();
        for done in requests {
            let _ = done.send(io::stdout().flush());
        }
    };
    let _ = std::thread::Builder::new().name(THREAD.into()).spawn(flush);
    flusher
}

fn alive(pid: i32) -> bool {
    // A program's id is negative: its pipe says when it ends.
    pid < 0 || kill(Pid::from_raw(pid), None).is_ok()
}
