//! Processes, pools and coroutines that record into a trace: what the crates below, which know nothing
//! of each other, have in common.

mod children;

use std::any::Any;
use std::sync::Arc;

use processes::pool::Watch;
use processes::{Exit, Outcome, Pool, Process};
use serde::Serialize;
use serde::de::DeserializeOwned;
use timeline::trace::How;
use timeline::{Timeline, Trace};

use crate::coroutine::{Coroutine, Resumes, Yielder};
use crate::live::{Arrange, Live, live};

/// What a [`Trace`] starts and waits for.
pub trait TraceExt {
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
    /// use support::prelude::*;
    /// let trace = Trace::new();
    /// let worker = trace.process("worker", |trace| trace.in_span("sum", || ()));
    /// assert!(trace.join_process(&worker).success());
    /// assert_eq!(trace.events_of("worker")[0].label, "sum");
    /// ```
    fn process<T: Outcome>(&self, name: &str, work: impl FnOnce(&Trace) -> T) -> Process;

    /// Waits for a process's end and records the wait, and how the process ended: an arrow from
    /// its lane, and a marker if a signal ended it or it did not exit with 0.
    ///
    /// Blocks as long as the process runs; of one that has ended, it returns at once. Processes that
    /// this thread has started by [`TraceExt::process`], and that end during the wait, have their
    /// ends where they were: in which order they are joined does not matter.
    ///
    /// ```
    /// use support::{timeline::{Trace, trace::How}, traced::TraceExt};
    ///
    /// let trace = Trace::new();
    /// let worker = trace.process("worker", |_| 3);
    /// trace.join_process(&worker);
    /// let lane = trace.lanes().into_iter().find(|lane| lane.name == "worker").unwrap();
    /// assert_eq!(lane.end.unwrap().how, How::Exited(3));
    /// ```
    fn join_process(&self, process: &Process) -> Exit;

    /// Makes a [`Pool`] whose function is given the trace, and whose workers have lanes of their
    /// own, "worker 1", "worker 2" and so on, which end as the workers do.
    ///
    /// A worker that is killed, or dies, is seen to end by the lane "pool": the thread that then
    /// starts the next worker.
    ///
    /// # Panics
    ///
    /// As [`Pool::new`].
    ///
    /// ```
    /// use support::{timeline::Trace, traced::TraceExt};
    ///
    /// let trace = Trace::new();
    /// let pool = trace.pool(2, |trace, n: u32| trace.in_span("square", || n * n));
    /// assert_eq!(pool.map([3, 4]).unwrap(), [9, 16]);
    /// pool.close();
    /// pool.join();
    /// assert!(trace.lanes().iter().any(|lane| lane.name == "worker 1" && lane.end.is_some()));
    /// ```
    fn pool<T, R, F>(&self, workers: usize, f: F) -> Pool<T, R>
    where
        T: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
        F: Fn(&Trace, T) -> R + Send + Sync + 'static;

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
    /// use support::{timeline::Trace, traced::TraceExt};
    ///
    /// let trace = Trace::new();
    /// let one: Coroutine<u32> = trace.coroutine("one", |co| { co.yield_(1); });
    /// assert_eq!(one.into_iter().count(), 1);
    /// assert_eq!(trace.lanes()[1].name, "one");
    /// assert!(trace.timeline().text().contains("4 messages"));
    /// ```
    fn coroutine<Y, S, R, F>(&self, name: &str, body: F) -> Coroutine<Y, S, R>
    where
        Y: 'static,
        S: 'static,
        R: 'static,
        F: FnOnce(&Yielder<'_, Y, S>) -> R + 'static;

    /// Draws the trace's timeline now, and again as events come, at most ten times a second, until
    /// the handle is stopped or dropped.
    ///
    /// A thread of its own draws; [`threads::list`](crate::threads::list) leaves it out. It takes at
    /// most a fifth of one CPU's time, however much was recorded, and draws nothing while nothing is
    /// recorded. Under stock evcxr, outside of a kernel, and where no thread can be started, only the
    /// last picture is shown.
    ///
    /// ```
    /// use support::prelude::*;
    ///
    /// let trace = Trace::new();
    /// let picture = trace.live();
    /// thread::scope(|scope| {
    ///     scope.spawn(|| trace.in_span("work", || trace.busy(Duration::from_micros(50))));
    /// });
    /// picture.stop();
    /// ```
    fn live(&self) -> Live {
        self.live_with(|timeline| timeline)
    }

    /// The same, of a timeline as `arrange` makes it: with a title, by CPU, zoomed.
    ///
    /// ```
    /// use support::prelude::*;
    ///
    /// let trace = Trace::new();
    /// let live = trace.live_with(|timeline| timeline.title("Two threads"));
    /// trace.instant("now");
    /// drop(live);
    /// ```
    fn live_with(&self, arrange: impl Fn(Timeline) -> Timeline + Send + 'static) -> Live;
}

impl TraceExt for Trace {
    fn process<T: Outcome>(&self, name: &str, work: impl FnOnce(&Trace) -> T) -> Process {
        begin(self);
        let process = Process::spawn(name, || {
            self.introduce();
            let _lane = self.own_lane();
            work(self)
        });
        children::watch(self, &process);
        process
    }

    fn join_process(&self, process: &Process) -> Exit {
        let exit = self.waiting("join", || {
            children::wait_for(process);
            process.join()
        });
        saw_end(self, process.pid(), exit);
        exit
    }

    fn pool<T, R, F>(&self, workers: usize, f: F) -> Pool<T, R>
    where
        T: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
        F: Fn(&Trace, T) -> R + Send + Sync + 'static,
    {
        begin(self);
        let trace = self.clone();
        Pool::watched(
            workers,
            move |item| f(&trace, item),
            Some(Arc::new(Workers(self.clone()))),
        )
        .unwrap_or_else(|error| panic!("cannot make a pool of {workers} workers: {error}"))
    }

    fn coroutine<Y, S, R, F>(&self, name: &str, body: F) -> Coroutine<Y, S, R>
    where
        Y: 'static,
        S: 'static,
        R: 'static,
        F: FnOnce(&Yielder<'_, Y, S>) -> R + 'static,
    {
        Coroutine::traced(Resumes::begin(self, name), body)
    }

    fn live_with(&self, arrange: impl Fn(Timeline) -> Timeline + Send + 'static) -> Live {
        live(self, Box::new(arrange) as Arrange)
    }
}

/// A pool's workers, whose lanes have the names that they have as processes.
struct Workers(Trace);

impl Watch for Workers {
    fn begins(&self) -> Box<dyn Any> {
        self.0.introduce();
        Box::new(self.0.own_lane())
    }

    fn ended(&self, pid: i32, exit: Exit) {
        saw_end(&self.0, pid, exit);
    }
}

/// Processes are called by their names, and parents stand before their children.
fn begin(trace: &Trace) {
    timeline::trace::name_processes(processes::name);
    trace.introduce();
}

/// Records how a child process ended.
fn saw_end(trace: &Trace, pid: i32, exit: Exit) {
    let how = match exit {
        Exit::Code(code) => How::Exited(code),
        Exit::Signal(signal) => How::Signalled(signal as i32),
        Exit::RealTime(number) => How::Signalled(number),
        _ => return,
    };
    // A process's first thread bears its number.
    trace.saw_end(pid as u32, pid as u32, how);
}
