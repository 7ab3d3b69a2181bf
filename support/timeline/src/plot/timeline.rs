//! A picture of one trace, and how it is to be drawn.

use std::fmt;
use std::sync::Arc;

use figures::Picture;
use figures::units::human_ns;

use super::axis;
use super::model::{Bar, Data, LaneData};
use super::note::{Moment, Note};
use crate::trace::Trace;

/// What the colours say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colours {
    /// By label where there are spans, else by CPU.
    Fitting,
    Cpu,
    State,
}

/// A timeline of a trace as it was when [`Trace::timeline`] was called.
///
/// Every thread, forked process and task has a lane, tasks below the thread that polls them.
/// Spans are bars, a span within a span stands below it; bars in which a lane does not run
/// (it waits, sleeps, is blocked) are thin and pale. Instants are markers, arrows lead from forks
/// and starts to what they made, from an end to who waited for it, and along messages; a cross
/// says where a panic went through or a signal ended a process. Where threads ticked, a strip
/// says when they ran.
///
/// If a span is still open and its thread alive, the picture reaches to the moment at which it
/// was asked for; else to the last event.
///
/// ```
/// use timeline::trace::Trace;
///
/// let trace = Trace::new();
/// trace.in_span("work", || trace.instant("half-way"));
/// let picture = trace.timeline().title("Work").width(600);
/// assert!(picture.svg().contains("width=\"600\""));
/// ```
///
/// Each method gives a new picture and leaves this one as it was. (That matters in a cell: where
/// its last expression used a variable up, evcxr would show the value's debug text.)
#[derive(Clone)]
pub struct Timeline {
    pub(super) data: Arc<Data>,
    pub(super) title: Option<String>,
    pub(super) colours: Colours,
    pub(super) width: u32,
    pub(super) zoom: Option<(u64, u64)>,
    pub(super) notes: Vec<Note>,
    /// Whether the axis counts steps of a schedule in place of time.
    pub(super) steps: bool,
}

impl Trace {
    /// A picture of the trace as it is now.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.in_span("work", || ());
    /// assert!(trace.timeline().title("One span").svg().starts_with("<svg"));
    /// ```
    pub fn timeline(&self) -> Timeline {
        Timeline::new(self)
    }
}

impl Timeline {
    fn new(trace: &Trace) -> Timeline {
        Timeline {
            data: Arc::new(Data::new(trace)),
            title: None,
            colours: Colours::Fitting,
            width: 720,
            zoom: None,
            notes: Vec::new(),
            steps: false,
        }
    }

    /// With an axis that counts steps, each of [`STEP`](super::STEP) ns.
    pub fn in_steps(&self) -> Timeline {
        self.with(|same| same.steps = true)
    }

    /// The same but for one thing.
    fn with(&self, change: impl FnOnce(&mut Timeline)) -> Timeline {
        let mut same = self.clone();
        change(&mut same);
        same
    }

    /// A length as the axis counts it: "22 ms", or "6 steps".
    pub(super) fn human(&self, ns: u64) -> String {
        if self.steps {
            axis::human_steps(ns)
        } else {
            human_ns(ns)
        }
    }

    /// The marks of the axis.
    pub(super) fn axis_marks(&self, from: u64, to: u64, most: usize) -> Vec<(u64, String)> {
        if self.steps {
            axis::step_marks(from, to, most)
        } else {
            axis::marks(from, to, most)
        }
    }

    /// Writes a title over the picture.
    ///
    /// ```
    /// let picture = timeline::trace::Trace::new().timeline().title("Two threads");
    /// assert!(picture.text().starts_with("Two threads: "));
    /// ```
    pub fn title(&self, title: &str) -> Timeline {
        self.with(|same| same.title = Some(title.to_string()))
    }

    /// Colours by CPU: running segments by the one they ran on; spans, where nothing ticked, by
    /// the one they began on.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.tick();
    /// assert!(trace.timeline().by_cpu().svg().contains("cpu "));
    /// ```
    pub fn by_cpu(&self) -> Timeline {
        self.with(|same| same.colours = Colours::Cpu)
    }

