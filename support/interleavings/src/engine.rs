//! Runs a program again and again, each time as the world decides. The explored threads have stacks of
//! their own and all run on one thread of the system.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult};

use super::chooser::{Chooser, unrepeatable};
use super::failure::{Failure, Run};
use super::outcome::Outcome;
use super::panic;
use super::report::{Bound, Report};
use super::schedule;
use super::verdict::{FailureKind, Fault, Verdict};
use super::world::{self, Rules, World, with};

pub(super) type Program = Arc<dyn Fn() + Send + Sync>;

/// Enough for formatting in code that is compiled without optimisation. Pages are used as needed.
const STACK: usize = 512 * 1024;

/// What the thread that asked and the thread that explores both see.
#[derive(Default)]
pub(super) struct Progress {
    pub schedules: AtomicU64,
    pub cancelled: AtomicBool,
}

/// What ends a search.
#[derive(Clone)]
pub(super) struct Bounds {
    pub schedules: u64,
    pub time: Duration,
    pub keep_going: bool,
    /// Whether it is asked how the program can end.
    pub outcomes: bool,
    pub rules: Rules,
}

/// So many stacks that are left by failing executions are the most: the system has no more room for
/// them.
const LEFT: u64 = 10_000;

impl Search {
    pub fn new(
        program: Program,
        chooser: Chooser,
        bounds: Bounds,
        progress: Arc<Progress>,
    ) -> Search {
        Search {
            program,
            begin: Instant::now(),
            last: false,
            first: None,
            checking: false,
            left: 0,
            reporting: matches!(chooser, Chooser::Given { .. }),
            next: Some(chooser),
            report: Report {
                stands_for: bounds.rules.reduced.then_some(Some(0)),
                ..Report::default()
            },
            bounds,
            progress,
        }
    }

    /// Explores on the calling thread.
    ///
    /// # Errors
    ///
    /// The search itself, if the thread is of no more use: an explored thread was left in the middle
    /// of a panic, and the system's thread counts that panic for ever.
    pub fn run(mut self) -> Result<Report, Box<Search>> {
        panic::keep();
        let mut stacks = Vec::new();
        while let Some(chooser) = self.next.take()
            && !self.is_over()
        {
            let mut world = World::new(
                chooser,
                self.bounds.rules.clone(),
                self.reporting,
                self.bounds.outcomes,
            );
            let program = Arc::clone(&self.program);
            world.threads[0].start = Some(Box::new(move || program()));
            world::put(world);
            self.left += execute(&mut stacks, &self.progress.cancelled);
            self.next = world::take().and_then(|world| self.judge(world));
            if std::thread::panicking() {
                return Err(Box::new(self));
            }
        }
        self.report.time = self.begin.elapsed();
        Ok(self.report)
    }
}

/// An explored thread.
type Fiber = Coroutine<(), (), (), DefaultStack>;

/// Runs the threads of the world in turn until it says that the execution is over. `stacks` are those
/// of threads that have ended, to be used again. Returns how many did not end.
fn execute(stacks: &mut Vec<DefaultStack>, cancelled: &AtomicBool) -> u64 {
    let mut fibers: Vec<Option<Fiber>> = Vec::new();
    while !cancelled.load(Ordering::Relaxed)
        && let Some(number) = with(World::next)
    {
        fibers.resize_with(fibers.len().max(number + 1), || None);
        let fiber = fibers[number].get_or_insert_with(|| fiber(number, stacks.pop()));
        if let CoroutineResult::Return(()) = fiber.resume(())
            && let Some(ended) = fibers[number].take()
        {
            stacks.push(ended.into_stack());
        }
    }
    // What stands on the stack of a thread that did not end may be borrowed by the others: nothing of
    // it is ever run or dropped again, and the stack stays for ever.
    let left = fibers.into_iter().flatten().map(std::mem::forget);
    left.count() as u64
}

/// The thread of this number, ready to run.
fn fiber(number: usize, stack: Option<DefaultStack>) -> Fiber {
    let stack = stack
        .or_else(|| DefaultStack::new(STACK).ok())
        .unwrap_or_else(|| panic!("no memory for the stack of one more explored thread"));
    Coroutine::with_stack(stack, move |yielder, ()| {
        let start = with(|world| {
            let thread = &mut world.threads[number];
            thread.yielder = yielder;
            thread.start.take()
        });
        let run = AssertUnwindSafe(|| {
            start.into_iter().for_each(|start| start());
            drop_locals(number);
        });
        if catch_unwind(run).is_err() {
            panic::unseen();
        }
        with(|world| world.finish(number));
    })
}

/// The last made are the first to go; and they may make others.
fn drop_locals(thread: usize) {
    while let Some(local) = with(|world| world.threads[thread].locals.pop()) {
        drop(local);
    }
}

/// A search, and what it has found so far.
pub(super) struct Search {
    program: Program,
    next: Option<Chooser>,
    begin: Instant,
    /// What the first execution did, to be compared with what it does in the end.
    first: Option<u64>,
    /// Whether the first execution is run again, after all were tried.
    checking: bool,
    /// How many stacks were left by executions that came to no end.
    left: u64,
    /// Whether the execution that runs is the one that will be reported: its steps are kept.
    reporting: bool,
    /// Whether there is to be no other.
    last: bool,
    report: Report,
    bounds: Bounds,
    progress: Arc<Progress>,
}

impl Search {
    fn is_over(&self) -> bool {
        self.last || self.progress.cancelled.load(Ordering::Relaxed)
    }

