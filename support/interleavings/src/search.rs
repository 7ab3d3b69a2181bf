//! A search, and what bounds it.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use super::chooser::Chooser;
use super::engine::{self, Bounds, Program, Progress};
use super::outcomes::Outcomes;
use super::report::{Bound, Report};
use super::schedule;
use super::world::{self, Rules};

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
                time: Duration::from_secs(30),
                keep_going: false,
                outcomes: false,
                rules: Rules {
                    depth: 1000,
                    rounds: 1,
                    spurious: false,
                    reduced: false,
                    unlocks: false,
                },
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
        self.bounds.rules.depth = most;
        self
    }

    /// How often a loop that waits goes round in vain: 1 unless told otherwise.
    ///
    /// A loop that yields ([`thread::yield_now`](super::thread::yield_now), `spin_loop`, `sleep`, a
    /// wait with a limit that is over) could do so for ever. So a thread that has yielded more often
    /// than that at the same place, while another could go on and did not, lets it go first; and a load
    /// that has read the same old value more often than that at the same place reads the newest. What
    /// this leaves out is told by the report. A program that gives up after three rounds in vain needs
    /// three to be tried.
    ///
    /// ```
    /// use interleavings::{Search, hint, sync::atomic::{AtomicBool, Ordering::SeqCst}, thread};
    ///
    /// let gives_up = || {
    ///     let ready = AtomicBool::named("ready", false);
    ///     thread::scope(|scope| {
    ///         scope.spawn(|| ready.store(true, SeqCst));
    ///         let tries = (0..3).take_while(|_| {
    ///             hint::spin_loop();
    ///             !ready.load(SeqCst)
    ///         });
    ///         assert!(tries.count() < 3, "given up");
    ///     });
    /// };
    /// let report = Search::new().run(gives_up);
    /// assert!(report.to_string().contains("goes round in vain at most once"), "{report}");
    /// assert!(Search::new().rounds(3).run(gives_up).failure().is_some());
    /// ```
    pub fn rounds(mut self, most: u32) -> Search {
        self.bounds.rules.rounds = most;
        self
    }

    /// Lets a [`Condvar`](super::sync::Condvar) and [`park`](super::thread::park) wake without a
    /// reason as well, each thread as often as [`Search::rounds`] says: std permits it.
    ///
    /// ```
    /// use interleavings::{Search, thread};
    ///
    /// let trusting = || {
    ///     let main = thread::current();
    ///     let told = std::sync::Arc::new(interleavings::sync::atomic::AtomicBool::new(false));
    ///     let own = told.clone();
    ///     thread::spawn(move || {
    ///         own.store(true, std::sync::atomic::Ordering::SeqCst);
    ///         main.unpark();
    ///     });
    ///     thread::park();
    ///     assert!(told.load(std::sync::atomic::Ordering::SeqCst));
    /// };
    /// assert!(Search::new().run(trusting).passed());
    /// assert!(Search::new().spurious_wakeups().run(trusting).failure().is_some());
    /// ```
    pub fn spurious_wakeups(mut self) -> Search {
        self.bounds.rules.spurious = true;
        self
    }

    /// Tries one schedule for all that differ only in the order of steps that do not concern each
    /// other: of different things, or that only read. It finds what the search of all finds, sooner.
    ///
    /// ```
    /// use interleavings::{Search, sync::atomic::{AtomicU32, Ordering::SeqCst}, thread};
    ///
    /// let report = Search::new().reduced().run(|| {
    ///     let own = [(); 3].map(|()| AtomicU32::new(0));
    ///     thread::scope(|scope| for x in &own {
    ///         scope.spawn(move || (0..4).for_each(|n| x.store(n, SeqCst)));
    ///     });
    /// });
    /// assert_eq!(report.to_string(), "1 schedule, which stands for all 34,650: it passed");
    /// ```
    pub fn reduced(mut self) -> Search {
        self.bounds.rules.reduced = true;
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

    /// Every way in which the program can end, as far as the bounds let it be found. See
    /// [`outcomes`](super::outcomes()).
    ///
    /// # Panics
    ///
    /// If the system gives it no thread.
    ///
    /// ```
    /// use interleavings::{Search, sync::atomic::{AtomicU32, Ordering::SeqCst}, thread};
    ///
    /// let outcomes = Search::new().reduced().outcomes(|| {
    ///     let x = AtomicU32::new(0);
    ///     thread::scope(|scope| for n in 1..=3 {
    ///         let x = &x;
    ///         scope.spawn(move || x.store(n, SeqCst));
    ///     });
    ///     x.into_inner()
    /// });
    /// assert_eq!(outcomes.rows().len(), 3);
    /// ```
    pub fn outcomes<T: fmt::Debug + 'static>(
        &self,
        program: impl Fn() -> T + Send + Sync + 'static,
    ) -> Outcomes {
        let mut search = self.clone();
        search.bounds.outcomes = true;
        search.bounds.keep_going = true;
        let mut report = search.begin(Arc::new(move || {
            let value = program();
            world::returned(&value);
        }));
        let mut rows = std::mem::take(&mut report.outcomes);
        rows.sort_by(|one, other| {
            let most = other.schedules.cmp(&one.schedules);
            most.then_with(|| one.value.cmp(&other.value))
        });
        Outcomes { rows, report }
    }

    #[inline(never)]
    fn begin(&self, program: Program) -> Report {
        let chooser = self.seed.map_or_else(Chooser::all, Chooser::random);
        let mut bounds = self.bounds.clone();
        // Chance chooses among all.
        bounds.rules.reduced &= self.seed.is_none();
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
    let (own, rules, time) = (Arc::clone(&progress), bounds.rules.clone(), bounds.time);
    let limit = time.saturating_add(GRACE);
    let begin = Instant::now();
    let mut search = Box::new(engine::Search::new(program, chooser, bounds, own));
    let found = loop {
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::Builder::new().name("explorer".to_string());
        let thread = thread.spawn(move || {
            let _ = sender.send(search.run());
        });
        let thread = thread.unwrap_or_else(|error| panic!("no thread to explore on: {error}"));
        let left = limit.saturating_sub(begin.elapsed());
        let found = receiver.recv_timeout(left);
        if let Err(mpsc::RecvTimeoutError::Timeout) = found {
            break None;
        }
        // A panic of the explorer itself, not of the program.
        thread
            .join()
            .unwrap_or_else(|payload| std::panic::resume_unwind(payload));
        match found {
            Ok(Ok(report)) => break Some(report),
            Ok(Err(rest)) => search = rest,
            Err(_) => unreachable!("it ends with a panic or a report"),
        }
    };
    let mut report = match found {
        Some(report) => report,
        None => {
            progress.cancelled.store(true, Ordering::Relaxed);
            Report {
                schedules: progress.schedules.load(Ordering::Relaxed),
                stop: Some(Bound::Stuck(limit)),
                time: limit,
                ..Report::default()
            }
        }
    };
    (report.depth, report.rounds) = (rules.depth, rules.rounds);
    report
}
