//! What a search found.

use std::fmt;
use std::time::Duration;

use super::failure::{Failure, Run};
use super::outcome::Outcome;

/// The bound that ended a search before every schedule was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bound {
    /// So many schedules were tried: [`Search::schedules`](super::Search::schedules).
    Schedules(u64),
    /// So many schedules failed or were given up, and what their threads left on their stacks can be
    /// freed by nobody: the system has no room for more.
    Left(u64),
    /// So much time had passed: [`Search::time`](super::Search::time).
    Time(Duration),
    /// So much time had passed, and the schedule that was being tried came to no end: the program
    /// waits for something that the explorer does not see, or goes round in a loop that has no
    /// visible operation. Its thread was left behind.
    Stuck(Duration),
}

/// What a search found, and how much it tried.
///
/// As a cell's last expression it is shown as text, with a picture if a schedule failed.
///
/// ```
/// use interleavings::{self, sync::atomic::{AtomicU32, Ordering::SeqCst}, thread};
///
/// let report = interleavings::all(|| {
///     let x = AtomicU32::named("x", 0);
///     thread::scope(|scope| {
///         scope.spawn(|| x.store(1, SeqCst));
///         scope.spawn(|| x.store(2, SeqCst));
///     });
/// });
/// assert!(report.passed());
/// assert_eq!(report.to_string(), "2 schedules, and no other is possible: all of them passed");
/// ```
#[derive(Clone, Default)]
pub struct Report {
    pub(super) schedules: u64,
    pub(super) failed: u64,
    pub(super) cut: u64,
    pub(super) depth: usize,
    pub(super) rounds: u32,
    /// A loop was kept from going round once more.
    pub(super) hurried: bool,
    /// Of a reduced search: how many schedules those stand for that were tried, if that can be told.
    pub(super) stands_for: Option<Option<u128>>,
    /// Of a search for outcomes.
    pub(super) outcomes: Vec<Outcome>,
    pub(super) complete: bool,
    pub(super) seed: Option<u64>,
    pub(super) stop: Option<Bound>,
    pub(super) failure: Option<Failure>,
    pub(super) run: Option<Run>,
    pub(super) time: Duration,
}

impl Report {
    /// How many schedules were tried, the failing ones among them.
    ///
    /// ```
    /// assert_eq!(interleavings::all(|| ()).schedules(), 1);
    /// ```
    pub fn schedules(&self) -> u64 {
        self.schedules
    }

    /// How many of them failed: at most one, unless the search was told to
    /// [`keep_going`](super::Search::keep_going).
    ///
    /// ```
    /// assert_eq!(interleavings::all(|| panic!("no")).failed(), 1);
    /// ```
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// How many were given up because they took too many steps:
    /// [`Search::depth`](super::Search::depth).
    ///
    /// ```
    /// use interleavings::{Search, sync::Mutex};
    ///
    /// let report = Search::new().depth(3).run(|| {
    ///     let mutex = Mutex::new(0);
    ///     (0..5).for_each(|_| *mutex.lock().unwrap() += 1);
    /// });
    /// assert_eq!((report.cut(), report.passed()), (1, false));
    /// ```
    pub fn cut(&self) -> u64 {
        self.cut
    }

    /// How many schedules those stand for that were tried: more than those only in a
    /// [reduced](super::Search::reduced) search, and none if there one was too long to tell.
    ///
    /// ```
    /// assert_eq!(interleavings::all(|| ()).stands_for(), Some(1));
    /// ```
    pub fn stands_for(&self) -> Option<u128> {
        self.stands_for.unwrap_or(Some(u128::from(self.schedules)))
    }

    /// Whether every schedule was tried to its end and none failed: a proof, within what the
    /// explorer models. Where a loop that waits would have gone round in vain more often than
    /// [`Search::rounds`](super::Search::rounds) says, the report's text says so.
    ///
    /// ```
    /// assert!(interleavings::all(|| ()).passed());
    /// ```
    pub fn passed(&self) -> bool {
        self.complete && self.failed == 0
    }

    /// The bound that ended the search, if one did.
    ///
    /// ```
    /// use interleavings::{Search, Bound};
    ///
    /// let report = Search::new().random(1).schedules(10).run(|| ());
    /// assert_eq!(report.bound(), Some(Bound::Schedules(10)));
    /// ```
    pub fn bound(&self) -> Option<Bound> {
        self.stop
    }

    /// The first failure found, if any.
    ///
    /// ```
    /// assert!(interleavings::all(|| ()).failure().is_none());
    /// ```
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// What was done step by step: of the failure, or of a schedule that was
    /// [replayed](super::replay). None for a search that passed.
    ///
    /// ```
    /// assert!(interleavings::replay("", || ()).run().is_some());
    /// ```
    pub fn run(&self) -> Option<&Run> {
        self.failure
            .as_ref()
            .map(Failure::run)
            .or(self.run.as_ref())
    }

