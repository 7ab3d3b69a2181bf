//! Futures that record their polls.

use std::fmt;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::end::How;
use super::handle::Trace;
use super::task_lane::TaskLane;

/// A future that records each of its polls; made by [`Trace::task`].
///
/// ```
/// use std::pin::pin;
/// use std::task::{Context, Waker};
/// use timeline::trace::{Kind, Trace, Traced};
///
/// let trace = Trace::new();
/// let mut task: std::pin::Pin<&mut Traced<_>> = pin!(trace.task("adder", async { 1 + 1 }));
/// let answer = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
/// assert!(answer.is_ready());
/// assert_eq!(trace.events()[0].kind, Kind::Polled);
/// ```
#[must_use = "a future does nothing unless it is awaited or spawned"]
pub struct Traced<F> {
    future: ManuallyDrop<F>,
    lane: TaskLane,
}

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
    /// use timeline::trace::Trace;
    ///
    /// let trace = Trace::new();
    /// let inside = trace.clone();
    /// let mut task = pin!(trace.task("greeter", async move { inside.instant("hello") }));
    /// let _ = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    /// assert_eq!(trace.lanes()[1].name, "greeter");
    /// assert_eq!(trace.events_of("greeter").len(), 2);
    /// ```
    pub fn task<F: Future>(&self, name: &str, future: F) -> Traced<F> {
        Traced {
            lane: self.task_lane(name),
            future: ManuallyDrop::new(future),
        }
    }
}

impl<F: Future> Future for Traced<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `future` is pinned whenever the task is: it is moved out of nowhere, dropped where
        // it stands, and the task is `Unpin` only if `F` is. `lane` is never pinned.
        let Traced { lane, future } = unsafe { self.get_unchecked_mut() };
        // SAFETY: as above.
        let future = unsafe { Pin::new_unchecked(&mut **future) };
        let polling = lane.enter();
        let answer = future.poll(context);
        drop(polling);
        if answer.is_ready() {
            lane.end(How::Returned);
        }
        answer
    }
}

impl<F> Drop for Traced<F> {
    fn drop(&mut self) {
        let _within = self.lane.within();
        // SAFETY: it is dropped here and nowhere else, without being moved.
        unsafe { ManuallyDrop::drop(&mut self.future) };
    }
}

impl<F> fmt::Debug for Traced<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traced")
            .field("name", &self.lane.name())
            .finish_non_exhaustive()
    }
}
