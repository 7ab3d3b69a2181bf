//! A lane for what is no thread: an async task, a coroutine, whatever runs in pieces.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::end::How;
use super::handle::Trace;
use super::record::Begun;
use super::slot::Tag;
use super::who;

/// The lane of something that runs in pieces, on whatever thread; made by [`Trace::task_lane`].
///
/// It ends when it is dropped, as cancelled unless [`TaskLane::end`] has said otherwise.
pub struct TaskLane {
    trace: Trace,
    number: u32,
    name: Arc<str>,
    over: AtomicBool,
}

/// A piece that runs, until this is dropped; made by [`TaskLane::enter`].
#[must_use = "the piece ends when its guard is dropped: bind it to a name such as `_piece`"]
pub struct Entered<'a> {
    lane: &'a TaskLane,
    begun: Begun,
    _within: Within,
}

/// Until it is dropped, what the thread records is the task's.
pub(super) struct Within {
    number: u32,
    name: Option<Arc<str>>,
}

thread_local! {
    static NAME: RefCell<Option<Arc<str>>> = const { RefCell::new(None) };
}

/// The name of the task whose lane the caller is in. A panic may ask.
///
/// ```
/// use timeline::trace::{Trace, current_task};
///
/// let trace = Trace::new();
/// let lane = trace.task_lane("tea");
/// let piece = lane.enter();
/// assert_eq!(current_task().as_deref(), Some("tea"));
/// drop(piece);
/// assert_eq!(current_task(), None);
/// ```
pub fn current_task() -> Option<Arc<str>> {
    NAME.try_with(|name| name.borrow().clone()).ok().flatten()
}

impl Trace {
    /// Opens a lane of this name for something that runs in pieces: a bar for each piece, and what
    /// is recorded within it below. A name holds 24 bytes.
    ///
    /// A future has this done by [`Trace::task`].
    ///
    /// ```
    /// use timeline::trace::{How, Trace};
    ///
    /// let trace = Trace::new();
    /// let lane = trace.task_lane("tea");
    /// drop(lane.enter());
    /// lane.end(How::Returned);
    /// assert_eq!(trace.events_of("tea").len(), 1);
    /// ```
    pub fn task_lane(&self, name: &str) -> TaskLane {
        let number = self.shared.next_task();
        self.shared.note(Tag::Task, name, 0, Some(number.into()));
        TaskLane {
            trace: self.clone(),
            number,
            name: name.into(),
            over: AtomicBool::new(false),
        }
    }
}

impl TaskLane {
    /// Begins a piece on the caller's thread: until the guard is dropped, what the thread records
    /// stands in this lane.
    pub fn enter(&self) -> Entered<'_> {
        let within = self.within();
        Entered {
            begun: self.trace.shared.begin(Tag::Polled, &self.name),
            lane: self,
            _within: within,
        }
    }

    /// Says how it ended. Only the first time counts.
    pub fn end(&self, how: How) {
        if !self.over.swap(true, Ordering::Relaxed) {
            let number = Some(self.number.into());
            self.trace.shared.note(Tag::Left, "", how.code(), number);
        }
    }

    /// The trace that it is in.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Its number among the tasks of the trace.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn within(&self) -> Within {
        let name = NAME.try_with(|name| name.replace(Some(Arc::clone(&self.name))));
        Within {
            number: who::set_task(self.number),
            name: name.ok().flatten(),
        }
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.lane.trace.shared.finish(self.begun);
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        who::set_task(self.number);
        let _ = NAME.try_with(|name| name.replace(self.name.take()));
    }
}

impl Drop for TaskLane {
    fn drop(&mut self) {
        let how = if std::thread::panicking() {
            How::Panicked
        } else {
            How::Cancelled
        };
        self.end(how);
    }
}

impl fmt::Debug for TaskLane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLane")
            .field("name", &self.name)
            .field("number", &self.number)
            .finish()
    }
}

impl fmt::Debug for Entered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Entered").field(self.lane).finish()
    }
}
