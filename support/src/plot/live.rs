//! A timeline that is drawn again while threads run.

use super::Timeline;
use crate::display::Handle;
use crate::kernel::{CARRIER, shown};
use crate::trace::Trace;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The shortest time between two drawings.
const INTERVAL: Duration = Duration::from_millis(100);
/// Looking and drawing take at most one part in so many of one CPU's time.
const SHARE: u32 = 5;

type Arrange = Box<dyn Fn(Timeline) -> Timeline + Send>;

/// A timeline that redraws itself in place; see [`live`].
///
/// It ends with [`stop`](Live::stop) or when it is dropped; either draws it once more, complete. A
/// copy in a forked child draws nothing.
///
/// ```
/// let trace = support::trace::Trace::new();
/// let live = trace.live();
/// trace.in_span("work", || ());
/// live.stop();
/// ```
#[derive(Debug)]
#[must_use = "it stops when it is dropped"]
pub struct Live {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    process: u32,
}

/// Draws the trace's timeline now, and again as events come, at most ten times a second, until
/// the handle is stopped or dropped.
///
/// A thread of its own draws; [`thread::enumerate`](crate::thread::enumerate) leaves it out. It
/// takes at most a fifth of one CPU's time, however much was recorded, and draws nothing while
/// nothing is recorded. Under stock evcxr, and outside of a kernel, only the last picture is shown.
/// Where no thread can be started, only the last as well.
///
/// ```
/// use support::{plot, trace::Trace};
///
/// let trace = Trace::new();
/// let picture = plot::live(&trace);
/// std::thread::scope(|scope| {
///     scope.spawn(|| trace.in_span("work", || trace.busy(std::time::Duration::from_micros(50))));
/// });
/// picture.stop();
/// ```
pub fn live(trace: &Trace) -> Live {
    live_with(trace, |timeline| timeline)
}

/// The same, of a timeline as `arrange` makes it: with a title, by CPU, zoomed.
///
/// ```
/// let trace = support::trace::Trace::new();
/// let live = support::plot::live_with(&trace, |timeline| timeline.title("Two threads"));
/// trace.instant("now");
/// drop(live);
/// ```
pub fn live_with(trace: &Trace, arrange: impl Fn(Timeline) -> Timeline + Send + 'static) -> Live {
    let mut shown = None;
    let draw = move |timeline: &Timeline| match &shown {
        None => shown = Some(timeline.show()),
        Some(handle) => Handle::update(handle, timeline),
    };
    Live::start(
        trace.clone(),
        Box::new(arrange),
        shown::is_live(),
        Box::new(draw),
    )
}

impl Trace {
    /// A timeline that redraws itself while threads record. See [`plot::live`](live()).
    ///
    /// ```
    /// let trace = support::trace::Trace::new();
    /// let live = trace.live();
    /// trace.instant("now");
    /// live.stop();
    /// ```
    pub fn live(&self) -> Live {
        live(self)
    }
}

impl Live {
    fn start(trace: Trace, arrange: Arrange, moves: bool, draw: Draw) -> Live {
        let (stop, stopped) = channel();
        let artist = Artist {
            trace,
            arrange,
            draw,
            drawn: None,
        };
        let thread = std::thread::Builder::new().name(CARRIER.into());
        let thread = thread.spawn(move || artist.work(&stopped, moves));
        Live {
            stop: Some(stop),
            thread: thread.ok(),
            process: std::process::id(),
        }
    }

    /// Draws the timeline a last time, complete, and ends. Blocks for as long as that takes, a
    /// few milliseconds in most cases.
    ///
    /// ```
    /// support::trace::Trace::new().live().stop();
    /// ```
    pub fn stop(self) {}

    /// Shows nothing more: evcxr calls this on a cell's last expression.
    ///
    /// ```
    /// support::trace::Trace::new().live().evcxr_display();
    /// ```
    pub fn evcxr_display(&self) {}
}

impl Drop for Live {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            // In a forked child there is no such thread.
            && std::process::id() == self.process
        {
            // If drawing panicked, the hook has told so.
            let _ = thread.join();
        }
    }
}

type Draw = Box<dyn FnMut(&Timeline) + Send>;

struct Artist {
    trace: Trace,
    arrange: Arrange,
    draw: Draw,
    /// What the last drawing showed.
    drawn: Option<u64>,
}

impl Artist {
    fn work(mut self, stopped: &Receiver<()>, moves: bool) {
        let mut pause = Duration::ZERO;
        // Nothing is ever sent: the end of the channel is what ends this.
        while !moves || stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
            if !moves {
                let _ = stopped.recv();
                break;
            }
            let started = Instant::now();
            self.look();
            pause = INTERVAL.max(started.elapsed() * SHARE);
        }
        self.look();
    }

    /// Draws the trace if it is not what was drawn last.
    fn look(&mut self) {
        let state = fingerprint(&self.trace);
        if self.drawn != Some(state) {
            (self.draw)(&(self.arrange)(self.trace.timeline()));
            self.drawn = Some(state);
        }
    }
}

/// Changes when an event comes, ends or is dropped.
fn fingerprint(trace: &Trace) -> u64 {
    let mut hasher = DefaultHasher::new();
    for event in trace.events() {
        (event.tid, event.start, event.end).hash(&mut hasher);
    }
    for lane in trace.lanes() {
        (lane.tid, lane.name).hash(&mut hasher);
    }
    trace.dropped().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(moves: bool) -> (Trace, Live, Receiver<String>) {
        let (send, drawn) = channel();
        let trace = Trace::new();
        let draw = move |timeline: &Timeline| send.send(timeline.text()).unwrap();
        let live = Live::start(trace.clone(), Box::new(|t| t), moves, Box::new(draw));
        (trace, live, drawn)
    }

    #[test]
    fn the_last_drawing_is_complete_and_no_two_are_the_same() {
        let (trace, live, drawn) = watched(true);
        assert!(drawn.recv().unwrap().contains("nothing"));
        trace.instant("one");
        assert!(drawn.recv().unwrap().contains("1 instant"));
        for _ in 0..99 {
            trace.instant("more");
        }
        live.stop();
        let rest: Vec<String> = drawn.iter().collect();
        assert!(rest.last().unwrap().contains("100 instants"), "{rest:?}");
        assert!(rest.windows(2).all(|two| two[0] != two[1]));
    }

    #[test]
    fn where_nothing_moves_only_the_last_is_drawn() {
        let (trace, live, drawn) = watched(false);
        trace.instant("one");
        drop(live);
        let drawn: Vec<String> = drawn.iter().collect();
        assert_eq!(drawn.len(), 1);
        assert!(drawn[0].contains("1 instant"));
    }
}
