//! Asking a trace what its picture shows: how long, how often, and what lies beside what.

use std::time::Duration;

use super::event::{Event, Kind};
use super::handle::Trace;
use super::slot::Label;

/// Some bars of a trace, chosen by [`Trace::of`], to be measured and compared.
///
/// Times count from the moment the trace was made or cleared, as those of its events. A bar that
/// has not ended counts as a moment.
///
/// ```
/// use std::time::Duration;
/// use timeline::trace::Trace;
///
/// let trace = Trace::new();
/// trace.in_span("first", || trace.sleep(Duration::from_millis(2)));
/// trace.in_span("second", || ());
/// assert!(trace.of("first").before(&trace.of("second")));
/// assert!(trace.of("first").total() >= Duration::from_millis(2));
/// assert!(trace.of("sleep").during(&trace.of("first")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bars {
    /// What was asked for, for messages.
    what: String,
    /// Sorted by their start.
    events: Vec<Event>,
    /// Whether waits, sleeps and moments count: not those of a lane, unless asked for by kind.
    all: bool,
}

impl Trace {
    /// The bars of a label, in whichever lanes, and of the lanes of that name.
    ///
    /// Of a lane, those are meant in which it is at work: no waits and no sleeps, unless
    /// [`Bars::kind`] asks for them.
    ///
    /// # Panics
    ///
    /// If the trace has neither a lane nor an event of that name.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.join(trace.spawn("worker", |trace| trace.in_span("job", || ()))).unwrap();
    /// assert_eq!(trace.of("worker").count(), 1);
    /// assert_eq!(trace.of("job"), trace.of("job").lane(&trace, "worker"));
    /// ```
    pub fn of(&self, what: &str) -> Bars {
        // As it was recorded: a label is cut short.
        let what = Label::new(what).text();
        let lanes: Vec<_> = self
            .lanes()
            .into_iter()
            .filter(|lane| lane.name == what)
            .collect();
        let mut events = self.events();
        events.retain(|event| event.label == what || lanes.iter().any(|lane| lane.has(event)));
        assert!(
            !(events.is_empty() && lanes.is_empty()),
            "the trace has no lane and no event {what:?}; its lanes are {:?}",
            self.lanes()
                .into_iter()
                .map(|lane| lane.name)
                .collect::<Vec<_>>()
        );
        let all = lanes.is_empty();
        Bars { what, events, all }
    }
}

impl Bars {
    /// Those of one kind alone: `trace.of("worker").kind(Kind::Waiting)`.
    ///
    /// ```
    /// use timeline::trace::{Kind, Trace};
    ///
    /// let trace = Trace::new();
    /// trace.name_lane("main");
    /// trace.waiting("an answer", || ());
    /// assert_eq!(trace.of("main").count(), 0);
    /// assert_eq!(trace.of("main").kind(Kind::Waiting).count(), 1);
    /// ```
    pub fn kind(mut self, kind: Kind) -> Bars {
        self.events.retain(|event| event.kind == kind);
        self.all = true;
        self
    }

    /// Those in the lanes of this name alone: `trace.of("job").lane(&trace, "worker 1")`.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.name_lane("main");
    /// trace.in_span("job", || ());
    /// assert_eq!(trace.of("job").lane(&trace, "main").count(), 1);
    /// ```
    pub fn lane(mut self, trace: &Trace, name: &str) -> Bars {
        let mut lanes = trace.lanes();
        lanes.retain(|lane| lane.name == name);
        self.events
            .retain(|event| lanes.iter().any(|lane| lane.has(event)));
        self
    }

    /// Their events, sorted by their start.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// for _ in 0..3 { trace.in_span("job", || ()) }
    /// assert_eq!(trace.of("job").events(), trace.events());
    /// ```
    pub fn events(&self) -> Vec<Event> {
        self.counted().cloned().collect()
    }

    /// The one that begins first.
    ///
    /// # Panics
    ///
    /// If there is none.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// for label in ["read", "write", "read"] { trace.instant(label) }
    /// assert_eq!(trace.of("read").first(), trace.events()[0]);
    /// ```
    pub fn first(&self) -> Event {
        let first = self.counted().next();
        first.unwrap_or_else(|| self.none()).clone()
    }

    /// How many there are.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// for _ in 0..3 { trace.in_span("job", || ()) }
    /// assert_eq!(trace.of("job").count(), 3);
    /// ```
    pub fn count(&self) -> usize {
        self.counted().count()
    }

    /// When the first begins.
    ///
    /// # Panics
    ///
    /// If there is none.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.instant("now");
    /// assert_eq!(trace.of("now").start(), trace.events()[0].start);
    /// ```
    pub fn start(&self) -> Duration {
        self.spans().first().unwrap_or_else(|| self.none()).0
    }

