//! One execution: its threads, what they share, and who may go on.

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::Location;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::chooser::Chooser;
use super::chunks::Reduction;
use super::deadlock;
use super::memory::{Candidate, Memory, Sight, View};
use super::object::{Kind, Object, Op};
use super::record::{Record, Scene};
use super::schedule::Turn;
use super::state::{State, Thread, Wait};
use super::verdict::{FailureKind, Fault, Verdict};

/// What is the same for all executions of a search.
#[derive(Clone)]
pub(super) struct Rules {
    /// After so many steps an execution is given up.
    pub depth: usize,
    /// How often a loop that yields goes round in vain.
    pub rounds: u32,
    /// Whether waiting may end without a notification.
    pub spurious: bool,
    /// Whether one schedule is tried for all that differ in nothing.
    pub reduced: bool,
    /// Whether unlocking, and a sender's end, are steps of their own: others can see when they
    /// happen only where somebody tries a lock, or to receive.
    pub unlocks: bool,
}

pub(super) struct World {
    /// A number that no other execution of this process has.
    pub run: u64,
    pub threads: Vec<Thread>,
    pub objects: Vec<Object>,
    pub memory: Memory,
    /// Addresses that atomics have had as values, if a report wants to know.
    pub addresses: Vec<u64>,
    /// The thread that runs.
    pub now: usize,
    /// The thread that took the last step.
    last: usize,
    /// How many steps were taken.
    pub steps: usize,
    pub rules: Rules,
    pub chooser: Chooser,
    /// Stands for all that was done: another execution with the same choices has the same.
    trail: u64,
    pub reduction: Option<Reduction>,
    /// Whether a thread was kept from going round once more because others could go on.
    hurried: bool,
    /// Who took each step, if somebody wants to know.
    pub turns: Option<Vec<Turn>>,
    /// What the program returned, if somebody wants to know.
    pub returned: Option<String>,
    pub record: Option<Record>,
    pub verdict: Option<Verdict>,
}

thread_local! {
    static WORLD: RefCell<Option<Box<World>>> = const { RefCell::new(None) };
}

pub(super) fn put(world: Box<World>) {
    WORLD.set(Some(world));
}

