//! The thread that keeps the workers busy: it sends tasks, takes results in, and starts a new
//! worker where one has died. It waits for all of them at once, and for none in particular.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::book::{Book, Task};
use super::chunk::Frames;
use super::control::Control;
use super::error::TaskError;
use super::job::Outcome;
use super::watch::Watch;
use super::worker::{DONE, LOOK_AGAIN, Line, PANICKED, Work, serve};
use crate::{child, codec, pidfd};

/// A worker, as its parent sees it.
struct Worker {
    pid: Pid,
    pidfd: OwnedFd,
    line: Line,
    /// Tasks that its line had no room for.
    outbox: VecDeque<u8>,
    inbox: Frames,
    has_ended: bool,
}

pub(super) struct Manager {
    control: Arc<Control>,
    work: Arc<Work>,
    watch: Option<Arc<dyn Watch>>,
    book: Book,
    /// The workers, by their seats in the book.
    crew: Vec<Option<Worker>>,
    /// Workers started so far.
    started: usize,
    /// When to look for results, though the bell does not ring.
    look_at: Option<Instant>,
    /// All is done: the workers end, and nobody follows them.
    finishing: bool,
    has_ended: bool,
}

impl Manager {
    /// Starts the workers; [`Manager::run`] does the rest. Dropped, it kills them, and fails what
    /// is not done.
    pub fn new(
        control: Arc<Control>,
        work: Arc<Work>,
        watch: Option<Arc<dyn Watch>>,
    ) -> io::Result<Manager> {
        let workers = control.workers;
        let mut manager = Manager {
            control,
            work,
            watch,
            book: Book::new(workers),
            crew: (0..workers).map(|_| None).collect(),
            started: 0,
            look_at: None,
            finishing: false,
            has_ended: false,
        };
        for seat in 0..workers {
            manager.start(seat)?;
        }
        Ok(manager)
    }

    pub fn run(mut self) {
        while !self.is_over() {
            self.wait();
            self.collect();
            if let Err(why) = self.bury() {
                return self.end(why);
            }
        }
        let why = self.control.why_ended();
        self.end(why);
    }

    /// Does what the handles ask for; whether that is all there will ever be to do.
    fn is_over(&mut self) -> bool {
        let orders = self.control.orders();
        for chunk in orders.chunks {
            self.book.add(chunk);
        }
        let now = Instant::now();
        while let Some((seat, chunk)) = self.book.hand_out(now) {
            if let Some(worker) = &mut self.crew[seat] {
                worker.outbox.extend(chunk.bytes());
            }
        }
        for worker in self.crew.iter_mut().flatten() {
            while !worker.outbox.is_empty()
                && let Some(sent) = worker.line.send(worker.outbox.as_slices().0)
            {
                worker.outbox.drain(..sent);
            }
        }
        if orders.finish && !self.finishing && self.book.is_idle() {
            self.finishing = true;
            let workers = self.crew.iter().flatten();
            workers.for_each(|worker| worker.line.close());
        }
        orders.terminate || (self.finishing && self.crew.iter().all(Option::is_none))
    }

    /// Waits until somebody has something to say.
    fn wait(&mut self) {
        let bell = &self.control.bell;
        let mut all = vec![PollFd::new(bell, PollFlags::IN)];
        let workers = self.crew.iter().flatten();
        all.extend(workers.map(|worker| PollFd::new(&worker.pidfd, PollFlags::IN)));
        let left = self.look_at.map(|at| at - Instant::now());
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        // Interrupted by a signal, nobody has said anything.
        let said = poll(&mut all, left.as_ref()).is_ok();
        let said: Vec<bool> = all
            .iter()
            .map(|it| said && !it.revents().is_empty())
            .collect();
        for (worker, &ended) in self.crew.iter_mut().flatten().zip(&said[1..]) {
            worker.has_ended = ended;
        }
        self.look_at = match said[0] {
            true => Some(Instant::now() + LOOK_AGAIN),
            false => self.look_at.filter(|&at| at > Instant::now()),
        };
        // Before the results are looked for, so that none is missed.
        bell.hush();
    }

    /// Takes in what the workers have put into their lines, and delivers all results.
    fn collect(&mut self) {
        let now = Instant::now();
        let mut results = Vec::new();
        for (seat, worker) in self.crew.iter_mut().enumerate() {
            let Some(worker) = worker else { continue };
            worker.line.receive(&mut worker.inbox);
            while let Some(result) = worker.inbox.pop() {
                if let Some(task) = self.book.done(seat, now) {
                    results.push((task, outcome(result)));
                }
            }
        }
        deliver(results);
    }

