//! Says how far a long piece of work has come.
//!
//! ```
//! use support::progress::{self, Progress};
//!
//! let files = ["one", "two", "three"];
//! for file in files.iter().progress() {
//!     assert!(!file.is_empty());
//! }
//!
//! let bar = progress::bytes(3_000_000).label("copying");
//! for _ in 0..3 {
//!     bar.inc(1_000_000);
//! }
//! bar.finish();
//! ```
//!
//! In this project's kernel a bar is one display that moves in place, at most ten times a second,
//! and leaves one line: how much, in what time, at what rate. Elsewhere it prints a plain line at
//! most every ten per cent (every ten seconds where the total is not known), and that last line.
//!
//! For: loops whose end one waits for. Not for: showing *what* happens (that is a
//! [timeline](timeline::Timeline)) or for measuring: drawing takes time of the work's own thread,
//! well under a millisecond a drawing.

use crate::display::{self, Handle};
use crate::kernel::shown;
use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The shortest time between two drawings.
const INTERVAL: Duration = Duration::from_millis(100);
/// The same for lines that stay, where the total is not known.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// A bar for so many steps.
///
/// ```
/// let bar = support::progress::bar(2);
/// bar.inc(1);
/// assert_eq!(bar.done(), 1);
/// ```
pub fn bar(total: u64) -> Bar {
    Bar::new(Some(total), false)
}

/// A bar for so many bytes.
///
/// ```
/// let bar = support::progress::bytes(1 << 20);
/// bar.inc(4096);
/// ```
pub fn bytes(total: u64) -> Bar {
    Bar::new(Some(total), true)
}

/// A counter of steps whose total is not known.
///
/// ```
/// let found = support::progress::count();
/// found.inc(1);
/// assert_eq!(found.done(), 1);
/// ```
pub fn count() -> Bar {
    Bar::new(None, false)
}

/// How far a piece of work has come. Made by [`bar`](bar()), [`bytes`] and [`count`].
///
/// Several threads may count on one bar. Dropping it ends it: as finished if all was done, else
/// it says where it stopped. A copy in a forked child counts for nobody, as memory is not shared;
/// it draws nothing.
///
/// ```
/// let bar = support::progress::bar(4).label("workers");
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| bar.inc(1));
///     }
/// });
/// assert_eq!(bar.done(), 4);
/// ```
pub struct Bar {
    label: String,
    total: Option<u64>,
    in_bytes: bool,
    done: AtomicU64,
    started: Instant,
    /// When it may next be drawn, in ms since the start.
    next: AtomicU64,
    drawn: Mutex<Drawn>,
    process: u32,
}

#[derive(Default)]
struct Drawn {
    display: Option<Handle>,
    /// Tenths of the whole that a line was printed for.
    tenths: u64,
    ended: bool,
}

impl Bar {
    fn new(total: Option<u64>, in_bytes: bool) -> Bar {
        Bar {
            label: String::new(),
            total,
            in_bytes,
            done: AtomicU64::new(0),
            started: Instant::now(),
            next: AtomicU64::new(0),
            drawn: Mutex::default(),
            process: std::process::id(),
        }
    }

    /// Says what the work is.
    ///
    /// ```
    /// support::progress::bar(3).label("copying").inc(3);
    /// ```
    pub fn label(mut self, label: &str) -> Bar {
        self.label = label.replace('\n', " ");
        self
    }

    /// Counts `steps` more, or as many bytes.
    ///
    /// Costs about 50 ns, except for the at most ten times a second that the bar is drawn; a
    /// drawing blocks only while the output is full. Never waits for another thread's drawing.
    ///
    /// ```
    /// let bar = support::progress::bar(3);
    /// bar.inc(2);
    /// assert_eq!(bar.done(), 2);
    /// ```
    pub fn inc(&self, steps: u64) {
        let before = self.done.fetch_add(steps, Relaxed);
        self.moved(before.wrapping_add(steps));
    }

    /// Counts up, or down, to `done`.
    ///
    /// ```
    /// let bar = support::progress::bar(3);
    /// bar.set(3);
    /// assert_eq!(bar.done(), 3);
    /// ```
    pub fn set(&self, done: u64) {
        self.done.store(done, Relaxed);
        self.moved(done);
    }

    /// How many steps or bytes are done.
    ///
    /// ```
    /// assert_eq!(support::progress::bar(3).done(), 0);
    /// ```
    pub fn done(&self) -> u64 {
        self.done.load(Relaxed)
    }

