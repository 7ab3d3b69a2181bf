//! Coroutines: a lane for each, with a bar for every resume, and arrows to and fro.

use std::cell::Cell;

use timeline::Trace;
use timeline::trace::{Entered, How, TaskLane};

/// The lane of a coroutine.
pub(crate) struct Resumes {
    lane: TaskLane,
    /// Messages so far.
    count: Cell<u64>,
}

/// A resume that goes on.
pub(crate) struct Resumed<'a> {
    lane: &'a TaskLane,
    piece: Entered<'a>,
    number: u64,
}

impl Resumes {
    pub(crate) fn begin(trace: &Trace, name: &str) -> Resumes {
        Resumes {
            lane: trace.task_lane(name),
            count: Cell::new(0),
        }
    }

    /// From who resumes to the coroutine: from here on the caller is it.
    pub(crate) fn resume(&self, word: &str) -> Resumed<'_> {
        self.count.set(self.count.get() + 1);
        // Unlike those of all other coroutines of the trace.
        let number = u64::from(self.lane.number()) << 32 | self.count.get();
        let trace = self.lane.trace();
        trace.sent(word, number);
        let piece = self.lane.enter();
        trace.received(word, number);
        Resumed {
            lane: &self.lane,
            piece,
            number,
        }
    }

    pub(crate) fn end(&self, how: How) {
        self.lane.end(how);
    }
}

impl Resumed<'_> {
    /// And back: from here on the caller is who it was.
    pub(crate) fn back(self, word: &str) {
        let trace = self.lane.trace();
        trace.sent(word, self.number);
        drop(self.piece);
        trace.received(word, self.number);
    }
}
