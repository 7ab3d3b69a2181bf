//! A search, and what bounds it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use super::chooser::Chooser;
use super::engine::{Bounds, Program, Progress, explore};
use super::report::{Bound, Report};
use super::schedule;

/// Schedules that a random search tries unless told otherwise: it never comes to an end by itself.
const RANDOM: u64 = 10_000;

/// How long a single schedule may take, after the time of the search is over.
const GRACE: Duration = Duration::from_secs(2);

/// A search through the schedules of a program, with bounds. Each bound that ended a search is
/// told by its [`Report`].
///
/// ```
/// use interleavings::{Search, sync::Mutex};
///
/// let report = Search::new().schedules(100).run(|| *Mutex::new(0).lock().unwrap() = 1);
/// assert_eq!(report.schedules(), 1);
/// ```
#[derive(Clone)]
pub struct Search {
    bounds: Bounds,
    schedules: Option<u64>,
    seed: Option<u64>,
}

impl Default for Search {
    fn default() -> Search {
        Search::new()
    }
}

impl Search {
    /// Every schedule, depth first, up to the first that fails; for 30 seconds at most, each
    /// schedule of 1,000 steps at most.
    ///
    /// ```
    /// assert!(interleavings::Search::new().run(|| ()).passed());
    /// ```
    pub fn new() -> Search {
        Search {
            bounds: Bounds {
                schedules: u64::MAX,
                depth: 1000,
                time: Duration::from_secs(30),
                keep_going: false,
            },
            schedules: None,
            seed: None,
        }
    }

    /// Tries at most so many schedules. Without it there is no such bound, or 10,000 in a random
    /// search.
    ///
    /// ```
    /// use interleavings::{Search, Bound, sync::atomic::{AtomicU32, Ordering::SeqCst}, thread};
    ///
    /// let report = Search::new().schedules(1).run(|| {
    ///     let x = AtomicU32::new(0);
    ///     thread::scope(|scope| {
    ///         scope.spawn(|| x.store(1, SeqCst));
    ///         scope.spawn(|| x.store(2, SeqCst));
    ///     });
    /// });
    /// assert_eq!(report.bound(), Some(Bound::Schedules(1)));
    /// ```
    pub fn schedules(mut self, most: u64) -> Search {
        self.schedules = Some(most.max(1));
        self
    }

    /// Gives a schedule up after so many steps. What was given up is counted
    /// ([`Report::cut`]), and the search is then no proof.
    ///
    /// ```
    /// use interleavings::{Search, hint, sync::atomic::{AtomicBool, Ordering::SeqCst}};
    ///
    /// let never = Search::new().depth(50).run(|| {
    ///     let ready = AtomicBool::new(false);
    ///     while !ready.load(SeqCst) {
    ///         hint::spin_loop();
    ///     }
    /// });
    /// assert_eq!(never.cut(), 1);
    /// ```
    pub fn depth(mut self, most: usize) -> Search {
        self.bounds.depth = most;
        self
    }

    /// Ends the search after so much time. A single schedule that comes to no end is given up two
    /// seconds later.
    ///
    /// ```
    /// use std::time::Duration;
    /// use interleavings::{Search, Bound, sync::atomic::{AtomicU32, Ordering::SeqCst}, thread};
    ///
    /// let limit = Duration::from_millis(1);
    /// let report = Search::new().time(limit).run(|| {
    ///     let x = AtomicU32::new(0);
    ///     thread::scope(|scope| for _ in 0..4 {
    ///         scope.spawn(|| for _ in 0..9 { x.fetch_add(1, SeqCst); });
    ///     });
    /// });
    /// assert_eq!(report.bound(), Some(Bound::Time(limit)));
    /// ```
    pub fn time(mut self, most: Duration) -> Search {
        self.bounds.time = most;
        self
    }

    /// Tries random schedules instead of all: for programs that have too many. The same seed gives
    /// the same schedules, in the same order. A random search proves nothing.
    ///
    /// ```
    /// use interleavings::Search;
    ///
    /// let report = Search::new().random(42).run(|| ());
    /// assert!(report.to_string().starts_with("10,000 schedules (random, seed 42), none of which"));
    /// ```
    pub fn random(mut self, seed: u64) -> Search {
        self.seed = Some(seed);
        self
    }