    /// How long it took.
    ///
    /// ```
    /// assert!(interleavings::all(|| ()).time() > std::time::Duration::ZERO);
    /// ```
    pub fn time(&self) -> Duration {
        self.time
    }

    fn count(&self) -> String {
        let random = self.seed.map(|seed| format!(" (random, seed {seed})"));
        let random = random.unwrap_or_default();
        match self.schedules {
            1 => format!("1 schedule{random}"),
            n => format!("{} schedules{random}", grouped(n.into())),
        }
    }

    /// What was tried, and whether that is all.
    pub(super) fn tried(&self) -> String {
        let all = if self.complete {
            self.all()
        } else {
            String::new()
        };
        self.count() + &all + &self.bounds()
    }

    /// What makes a proof of it.
    fn all(&self) -> String {
        let all = match (self.stands_for, self.schedules) {
            (None, _) => ", and no other is possible".to_string(),
            // Failing ones end before their time.
            _ if self.failed > 0 => String::new(),
            (Some(Some(all)), n) => {
                let stand = if n == 1 {
                    "which stands"
                } else {
                    "which stand"
                };
                format!(", {stand} for all {}", grouped(all))
            }
            (Some(None), _) => ", which stand for all there are".to_string(),
        };
        match (self.hurried, self.rounds) {
            (false, _) => all,
            (true, 0) => all + " where no loop that waits goes round in vain",
            (true, 1) => all + " where a loop that waits goes round in vain at most once",
            (true, n) => {
                all + &format!(" where a loop that waits goes round in vain at most {n} times")
            }
        }
    }

    fn bounds(&self) -> String {
        let mut text = String::new();
        if self.cut > 0 {
            text += &format!(
                "; {} given up after {} steps, the limit (a loop that waits without yielding?)",
                grouped(self.cut.into()),
                grouped(self.depth as u128)
            );
        }
        match self.stop {
            None => {}
            Some(Bound::Schedules(n)) => {
                text += &format!("; stopped after {} schedules, the limit", grouped(n.into()));
            }
            Some(Bound::Left(n)) => {
                text += &format!(
                    "; stopped after {} that came to no end, the limit of what memory can hold",
                    grouped(n.into())
                );
            }
            Some(Bound::Time(time)) => {
                text += &format!("; stopped after {}, the limit", seconds(time));
            }
            Some(Bound::Stuck(time)) => {
                text += &format!(
                    "; given up after {}, as a schedule came to no end: the program waits for \
                     something that the explorer does not see (a lock or a channel of std, a \
                     sleep), or goes round in a loop without a visible operation. Its thread was \
                     left behind",
                    seconds(time)
                );
            }
        }
        if self.cut > 0 || self.stop.is_some() {
            text += ": not every schedule was tried";
        }
        text
    }
}

#[cfg(not(feature = "pictures"))]
impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Report({:?})", self.to_string())
    }
}

/// A sentence, and for a failure what [`Failure`] says.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, bounds) = (self.count(), self.bounds());
        match (&self.failure, &self.run) {
            (Some(failure), _) if self.failed == self.schedules => write!(f, "{count}: {failure}"),
            (Some(failure), _) if self.failed == 1 && !self.complete && self.stop.is_none() => {
                write!(f, "{count}{bounds}, and the last one fails: {failure}")
            }
            (Some(failure), _) => {
                let all = if self.complete {
                    self.all()
                } else {
                    String::new()
                };
                let failed = grouped(self.failed.into());
                writeln!(
                    f,
                    "{count}{all}{bounds}: {failed} of them fail; the first of these:"
                )?;
                failure.fmt(f)
            }
            (None, Some(run)) => write!(f, "{count}: it passed\n{run}"),
            (None, None) if self.complete => {
                let them = if self.schedules == 1 {
                    "it"
                } else {
                    "all of them"
                };
                write!(f, "{count}{}: {them} passed", self.all())
            }
            (None, None) => write!(f, "{count}, none of which failed{bounds}"),
        }
    }
}

/// "12,870"
pub(super) fn grouped(n: u128) -> String {
    let digits = n.to_string();
    let threes = digits.as_bytes().rchunks(3).rev();
    let threes: Vec<_> = threes.map(String::from_utf8_lossy).collect();
    threes.join(",")
}

/// As few digits as say it: "30 s", "50 ms".
fn seconds(time: Duration) -> String {
    match time.as_millis() {
        millis if millis < 1000 => format!("{millis} ms"),
        _ => format!("{} s", (time.as_secs_f64() * 10.0).round() / 10.0),
    }
}
