//! Processes that are started with a trace, and how they end.

use super::Trace;
use super::end::How;
use crate::process::{Exit, Outcome, Process};

impl Trace {
    /// Starts a process of this name whose work is given the trace; an arrow leads to its lane,
    /// which bears the name, and its end is recorded, also if it panics.
    ///
    /// See [`Process::spawn`] for the rest, and [`Trace::join_process`] to wait for it.
    ///
    /// # Panics
    ///
    /// If the system has no room for one more process or descriptor.
    ///
    /// ```
    /// let trace = support::trace::Trace::new();
    /// let worker = trace.process("worker", |trace| trace.in_span("sum", || ()));
    /// assert!(trace.join_process(&worker).success());
    /// assert_eq!(trace.events_of("worker")[0].label, "sum");
    /// ```
    pub fn process<T: Outcome>(&self, name: &str, work: impl FnOnce(&Trace) -> T) -> Process {
        // Its own introduction comes first, so that parents stand before their children.
        self.shared.introduce_caller();
        Process::spawn(name, || {
            self.shared.introduce_caller();
            let _lane = self.own_lane();
            work(self)
        })
    }

    /// Waits for a process's end and records the wait, and how the process ended: an arrow from
    /// its lane, and a marker if a signal ended it or it did not exit with 0.
    ///
    /// Blocks as long as the process runs; of one that has ended, it returns at once.
    ///
    /// ```
    /// use support::trace::{How, Trace};
    ///
    /// let trace = Trace::new();
    /// let worker = trace.process("worker", |_| 3);
    /// trace.join_process(&worker);
    /// let lane = trace.lanes().into_iter().find(|lane| lane.name == "worker").unwrap();
    /// assert_eq!(lane.end.unwrap().how, How::Exited(3));
    /// ```
    pub fn join_process(&self, process: &Process) -> Exit {
        let exit = self.waiting("join", || process.join());
        self.process_ended(process.pid(), exit);
        exit
    }

    /// Records how a child process ended.
    pub(crate) fn process_ended(&self, pid: i32, exit: Exit) {
        let how = match exit {
            Exit::Code(code) => How::Exited(code),
            Exit::Signal(signal) => How::Signalled(signal as i32),
            Exit::RealTime(number) => How::Signalled(number),
            Exit::Unknown => return,
        };
        // A process's first thread bears its number.
        self.saw_end(pid as u32, pid as u32, how);
    }
}