    /// Colours by state: running or ready, waiting for another lane, sleeping, blocked in IO.
    ///
    /// Each lane has a row in which at every moment the innermost span counts that says why
    /// the lane does not run. Within other spans it could run, whether it had a CPU or not;
    /// where it ticked, the strip below shows when it had one. Locks that it holds meanwhile stand below
    /// by their names.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let trace = timeline::trace::Trace::new();
    /// trace.in_span("work", || trace.sleep(Duration::from_millis(1)));
    /// assert!(trace.timeline().by_state().svg().contains("sleeping"));
    /// ```
    pub fn by_state(&self) -> Timeline {
        self.with(|same| same.colours = Colours::State)
    }

    /// The picture's width in pixels, 720 unless told otherwise, at least 300.
    ///
    /// ```
    /// let picture = timeline::trace::Trace::new().timeline().width(500);
    /// assert!(picture.svg().contains("width=\"500\""));
    /// ```
    pub fn width(&self, px: u32) -> Timeline {
        self.with(|same| same.width = px.clamp(300, 10_000))
    }

    /// Shows only what happened between `from` and `to`: events of the trace, or times as the picture's
    /// own axis counts, on which 0 is the first event. See [`Moment`].
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let trace = timeline::trace::Trace::new();
    /// trace.busy(Duration::from_millis(1));
    /// let part = trace.timeline().zoom(Duration::ZERO, Duration::from_micros(500));
    /// assert!(part.text().starts_with("Timeline from 0 to 500 µs"));
    /// ```
    pub fn zoom(&self, from: impl Into<Moment>, to: impl Into<Moment>) -> Timeline {
        let (from, to) = (from.into(), to.into());
        let [from, to] = [from, to].map(|moment| moment.on_axis(&self.data));
        let (from, to) = (from.min(to), from.max(to));
        self.with(|same| same.zoom = Some((from, to.max(from + 1))))
    }

    /// Marks a moment with a sentence, which stands above the lanes and in the picture's own sentence.
    ///
    /// The moment is an event of the trace, or a time as the picture's axis counts: see [`Moment`]. One
    /// that the picture does not show is left out.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.instant("read");
    /// let read = &trace.events()[0];
    /// let picture = trace.timeline().note("here it has read", read);
    /// assert!(picture.text().starts_with("At 0 ns in "));
    /// assert!(picture.text().contains(": here it has read."));
    /// ```
    pub fn note(&self, sentence: &str, at: impl Into<Moment>) -> Timeline {
        let note = Note::new(&self.data, sentence, &at.into());
        self.with(|same| {
            same.notes.push(note);
            same.notes.sort_by_key(|note| note.at);
        })
    }

    /// The picture in a sentence. See [`Figure::text`](super::Figure::text).
    ///
    /// ```
    /// let text = timeline::trace::Trace::new().timeline().text();
    /// assert_eq!(text, "Empty timeline: nothing was recorded.");
    /// ```
    pub fn text(&self) -> String {
        self.sentence()
    }

    /// First and last moment shown, in ns since the first event.
    pub(super) fn window(&self) -> (u64, u64) {
        // A single instant still needs a moment to stand in.
        self.zoom.unwrap_or((0, self.data.length.max(1_000)))
    }

    /// Whether something between these times is seen.
    pub(super) fn shows(&self, from: u64, to: u64) -> bool {
        let (first, last) = self.window();
        from <= last && to >= first
    }

    pub(super) fn coloured_by_state(&self) -> bool {
        self.colours == Colours::State
    }

    /// The rows of a lane's bars, as this picture shows them.
    pub(super) fn rows<'a>(&self, lane: &'a LaneData) -> &'a [Vec<Bar>] {
        match self.colours {
            Colours::State => &lane.states,
            _ => &lane.rows,
        }
    }

    pub(super) fn coloured_by_cpu(&self) -> bool {
        match self.colours {
            Colours::State => false,
            Colours::Cpu => true,
            Colours::Fitting => self.data.spans().next().is_none(),
        }
    }
}

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.draw_terminal(f)
    }
}
