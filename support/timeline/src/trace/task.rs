//! Futures that record their polls.

use std::fmt;
use std::future::Future;
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
    /// None once it was dropped, which is before the lane ends.
    future: Option<Pin<Box<F>>>,
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
            future: Some(Box::pin(future)),
        }
    }
}

impl<F: Future> Future for Traced<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Traced { lane, future } = &mut *self;
        let Some(future) = future else {
            return Poll::Pending;
        };
        let polling = lane.enter();
        let answer = future.as_mut().poll(context);
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
        self.future = None;
    }
}

impl<F> fmt::Debug for Traced<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traced")
            .field("name", &self.lane.name())
            .finish_non_exhaustive()
    }
}
