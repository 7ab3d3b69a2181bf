//! Runs a program again and again on shuttle's tasks, each time as the world decides.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

use super::chooser::{Chooser, unrepeatable};
use super::failure::{Failure, Run};
use super::panic;
use super::report::{Report, Stop};
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

pub(super) fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = STACK;
    config.failure_persistence = FailurePersistence::None;
    config.max_steps = MaxSteps::None;
    config.silence_warnings = true;
    config
}

/// Explores the program on the calling thread.
pub(super) fn explore(
    program: Program,
    chooser: Chooser,
    bounds: Bounds,
    progress: Arc<Progress>,
) -> Report {
    panic::keep();
    let (sender, receiver) = std::sync::mpsc::channel();
    let search = Search {
        begin: Instant::now(),
        last: false,
        reporting: matches!(chooser, Chooser::Given { .. }),
        chooser: Some(chooser),
        unlocks: false,
        report: Report::default(),
        bounds,
        progress,
        sender,
    };
    let program = move || body(&*program);
    Runner::new(search, config()).run(program);
    receiver.recv().unwrap_or_default()
}

/// The body of the explored thread that now runs.
fn body(work: &dyn Fn()) {
    let number = with(|world| world.now);
    if catch_unwind(AssertUnwindSafe(work)).is_err() {
        panic::unseen();
    }
    with(|world| world.finish(number));
}

/// Makes a thread of the explored program and returns its number.
#[inline(never)]
pub(super) fn spawn(name: Option<String>, work: Box<dyn FnOnce()>) -> usize {
    let number = with(|world| world.add_thread(name, Some(work)));
    // Shuttle's tasks get the same numbers: it starts none but these.
    drop(shuttle::thread::spawn(move || {
        let start = with(|world| world.threads[number].start.take());
        let start = std::cell::Cell::new(start);
        body(&|| {
            if let Some(start) = start.take() {
                start();
            }
        });
    }));
    number
}

/// A search as shuttle's scheduler: it is asked for every execution and every switch.
struct Search {
    begin: Instant,
    chooser: Option<Chooser>,
    unlocks: bool,
    /// Whether the execution that runs is the one that will be reported: its steps are kept.
    reporting: bool,
    /// Whether there is to be no other.
    last: bool,
    report: Report,
    bounds: Bounds,
    progress: Arc<Progress>,
    sender: std::sync::mpsc::Sender<Report>,
}

impl Search {
    fn begin(&self, chooser: Chooser) {
        let world = World::new(chooser, self.bounds.depth, self.unlocks, self.reporting);
        world::put(world);
    }

    /// Judges an execution that is over.
    fn judge(&mut self, mut world: World) {
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
                self.chooser = Some(chooser.anew());
                return;
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
            self.next(chooser);
            return;
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
        } else if failed.is_some() && self.report.failure.is_none() {
            self.reporting = true;
            chooser.rewind();
            self.chooser = Some(chooser);
        } else {
            self.next(chooser);
        }
    }

    fn next(&mut self, mut chooser: Chooser) {
        if self.last {
            return;
        }
        if !chooser.advance() {
            self.report.complete = self.report.cut == 0;
            self.last = true;
        } else if self.report.schedules >= self.bounds.schedules {
            self.report.stop = Some(Stop::Schedules(self.bounds.schedules));
            self.last = true;
        } else if self.begin.elapsed() >= self.bounds.time {
            self.report.stop = Some(Stop::Time(self.bounds.time));
            self.last = true;
        }
        self.chooser = Some(chooser);
    }
}

impl Scheduler for Search {
    fn new_execution(&mut self) -> Option<Schedule> {
        if let Some(world) = world::take() {
            self.judge(world);
        }
        let cancelled = self.progress.cancelled.load(Ordering::Relaxed);
        let chooser = self.chooser.take().filter(|_| !self.last && !cancelled);
        let Some(chooser) = chooser else {
            self.report.time = self.begin.elapsed();
            // Nobody waits for it any more after the search was cancelled.
            let _ = self.sender.send(std::mem::take(&mut self.report));
            return None;
        };
        self.begin(chooser);
        Some(Schedule::new(0))
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        _current: Option<TaskId>,
        _is_yielding: bool,
    ) -> Option<TaskId> {
        if self.progress.cancelled.load(Ordering::Relaxed) {
            return None;
        }
        let live = runnable.iter().map(|task| usize::from(task.id()));
        with(|world| world.next(live)).map(TaskId::from)
    }

    fn next_u64(&mut self) -> u64 {
        0
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
