//! How an event gets into a slot: the one path that all kinds of events take.

use std::sync::atomic::Ordering;

use super::introduce;
use super::shared::Shared;
use super::slot::{Label, Record, Slot, Tag};
use super::who::{self, Recorder};

/// Something that was begun and has to be ended, by the process that began it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun {
    /// The slot and its generation; none if there was no room.
    slot: Option<(u32, u32)>,
    pid: u32,
}

impl Begun {
    /// Whether it was begun by the calling process.
    #[cfg(feature = "tracing")]
    pub(super) fn is_callers(self) -> bool {
        self.pid == who::me().pid
    }
}

impl Shared {
    /// Begins something that has an end.
    pub(super) fn begin(&self, tag: Tag, label: &str) -> Begun {
        self.record(tag, label, |_| 0, None)
    }

    /// Records a moment.
    pub(super) fn mark(&self, tag: Tag, label: &str) {
        self.record(tag, label, |now| now, None);
    }

    /// Records a moment with a number in the place of its end, and another in `extra`, where
    /// otherwise the caller's task stands.
    pub(super) fn note(&self, tag: Tag, label: &str, number: u64, extra: Option<u64>) {
        self.record(tag, label, |_| number, extra);
    }

    /// Makes the caller known, if it is not.
    pub(super) fn introduce_caller(&self) {
        let key = self.key(self.generation());
        if !who::seated(key) {
            introduce::now(self, key);
        }
    }

    /// Who the caller is, with a slot to fill if there is one.
    pub(super) fn recorder(&self) -> Recorder {
        let key = self.key(self.generation());
        who::next(key).unwrap_or_else(|| self.take_slots(key))
    }

    /// As [`Shared::recorder`], when there is no slot at hand.
    #[cold]
    pub(super) fn take_slots(&self, key: u64) -> Recorder {
        if !who::seated(key) {
            introduce::now(self, key);
        }
        // It may have been here and have slots left.
        if let Some(recorder) = who::next(key) {
            return recorder;
        }
        let chunk = self.take(who::chunk().size);
        // If the trace was cleared a moment ago, the slots are of the next generation.
        let key = self.key(chunk.generation);
        who::set_chunk(key, chunk);
        who::next(key).unwrap_or_else(|| {
            self.drop_one();
            who::without_slot()
        })
    }

    fn record(
        &self,
        tag: Tag,
        label: &str,
        end: impl FnOnce(u64) -> u64,
        extra: Option<u64>,
    ) -> Begun {
        let Recorder { who, task, slot } = self.recorder();
        if let Some(slot) = slot {
            let (cpu, start) = (who::cpu(), who::now());
            let extra = extra.unwrap_or(u64::from(task));
            let record = Record::new(tag, who, (start, end(start)), extra, Label::new(label));
            self.fill(slot, &record.on(cpu));
        }
        let pid = who.pid;
        Begun { slot, pid }
    }

    /// Fills a slot of one's own.
    pub(super) fn fill(&self, (slot, generation): (u32, u32), record: &Record) {
        self.slots()[slot as usize].write(generation, record);
    }

    fn slot_of(&self, begun: Begun) -> Option<&Slot> {
        let (slot, generation) = begun.slot?;
        (generation == self.generation()).then(|| &self.slots()[slot as usize])
    }

    /// When it was begun; 0 if it found no room.
    #[cfg(feature = "tracing")]
    pub(super) fn start_of(&self, begun: Begun) -> u64 {
        self.slot_of(begun)
            .map_or(0, |slot| slot.start.load(Ordering::Relaxed))
    }

    /// Whether it was begun and has not ended.
    #[cfg(feature = "tracing")]
    pub(super) fn is_open(&self, begun: Begun) -> bool {
        self.slot_of(begun)
            .is_some_and(|slot| slot.end.load(Ordering::Relaxed) == 0)
    }

    /// Ends what was begun. Does nothing in a child forked since, whose copy it is.
    pub(super) fn finish(&self, begun: Begun) {
        if who::me().pid != begun.pid {
            return;
        }
        if let Some(slot) = self.slot_of(begun) {
            slot.end.store(who::now(), Ordering::Relaxed);
        }
        // A guard that is dropped by a panic is how a trace comes to know of it.
        if std::thread::panicking() {
            self.mark(Tag::Panicked, "panic");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::handle::Trace;
    use super::who::READS;

    #[test]
    fn a_span_asks_the_clock_twice_and_a_moment_once() {
        let trace = Trace::new();
        let reads = |work: &dyn Fn()| {
            let before = READS.get();
            work();
            READS.get() - before
        };
        // The first event introduces the lane, without a look at the clock.
        assert_eq!(reads(&|| trace.instant("first")), 1);
        assert_eq!(reads(&|| trace.instant("again")), 1);
        assert_eq!(reads(&|| drop(trace.span("guard"))), 2);
        assert_eq!(reads(&|| trace.in_span("closure", || ())), 2);
        let lock = trace.watch("lock", std::sync::Mutex::new(()));
        assert_eq!(reads(&|| drop(lock.lock())), 2);
    }
}
