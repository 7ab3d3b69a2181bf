//! Spans: something that began and ended on one lane.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::shared::{Shared, Tag};
use super::{Trace, who};

/// Ends its span when it is dropped; made by [`Trace::span`].
///
/// It stays on the thread that made it. In a child forked within the span the guard's copy
/// does nothing: the span is the parent's.
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
    /// Slot and generation; none if the trace was full.
    slot: Option<(u32, u32)>,
    pid: u32,
    /// A lane is a thread's: a span that moved to another would belong to neither.
    not_send: PhantomData<*const ()>,
}

impl Span {
    pub(super) fn begin(trace: &Trace, label: &str) -> Span {
        let (slot, who) = trace.record(Tag::Span, label, |_| 0);
        Span {
            shared: Arc::clone(&trace.shared),
            slot,
            pid: who.pid,
            not_send: PhantomData,
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        let Some((slot, generation)) = self.slot else {
            return;
        };
        if who::me().pid == self.pid && self.shared.generation() == generation {
            let end = &self.shared.slots()[slot as usize].end;
            end.store(who::now(), Ordering::Relaxed);
        }
    }
}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Span")
    }
}