pub(super) fn take() -> Option<Box<World>> {
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
    WORLD.with_borrow_mut(|world| world.as_deref_mut().map(work))
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
#[track_caller]
pub(super) fn point(op: Op) {
    point_at(op, Location::caller());
}

pub(super) fn point_at(op: Op, at: &'static Location<'static>) {
    if std::thread::panicking() {
        return;
    }
    with(|world| {
        let thread = &mut world.threads[world.now];
        thread.state = State::Before(op);
        thread.at = at;
        world.depends(world.now, world.steps);
    });
    switch();
}

/// The program has come to its end, with this.
pub(super) fn returned(value: &dyn std::fmt::Debug) {
    with(|world| world.returned = Some(format!("{value:?}")));
}

/// Whether texts for a report are wanted.
pub(super) fn recording() -> bool {
    with_any(|world| world.record.is_some()).unwrap_or(false)
}

impl World {
    pub fn new(chooser: Chooser, rules: Rules, recording: bool, outcomes: bool) -> Box<World> {
        static RUNS: AtomicU64 = AtomicU64::new(1);
        let mut world = Box::new(World {
            run: RUNS.fetch_add(1, Ordering::Relaxed),
            threads: Vec::new(),
            objects: Vec::new(),
            memory: Memory::default(),
            addresses: Vec::new(),
            now: 0,
            last: 0,
            steps: 0,
            chooser,
            trail: 0,
            reduction: rules.reduced.then(Reduction::default),
            hurried: false,
            rules,
            turns: (recording || outcomes).then(Vec::new),
            returned: None,
            record: recording.then(Record::default),
            verdict: None,
        });
        world.add_thread(Some("main".to_string()), None);
        world
    }

    #[track_caller]
    pub fn add_thread(&mut self, name: Option<String>, start: Option<Box<dyn FnOnce()>>) -> usize {
        let number = self.threads.len();
        let parent = self.threads.get(self.now);
        let sight = parent.map_or(Sight::default(), |parent| parent.sight.child());
        self.threads.push(Thread {
            name: name.unwrap_or_else(|| format!("thread {number}")),
            state: State::Local,
            at: Location::caller(),
            since: Vec::new(),
            ended: 0,
            waits: Vec::new(),
            moved: false,
            sight,
            token: false,
            token_view: View::default(),
            failed_at: None,
            spurious: if self.rules.spurious {
                self.rules.rounds
            } else {
                0
            },
            locals: Vec::new(),
            start,
            yielder: ptr::null(),
        });
        self.depends(number, self.steps);
        if let Some(record) = &mut self.record {
            record.began.push((self.now, self.steps));
            record.ended.push(None);
        }
        number
    }

    pub fn finish(&mut self, thread: usize) {
        self.threads[thread].state = State::Finished;
        self.threads[thread].ended = self.steps;
        if let Some(record) = &mut self.record {
            record.ended[thread] = Some(self.steps);
        }
    }

    /// The memory, and the thread that runs.
    pub fn own(&mut self) -> (&mut Memory, &mut Thread) {
        let World {
            memory,
            threads,
            now,
            ..
        } = self;
        (memory, &mut threads[*now])
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
        self.note_scene();
        let ready = self.ready();
        if ready.is_empty() {
            self.note_blocked();
            let sentence = deadlock::sentence(&self.threads, &self.objects);
            self.verdict = Some(Verdict::Failed(Fault::of_all(
                FailureKind::Deadlock,
                sentence,
            )));
            return None;
        }
        if self.steps >= self.rules.depth {
            self.verdict = Some(Verdict::Cut);
            return None;
        }
        let awake = self.awake(ready);
        let place = if self.is_redundant() {
            0
        } else {
            match self.chooser.thread(&awake, self.trail) {
                Ok(place) => place,
                Err(why) => {
                    self.verdict = Some(Verdict::Failed(Fault::unfit(why)));
                    return None;
                }
            }
        };
        self.note_blocked();
        self.begin_chunk(&awake, place);
        let chosen = awake[place];
        for thread in &mut self.threads {
            thread.waits.retain(|wait| wait.other != chosen);
        }
        let Thread { state, at, .. } = &self.threads[chosen];
        if let State::Before(op) = *state {
            self.met((op, chosen, at.line(), at.column()));
        }
        let thread = &mut self.threads[chosen];
        thread.moved = true;
        thread.since.clear();
        thread.state = State::Local;
        self.steps += 1;
        self.last = chosen;
        if let Some(turns) = &mut self.turns {
            let picks = Vec::new();
            let thread = chosen;
            turns.push(Turn { thread, picks });
        }
        Some(chosen)
    }

    /// Whether this execution is like one that was tried.
    pub fn is_redundant(&self) -> bool {
        let reduction = self.reduction.as_ref();
        reduction.is_some_and(|reduction| reduction.redundant)
    }

    /// Whether something was left out because a loop would have gone round once more in vain.
    pub fn was_hurried(&self) -> bool {
        self.hurried || self.memory.hurried
    }

    /// What stands for all that was done.
    pub fn trail(&self) -> u64 {
        self.trail
    }

    /// What a step is, or a value that it read or wrote: a part of what has to be the same next time.
    pub fn met(&mut self, what: impl Hash) {
        let mut hasher = DefaultHasher::new();
        (self.trail, what).hash(&mut hasher);
        self.trail = hasher.finish();
    }

    /// An address that a report will name.
    pub fn met_address(&mut self, address: u64) {
        if self.record.is_some() && address != 0 && !self.addresses.contains(&address) {
            self.addresses.push(address);
        }
    }

    /// The thread that runs says that it waits for others, at this place.
    pub fn yielded(&mut self, at: &'static Location<'static>) {
        let now = self.now;
        let rounds = self.rules.rounds;
        let (memory, thread) = self.own();
        memory.yielded(&mut thread.sight, rounds);
        if !std::mem::take(&mut thread.moved) {
            return;
        }
        for other in 0..self.threads.len() {
            if other == now || !self.is_ready(other) {
                continue;
            }
            let waits = &mut self.threads[now].waits;
            match waits
                .iter_mut()
                .find(|wait| wait.other == other && wait.at == at)
            {
                Some(wait) => wait.rounds += 1,
                None => waits.push(Wait {
                    other,
                    at,
                    rounds: 1,
                }),
            }
        }
    }

    fn is_ready(&self, thread: usize) -> bool {
        match self.threads[thread].state {
            State::Before(op) => {
                op.is_step() && (self.enabled(op) || op == Op::Park && self.threads[thread].token)
            }
            _ => false,
        }
    }

    /// Whether a thread that waits may wake without a reason.
    fn may_wake(&self, thread: usize) -> bool {
        let waits = matches!(
            self.threads[thread].state,
            State::Before(Op::Park | Op::Notified { .. })
        );
        waits && self.threads[thread].spurious > 0
    }

    /// Those who can take a step, first the one who took the last: so the first schedules that
    /// fail have few switches.
    fn ready(&mut self) -> Vec<usize> {
        let others = (0..self.threads.len()).filter(|thread| *thread != self.last);
        let all = [self.last].into_iter().chain(others);
        let mut ready: Vec<usize> = all.filter(|thread| self.is_ready(*thread)).collect();
        if self.threads.iter().all(|thread| thread.waits.is_empty()) && !self.rules.spurious {
            return ready;
        }
        // Who has gone round too often goes after those for whom it waits (Musuvathi and Qadeer's
        // fair search). Never are all of them kept back: nobody waits for whom it has kept waiting
        // since that one's last step.
        let waits = |thread: &usize| {
            let waits = self.threads[*thread].waits.iter();
            let mut waits = waits.filter(|wait| wait.rounds > self.rules.rounds);
            waits.any(|wait| ready.contains(&wait.other))
        };
        let kept: Vec<usize> = ready.iter().copied().filter(waits).collect();
        if kept.len() < ready.len() {
            self.hurried |= !kept.is_empty();
            ready.retain(|thread| !kept.contains(thread));
        }
        if !ready.is_empty() {
            // Waking without a reason is no way out of a deadlock.
            ready.extend(
                (0..self.threads.len()).filter(|it| self.may_wake(*it) && !self.is_ready(*it)),
            );
        }
        ready
    }

    pub fn enabled(&self, op: Op) -> bool {
        match op {
            Op::Change(_) | Op::Load(..) | Op::Fence | Op::Unpark(_) => true,
            Op::Join(thread) => self.threads[thread].state == State::Finished,
            Op::Notified { timed, .. } => timed,
            // It depends on whose it is.
            Op::Park => false,
            Op::Select(both) => both
                .iter()
                .any(|it| self.objects[*it].admits(Op::Receive(*it))),
            Op::Lock(object) | Op::Read(object) | Op::Send(object) | Op::Receive(object) => {
                self.objects[object].admits(op)
            }
            Op::Released { barrier, round } => match self.objects[barrier].kind {
                Kind::Barrier { rounds, .. } => rounds > round,
                _ => true,
            },
            Op::Handed { channel, number } => match &self.objects[channel].kind {
                Kind::Channel(channel) => channel.taken >= number || channel.receivers == 0,
                _ => true,
            },
        }
    }

    /// Which of `of` things happens within this step.
    pub fn pick(&mut self, of: usize) -> usize {
        if of < 2 || self.verdict.is_some() || self.is_redundant() {
            return 0;
        }
        match self.chooser.pick(of, self.trail) {
            Ok(pick) => {
                if let Some(turn) = self.turns.as_mut().and_then(|turns| turns.last_mut()) {
                    turn.picks.push(pick);
                }
                pick
            }
            Err(why) => {
                self.verdict = Some(Verdict::Failed(Fault::unfit(why)));
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
            let (text, now, step) = (what(self), self.now, self.steps);
            if let Some(record) = &mut self.record {
                record.did((now, step), text);
            }
        }
    }

    /// The step that was taken read this store.
    pub fn did_read(&mut self, read: Candidate) {
        if let Some(record) = &mut self.record {
            record.from(read.step, read.carries);
        }
    }

    /// The step that was taken goes on where this one left off, and knows what that one knew.
    pub fn did_follow(&mut self, step: usize) {
        if let Some(record) = &mut self.record {
            record.from(step, true);
        }
    }

    /// How things stand after the last step.
    pub fn note_scene(&mut self) {
        if self.record.is_none() {
            return;
        }
        let values = self.objects.iter().filter_map(|object| {
            let value = object.shown(&self.memory, &self.addresses)?;
            Some((object.name.clone(), value))
        });
        let holds = self.objects.iter().flat_map(|object| {
            let holders = object.holders();
            holders.map(|holder| (holder, object.name.clone()))
        });
        let stands = self.threads.iter().enumerate();
        let waits = stands.filter_map(|(number, thread)| match thread.state {
            State::Before(op) if !self.enabled(op) && !self.is_ready(number) => {
                let awaited = deadlock::awaited(&self.threads, &self.objects, number, op);
                Some((number, awaited.what, awaited.whom))
            }
            _ => None,
        });
        let stands = self.threads.iter();
        let stands = stands.map(|it| matches!(it.state, State::Before(_)).then_some(it.at));
        let scene = Scene {
            stands: stands.collect(),
            values: values.collect(),
            holds: holds.collect(),
            waits: waits.collect(),
        };
        if let Some(record) = &mut self.record {
            record.scene(scene);
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
                && !self.is_ready(thread)
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
            Op::Park => "unpark".to_string(),
            _ => op
                .object()
                .map_or(String::new(), |it| self.objects[it].name.clone()),
        }
    }
}
