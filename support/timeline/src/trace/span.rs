//! Spans: something that began and ended on one lane.

use std::marker::PhantomData;

use super::handle::Trace;
use super::record::Begun;
use super::shared::Shared;
use super::slot::Tag;

/// Ends its span when it is dropped; made by [`Trace::span`].
///
/// It stays on the thread that made it. In a child forked within the span the guard's copy
/// does nothing: the span is the parent's. A guard that a panic drops records the panic too.
///
/// ```
/// use timeline::trace::Trace;
///
/// let trace = Trace::new();
/// let span = trace.span("work");
/// assert_eq!(trace.events()[0].end, None);
/// drop(span);
/// assert!(trace.events()[0].end.is_some());
/// ```
///
/// It borrows the trace, so it costs no share in it: a count that all threads of a trace would
/// contend for. (So a cell cannot keep it for the next cell; within a cell put it into a block.)
#[must_use = "a span ends when its guard is dropped: bind it to a name such as `_span`"]
pub struct Span<'a> {
    shared: &'a Shared,
    begun: Begun,
    /// A lane is a thread's: a span that moved to another would belong to neither.
    not_send: PhantomData<*const ()>,
}

impl Trace {
    /// Begins a span on the caller's lane; it ends when the guard is dropped.
    ///
    /// A label holds 24 bytes; what is longer is cut between characters.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// {
    ///     let _span = trace.span("work");
    /// }
    /// assert!(trace.events()[0].end.is_some());
    /// ```
    pub fn span(&self, label: &str) -> Span<'_> {
        self.begin(Tag::Span, label)
    }

    /// Runs `work` within a span and returns what it returns.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// let sum: u32 = trace.in_span("sum", || (1..=10).sum());
    /// assert_eq!(sum, 55);
    /// ```
    pub fn in_span<R>(&self, label: &str, work: impl FnOnce() -> R) -> R {
        let _span = self.begin(Tag::Span, label);
        work()
    }

    pub(super) fn begin(&self, tag: Tag, label: &str) -> Span<'_> {
        let shared = &*self.shared;
        Span {
            begun: shared.begin(tag, label),
            shared,
            not_send: PhantomData,
        }
    }
}

impl Drop for Span<'_> {
    fn drop(&mut self) {
        self.shared.finish(self.begun);
    }
}

impl std::fmt::Debug for Span<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Span")
    }
}
