//! One execution: its threads, what they share, and who may go on.

use std::cell::RefCell;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::chooser::Chooser;
use super::deadlock;
use super::memory::{Memory, Sight, View};
use super::object::{Kind, Object, Op};
use super::record::Record;
use super::state::{State, Thread};

/// Why an execution ended before all its threads had.
pub(super) enum Verdict {
    Panicked {
        thread: usize,
        message: String,
        place: String,
    },
    Deadlock(String),
    /// It took as many steps as it may.
    Cut,
    /// The search has to begin anew with unlocking as a step.
    Anew,
    /// It cannot be repeated, or is not what the text says.
    Unfit(String),
}

pub(super) struct World {
    /// A number that no other execution of this process has.
    pub run: u64,
    pub threads: Vec<Thread>,
    pub objects: Vec<Object>,
    pub memory: Memory,
    /// The thread that runs.
    pub now: usize,
    /// The thread that took the last step.
    last: usize,
    /// How many steps were taken.
    pub steps: usize,
    pub depth: usize,
    pub chooser: Chooser,
    pub record: Option<Record>,
    pub verdict: Option<Verdict>,
    /// Whether unlocking, and a sender's end, are steps of their own: others can see when they
    /// happen only where somebody tries a lock, or to receive.
    pub unlocks: bool,
}

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

pub(super) fn put(world: World) {
    WORLD.set(Some(world));
}

pub(super) fn take() -> Option<World> {
    WORLD.take()
}

/// The execution that the caller belongs to.
///
/// # Panics
///
/// If it belongs to none.
#[track_caller]
pub(super) fn with<R>(work: impl FnOnce(&mut World) -> R) -> R {
    let result = with_any(work);
    result.expect(
        "this belongs to explored programs: make and use it within the closure that interleavings::all, \
         Search::run or replay is given",
    )
}

pub(super) fn with_any<R>(work: impl FnOnce(&mut World) -> R) -> Option<R> {
    WORLD.with_borrow_mut(|world| world.as_mut().map(work))
}

/// Lets the scheduler decide who goes on. Returns when it is the caller's turn, or never.
pub(super) fn switch() {
    let yielder = with(|world| world.threads[world.now].yielder);
    // SAFETY: the caller is the thread that runs, so this is the yielder that stands on its own stack
    // as long as the thread does.
    if let Some(yielder) = unsafe { yielder.as_ref() } {
        yielder.suspend(());
    }
}

/// Stands before a visible operation until the scheduler lets the caller take it.
///
/// A thread that unwinds a panic is not stopped: nobody else goes on after a panic.
pub(super) fn point(op: Op) {
    if std::thread::panicking() {
        return;
    }
    with(|world| {
        let now = world.now;
        world.threads[now].state = State::Before(op);
    });
    switch();
}

/// Whether texts for a report are wanted.
pub(super) fn recording() -> bool {
    with_any(|world| world.record.is_some()).unwrap_or(false)
}

impl World {
    pub fn new(chooser: Chooser, depth: usize, unlocks: bool, recording: bool) -> World {
        static RUNS: AtomicU64 = AtomicU64::new(1);
        let mut world = World {
            run: RUNS.fetch_add(1, Ordering::Relaxed),
            threads: Vec::new(),
            objects: Vec::new(),
            memory: Memory::default(),
            now: 0,
            last: 0,
            steps: 0,
            depth,
            chooser,
            record: recording.then(Record::default),
            verdict: None,
            unlocks,
        };
        world.add_thread(Some("main".to_string()), None);
        world
    }

    pub fn add_thread(&mut self, name: Option<String>, start: Option<Box<dyn FnOnce()>>) -> usize {
        let number = self.threads.len();
        let parent = self.threads.get(self.now);
        let sight = parent.map_or(Sight::default(), |parent| parent.sight.clone());
        self.threads.push(Thread {
            name: name.unwrap_or_else(|| format!("thread {number}")),
            state: State::Local,
            yielded: false,
            sight,
            start,
            yielder: ptr::null(),
        });
        if let Some(record) = &mut self.record {
            record.began.push((self.now, self.steps));
            record.ended.push(None);
        }
        number
    }

    pub fn finish(&mut self, thread: usize) {
        self.threads[thread].state = State::Finished;
        if let Some(record) = &mut self.record {
            record.ended[thread] = Some(self.steps);
        }
    }

    /// Takes over what an object's last users knew.
    pub fn learn(&mut self, view: &View) {
        self.threads[self.now].sight.view.join(view);
    }

    pub fn view(&self) -> &View {
        &self.threads[self.now].sight.view
    }

