//! A process that was started by name.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::exit::Exit;
use crate::outcome::Outcome;
use crate::started::Started;
use crate::{child, list, pidfd};

/// How long a dropped handle waits for the process that it has killed. Only a process that is
/// stuck in the system itself takes longer than a moment.
const DROP_LIMIT: Duration = Duration::from_secs(5);

/// A process that runs a closure; dropped while that runs, the process is killed.
///
/// The child is a copy of this process at the moment of the fork, with one thread: it sees every
/// variable as it was then, and what it changes, it changes in its own copy. See
/// [the crate](crate) for what it may do.
///
/// ```
/// use processes::{Exit, Process};
///
/// let numbers = vec![1, 2, 3];
/// let sum = Process::spawn("sum", || numbers.iter().sum::<i32>());
/// assert_eq!(sum.join(), Exit::Code(6));
/// ```
pub struct Process {
    started: Arc<Started>,
}

impl Process {
    /// Forks a process of this name that runs `work`: Python's `Process(target=f, name=name)` and
    /// `start()` in one.
    ///
    /// Returns when the process exists; it waits before that, for a second at most, while another
    /// thread is in the middle of printing. If that thread prints on, or waits for this call while it
    /// holds the lock of stdout or stderr, the process must not print; a line on stderr says so. The operating system keeps 15 bytes of the name, the handle all; what
    /// follows a zero byte is left out. What `work` returns becomes the exit code, see
    /// [`Outcome`]; a panic becomes one line on stderr and 101. `work` need not be `Send` or
    /// `'static`, as the child has a copy of everything; what was moved into it is dropped in
    /// this process at once.
    ///
    /// # Panics
    ///
    /// If the system has no room for one more process or descriptor; see [`Process::try_spawn`].
    ///
    /// ```
    /// use processes::{Exit, Process};
    ///
    /// assert_eq!(Process::spawn("nothing", || ()).join(), Exit::Code(0));
    /// assert_eq!(Process::spawn("seven", || 7).join(), Exit::Code(7));
    /// ```
    pub fn spawn<T: Outcome>(name: &str, work: impl FnOnce() -> T) -> Process {
        Process::try_spawn(name, work)
            .unwrap_or_else(|error| panic!("cannot start process {name:?}: {error}"))
    }