    /// Does not end at the first failure, so that the failing schedules are counted.
    ///
    /// Such a search leaks what the threads of a failing schedule have on their stacks, some
    /// hundred bytes each.
    ///
    /// ```
    /// use interleavings::{Search, sync::atomic::{AtomicU32, Ordering::SeqCst}, thread};
    ///
    /// let report = Search::new().keep_going().run(|| {
    ///     let x = AtomicU32::new(0);
    ///     thread::scope(|scope| {
    ///         scope.spawn(|| x.store(1, SeqCst));
    ///         scope.spawn(|| x.store(2, SeqCst));
    ///     });
    ///     assert_eq!(x.load(SeqCst), 2);
    /// });
    /// assert_eq!((report.failed(), report.schedules()), (1, 2));
    /// ```
    pub fn keep_going(mut self) -> Search {
        self.bounds.keep_going = true;
        self
    }

    /// Runs the program under one schedule after another, on a thread of its own, and waits for
    /// the end of the search.
    ///
    /// The program runs from its beginning each time, so it has to do the same each time: whatever
    /// its threads share is made within it. Failures do not panic; they are in the report.
    ///
    /// # Panics
    ///
    /// If the system gives it no thread.
    ///
    /// ```
    /// assert!(interleavings::Search::new().run(|| assert_eq!(1 + 1, 2)).passed());
    /// ```
    pub fn run(&self, program: impl Fn() + Send + Sync + 'static) -> Report {
        self.begin(Arc::new(program))
    }

    #[inline(never)]
    fn begin(&self, program: Program) -> Report {
        let chooser = self.seed.map_or_else(Chooser::all, Chooser::random);
        let mut bounds = self.bounds.clone();
        bounds.schedules = match (self.schedules, self.seed) {
            (Some(most), _) => most,
            (None, Some(_)) => RANDOM,
            (None, None) => u64::MAX,
        };
        let mut report = watched(program, chooser, bounds);
        report.seed = self.seed;
        report
    }
}

/// Runs the program under one schedule, given as the text of a
/// [`Failure`](super::Failure::schedule) or [`Run`](super::Run::schedule).
///
/// Where the text has come to its end, the thread that went on last goes on, else the first that
/// can. A text that is no schedule, or not one of this program, gives a failure of the kind
/// [`Unrepeatable`](super::FailureKind::Unrepeatable).
///
/// ```
/// use interleavings::{self, sync::atomic::{AtomicU32, Ordering::SeqCst}, thread};
///
/// let report = interleavings::replay("2 1", || {
///     let x = AtomicU32::named("x", 0);
///     thread::scope(|scope| {
///         scope.spawn(|| x.store(1, SeqCst));
///         scope.spawn(|| x.store(2, SeqCst));
///     });
/// });
/// assert_eq!(report.run().unwrap().steps()[1].operation(), "store x ← 1");
/// ```
pub fn replay(schedule: &str, program: impl Fn() + Send + Sync + 'static) -> Report {
    replay_program(schedule, Arc::new(program))
}

#[inline(never)]
fn replay_program(text: &str, program: Program) -> Report {
    match schedule::read(text) {
        Ok(turns) => watched(program, Chooser::given(turns), Search::new().bounds),
        // The program fails before its first step, with the reason as its message.
        Err(why) => {
            let program: Program = Arc::new(move || super::thread::unfit(&why));
            watched(program, Chooser::given(Vec::new()), Search::new().bounds)
        }
    }
}

/// Explores on another thread, so that this one can give up.
fn watched(program: Program, chooser: Chooser, bounds: Bounds) -> Report {
    let progress = Arc::new(Progress::default());
    let (sender, receiver) = mpsc::channel();
    let (own, depth, time) = (Arc::clone(&progress), bounds.depth, bounds.time);
    let limit = time.saturating_add(GRACE);
    let thread = std::thread::Builder::new().name("explorer".to_string());
    let thread = thread.spawn(move || {
        let _ = sender.send(explore(program, chooser, bounds, own));
    });
    let thread = thread.unwrap_or_else(|error| panic!("no thread to explore on: {error}"));
    let mut report = match receiver.recv_timeout(limit) {
        Ok(report) => {
            let _ = thread.join();
            report
        }
        Err(_) => {
            progress.cancelled.store(true, Ordering::Relaxed);
            Report {
                schedules: progress.schedules.load(Ordering::Relaxed),
                stop: Some(Bound::Stuck(limit)),
                time: limit,
                ..Report::default()
            }
        }
    };
    report.depth = depth;
    report
}