    /// Waits for those who have ended, and puts others into their place.
    fn bury(&mut self) -> Result<(), TaskError> {
        if !self.crew.iter().flatten().any(|worker| worker.has_ended) {
            return Ok(());
        }
        // What they have put in since they were looked at.
        self.collect();
        for seat in 0..self.crew.len() {
            let Some(worker) = self.crew[seat].take_if(|worker| worker.has_ended) else {
                continue;
            };
            let exit = pidfd::reap(worker.pidfd.as_fd());
            let (pid, begun) = (worker.pid.as_raw(), worker.line.begun());
            // Its successor has no business with it.
            drop(worker);
            // Nobody is told of a worker's death who can still see it among the living.
            self.tell_pids();
            if let Some(task) = self.book.died(seat, begun) {
                deliver(vec![(task, Err(TaskError::Died(exit)))]);
            }
            if self.finishing {
                // Of a worker that was dismissed its own lane has told.
                continue;
            }
            if let Some(watch) = &self.watch {
                watch.ended(pid, exit);
            }
            if self.book.is_hopeless() {
                return Err(TaskError::NoWorkers(exit));
            }
            if let Err(error) = self.start(seat) {
                // Others may go on; the seat is free for good.
                self.book.retire(seat);
                if self.crew.iter().all(Option::is_none) {
                    let error = Errno::from_raw(error.raw_os_error().unwrap_or(0));
                    return Err(TaskError::NotStarted(error));
                }
            }
        }
        self.tell_pids();
        Ok(())
    }

    fn start(&mut self, seat: usize) -> io::Result<()> {
        self.started += 1;
        let line = Line::new()?;
        let (pid, pidfd) = child::spawn(&format!("worker {}", self.started), || {
            // A worker has no business with the others. Their owners in the copied memory are
            // never dropped, as this process ends without returning.
            for other in self.crew.iter().flatten() {
                let _ = nix::unistd::close(other.pidfd.as_raw_fd());
            }
            let _lane = self.watch.as_ref().map(|watch| watch.begins());
            serve(&line, &self.control.bell, &*self.work)
        })?;
        self.crew[seat] = Some(Worker {
            pid,
            pidfd,
            line,
            outbox: VecDeque::new(),
            inbox: Frames::default(),
            has_ended: false,
        });
        self.tell_pids();
        Ok(())
    }

    fn tell_pids(&self) {
        let pids = self.crew.iter().flatten().map(|worker| worker.pid.as_raw());
        self.control.set_pids(pids.collect());
    }

    /// Ends those who are left, and fails what is not done.
    fn end(&mut self, why: TaskError) {
        self.has_ended = true;
        for worker in self.crew.iter().flatten() {
            pidfd::signal(worker.pidfd.as_fd(), Signal::SIGKILL);
        }
        for worker in self.crew.iter_mut().filter_map(Option::take) {
            let exit = pidfd::reap(worker.pidfd.as_fd());
            if let Some(watch) = self.watch.as_ref().filter(|_| !self.finishing) {
                watch.ended(worker.pid.as_raw(), exit);
            }
        }
        for chunk in self.control.end(why.clone()) {
            self.book.add(chunk);
        }
        let failed = self.book.clear().into_iter();
        deliver(failed.map(|task| (task, Err(why.clone()))).collect());
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        // Also if this thread panics: nobody waits for ever.
        if !self.has_ended {
            self.end(TaskError::Terminated);
        }
    }
}

fn outcome(result: &[u8]) -> Outcome {
    let (kind, value) = result.split_first().unwrap_or((&0, &[]));
    let text = || String::from_utf8_lossy(value).into_owned();
    match *kind {
        DONE => Ok(value.into()),
        PANICKED => Err(TaskError::Panicked(text())),
        _ => Err(TaskError::NotSent(codec::Error::told(text()))),
    }
}

/// Hands results to their calls, those of one call together.
fn deliver(results: Vec<(Task, Outcome)>) {
    let mut results = results.into_iter().peekable();
    while let Some(((job, number), outcome)) = results.next() {
        let mut of_this_job = vec![(number, outcome)];
        while let Some(((_, number), outcome)) =
            results.next_if(|((other, _), _)| Arc::ptr_eq(&job, other))
        {
            of_this_job.push((number, outcome));
        }
        job.deliver(of_this_job);
    }
}
