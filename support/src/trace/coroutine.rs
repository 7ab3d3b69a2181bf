//! Coroutines: a lane for each, with a bar for every resume, and arrows to and fro.

use std::cell::Cell;

use super::Trace;
use super::end::How;
use super::task::{Life, Polling};
use crate::coroutine::{Coroutine, Yielder};

impl Trace {
    /// As [`Coroutine::new`], with a lane of its own in this trace: a bar for each resume, and what
    /// is recorded within it below.
    ///
    /// Arrows lead from who resumes to the coroutine (`next`, `send`, `throw`, `close`) and back
    /// (`yield`, `return`). Resumes are drawn in the thread's lane as well. A coroutine that is
    /// closed counts as cancelled. A name holds 24 bytes.
    ///
    /// A span that is held across a yield ends in a later resume; it is drawn that long.
    ///
    /// # Panics
    ///
    /// As [`Coroutine::new`].
    ///
    /// ```
    /// use support::coroutine::Coroutine;
    /// use support::trace::Trace;
    ///
    /// let trace = Trace::new();
    /// let one: Coroutine<u32> = trace.coroutine("one", |co| { co.yield_(1); });
    /// assert_eq!(one.into_iter().count(), 1);
    /// assert_eq!(trace.lanes()[1].name, "one");
    /// assert!(trace.timeline().text().contains("4 messages"));
    /// ```
    pub fn coroutine<Y, S, R, F>(&self, name: &str, body: F) -> Coroutine<Y, S, R>
    where
        Y: 'static,
        S: 'static,
        R: 'static,
        F: FnOnce(&Yielder<'_, Y, S>) -> R + 'static,
    {
        Coroutine::traced(Resumes::begin(self, name), body)
    }
}

/// The lane of a coroutine.
pub(crate) struct Resumes {
    life: Life,
    /// Messages so far.
    count: Cell<u64>,
}

/// A resume that goes on.
pub(crate) struct Resumed<'a> {
    life: &'a Life,
    polling: Polling<'a>,
    number: u64,
}

impl Resumes {
    fn begin(trace: &Trace, name: &str) -> Resumes {
        Resumes {
            life: Life::begin(trace, name),
            count: Cell::new(0),
        }
    }

    /// From who resumes to the coroutine: from here on the caller is it.
    pub(crate) fn resume(&self, word: &str) -> Resumed<'_> {
        self.count.set(self.count.get() + 1);
        // Unlike those of all other coroutines of the trace.
        let number = u64::from(self.life.number()) << 32 | self.count.get();
        let trace = self.life.trace();
        trace.sent(word, number);
        let polling = self.life.poll();
        trace.received(word, number);
        Resumed {
            life: &self.life,
            polling,
            number,
        }
    }

    pub(crate) fn end(&self, how: How) {
        self.life.end(how);
    }
}

impl Resumed<'_> {
    /// And back: from here on the caller is who it was.
    pub(crate) fn back(self, word: &str) {
        let trace = self.life.trace();
        trace.sent(word, self.number);
        drop(self.polling);
        trace.received(word, self.number);
    }
}
