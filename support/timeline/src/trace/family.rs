//! Who started whom, and who waited for whose end.

use std::thread::{self, JoinHandle};

use nix::errno::Errno;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

use super::end::{How, LaneGuard};
use super::handle::Trace;
use super::slot::Tag;
use super::who::{self, Who};

impl Trace {
    /// Starts a thread with this name, which is given the trace; an arrow leads to its lane, and
    /// its end is recorded, also if it panics.
    ///
    /// A name holds 24 bytes in the trace, and 15 in the system's lists; it ends before a zero byte.
    ///
    /// # Panics
    ///
    /// If the system has no room for one more thread.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// let worker = trace.spawn("worker", |trace| trace.in_span("sum", || 1 + 1));
    /// assert_eq!(trace.join(worker).unwrap(), 2);
    /// ```
    pub fn spawn<T, F>(&self, name: &str, work: F) -> JoinHandle<T>
    where
        F: FnOnce(&Trace) -> T + Send + 'static,
        T: Send + 'static,
    {
        let (trace, parent, label) = (self.clone(), self.starter(), name.to_string());
        let name = name.split('\0').next().unwrap_or_default().to_string();
        let thread = thread::Builder::new().name(name.clone()).spawn(move || {
            trace.shared.threads().remember();
            let _lane = trace.started(&label, parent);
            work(&trace)
        });
        thread.unwrap_or_else(|error| panic!("cannot start thread {name:?}: {error}"))
    }

    /// Who starts a thread, and when.
    fn starter(&self) -> (u64, u64) {
        let me = who::me();
        // Its own introduction comes first, so that parents stand before their children.
        self.shared.introduce_caller();
        (me.word(), who::now())
    }

    fn started(&self, name: &str, (parent, called): (u64, u64)) -> LaneGuard {
        self.shared.note(Tag::Spawned, "", called, Some(parent));
        self.lane(name)
    }

    /// Waits for a thread's end and records the wait, and the arrow from that thread's lane.
    ///
    /// Blocks as long as the thread runs.
    ///
    /// Only of a thread that this trace has started is the end's arrow drawn.
    ///
    /// # Errors
    ///
    /// If the thread panicked, with what, as [`JoinHandle::join`]; the lane gets a marker.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// let failed = trace.join(trace.spawn("unlucky", |_| panic!("no luck")));
    /// assert_eq!(failed.unwrap_err().downcast_ref(), Some(&"no luck"));
    /// ```
    pub fn join<T>(&self, thread: JoinHandle<T>) -> thread::Result<T> {
        let id = thread.thread().id();
        let result = self.waiting("join", || thread.join());
        let how = How::unwinding(result.is_err());
        if let Some(tid) = self.shared.threads().forget(id) {
            self.saw_end(who::me().pid, tid, how);
        }
        result
    }

    /// Waits for a child process's end and records the wait, and how the child ended.
    ///
    /// Blocks as long as the child runs.
    ///
    /// # Panics
    ///
    /// If `child` is no child of the caller, or was waited for before.
    ///
    /// ```
    /// use nix::sys::wait::WaitStatus;
    /// use nix::unistd::{ForkResult, fork};
    ///
    /// let trace = timeline::trace::Trace::new();
    /// // SAFETY: the child does nothing but end.
    /// match unsafe { fork() }.unwrap() {
    ///     ForkResult::Child => unsafe { libc::_exit(3) },
    ///     ForkResult::Parent { child } => {
    ///         assert_eq!(trace.waitpid(child), WaitStatus::Exited(child, 3));
    ///     }
    /// }
    /// ```
    pub fn waitpid(&self, child: Pid) -> WaitStatus {
        let status = self.waiting("waitpid", || {
            loop {
                match waitpid(child, None) {
                    // A signal came in between.
                    Err(Errno::EINTR) => {}
                    status => break status,
                }
            }
        });
        let status = status.unwrap_or_else(|error| panic!("waiting for {child}: {error}"));
        self.ended(status);
        status
    }

    /// Records how a child process ended, as `waitpid` told it: an arrow from its lane, and a
    /// marker if it was ended by a signal or did not exit with 0.
    ///
    /// Does nothing for a status that is not an end.
    ///
    /// ```
    /// use nix::sys::wait::waitpid;
    /// use nix::unistd::{ForkResult, fork};
    /// use timeline::trace::{How, Trace};
    ///
    /// let trace = Trace::new();
    /// // SAFETY: the child does nothing but record and end.
    /// match unsafe { fork() }.unwrap() {
    ///     ForkResult::Child => {
    ///         trace.name_lane("child");
    ///         unsafe { libc::_exit(0) }
    ///     }
    ///     ForkResult::Parent { child } => trace.ended(waitpid(child, None).unwrap()),
    /// }
    /// let child = trace.lanes().into_iter().find(|lane| lane.name == "child").unwrap();
    /// assert_eq!(child.end.unwrap().how, How::Exited(0));
    /// ```
    pub fn ended(&self, status: WaitStatus) {
        let (pid, how) = match status {
            WaitStatus::Exited(pid, code) => (pid, How::Exited(code)),
            WaitStatus::Signaled(pid, signal, _) => (pid, How::Signalled(signal as i32)),
            _ => return,
        };
        // A process's first thread bears its number.
        self.saw_end(pid.as_raw() as u32, pid.as_raw() as u32, how);
    }

    /// Records that the caller saw the end of the thread `tid` of process `pid`: an arrow from its
    /// lane, and a marker unless it returned or exited with 0.
    ///
    /// ```
    /// use timeline::trace::{How, Trace};
    ///
    /// let trace = Trace::new();
    /// let pid = std::process::id();
    /// std::thread::spawn({ let trace = trace.clone(); move || trace.instant("here") }).join().unwrap();
    /// let tid = trace.lanes()[0].tid as u32;
    /// trace.saw_end(pid, tid, How::Returned);
    /// assert!(trace.lanes()[0].end.unwrap().seen.is_some());
    /// ```
    pub fn saw_end(&self, pid: u32, tid: u32, how: How) {
        let whose = Who { pid, tid }.word();
        self.shared.note(Tag::Ended, "", how.code(), Some(whose));
    }
}
