//! What another program told of itself, as a trace: for programs that cannot record into one, because
//! they are written in another language, or run on a model of time of their own.
//!
//! ```
//! use timeline::trace::Trace;
//! use timeline::trace::told::{Told, What};
//!
//! let told = |at, what| Told { pid: 7, tid: 7, at, what };
//! let trace = Trace::foreign(1_000, &[
//!     told(1_000, What::Named("elsewhere".into())),
//!     told(2_000, What::Span { label: "work".into(), end: 6_000 }),
//! ]);
//! assert_eq!(trace.lanes()[0].name, "elsewhere");
//! assert_eq!(trace.events()[0].time().as_nanos(), 4_000);
//! ```

use super::end::How;
use super::handle::Trace;
use super::shared::Shared;
use super::slot::{Label, Record, Tag};
use super::who::Who;

/// Something that a thread of another program told of itself. Times are of CLOCK_MONOTONIC, in ns,
/// or whatever else the teller counts from the same moment as [`Trace::foreign`] is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its process.
    pub pid: u32,
    /// The thread; equal to `pid` for a process's first one.
    pub tid: u32,
    /// When.
    pub at: u64,
    /// What.
    pub what: What,
}

/// What was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The thread's name.
    Named(String),
    /// From `at` to `end`; 0 if it never ended.
    Span { label: String, end: u64 },
    /// A lock was held, from `at` to `end`.
    Held { label: String, end: u64 },
    /// It waited for another thread, from `at` to `end`.
    Waited { label: String, end: u64 },
    /// A moment, of this name.
    Instant(String),
    /// `at` is when the thread ran first; a thread of a process started it then.
    Spawned { parent: (u32, u32) },
    /// The thread came to its end at `at`.
    Left { panicked: bool },
    /// `at` is when the parent, a thread of a process, called `fork`.
    Forked { began: u64, parent: (u32, u32) },
    /// The teller waited for this process's end.
    Ended { pid: u32, how: How },
}

impl What {
    /// When it ended; 0 for what has no length.
    ///
    /// ```
    /// use timeline::trace::told::What;
    ///
    /// assert_eq!(What::Span { label: "work".into(), end: 7 }.end(), 7);
    /// ```
    pub fn end(&self) -> u64 {
        match self {
            What::Span { end, .. } | What::Held { end, .. } | What::Waited { end, .. } => *end,
            _ => 0,
        }
    }
}

impl Trace {
    /// When this trace was made or cleared, in ns of CLOCK_MONOTONIC.
    ///
    /// ```
    /// assert!(timeline::Trace::new().epoch() > 0);
    /// ```
    pub fn epoch(&self) -> u64 {
        self.shared.epoch()
    }

    /// A trace of what another program told, which counts time from `epoch`. See [`told`](super::told).
    ///
    /// ```
    /// assert!(timeline::Trace::foreign(0, &[]).lanes().is_empty());
    /// ```
    pub fn foreign(epoch: u64, told: &[Told]) -> Trace {
        let trace = Trace::with_capacity(told.len());
        trace.shared.set_epoch(epoch);
        for one in told {
            trace.shared.put(&record(one));
        }
        trace
    }
}

fn record(told: &Told) -> Record {
    let word = |(pid, tid): (u32, u32)| Who { pid, tid }.word();
    let (tag, text, end, extra) = match &told.what {
        What::Named(name) => (Tag::Name, name.as_str(), told.at, 0),
        What::Span { label, end } => (Tag::Span, label.as_str(), *end, 0),
        What::Held { label, end } => (Tag::Holding, label.as_str(), *end, 0),
        What::Waited { label, end } => (Tag::Waiting, label.as_str(), *end, 0),
        What::Spawned { parent } => (Tag::Spawned, "", told.at, word(*parent)),
        What::Left { panicked } => (Tag::Left, "", How::unwinding(*panicked).code(), 0),
        What::Instant(label) => (Tag::Instant, label.as_str(), told.at, 0),
        What::Forked { began, parent } => (Tag::Lane, "", *began, word(*parent)),
        // A process's first thread bears its number.
        What::Ended { pid, how } => (Tag::Ended, "", how.code(), word((*pid, *pid))),
    };
    let who = Who {
        pid: told.pid,
        tid: told.tid,
    };
    Record::new(tag, who, (told.at, end), extra, Label::new(text))
}

impl Shared {
    /// Puts a record of somebody else's into a slot of its own.
    fn put(&self, record: &Record) {
        let chunk = self.take(1);
        match chunk.next == chunk.end {
            true => self.drop_one(),
            false => self.fill((chunk.next, chunk.generation), record),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn another_programs_processes_become_lanes_with_an_arrow_and_an_end() {
        let told = |pid, at, what| Told {
            pid,
            tid: pid,
            at,
            what,
        };
        let label = || "work".to_string();
        let trace = Trace::foreign(
            1_000,
            &[
                told(7, 2_000, What::Named("parent".into())),
                told(
                    8,
                    2_500,
                    What::Forked {
                        began: 3_000,
                        parent: (7, 7),
                    },
                ),
                told(
                    8,
                    4_000,
                    What::Span {
                        label: label(),
                        end: 6_000,
                    },
                ),
                told(
                    8,
                    7_000,
                    What::Span {
                        label: label(),
                        end: 0,
                    },
                ),
                told(
                    7,
                    8_000,
                    What::Ended {
                        pid: 8,
                        how: How::Signalled(15),
                    },
                ),
            ],
        );
        let lanes = trace.lanes();
        let names: Vec<_> = lanes.iter().map(|lane| lane.name.as_str()).collect();
        assert_eq!(names, ["parent", "pid 8"]);
        let fork = lanes[1].fork.unwrap();
        let ns = Duration::from_nanos;
        assert_eq!((fork.pid, fork.at, fork.began), (7, ns(1_500), ns(2_000)));
        let end = lanes[1].end.unwrap();
        assert_eq!((end.at, end.how), (ns(7_000), How::Signalled(15)));
        let ends: Vec<_> = trace.events().iter().map(|event| event.end).collect();
        assert_eq!(ends, [Some(ns(5_000)), None]);
        assert_eq!(trace.dropped(), 0);
        assert!(trace.timeline().svg().contains("SIGTERM"));
    }
}
