//! A timeline that is drawn again while threads run.

use crate::display::{self, Handle};
use crate::kernel::{CARRIER, shown};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use processes::streams::harmless;
use timeline::plot::LabelColours;
use timeline::{Timeline, Trace};

/// The shortest time between two drawings.
const INTERVAL: Duration = Duration::from_millis(100);
/// Looking and drawing take at most one part in so many of one CPU's time.
const SHARE: u32 = 5;

pub(crate) type Arrange = Box<dyn Fn(Timeline) -> Timeline + Send>;

/// A timeline that redraws itself in place; see
/// [`TraceExt::live`](crate::traced::TraceExt::live).
///
/// It ends with [`stop`](Live::stop) or when it is dropped; either draws it once more, complete. A
/// copy in a forked child draws nothing.
///
/// ```
/// use support::prelude::*;
/// let trace = Trace::new();
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

pub(crate) fn live(trace: &Trace, arrange: Arrange) -> Live {
    let mut shown = None;
    let draw = move |timeline: &Timeline, last: bool| match &shown {
        None if last => drop(display::show(timeline)),
        None => shown = Some(display::svg(&timeline.svg())),
        Some(handle) if last => Handle::update(handle, timeline),
        // Nobody touches what changes under the hand.
        Some(handle) => handle.update_svg(&timeline.svg()),
    };
    Live::start(trace.clone(), arrange, shown::is_live(), Box::new(draw))
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
        let colours = LabelColours::of_this_thread();
        let thread = thread.spawn(move || {
            colours.adopt();
            artist.work(&stopped, moves);
        });
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
    /// use support::prelude::*;
    /// Trace::new().live().stop();
    /// ```
    pub fn stop(self) {}

    /// Shows nothing more: evcxr calls this on a cell's last expression.
    ///
    /// ```
    /// use support::prelude::*;
    /// Trace::new().live().evcxr_display();
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

/// Draws a timeline; the last one is told to be that.
type Draw = Box<dyn FnMut(&Timeline, bool) + Send>;

struct Artist {
    trace: Trace,
    arrange: Arrange,
    draw: Draw,
    /// What the last drawing showed.
    drawn: Option<u64>,
}

impl Artist {
    fn work(mut self, stopped: &Receiver<()>, moves: bool) {
        let _harmless = harmless();
        let mut pause = Duration::ZERO;
        // Nothing is ever sent: the end of the channel is what ends this.
        while !moves || stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
            if !moves {
                let _ = stopped.recv();
                break;
            }
            let started = Instant::now();
            self.look(false);
            pause = INTERVAL.max(started.elapsed() * SHARE);
        }
        self.look(true);
    }

    /// Draws the trace if it is not what was drawn last, and in the end.
    fn look(&mut self, last: bool) {
        let state = fingerprint(&self.trace);
        if last || self.drawn != Some(state) {
            (self.draw)(&(self.arrange)(self.trace.timeline()), last);
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

    fn watched(moves: bool) -> (Trace, Live, Receiver<(String, bool)>) {
        let (send, drawn) = channel();
        let trace = Trace::new();
        let draw = move |timeline: &Timeline, last| send.send((timeline.text(), last)).unwrap();
        let live = Live::start(trace.clone(), Box::new(|t| t), moves, Box::new(draw));
        (trace, live, drawn)
    }

    #[test]
    fn the_last_drawing_is_complete_and_no_two_are_the_same() {
        let (trace, live, drawn) = watched(true);
        assert!(drawn.recv().unwrap().0.contains("nothing"));
        trace.instant("one");
        assert!(drawn.recv().unwrap().0.contains("1 instant"));
        for _ in 0..99 {
            trace.instant("more");
        }
        live.stop();
        let rest: Vec<_> = drawn.iter().collect();
        let (text, last) = rest.last().unwrap();
        assert!(text.contains("100 instants") && *last, "{rest:?}");
        assert!(rest.windows(2).all(|two| two[0] != two[1]));
    }

    #[test]
    fn where_nothing_moves_only_the_last_is_drawn() {
        let (trace, live, drawn) = watched(false);
        trace.instant("one");
        drop(live);
        let drawn: Vec<_> = drawn.iter().collect();
        assert_eq!(drawn.len(), 1);
        assert!(drawn[0].0.contains("1 instant") && drawn[0].1);
    }
}
