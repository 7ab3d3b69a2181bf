//! Async tasks: a lane for each, with a bar for every poll.

use std::fmt;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use super::end::How;
use super::record::Begun;
use super::slot::Tag;
use super::{Trace, who};

/// A future that records each of its polls; made by [`Trace::task`].
///
/// ```
/// use std::pin::pin;
/// use std::task::{Context, Waker};
/// use support::trace::{Kind, Task, Trace};
///
/// let trace = Trace::new();
/// let mut task: std::pin::Pin<&mut Task<_>> = pin!(trace.task("adder", async { 1 + 1 }));
/// let answer = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
/// assert!(answer.is_ready());
/// assert_eq!(trace.events()[0].kind, Kind::Polled);
/// ```
#[must_use = "a future does nothing unless it is awaited or spawned"]
pub struct Task<F> {
    future: ManuallyDrop<F>,
    life: Life,
}

/// All of a task but the future: the same code for all of them, and for coroutines.
pub(super) struct Life {
    trace: Trace,
    number: u32,
    name: String,
    over: AtomicBool,
}

/// A poll that goes on.
pub(super) struct Polling<'a> {
    life: &'a Life,
    begun: Begun,
    _within: Within,
}

/// Until it is dropped, what the thread records is the task's.
struct Within(u32);

impl Trace {
    /// Gives a future a lane of its own in this trace: a bar for each poll, and what is recorded
    /// within a poll below it.
    ///
    /// Any executor will do. Polls are drawn in the thread's lane as well, so a thread that polls
    /// several tasks shows which one when. A future that is dropped before it is ready counts as
    /// cancelled, and what it records while it is dropped stands in its lane. A name holds 24 bytes.
    ///
    /// A span that is held across an `.await` ends in a later poll; it is drawn that long.
    ///
    /// ```
    /// use std::pin::pin;
    /// use std::task::{Context, Waker};
    /// use support::trace::Trace;
    ///
    /// let trace = Trace::new();
    /// let inside = trace.clone();
    /// let mut task = pin!(trace.task("greeter", async move { inside.instant("hello") }));
    /// let _ = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    /// assert_eq!(trace.lanes()[1].name, "greeter");
    /// assert_eq!(trace.events_of("greeter").len(), 2);
    /// ```
    pub fn task<F: Future>(&self, name: &str, future: F) -> Task<F> {
        Task {
            life: Life::begin(self, name),
            future: ManuallyDrop::new(future),
        }
    }
}

impl<F: Future> Future for Task<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `future` is pinned whenever the task is: it is moved out of nowhere, dropped where
        // it stands, and the task is `Unpin` only if `F` is. `life` is never pinned.
        let Task { life, future } = unsafe { self.get_unchecked_mut() };
        // SAFETY: as above.
        let future = unsafe { Pin::new_unchecked(&mut **future) };
        let polling = life.poll();
        // A panic in it is told as this task's.
        let answer = crate::runtime::named(&life.name, || future.poll(context));
        drop(polling);
        if answer.is_ready() {
            life.end(How::Returned);
        }
        answer
    }
}

impl Life {
    pub(super) fn begin(trace: &Trace, name: &str) -> Life {
        let number = trace.shared.next_task();
        trace.shared.note(Tag::Task, name, 0, Some(number.into()));
        Life {
            trace: trace.clone(),
            number,
            name: name.to_string(),
            over: AtomicBool::new(false),
        }
    }

    pub(super) fn poll(&self) -> Polling<'_> {
        let within = self.within();
        Polling {
            begun: self.trace.shared.begin(Tag::Polled, &self.name),
            life: self,
            _within: within,
        }
    }

    fn within(&self) -> Within {
        Within(who::set_task(self.number))
    }

    pub(super) fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The same number for a lane of every trace: what its messages are told apart by.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    pub(super) fn end(&self, how: How) {
        if !self.over.swap(true, Ordering::Relaxed) {
            let number = Some(self.number.into());
            self.trace.shared.note(Tag::Left, "", how.code(), number);
        }
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.life.trace.shared.finish(self.begun);
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        who::set_task(self.0);
    }
}

/// What the future's own drop records, as when it is cancelled, is the task's. Its lane ends
/// behind that.
impl<F> Drop for Task<F> {
    fn drop(&mut self) {
        let _within = self.life.within();
        // SAFETY: it is dropped here and nowhere else, without being moved.
        unsafe { ManuallyDrop::drop(&mut self.future) };
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        let how = if std::thread::panicking() {
            How::Panicked
        } else {
            How::Cancelled
        };
        self.end(how);
    }
}

impl<F> fmt::Debug for Task<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("name", &self.life.name)
            .finish_non_exhaustive()
    }
}
