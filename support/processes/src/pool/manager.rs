//! The thread that keeps the workers busy: it sends tasks, takes results in, and starts a new
//! worker where one has died. It waits for all of them at once, and for none in particular.

use std::io::{self, PipeReader};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::Arc;
use std::time::Instant;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::Failed;
use super::book::{Book, Task};
use super::control::Control;
use super::crew::{Crewman, start};
use super::job::{Outcome, Value};
use super::wire::Kind;
use super::worker::Work;
use super::watch::Watch;

pub(super) struct Manager {
    control: Arc<Control>,
    wait: PipeReader,
    work: Arc<Work>,
    watch: Option<Arc<dyn Watch>>,
    book: Book,
    /// The workers, by their seats in the book.
    crew: Vec<Option<Crewman>>,
    /// Workers started so far.
    started: usize,
    /// All is done: the workers end, and nobody follows them.
    finishing: bool,
    has_ended: bool,
}

impl Manager {
    /// Starts the workers; [`Manager::run`] does the rest. Dropped, it kills them, and fails what
    /// is not done.
    pub fn new(
        control: Arc<Control>,
        wait: PipeReader,
        work: Arc<Work>,
        watch: Option<Arc<dyn Watch>>,
    ) -> io::Result<Manager> {
        let workers = control.workers;
        let mut manager = Manager {
            control,
            wait,
            work,
            watch,
            book: Book::new(workers),
            crew: (0..workers).map(|_| None).collect(),
            started: 0,
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
        let orders = self.control.orders(&self.wait);
        for chunk in orders.chunks {
            self.book.add(chunk);
        }
        let now = Instant::now();
        while let Some((seat, chunk)) = self.book.hand_out(now) {
            if let Some(worker) = &mut self.crew[seat] {
                worker.outbox.push(Arc::clone(&chunk.batch), chunk.bytes());
            }
        }
        for worker in self.crew.iter_mut().flatten() {
            worker.outbox.flush(&worker.socket);
        }
        if orders.finish && !self.finishing && self.book.is_idle() {
            self.finishing = true;
            self.crew.iter_mut().flatten().for_each(Crewman::dismiss);
        }
        orders.terminate || (self.finishing && self.crew.iter().all(Option::is_none))
    }

    /// Waits until somebody has something to say, and takes in what came by the sockets.
    fn wait(&mut self) {
        let mut all = vec![PollFd::new(self.wait.as_fd(), PollFlags::POLLIN)];
        for worker in self.crew.iter().flatten() {
            all.push(PollFd::new(worker.pidfd.as_fd(), PollFlags::POLLIN));
            let write = match worker.outbox.is_empty() {
                true => PollFlags::empty(),
                false => PollFlags::POLLOUT,
            };
            all.push(PollFd::new(
                worker.socket.as_fd(),
                PollFlags::POLLIN | write,
            ));
        }
        let now = Instant::now();
        let look = self
            .crew
            .iter()
            .flatten()
            .filter_map(|worker| worker.look_at)
            .min();
        let timeout = look.map_or(PollTimeout::NONE, |at| {
            // Whole milliseconds, and not too early.
            let left = at.saturating_duration_since(now).as_micros().div_ceil(1000);
            PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
        });
        // Interrupted by a signal, nobody has said anything.
        let said = poll(&mut all, timeout).is_ok();
        let said: Vec<bool> = all
            .iter()
            .map(|it| said && it.any().unwrap_or(false))
            .collect();
        for (worker, said) in self.crew.iter_mut().flatten().zip(said[1..].chunks(2)) {
            worker.has_ended = said[0];
            if said[1] {
                worker.receive();
            }
        }
    }

    /// Takes in what lies in the rings, and delivers all results.
    fn collect(&mut self) {
        let now = Instant::now();
        let mut results = Vec::new();
        for (seat, worker) in self.crew.iter_mut().enumerate() {
            let Some(worker) = worker else { continue };
            worker.look(now);
            while let Some((kind, value)) = worker.result(self.book.expected(seat)) {
                if let Some(task) = self.book.done(seat, now) {
                    results.push((task, outcome(kind, value)));
                }
            }
        }
        deliver(results);
    }

    /// Waits for those who have ended, and puts others into their place.
    fn bury(&mut self) -> Result<(), Failed> {
        for seat in 0..self.crew.len() {
            if !self.crew[seat]
                .as_ref()
                .is_some_and(|worker| worker.has_ended)
            {
                continue;
            }
            // A socket may have held more than was taken in at once; none of it is lost.
            if let Some(worker) = &mut self.crew[seat] {
                while worker.receive() {}
            }
            self.collect();
            let Some(worker) = self.crew[seat].take() else {
                continue;
            };
            let begun = worker.block.begun();
            let exit = worker.reap(self.watch.as_deref());
            if let Some(task) = self.book.died(seat, begun) {
                deliver(vec![(task, Err(Failed::Died(exit)))]);
            }
            if self.finishing {
                continue;
            }
            if self.book.is_hopeless() {
                let why =
                    format!("one after the other ended before its first task, the last: {exit}");
                return Err(Failed::NoWorkers(why));
            }
            if let Err(error) = self.start(seat) {
                // Others may go on; the seat is free for good.
                self.book.retire(seat);
                if self.crew.iter().all(Option::is_none) {
                    return Err(Failed::NoWorkers(format!("none can be started: {error}")));
                }
            }
        }
        self.tell_pids();
        Ok(())
    }

    fn start(&mut self, seat: usize) -> io::Result<()> {
        // What belongs to the parent and to other workers, which a worker has no business with.
        let mut others: Vec<RawFd> = self
            .crew
            .iter()
            .flatten()
            .flat_map(Crewman::descriptors)
            .collect();
        others.extend([self.wait.as_raw_fd(), self.control.wake_end().as_raw_fd()]);
        self.started += 1;
        let name = format!("worker {}", self.started);
        self.crew[seat] = Some(start(&name, &self.work, &others, self.watch.as_deref())?);
        self.tell_pids();
        Ok(())
    }

    fn tell_pids(&self) {
        let pids = self.crew.iter().flatten().map(|worker| worker.pid.as_raw());
        self.control.set_pids(pids.collect());
    }

    /// Ends those who are left, and fails what is not done.
    fn end(&mut self, why: Failed) {
        self.has_ended = true;
        self.crew.iter().flatten().for_each(Crewman::kill);
        for worker in self.crew.iter_mut().filter_map(Option::take) {
            worker.reap(self.watch.as_deref());
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
            self.end(Failed::NoWorkers("the pool's manager failed".into()));
        }
    }
}

fn outcome(kind: Kind, value: Value) -> Outcome {
    let text = |value: Value| String::from_utf8_lossy(value.bytes()).into_owned();
    match kind {
        Kind::Done => Ok(value),
        Kind::Panicked => Err(Failed::Panicked(text(value))),
        Kind::NotSent => Err(Failed::NotSent(text(value))),
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
