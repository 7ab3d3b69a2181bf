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
use super::panic;
use super::report::{Bound, Report};
use super::world::{self, Verdict, World, with};

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
    pub depth: usize,
    pub time: Duration,
    pub keep_going: bool,
}

/// Explores the program on the calling thread.
pub(super) fn explore(
    program: Program,
    chooser: Chooser,
    bounds: Bounds,
    progress: Arc<Progress>,
) -> Report {
    panic::keep();
    let mut search = Search {
        begin: Instant::now(),
        last: false,
        reporting: matches!(chooser, Chooser::Given { .. }),
        unlocks: false,
        report: Report::default(),
        bounds,
        progress,
    };
    let (mut next, mut stacks) = (Some(chooser), Vec::new());
    while let Some(chooser) = next.take()
        && !search.is_over()
    {
        let mut world = World::new(
            chooser,
            search.bounds.depth,
            search.unlocks,
            search.reporting,
        );
        let program = Arc::clone(&program);
        world.threads[0].start = Some(Box::new(move || program()));
        world::put(world);
        execute(&mut stacks, &search.progress.cancelled);
        next = world::take().and_then(|world| search.judge(world));
    }
    search.report.time = search.begin.elapsed();
    search.report
}

/// An explored thread.
type Fiber = Coroutine<(), (), (), DefaultStack>;

/// Runs the threads of the world in turn until it says that the execution is over. `stacks` are those
/// of threads that have ended, to be used again.
fn execute(stacks: &mut Vec<DefaultStack>, cancelled: &AtomicBool) {
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
    fibers.into_iter().for_each(std::mem::forget);
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
        if catch_unwind(AssertUnwindSafe(|| {
            start.into_iter().for_each(|start| start())
        }))
        .is_err()
        {
            panic::unseen();
        }
        with(|world| world.finish(number));
    })
}

/// A search, and what it has found so far.
struct Search {
    begin: Instant,
    unlocks: bool,
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
    fn judge(&mut self, mut world: World) -> Option<Chooser> {
        world.settle();
        world.note_values();
        // What never ran may borrow from a stack that is gone.
        for thread in &mut world.threads {
            std::mem::forget(thread.start.take());
        }
        let mut chooser = world.chooser.clone();
        let failed = match world.verdict.take() {
            Some(Verdict::Anew) => {
                let report = std::mem::take(&mut self.report);
                self.report.seed = report.seed;
                self.unlocks = true;
                return Some(chooser.anew());
            }
            Some(Verdict::Cut) => {
                self.report.cut += u64::from(!self.reporting || chooser.is_given());
                None
            }
            verdict => verdict,
        };
        let given = chooser.is_given();
        if self.reporting && !given {
            // The failing one, once more. It has been counted.
            self.reporting = false;
            let failure = match failed {
                Some(verdict) => Failure::new(verdict, &mut world),
                None => Failure::new(Verdict::Unfit(unrepeatable()), &mut world),
            };
            self.report.failure = Some(failure);
            self.last |= !self.bounds.keep_going;
            return self.next(chooser);
        }
        self.report.schedules += 1;
        self.progress.schedules.fetch_add(1, Ordering::Relaxed);
        self.report.failed += u64::from(failed.is_some());
        if given {
            self.last = true;
            match failed {
                Some(verdict) => self.report.failure = Some(Failure::new(verdict, &mut world)),
                None => self.report.run = Some(Run::new(&mut world)),
            }
            None
        } else if failed.is_some() && self.report.failure.is_none() {
            self.reporting = true;
            chooser.rewind();
            Some(chooser)
        } else {
            self.next(chooser)
        }
    }

    fn next(&mut self, mut chooser: Chooser) -> Option<Chooser> {
        if self.last {
            return None;
        }
        if !chooser.advance() {
            self.report.complete = self.report.cut == 0;
            self.last = true;
        } else if self.report.schedules >= self.bounds.schedules {
            self.report.stop = Some(Bound::Schedules(self.bounds.schedules));
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
            self.verdict = Some(Verdict::Panicked {
                thread: self.now,
                message: panic.message,
                place: panic.place,
            });
        }
    }
}
