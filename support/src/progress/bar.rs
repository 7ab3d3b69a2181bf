//! A bar: counts, and draws itself when there is something to see.

use super::clock::Clock;
use super::draw::{End, State, Unit};
use crate::display::Handle;
use crate::kernel::shown;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The shortest time between two drawings.
const INTERVAL: Duration = Duration::from_millis(100);
/// The same for lines that stay, where the total is not known.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// How far a piece of work has come. Made by [`bar`](super::bar()), [`bytes`](super::bytes) and
/// [`count`](super::count).
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
    unit: Unit,
    total: Option<u64>,
    done: AtomicU64,
    clock: Clock,
    /// When it may next be drawn, in ms since the start.
    next: AtomicU64,
    drawn: Mutex<Drawn>,
    process: u32,
}

#[derive(Default)]
struct Drawn {
    screen: Screen,
    /// Tenths of the whole that a line was printed for.
    tenths: u64,
    ended: bool,
}

/// Where a bar is drawn.
#[derive(Default)]
enum Screen {
    /// Nothing was drawn yet.
    #[default]
    Blank,
    Display(Handle),
    /// A place where every line stays.
    Lines,
    #[cfg(test)]
    Test {
        live: bool,
        seen: std::sync::Arc<Mutex<Vec<String>>>,
    },
}

impl Bar {
    pub(super) fn new(total: Option<u64>, unit: Unit) -> Bar {
        Bar {
            label: String::new(),
            unit,
            total,
            done: AtomicU64::new(0),
            clock: Clock::start(),
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
        self.end(End::Finished);
    }

    /// Shows nothing more: a bar that is a cell's last expression has been shown already. (evcxr
    /// calls this on a cell's last expression.)
    ///
    /// ```
    /// support::progress::bar(3).evcxr_display();
    /// ```
    pub fn evcxr_display(&self) {}

    fn moved(&self, done: u64) {
        let elapsed = self.clock.elapsed();
        if elapsed.as_millis() as u64 >= self.next.load(Relaxed)
            && std::process::id() == self.process
            // Another thread draws: what it shows is new enough.
            && let Ok(mut drawn) = self.drawn.try_lock()
            && !drawn.ended
        {
            self.draw(&mut drawn, done, elapsed, None);
        }
    }

    fn end(&self, end: End) {
        if std::process::id() != self.process {
            return;
        }
        // A lock that a panic poisoned is as good as another.
        let mut drawn = self
            .drawn
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if !std::mem::replace(&mut drawn.ended, true) {
            self.draw(&mut drawn, self.done(), self.clock.elapsed(), Some(end));
        }
    }

    fn draw(&self, drawn: &mut Drawn, done: u64, elapsed: Duration, end: Option<End>) {
        let state = State {
            label: &self.label,
            unit: self.unit,
            done,
            total: self.total,
            elapsed,
            end,
        };
        let live = match &drawn.screen {
            Screen::Blank => shown::is_live(),
            Screen::Display(_) => true,
            Screen::Lines => false,
            #[cfg(test)]
            Screen::Test { live, .. } => *live,
        };
        let tenths = state.percent().map_or(0, |percent| percent / 10);
        let interval = if live || self.total.is_some() {
            INTERVAL
        } else {
            LINE_INTERVAL
        };
        if !live && end.is_none() {
            // Of lines that stay, the first comes only once there is something to say, and the
            // last at the end.
            let too_soon = match self.total {
                Some(_) => tenths <= drawn.tenths || tenths == 10,
                None => elapsed < interval,
            };
            if too_soon {
                return;
            }
        }
        self.next
            .store((elapsed + interval).as_millis() as u64, Relaxed);
        drawn.tenths = tenths;
        drawn.screen.draw(&state);
    }
}

impl Screen {
    fn draw(&mut self, state: &State) {
        let text = state.text();
        match self {
            Screen::Blank if shown::is_live() => {
                *self = Screen::Display(Handle::new(&formats(state, text)));
            }
            Screen::Display(handle) => handle.replace(&formats(state, text)),
            Screen::Blank | Screen::Lines => {
                *self = Screen::Lines;
                shown::write(format!("{text}\n").as_bytes());
            }
            #[cfg(test)]
            Screen::Test { seen, .. } => seen.lock().unwrap().push(text),
        }
    }
}

fn formats(state: &State, text: String) -> Vec<(String, String)> {
    vec![
        ("text/html".into(), state.html()),
        ("text/plain".into(), text),
    ]
}

impl Drop for Bar {
    fn drop(&mut self) {
        let all = self.total.is_none_or(|total| self.done() >= total);
        self.end(match (std::thread::panicking(), all) {
            (true, _) => End::Panicked,
            (false, true) => End::Finished,
            (false, false) => End::Early,
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    type Seen = Arc<Mutex<Vec<String>>>;

    fn bench(total: Option<u64>, live: bool) -> (Bar, Arc<Mutex<Duration>>, Seen) {
        let (now, seen) = (Arc::new(Mutex::new(Duration::ZERO)), Seen::default());
        let mut bar = Bar::new(total, Unit::Steps);
        bar.clock = Clock::Paused(now.clone());
        bar.drawn.get_mut().unwrap().screen = Screen::Test {
            live,
            seen: seen.clone(),
        };
        (bar, now, seen)
    }

    #[test]
    fn it_moves_at_most_ten_times_a_second_and_ends_once() {
        let (bar, now, seen) = bench(Some(1000), true);
        for _ in 0..1000 {
            *now.lock().unwrap() += Duration::from_millis(1);
            bar.inc(1);
        }
        bar.finish();
        bar.inc(1);
        drop(bar);
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 11, "{seen:#?}");
        assert_eq!(
            seen.iter()
                .filter(|line| line.contains("1000/1000 in 1.0 s"))
                .count(),
            1
        );
        assert!(seen[10].contains("100%"));
    }

    #[test]
    fn lines_come_every_tenth_and_at_the_end() {
        let (bar, now, seen) = bench(Some(100), false);
        for _ in 0..100 {
            *now.lock().unwrap() += Duration::from_secs(1);
            bar.inc(1);
        }
        drop(bar);
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 10, "{seen:#?}");
        assert!(seen[0].starts_with(" 10%") && seen[9].starts_with("100%"));
    }

    #[test]
    fn an_unknown_total_is_counted() {
        let (bar, now, seen) = bench(None, false);
        for _ in 0..25 {
            *now.lock().unwrap() += Duration::from_secs(1);
            bar.inc(1);
        }
        drop(bar);
        assert_eq!(
            *seen.lock().unwrap(),
            [
                "10  10.0 s, 1.0/s",
                "20  20.0 s, 1.0/s",
                "25 in 25.0 s, 1.0/s"
            ]
        );
    }

    #[test]
    fn a_panic_leaves_where_it_stopped() {
        let (bar, _, seen) = bench(Some(10), true);
        let work = std::thread::spawn(move || {
            bar.inc(4);
            panic!("in the midst of it");
        });
        assert!(work.join().is_err());
        assert!(
            seen.lock()
                .unwrap()
                .last()
                .unwrap()
                .contains("stopped by a panic at 4/10")
        );
        let (bar, _, seen) = bench(Some(10), true);
        drop(bar);
        assert!(seen.lock().unwrap()[0].contains("0/10 in 0 µs, ended early"));
    }
}