    /// All is done, whatever was counted. The bar shows its last line and no other after it.
    ///
    /// ```
    /// let bar = support::progress::bar(3);
    /// bar.finish();
    /// assert_eq!(bar.done(), 3);
    /// ```
    pub fn finish(&self) {
        if let Some(total) = self.total {
            self.done.store(total, Relaxed);
        }
        self.end("");
    }

    /// Shows nothing more: a bar that is a cell's last expression has been shown already. (evcxr
    /// calls this on a cell's last expression.)
    ///
    /// ```
    /// support::progress::bar(3).evcxr_display();
    /// ```
    pub fn evcxr_display(&self) {}

    fn moved(&self, done: u64) {
        let elapsed = self.started.elapsed();
        if elapsed.as_millis() as u64 >= self.next.load(Relaxed)
            && std::process::id() == self.process
            // Another thread draws: what it shows is new enough.
            && let Ok(mut drawn) = self.drawn.try_lock()
            && !drawn.ended
            && let Some(pause) = self.pause(&mut drawn, done, elapsed, shown::is_live())
        {
            self.next
                .store((elapsed + pause).as_millis() as u64, Relaxed);
            drawn.draw(&self.text(done, elapsed, None));
        }
    }

    /// Shows the last line, which ends with `how`.
    fn end(&self, how: &str) {
        // A lock that a panic poisoned is as good as another.
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if std::process::id() == self.process && !std::mem::replace(&mut drawn.ended, true) {
            drawn.draw(&self.text(self.done(), self.started.elapsed(), Some(how)));
        }
    }

    /// Whether it is to be drawn, and then for how long not again. Of lines that stay, the first
    /// comes only once there is something to say, and the last at the end.
    fn pause(
        &self,
        drawn: &mut Drawn,
        done: u64,
        elapsed: Duration,
        is_live: bool,
    ) -> Option<Duration> {
        if is_live {
            return Some(INTERVAL);
        }
        let Some(percent) = self.percent(done) else {
            return (elapsed >= LINE_INTERVAL).then_some(LINE_INTERVAL);
        };
        let before = std::mem::replace(&mut drawn.tenths, percent / 10);
        (percent / 10 > before && percent < 100).then_some(INTERVAL)
    }

    /// Whole per cent; 100 only when all is done.
    fn percent(&self, done: u64) -> Option<u64> {
        let percent = (u128::from(done) * 100).checked_div(self.total?.into());
        Some(percent.unwrap_or(100).min(100) as u64)
    }

    /// One line, without its line break.
    fn text(&self, done: u64, elapsed: Duration, end: Option<&str>) -> String {
        let amount = |number: f64| match self.in_bytes {
            true => format!("{:.1} MB", number / 1e6),
            false => format!("{number:.0}"),
        };
        let mut parts = vec![self.label.clone()];
        if let Some(percent) = self.percent(done) {
            let full = percent as usize / 10;
            let bar = "█".repeat(full) + &" ".repeat(10 - full);
            parts.push(format!("{percent:3}% ▕{bar}▏"));
        }
        let mut so_far = amount(done as f64);
        if let Some(total) = self.total {
            let _ = write!(so_far, "/{}", amount(total as f64));
        }
        parts.push(so_far);
        // Too little is done, or too short a time is over, to tell a rate.
        let rate = match done as f64 / elapsed.as_secs_f64().max(0.001) {
            0.0 => String::new(),
            rate => format!(", {}/s", amount(rate)),
        };
        parts.push(match end {
            Some(how) => format!("in {elapsed:.1?}{rate}{how}"),
            None => format!("after {elapsed:.1?}{rate}"),
        });
        parts.retain(|part| !part.is_empty());
        parts.join(" ")
    }
}

