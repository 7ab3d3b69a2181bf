//! Spans: something that began and ended on one lane.

use std::marker::PhantomData;
use std::sync::Arc;

use super::Trace;
use super::record::Begun;
use super::shared::Shared;
use super::slot::Tag;

/// Ends its span when it is dropped; made by [`Trace::span`].
///
/// It stays on the thread that made it. In a child forked within the span the guard's copy
/// does nothing: the span is the parent's. A guard that a panic drops records the panic too.
///
/// ```
/// use support::trace::Trace;
///
/// let trace = Trace::new();
/// let span = trace.span("work");
/// assert_eq!(trace.events()[0].end, None);
/// drop(span);
/// assert!(trace.events()[0].end.is_some());
/// ```
#[must_use = "a span ends when its guard is dropped: bind it to a name such as `_span`"]
pub struct Span {
    shared: Arc<Shared>,
    begun: Begun,
    /// A lane is a thread's: a span that moved to another would belong to neither.
    not_send: PhantomData<*const ()>,
}

impl Span {
    pub(super) fn begin(trace: &Trace, tag: Tag, label: &str) -> Span {
        Span {
            begun: trace.shared.begin(tag, label),
            shared: Arc::clone(&trace.shared),
            not_send: PhantomData,
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        self.shared.finish(self.begun);
    }
}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Span")
    }
}

/// A span that does not outlive a call, so it needs no share in the trace: two counts less, which
/// all threads of a trace would contend for.
pub(super) struct Within<'a> {
    shared: &'a Shared,
    begun: Begun,
}

impl Drop for Within<'_> {
    fn drop(&mut self) {
        self.shared.finish(self.begun);
    }
}

impl Trace {
    pub(super) fn within(&self, tag: Tag, label: &str) -> Within<'_> {
        let shared = &*self.shared;
        Within {
            begun: shared.begin(tag, label),
            shared,
        }
    }
}