    /// Judges an execution that is over, and says which one is next.
    fn judge(&mut self, mut world: Box<World>) -> Option<Chooser> {
        world.settle();
        world.note_scene();
        // What never ran may borrow from a stack that is gone.
        for thread in &mut world.threads {
            std::mem::forget(thread.start.take());
            std::mem::forget(std::mem::take(&mut thread.locals));
        }
        if !world.chooser.is_met() && !matches!(world.verdict, Some(Verdict::Anew)) {
            world.verdict = Some(Verdict::Failed(Fault::unfit(unrepeatable())));
        }
        self.report.hurried |= world.was_hurried();
        world.end_chunk();
        let mut chooser = std::mem::replace(&mut world.chooser, Chooser::all());
        let failed = match world.verdict.take() {
            _ if self.checking && self.first != Some(world.trail()) => {
                Some(Fault::unfit(unrepeatable()))
            }
            _ if self.checking => None,
            Some(Verdict::Anew) => {
                let report = std::mem::take(&mut self.report);
                self.report.seed = report.seed;
                self.report.stands_for = report.stands_for.map(|_| Some(0));
                self.bounds.rules.unlocks = true;
                return Some(chooser.anew());
            }
            Some(Verdict::Failed(fault)) if fault.kind == FailureKind::Unrepeatable => Some(fault),
            _ if world.is_redundant() => return self.after(chooser),
            Some(Verdict::Cut) => {
                self.report.cut += u64::from(!self.reporting || chooser.is_given());
                None
            }
            Some(Verdict::Failed(fault)) => Some(fault),
            None => None,
        };
        if self.checking {
            self.report.complete = failed.is_none();
            self.report.failed = u64::from(failed.is_some());
            self.report.failure = failed.map(|fault| Failure::new(fault, &mut world));
            self.last = true;
            return None;
        }
        if self.report.schedules == 0 {
            self.first = Some(world.trail());
        }
        let given = chooser.is_given();
        if self.reporting && !given {
            // The failing one, once more. It has been counted.
            self.reporting = false;
            let fault = failed.unwrap_or_else(|| Fault::unfit(unrepeatable()));
            self.report.failure = Some(Failure::new(fault, &mut world));
            self.last |= !self.bounds.keep_going;
            return self.after(chooser);
        }
        self.report.schedules += 1;
        let mut weight = Some(1);
        if let Some(stands_for) = &mut self.report.stands_for {
            weight = world.stands_for();
            *stands_for = match (*stands_for, weight) {
                (Some(sum), Some(more)) => Some(sum.saturating_add(more)),
                _ => None,
            };
        }
        if self.bounds.outcomes && !given {
            self.note_outcome(&world, failed.as_ref(), weight.unwrap_or(1));
        }
        self.progress.schedules.fetch_add(1, Ordering::Relaxed);
        self.report.failed += u64::from(failed.is_some());
        if given {
            self.last = true;
            match failed {
                Some(fault) => self.report.failure = Some(Failure::new(fault, &mut world)),
                None => self.report.run = Some(Run::new(&mut world)),
            }
            None
        } else if failed.is_some() && self.report.failure.is_none() {
            self.reporting = true;
            chooser.rewind();
            Some(chooser)
        } else {
            self.after(chooser)
        }
    }

    /// How this execution has ended.
    fn note_outcome(&mut self, world: &World, failed: Option<&Fault>, weight: u128) {
        let value = match failed.map(|fault| (fault.kind, &fault.message)) {
            Some((FailureKind::Panic, message)) => format!("panic: {message}"),
            Some((FailureKind::Unrepeatable, _)) => "(it does not do the same again)".to_string(),
            Some((_, message)) => message.clone(),
            None => world.returned.clone().unwrap_or("(given up)".to_string()),
        };
        let known = self.report.outcomes.iter_mut();
        match known.into_iter().find(|outcome| outcome.value == value) {
            Some(outcome) => outcome.schedules = outcome.schedules.saturating_add(weight),
            None => {
                let turns = world.turns.as_deref().unwrap_or_default();
                self.report.outcomes.push(Outcome {
                    value,
                    schedules: weight,
                    schedule: Some(schedule::write(turns)),
                });
            }
        }
    }

    fn after(&mut self, mut chooser: Chooser) -> Option<Chooser> {
        if self.last {
            return None;
        }
        if !chooser.advance() {
            self.report.complete = self.report.cut == 0;
            // A proof is worth what its program is: the same, each time.
            self.checking = self.report.complete && self.report.failed == 0;
            self.last = !self.checking;
            return Some(chooser);
        }
        if self.report.schedules >= self.bounds.schedules {
            self.report.stop = Some(Bound::Schedules(self.bounds.schedules));
            self.last = true;
        } else if self.left >= LEFT {
            self.report.stop = Some(Bound::Left(self.report.failed + self.report.cut));
            self.last = true;
        } else if self.begin.elapsed() >= self.bounds.time {
            self.report.stop = Some(Bound::Time(self.bounds.time));
            self.last = true;
        }
        Some(chooser)
    }
}

impl World {
    /// A panic ends the execution, even if the program caught it.
    pub fn settle(&mut self) {
        if let Some(panic) = panic::last()
            && self.verdict.is_none()
        {
            self.verdict = Some(Verdict::Failed(Fault {
                kind: FailureKind::Panic,
                thread: Some(self.now),
                message: panic.message,
                place: panic.place,
            }));
        }
    }
}