    /// As [`Process::spawn`], where the lack of room is an error that one can handle.
    ///
    /// # Errors
    ///
    /// The system's: no room for one more process (EAGAIN, ENOMEM) or descriptor (EMFILE).
    ///
    /// ```
    /// use processes::Process;
    ///
    /// let process = Process::try_spawn("nothing", || ())?;
    /// assert!(process.join().success());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn try_spawn<T: Outcome>(name: &str, work: impl FnOnce() -> T) -> io::Result<Process> {
        let mut work = Some(work);
        Process::start(name, &mut || work.take().map_or(0, |work| work().code()))
    }

    /// Everything that does not depend on the closure's type: compiled once, not in each cell.
    fn start(name: &str, work: &mut dyn FnMut() -> i32) -> io::Result<Process> {
        let (pid, pidfd) = child::spawn_dyn(name, work)?;
        let started = Arc::new(Started::new(name, pid, pidfd));
        list::add(&started);
        Ok(Process { started })
    }

    /// The name that it was started by.
    ///
    /// ```
    /// let process = processes::Process::spawn("worker", || ());
    /// assert_eq!(process.name(), "worker");
    /// ```
    pub fn name(&self) -> &str {
        &self.started.name
    }

    /// The system's number for it. After its end has been waited for, the system may give the
    /// number to another process; this handle never takes that one for its own.
    ///
    /// ```
    /// use processes::{self, Process};
    ///
    /// let own = std::process::id();
    /// let process = Process::spawn("who", move || i32::from(std::os::unix::process::parent_id() != own));
    /// assert!(process.pid() > 0 && process.join().success());
    /// ```
    pub fn pid(&self) -> i32 {
        self.started.pid.as_raw()
    }

    /// Waits for its end, however long, and tells how it ended.
    ///
    /// May be called again, and by several threads at once: each is told the same.
    ///
    /// ```
    /// use processes::{Exit, Process};
    ///
    /// let unlucky = Process::spawn("unlucky", || panic!("no luck"));
    /// assert_eq!(unlucky.join(), Exit::Code(101));
    /// ```
    pub fn join(&self) -> Exit {
        // Without a limit there is an answer.
        self.started.wait(None).unwrap_or(Exit::Unknown)
    }

    /// Waits for its end, but no longer than `limit`; none if it runs then.
    ///
    /// Where Python's `join(timeout)` leaves one to ask for `exitcode`, here the type tells.
    ///
    /// ```
    /// use std::time::Duration;
    /// use processes::{Exit, Process};
    /// use std::thread;
    ///
    /// let sleeper = Process::spawn("sleeper", thread::park);
    /// assert_eq!(sleeper.join_timeout(Duration::from_millis(1)), None);
    /// sleeper.kill();
    /// assert!(sleeper.join_timeout(Duration::from_secs(60)).is_some());
    /// ```
    pub fn join_timeout(&self, limit: Duration) -> Option<Exit> {
        self.started.wait(Some(limit))
    }

    /// Whether it still runs. Does not block.
    ///
    /// ```
    /// use processes::Process;
    ///
    /// let process = Process::spawn("sleeper", std::thread::park);
    /// assert!(process.is_alive());
    /// process.kill();
    /// process.join();
    /// assert!(!process.is_alive());
    /// ```
    pub fn is_alive(&self) -> bool {
        self.started.is_alive()
    }

    /// How it ended; none while it runs: Python's `exitcode`. Does not block.
    ///
    /// ```
    /// use processes::{Exit, Process};
    ///
    /// let process = Process::spawn("sleeper", std::thread::park);
    /// assert_eq!(process.exit(), None);
    /// process.kill();
    /// assert_eq!(process.join(), process.exit().unwrap());
    /// ```
    pub fn exit(&self) -> Option<Exit> {
        self.started.wait(Some(Duration::ZERO))
    }

    /// Asks it to end, by SIGTERM, which it may ignore; see [`Process::signal`].
    ///
    /// ```
    /// use nix::sys::signal::Signal;
    /// use processes::{Exit, Process};
    ///
    /// let process = Process::spawn("sleeper", std::thread::park);
    /// process.terminate();
    /// assert_eq!(process.join(), Exit::Signal(Signal::SIGTERM));
    /// ```
    pub fn terminate(&self) {
        self.signal(Signal::SIGTERM);
    }

    /// Ends it, by SIGKILL, which no process can ignore; see [`Process::signal`].
    ///
    /// ```
    /// use processes::Process;
    ///
    /// let process = Process::spawn("sleeper", std::thread::park);
    /// process.kill();
    /// assert_eq!(process.join().to_string(), "SIGKILL");
    /// ```
    pub fn kill(&self) {
        self.signal(Signal::SIGKILL);
    }

    /// Sends it a signal. Does not wait for what the signal does.
    ///
    /// Never hits another process that was given the same number since: of a process that has
    /// ended, this does nothing.
    ///
    /// ```
    /// use nix::sys::signal::Signal;
    /// use processes::{Exit, Process};
    ///
    /// let process = Process::spawn("sleeper", std::thread::park);
    /// process.signal(Signal::SIGUSR1);
    /// assert_eq!(process.join(), Exit::Signal(Signal::SIGUSR1));
    /// process.signal(Signal::SIGKILL);
    /// ```
    pub fn signal(&self, signal: Signal) {
        pidfd::signal(self.started.as_fd(), signal);
    }
}

/// What becomes readable when the process ends: Python's `sentinel`, to be polled with others.
///
/// ```
/// use std::os::fd::AsFd;
/// use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
/// use processes::Process;
///
/// let process = Process::spawn("nothing", || ());
/// let mut ends = [PollFd::new(process.as_fd(), PollFlags::POLLIN)];
/// assert_eq!(poll(&mut ends, PollTimeout::NONE), Ok(1));
/// assert!(!process.is_alive());
/// ```
impl AsFd for Process {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.started.as_fd()
    }
}

/// Kills the process if it still runs, and reaps it: no orphan and no zombie stays.
///
/// Blocks for a moment; five seconds at most, if the system itself holds the process. A copy of
/// the handle that a forked child inherits does nothing when it is dropped.
impl Drop for Process {
    fn drop(&mut self) {
        if self.started.is_own_child() && self.is_alive() {
            self.kill();
            self.join_timeout(DROP_LIMIT);
        }
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process")
            .field("name", &self.name())
            .field("pid", &self.pid())
            .finish()
    }
}
