//! Ticks: "I am running now, on this CPU", merged into running segments.
//!
//! A thread cannot see that it was taken off its CPU, but it can say often that it is on it.
//! Where the ticks of two threads alternate on one CPU, that is the scheduler at work.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::handle::Trace;
use super::slot::{Label, Record, Tag};
use super::who::{self, NO_SLOT, Running};

/// Ticks further apart than this (in ns) begin a new segment.
///
/// Longer than an interrupt, shorter than any slice that the scheduler gives away.
const GAP: u64 = 200_000;

/// How often a tick that was moved to another CPU in mid-call tries again.
const TRIES: usize = 4;

impl Trace {
    /// Says that the calling thread runs on its CPU at this moment.
    ///
    /// Ticks of one thread on one CPU, closer than 200 µs, become one
    /// [`Kind::Running`](super::Kind::Running) segment and cost no further slot. A segment ends
    /// where another thread ticked on that CPU in between, so segments of one CPU never overlap.
    ///
    /// ```
    /// use timeline::trace::{Kind, Trace};
    ///
    /// let trace = Trace::new();
    /// for _ in 0..1000 {
    ///     trace.tick();
    /// }
    /// let events = trace.events();
    /// assert!(events.iter().all(|event| event.kind == Kind::Running));
    /// assert!(events.len() < 1000);
    /// ```
    pub fn tick(&self) {
        let me = who::me();
        let generation = self.shared.generation();
        let key = self.shared.key(generation);
        let open = who::running();
        let cpu = who::cpu();
        // The clock is read before the CPU's word. If the word still names this thread, nobody
        // else ticked here up to `now`, and the segment may reach that far.
        let now = who::now();
        let last = self.shared.last_on(cpu).load(Ordering::SeqCst);
        let merges = open.key == key
            && open.cpu == cpu
            && now.saturating_sub(open.last) <= GAP
            && last == u64::from(me.tid);
        if !merges {
            return self.begin_running(key, me, cpu);
        }
        if open.slot != NO_SLOT {
            let end = &self.shared.slots()[open.slot as usize].end;
            end.store(now, Ordering::Relaxed);
        }
        who::set_running(Running { last: now, ..open });
    }

    #[cold]
    fn begin_running(&self, key: u64, me: who::Who, mut cpu: u16) {
        // Before the clock is read, as it may take a while.
        let recorder = self.shared.recorder();
        let mut now = 0;
        for _ in 0..TRIES {
            // Now the other way round: the word first, then the clock. From here on any other
            // thread's tick on this CPU begins a segment of its own, and those before it lie
            // before `now`.
            let word = self.shared.last_on(cpu);
            word.swap(u64::from(me.tid), Ordering::SeqCst);
            now = who::now();
            let still = who::cpu();
            if still == cpu {
                break;
            }
            cpu = still;
        }
        let slot = recorder.slot;
        if let Some(slot) = slot {
            let record = Record::new(Tag::Running, me, (now, now), 0, Label::new(""));
            self.shared.fill(slot, &record.on(cpu));
        }
        // Without a slot the segment still goes on, so that a full trace counts it once.
        who::set_running(Running {
            key,
            slot: slot.map_or(NO_SLOT, |(slot, _)| slot),
            cpu,
            last: now,
        });
    }

    /// Spins for `time` of the clock on the wall and ticks all the while.
    ///
    /// The thread asks for a CPU all that time; the segments show when it had one. Blocks the
    /// caller for `time` and uses a CPU as far as it gets one.
    ///
    /// ```
    /// use std::time::Duration;
    /// use timeline::trace::Trace;
    ///
    /// let trace = Trace::new();
    /// trace.busy(Duration::from_micros(300));
    /// let events = trace.events();
    /// let time = events.last().unwrap().end.unwrap() - events[0].start;
    /// assert!(time >= Duration::from_micros(300));
    /// ```
    pub fn busy(&self, time: Duration) {
        // A tick at either end, whatever the scheduler does in between.
        self.tick();
        let until = who::now().saturating_add(time.as_nanos() as u64);
        while who::now() < until {
            self.tick();
        }
        self.tick();
    }

    /// Spins until the calling thread has had a CPU for `time`, and ticks all the while.
    ///
    /// A fixed amount of work: the clock on the wall shows more where the thread had to share its
    /// CPU. Blocks the caller until then.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// let begin = Instant::now();
    /// timeline::trace::Trace::new().compute(Duration::from_micros(300));
    /// assert!(begin.elapsed() >= Duration::from_micros(290));
    /// ```
    pub fn compute(&self, time: Duration) {
        self.tick();
        let enough = who::cpu_time().saturating_add(time.as_nanos() as u64);
        while who::cpu_time() < enough {
            // The system is asked less often than the clock.
            (0..16).for_each(|_| self.tick());
        }
        self.tick();
    }
}
