//! The handle to a trace.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::shared::Shared;
use super::slot::Tag;
use super::who;

/// Events that a trace holds unless told otherwise.
const CAPACITY: usize = 1 << 16;

/// A handle to a trace. Clones, and copies in forked children, record into the same one.
///
/// ```
/// use timeline::trace::Trace;
///
/// let trace = Trace::new();
/// let same = trace.clone();
/// std::thread::spawn(move || same.instant("from a thread")).join().unwrap();
/// assert_eq!(trace.events()[0].label, "from a thread");
/// ```
#[derive(Clone)]
pub struct Trace {
    pub(super) shared: Arc<Shared>,
}

impl Trace {
    /// An empty trace with room for 65,536 events (4 MiB, used only as events come).
    ///
    /// # Panics
    ///
    /// If the system has no address space left for it.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// assert!(trace.events().is_empty());
    /// ```
    pub fn new() -> Trace {
        Trace::with_capacity(CAPACITY)
    }

    /// An empty trace with room for `events` events of 64 bytes each.
    ///
    /// Each lane uses one more for its own introduction, and one for each name it is given.
    ///
    /// # Panics
    ///
    /// If the system has no address space left for it.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::with_capacity(3);
    /// for _ in 0..5 {
    ///     trace.instant("again");
    /// }
    /// assert_eq!((trace.events().len(), trace.dropped()), (2, 3));
    /// ```
    pub fn with_capacity(events: usize) -> Trace {
        who::watch_forks();
        let shared = Shared::new(events)
            .unwrap_or_else(|error| panic!("no memory for a trace of {events} events: {error}"));
        Trace {
            shared: Arc::new(shared),
        }
    }

    /// Marks this moment on the caller's lane. A label holds 24 bytes.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.instant("forked");
    /// assert_eq!(trace.events()[0].label, "forked");
    /// ```
    pub fn instant(&self, label: &str) {
        self.shared.mark(Tag::Instant, label);
    }

    /// Names the caller's lane. A name holds 24 bytes; the latest counts. [`Trace::lane`] marks
    /// the lane's end, too.
    ///
    /// Without it a lane bears its thread's name, a forked process "pid 123".
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.name_lane("child 0");
    /// assert_eq!(trace.lanes()[0].name, "child 0");
    /// ```
    pub fn name_lane(&self, name: &str) {
        self.shared.mark(Tag::Name, name);
    }

    /// Tells the trace who the caller is, before it has anything else to record: its lane then
    /// stands above those that it starts.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.introduce();
    /// assert_eq!(trace.lanes().len(), 1);
    /// ```
    pub fn introduce(&self) {
        self.shared.introduce_caller();
    }

    /// How many events were dropped because the trace was full.
    ///
    /// ```
    /// assert_eq!(timeline::trace::Trace::new().dropped(), 0);
    /// ```
    pub fn dropped(&self) -> u64 {
        self.shared.dropped()
    }

    /// How many events the trace has room for.
    ///
    /// ```
    /// assert_eq!(timeline::trace::Trace::with_capacity(10).capacity(), 10);
    /// ```
    pub fn capacity(&self) -> usize {
        self.shared.capacity()
    }

    /// Forgets all events and lane names, and counts time from now.
    ///
    /// For a moment when nobody records: an event that another thread is writing just now may be
    /// lost, take its place among the new ones, or spoil one of them. Reading at the same time is
    /// fine: a reader gets whole events, of before or of after.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.instant("before");
    /// trace.clear();
    /// assert!(trace.events().is_empty());
    /// ```
    pub fn clear(&self) {
        self.shared.clear();
    }

    /// How long its picture is: from the moment the trace was made or cleared to the end of the
    /// last event. Zero for an empty trace.
    ///
    /// Reads all events, as [`Trace::events`] does.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.in_span("job", || ());
    /// assert_eq!(Some(trace.elapsed()), trace.events()[0].end);
    /// ```
    pub fn elapsed(&self) -> Duration {
        let events = self.events();
        let ends = events.iter().map(|event| event.end.unwrap_or(event.start));
        ends.max().unwrap_or_default()
    }

    /// This moment, as events count time.
    pub(crate) fn now(&self) -> Duration {
        Duration::from_nanos(who::now().saturating_sub(self.shared.epoch()))
    }
}

impl Default for Trace {
    fn default() -> Trace {
        Trace::new()
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace")
            .field("events", &self.events().len())
            .field("dropped", &self.dropped())
            .field("capacity", &self.capacity())
            .finish()
    }
}