    /// Decides who goes on; nobody if the execution is over.
    pub fn next(&mut self) -> Option<usize> {
        self.settle();
        let has_ended = |thread: &Thread| thread.state == State::Finished;
        if self.verdict.is_some() || self.threads.iter().all(has_ended) {
            return None;
        }
        if self.threads[self.now].state == State::Local {
            return Some(self.now);
        }
        let mut local = None;
        for thread in 0..self.threads.len() {
            match self.threads[thread].state {
                State::Finished => {}
                State::Local => {
                    local = Some(thread);
                    break;
                }
                // No choice of anybody's depends on when this happens.
                State::Before(op) if !op.is_step() && self.enabled(op) => {
                    self.threads[thread].state = State::Local;
                    local = Some(thread);
                    break;
                }
                State::Before(_) => {}
            }
        }
        if local.is_none() {
            local = self.step();
        }
        self.now = local?;
        local
    }

    /// Lets a thread take its step.
    fn step(&mut self) -> Option<usize> {
        self.note_values();
        let ready = self.ready();
        if ready.is_empty() {
            self.note_blocked();
            self.verdict = Some(Verdict::Deadlock(deadlock::sentence(
                &self.threads,
                &self.objects,
            )));
            return None;
        }
        if self.steps >= self.depth {
            self.verdict = Some(Verdict::Cut);
            return None;
        }
        let place = match self.chooser.thread(&ready) {
            Ok(place) => place,
            Err(why) => {
                self.verdict = Some(Verdict::Unfit(why));
                return None;
            }
        };
        self.note_blocked();
        let chosen = ready[place];
        for (number, thread) in self.threads.iter_mut().enumerate() {
            thread.yielded &= number == chosen;
        }
        self.threads[chosen].yielded = false;
        self.threads[chosen].state = State::Local;
        self.steps += 1;
        self.last = chosen;
        if let Some(record) = &mut self.record {
            record.turn(chosen);
        }
        Some(chosen)
    }

    /// Those who can take a step, first the one who took the last: so the first schedules that
    /// fail have few switches.
    fn ready(&self) -> Vec<usize> {
        let can = |thread: &usize| match self.threads[*thread].state {
            State::Before(op) => op.is_step() && self.enabled(op),
            _ => false,
        };
        let others = (0..self.threads.len()).filter(|thread| *thread != self.last);
        let mut ready: Vec<usize> = [self.last].into_iter().chain(others).filter(can).collect();
        if ready.iter().any(|thread| !self.threads[*thread].yielded) {
            ready.retain(|thread| !self.threads[*thread].yielded);
        }
        ready
    }

    pub fn enabled(&self, op: Op) -> bool {
        match op {
            Op::Free => true,
            Op::Join(thread) => self.threads[thread].state == State::Finished,
            Op::Notified { .. } => false,
            Op::Lock(object)
            | Op::Read(object)
            | Op::Write(object)
            | Op::Send(object)
            | Op::Receive(object) => self.objects[object].admits(op),
            Op::Released { barrier, round } => match self.objects[barrier].kind {
                Kind::Barrier { rounds, .. } => rounds > round,
                _ => true,
            },
            Op::Handed { channel, number } => match &self.objects[channel].kind {
                Kind::Channel(channel) => channel.taken >= number || !channel.receiver,
                _ => true,
            },
        }
    }

    /// Which of `of` things happens within this step.
    pub fn pick(&mut self, of: usize) -> usize {
        if of < 2 || self.verdict.is_some() {
            return 0;
        }
        match self.chooser.pick(of) {
            Ok(pick) => {
                if let Some(record) = &mut self.record {
                    record.pick(pick);
                }
                pick
            }
            Err(why) => {
                self.verdict = Some(Verdict::Unfit(why));
                0
            }
        }
    }

    /// Says what the step that was taken did.
    pub fn did(&mut self, what: impl FnOnce(&World) -> String) {
        self.did_so(|world| (what(world), String::new()));
    }

    /// [`World::did`] with more than a picture has room for.
    pub fn did_so(&mut self, what: impl FnOnce(&World) -> (String, String)) {
        if self.record.is_some() {
            let ((label, detail), now, step) = (what(self), self.now, self.steps);
            if let Some(record) = &mut self.record {
                record.did(now, step, label, detail);
            }
        }
    }

    /// What is shared, as it is after the last step.
    pub fn note_values(&mut self) {
        if self.record.is_some() {
            let values = self.objects.iter();
            let values = values.filter_map(|object| {
                let value = object.shown(&self.memory)?;
                Some((object.name.clone(), value))
            });
            let values = values.collect();
            if let Some(record) = &mut self.record {
                record.values(values);
            }
        }
    }

    /// Who cannot go on during the next step, and why.
    fn note_blocked(&mut self) {
        if self.record.is_none() {
            return;
        }
        for thread in 0..self.threads.len() {
            if let State::Before(op) = self.threads[thread].state
                && !self.enabled(op)
            {
                let what = self.awaited(op);
                let step = self.steps;
                if let Some(record) = &mut self.record {
                    record.blocked(thread, step, what);
                }
            }
        }
    }

    fn awaited(&self, op: Op) -> String {
        match op {
            Op::Join(thread) => format!("end of {}", self.threads[thread].name),
            _ => op
                .object()
                .map_or(String::new(), |it| self.objects[it].name.clone()),
        }
    }
}