    /// When the last ends.
    ///
    /// # Panics
    ///
    /// If there is none.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.in_span("job", || ());
    /// assert_eq!(Some(trace.of("job").end()), trace.events()[0].end);
    /// ```
    pub fn end(&self) -> Duration {
        self.spans().last().unwrap_or_else(|| self.none()).1
    }

    /// How long they last in all; where two overlap, that time counts once.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.in_span("job", || trace.in_span("job", || ()));
    /// assert_eq!(trace.of("job").total(), trace.events()[0].time());
    /// ```
    pub fn total(&self) -> Duration {
        self.spans().iter().map(|(start, end)| *end - *start).sum()
    }

    /// How long the longest lasts; zero if there is none.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.in_span("job", || ());
    /// assert_eq!(trace.of("job").longest(), trace.events()[0].time());
    /// ```
    pub fn longest(&self) -> Duration {
        self.counted().map(Event::time).max().unwrap_or_default()
    }

    /// The longest time between two of them in which there is none; zero for fewer than two.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let trace = timeline::trace::Trace::new();
    /// trace.instant("tick");
    /// trace.sleep(Duration::from_millis(2));
    /// trace.instant("tick");
    /// assert!(trace.of("tick").longest_gap() >= Duration::from_millis(2));
    /// ```
    pub fn longest_gap(&self) -> Duration {
        let spans = self.spans();
        let gaps = spans.windows(2).map(|two| two[1].0 - two[0].1);
        gaps.max().unwrap_or_default()
    }

    /// The time in which there is one of these and one of the others.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.in_span("outer", || trace.in_span("inner", || ()));
    /// let (outer, inner) = (trace.of("outer"), trace.of("inner"));
    /// assert_eq!(outer.overlap(&inner), inner.total());
    /// ```
    pub fn overlap(&self, other: &Bars) -> Duration {
        let others = other.spans();
        let pairs = self.spans().into_iter().flat_map(|one| {
            let meets = move |(start, end): &(Duration, Duration)| {
                end.min(&one.1).saturating_sub(*start.max(&one.0))
            };
            others.iter().map(meets).collect::<Vec<_>>()
        });
        pairs.sum()
    }

    /// Whether all of these have ended when the first of the others begins.
    ///
    /// # Panics
    ///
    /// If there are none on one side.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.instant("write");
    /// trace.in_span("read", || ());
    /// assert!(trace.of("write").before(&trace.of("read")));
    /// assert!(!trace.of("read").before(&trace.of("write")));
    /// ```
    pub fn before(&self, other: &Bars) -> bool {
        self.end() <= other.start()
    }

    /// Whether at each moment of these there is one of the others.
    ///
    /// # Panics
    ///
    /// If there are none on one side.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.in_span("call", || trace.instant("answer"));
    /// assert!(trace.of("answer").during(&trace.of("call")));
    /// assert!(!trace.of("call").during(&trace.of("answer")));
    /// ```
    pub fn during(&self, other: &Bars) -> bool {
        let (these, others) = (self.spans(), other.spans());
        if these.is_empty() {
            self.none()
        } else if others.is_empty() {
            other.none()
        }
        let within = |one: &(Duration, Duration)| {
            others
                .iter()
                .any(|(start, end)| *start <= one.0 && one.1 <= *end)
        };
        these.iter().all(within)
    }

    /// How many times as long these last in all as the others.
    ///
    /// # Panics
    ///
    /// If the others last no time.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let trace = timeline::trace::Trace::new();
    /// trace.in_span("long", || trace.sleep(Duration::from_millis(20)));
    /// trace.in_span("short", || trace.sleep(Duration::from_millis(1)));
    /// assert!(trace.of("long").ratio(&trace.of("short")) > 1.0);
    /// ```
    pub fn ratio(&self, other: &Bars) -> f64 {
        let total = other.total();
        if total.is_zero() {
            other.none()
        }
        self.total().as_secs_f64() / total.as_secs_f64()
    }

    fn none(&self) -> ! {
        panic!("there is no bar of {:?} to be measured", self.what)
    }

    fn counted(&self) -> impl Iterator<Item = &Event> {
        let at_work = |kind| {
            matches!(
                kind,
                Kind::Span | Kind::Running | Kind::Polled | Kind::Holding
            )
        };
        self.events
            .iter()
            .filter(move |event| self.all || at_work(event.kind))
    }

    /// When there is at least one: sorted, and no two of them meet.
    fn spans(&self) -> Vec<(Duration, Duration)> {
        let mut spans: Vec<(Duration, Duration)> = Vec::new();
        for event in self.counted() {
            let end = event.end.unwrap_or(event.start);
            match spans.last_mut() {
                Some(last) if event.start <= last.1 => last.1 = last.1.max(end),
                _ => spans.push((event.start, end)),
            }
        }
        spans
    }
}
