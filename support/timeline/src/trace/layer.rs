//! A layer for the `tracing` crate: its spans and events, in a trace's slots.

use std::cell::RefCell;
use std::fmt::{self, Write};

use tracing::field::{Field, Visit};
use tracing::span::Id;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::end::How;
use super::handle::Trace;
use super::record::Begun;
use super::slot::Tag;
use super::who;

/// Records the spans and events of the `tracing` crate into a [`Trace`], so that a program which
/// says only `info_span!`, `#[instrument]` and `info!` gets a timeline. Needs the cargo feature
/// `tracing`.
///
/// ```
/// use timeline::{TimelineLayer, Trace};
/// use tracing_subscriber::prelude::*;
///
/// let trace = Trace::new();
/// let subscriber = tracing_subscriber::registry().with(TimelineLayer::new(&trace));
/// tracing::subscriber::with_default(subscriber, || {
///     tracing::info_span!("bake").in_scope(|| tracing::info!("in the oven"));
/// });
/// assert!(trace.timeline().text().contains("1 span, 1 instant"));
/// ```
///
/// A label is the span's name, or the event's message, cut to 24 bytes; other fields are not kept.
/// Which spans are recorded is up to the subscriber: give the layer a filter, as any other.
///
/// # Threads, tasks, processes
///
/// `tracing` does not say whether a span is a stretch of a thread or a task that comes and goes; how
/// often it is entered says so.
///
/// - A span that is entered once is a bar on its thread's lane, below the span that it is in.
/// - A span that is entered *again*, while its thread is in no other, is an async task: an
///   instrumented future enters its span at each poll. It gets a lane of its own, as
///   [`Trace::task`] would give it, with a bar for each poll. (An instrumented future enters its
///   span once more when it is dropped: the last, very short bar.)
/// - Within a task each span is one bar, from where it was first entered to where it was left
///   last. So a query that waits for its answer is as long as the wait, and the task's polls above
///   it show when it ran.
/// - In a forked child spans are recorded as in its parent. What was open at the fork stays the
///   parent's.
///
/// Recording blocks nobody; `tracing`'s registry, which keeps the spans, allocates.
///
/// One such layer is enough: two in one registry would take each other's spans for their own.
#[derive(Debug)]
pub struct TimelineLayer {
    trace: Trace,
}

/// What is known of a span, besides what the registry knows.
#[derive(Default)]
struct Life {
    /// Its number as a task; 0 before it was entered as the outermost of a thread.
    task: u32,
    /// How often it was entered so, and when first.
    polls: u32,
    began: u64,
    /// Its latest bar, and the task that this is in.
    bar: Option<(u32, Begun)>,
}

/// A span that the thread is in.
struct Entered {
    span: Id,
    begun: Begun,
    outermost: bool,
}

thread_local! {
    static ENTERED: RefCell<Vec<Entered>> = const { RefCell::new(Vec::new()) };
}

impl TimelineLayer {
    /// A layer that records into `trace`, beside whatever else records into it.
    ///
    /// ```
    /// use timeline::{TimelineLayer, Trace};
    /// use tracing_subscriber::prelude::*;
    ///
    /// let trace = Trace::new();
    /// tracing_subscriber::registry().with(TimelineLayer::new(&trace)).init();
    /// tracing::info!("ready");
    /// assert_eq!(trace.events()[0].label, "ready");
    /// ```
    pub fn new(trace: &Trace) -> TimelineLayer {
        let trace = trace.clone();
        TimelineLayer { trace }
    }

    /// Begins a bar of the span named `name`, or goes on with the one that it has. Says whether the
    /// span is the outermost.
    fn enter(&self, name: &str, life: &mut Life) -> (Begun, bool) {
        let shared = &self.trace.shared;
        let within = who::task();
        // Two threads may be in one span at the same time, which no task ever is.
        let elsewhere = life.bar.is_some_and(|(_, begun)| shared.is_open(begun));
        if within == 0 && !elsewhere {
            if life.task == 0 {
                life.task = shared.next_task();
            }
            who::set_task(life.task);
            let begun = shared.begin(Tag::Polled, name);
            life.bar = Some((life.task, begun));
            life.polls += 1;
            match life.polls {
                1 => life.began = shared.start_of(begun),
                // A task after all. Until now it was told apart by its number alone.
                2 => shared.note(Tag::Task, name, life.began, Some(life.task.into())),
                _ => {}
            }
            return (begun, true);
        }
        match life.bar {
            Some((task, begun)) if task == within && begun.is_callers() => (begun, false),
            _ => {
                let begun = shared.begin(Tag::Span, name);
                // What a thread does beside a task leaves the task's bar alone.
                if within != 0 {
                    life.bar = Some((within, begun));
                }
                (begun, false)
            }
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for TimelineLayer {
    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        if extensions.get_mut::<Life>().is_none() {
            extensions.insert(Life::default());
        }
        let Some(life) = extensions.get_mut::<Life>() else {
            return;
        };
        let (begun, outermost) = self.enter(span.name(), life);
        let span = id.clone();
        let entered = Entered {
            span,
            begun,
            outermost,
        };
        // A thread that is ending keeps no list any more.
        let _ = ENTERED.try_with(|list| list.borrow_mut().push(entered));
    }

    fn on_exit(&self, id: &Id, _: Context<'_, S>) {
        let entered = ENTERED.try_with(|list| {
            let mut list = list.borrow_mut();
            let place = list.iter().rposition(|entered| entered.span == *id)?;
            Some(list.remove(place))
        });
        if let Ok(Some(entered)) = entered {
            if entered.outermost {
                who::set_task(0);
            }
            self.trace.shared.finish(entered.begun);
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        let label = match message.0.as_str() {
            "" => event.metadata().name(),
            message => message,
        };
        self.trace.shared.mark(Tag::Instant, label);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else {
            return;
        };
        if let Some(life) = span.extensions().get::<Life>()
            && life.polls > 1
        {
            let how = How::Returned.code();
            self.trace
                .shared
                .note(Tag::Left, "", how, Some(life.task.into()));
        }
    }
}

/// An event's message, if it has one.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // A string takes whatever is written.
            let _ = write!(self.0, "{value:?}");
        }
    }
}