impl Drawn {
    fn draw(&mut self, text: &str) {
        match &self.display {
            Some(display) => display.update_text(text),
            None if shown::is_live() => self.display = Some(display::text(text)),
            None => shown::write(format!("{text}\n").as_bytes()),
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        let all = self.total.is_none_or(|total| self.done() >= total);
        self.end(match (std::thread::panicking(), all) {
            (true, _) => ", stopped by a panic",
            (false, true) => "",
            (false, false) => ", ended early",
        });
    }
}

impl fmt::Debug for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bar = f.debug_struct("Bar");
        bar.field("done", &self.done())
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

/// Shows how far a loop has come: `for item in items.iter().progress()`.
///
/// ```
/// use support::progress::Progress;
///
/// let sum: u32 = (1..=4).collect::<Vec<u32>>().into_iter().progress().sum();
/// assert_eq!(sum, 10);
/// ```
pub trait Progress: ExactSizeIterator + Sized {
    /// Yields the same items, each counted as done when the next one is asked for.
    fn progress(self) -> Steps<Self> {
        of(self)
    }
}

impl<I: ExactSizeIterator> Progress for I {}

/// The same for any iterator; one that does not know its length is counted without a total.
///
/// ```
/// let even: Vec<u32> = support::progress::of((0..9).filter(|n| n % 2 == 0)).collect();
/// assert_eq!(even, [0, 2, 4, 6, 8]);
/// ```
pub fn of<I: Iterator>(items: I) -> Steps<I> {
    let (least, most) = items.size_hint();
    let total = most.filter(|most| *most == least).map(|most| most as u64);
    Steps {
        items,
        bar: Bar::new(total, false),
        started: false,
    }
}

/// The items of an iterator, counted on a bar. Made by [`Progress::progress`] and [`of`].
///
/// ```
/// use support::progress::Progress;
///
/// for _file in ["a", "b"].iter().progress().label("reading") {}
/// ```
#[derive(Debug)]
pub struct Steps<I> {
    items: I,
    bar: Bar,
    started: bool,
}

impl<I> Steps<I> {
    /// Says what the work is.
    ///
    /// ```
    /// assert_eq!(support::progress::of(0..3).label("counting").count(), 3);
    /// ```
    pub fn label(mut self, label: &str) -> Steps<I> {
        self.bar.label = label.replace('\n', " ");
        self
    }
}

impl<I: Iterator> Iterator for Steps<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        let item = self.items.next();
        // The one before is done when the next is asked for; when there is none, all are.
        self.bar.inc(u64::from(self.started));
        self.started = item.is_some();
        if item.is_none() {
            self.bar.finish();
        }
        item
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines before the last of a bar on which each second counts one of `steps`.
    fn lines(bar: &Bar, steps: u64, is_live: bool) -> Vec<String> {
        let (mut drawn, mut next) = (Drawn::default(), Duration::ZERO);
        let mut lines = Vec::new();
        for done in 1..=steps {
            let now = Duration::from_secs(done);
            if now >= next
                && let Some(pause) = bar.pause(&mut drawn, done, now, is_live)
            {
                next = now + pause;
                lines.push(bar.text(done, now, None));
            }
        }
        lines
    }

    #[test]
    fn a_bar_says_how_far_and_how_long() {
        let bar = bar(100).label("copying");
        let text = |done, end| bar.text(done, Duration::from_millis(1240), end);
        assert_eq!(
            text(62, None),
            "copying  62% ▕██████    ▏ 62/100 after 1.2s, 50/s"
        );
        assert_eq!(text(0, None), "copying   0% ▕          ▏ 0/100 after 1.2s");
        assert_eq!(
            text(100, Some("")),
            "copying 100% ▕██████████▏ 100/100 in 1.2s, 81/s"
        );
        assert_eq!(
            text(62, Some(", stopped by a panic")),
            "copying  62% ▕██████    ▏ 62/100 in 1.2s, 50/s, stopped by a panic"
        );
        let megabytes = bytes(3_000_000).text(1_500_000, Duration::from_secs(1), None);
        assert_eq!(
            megabytes,
            " 50% ▕█████     ▏ 1.5 MB/3.0 MB after 1.0s, 1.5 MB/s"
        );
        assert_eq!(super::bar(0).percent(0), Some(100));
        assert_eq!(super::bar(u64::MAX).percent(u64::MAX - 1), Some(99));
    }

    #[test]
    fn it_moves_in_place_and_lines_that_stay_come_every_tenth() {
        assert_eq!(lines(&bar(100), 100, true).len(), 100);
        let stay = lines(&bar(100), 100, false);
        assert_eq!(stay.len(), 9, "{stay:#?}");
        assert!(stay[0].starts_with(" 10%") && stay[8].starts_with(" 90%"));
        let counted = lines(&count(), 25, false);
        assert_eq!(counted, ["10 after 10.0s, 1/s", "20 after 20.0s, 1/s"]);
    }

    #[test]
    fn it_ends_once() {
        let bar = bar(10);
        bar.finish();
        bar.inc(1);
        assert!(bar.drawn.lock().unwrap().ended && bar.done() == 11);
    }
}
