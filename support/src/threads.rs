//! The threads of this process: started by name, listed, and waited for with a limit.
//!
//! ```
//! use std::time::Duration;
//! use support::threads::{self, JoinTimeout};
//!
//! let adder = threads::spawn("adder", || (1..=100).sum::<u32>());
//! let sum = adder.join_timeout(Duration::from_secs(10)).expect("it is quick");
//! assert_eq!(sum.unwrap(), 5050);
//! ```
//!
//! `std::thread` is where threads come from; here is what a reader of Python's `threading` will miss in
//! it. Every public name of Python 3.11's `threading`, and what stands for it:
//!
//! | Python | here | elsewhere |
//! |---|---|---|
//! | `Thread(target=f, name=n)`, `start()` | [`spawn`]`(n, f)` | [`std::thread::Builder`] |
//! | `Thread(args=(a,))` | what the closure captures | |
//! | `class T(Thread)`, `run()` | the closure | |
//! | `t.join()` | | [`JoinHandle::join`](std::thread::JoinHandle::join), which gives what `f` returned |
//! | `t.join(timeout)` | [`JoinTimeout::join_timeout`] | |
//! | `t.is_alive()` | | [`JoinHandle::is_finished`](std::thread::JoinHandle::is_finished), the opposite |
//! | `t.name`, `getName()` | [`name`], of one's own, as the system has it | [`Thread::name`](std::thread::Thread::name) |
//! | `t.name = n`, `setName(n)` | [`set_name`], for one's own | |
//! | `t.native_id`, `get_native_id()` | [`tid`], of one's own | |
//! | `t.ident`, `get_ident()` | the tid; like Python's, it may be given again once the thread has ended | [`Thread::id`](std::thread::Thread::id), of which none is used twice |
//! | `t.daemon`, `isDaemon()`, `setDaemon()` | every thread is one: the process ends when `main` does; who wants to wait joins | |
//! | `with` a group of threads | | [`std::thread::scope`] |
//! | `enumerate()` | [`list`] | |
//! | `active_count()`, `activeCount()` | [`count`] | |
//! | `current_thread()`, `currentThread()` | [`name`], [`tid`] | [`std::thread::current`] |
//! | `main_thread()` | the first of [`list`]: its tid is the process's pid | |
//! | `local()` | | [`std::thread_local`] |
//! | `Timer(s, f)`, `cancel()` | | `tokio::time::sleep` in a task; `crossbeam::channel::after` |
//! | `Event` | | a channel whose sender is dropped; `tokio::sync::Notify` |
//! | `Lock` | | [`std::sync::Mutex`], which owns what it guards; `try_lock` for `acquire(blocking=False)`; none of std's waits with a limit |
//! | `RLock` | | none in stable std: lock once, pass on what is locked (`&mut`); else crate parking_lot's `ReentrantMutex` |
//! | `Condition` | | [`std::sync::Condvar`]; `wait_while` for `wait_for`, `wait_timeout_while` with a limit |
//! | `Semaphore`, `BoundedSemaphore` | | `tokio::sync::Semaphore`; one of `Mutex` and `Condvar` is in 09-locks; a bounded channel often is what is meant |
//! | `Barrier` | | [`std::sync::Barrier`]; without `abort()`, `reset()` or a timeout, and so without `BrokenBarrierError` |
//! | `stack_size(n)` | | [`Builder::stack_size`](std::thread::Builder::stack_size), for that thread alone; 2 MiB else |
//! | `excepthook`, `ExceptHookArgs` | a panic's one line tells the thread; [`message`] reads the error of its join | [`std::panic::set_hook`], for all threads |
//! | `TIMEOUT_MAX` | `Duration::MAX` is a limit like any other | |
//! | `ThreadError` | misuse of a lock does not compile | |
//! | `settrace()`, `gettrace()`, `setprofile()`, `getprofile()` | nothing: compiled code has no hook at each line; a [`Trace`](timeline::Trace) records what is told it | `perf`, a debugger |
//! | `_thread.start_new_thread(f, args)` | | [`std::thread::spawn`] |
//! | `_thread.allocate_lock()`, `LockType` | | [`std::sync::Mutex`] |
//! | `_thread.exit()` | nothing: a thread ends when its function returns, or panics | |
//! | `_thread.interrupt_main()` | nothing: a channel or a flag that the main thread looks at | `nix::sys::signal::raise` |
//! | `os.sched_setaffinity(0, {cpu})` | [`cpus::pin`](crate::cpus::pin) | |
//!
//! Two things are otherwise than in Python. A panic ends its thread and is the error of its join,
//! where Python's `join` says nothing of an exception. And no lock of the interpreter's keeps threads
//! from running at the same time.
//!
//! For: threads whose names and ends matter. Not for: sharing data between them (std and
//! crossbeam have locks and channels) or for processes.

use std::ffi::CString;
use std::fs;
use std::thread::{Builder, JoinHandle, Result};
use std::time::{Duration, Instant};

pub use processes::message;

use crate::kernel::CARRIER;

/// Starts a thread of this name: [`std::thread::spawn`] with one.
///
/// The system keeps 15 bytes of a name, up to a zero byte.
///
/// # Panics
///
/// If the system has no room for one more thread.
///
/// ```
/// let own = support::threads::spawn("adder", || std::thread::current().name().map(String::from));
/// assert_eq!(own.join().unwrap().as_deref(), Some("adder"));
/// ```
pub fn spawn<T, F>(name: &str, f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let name = name.split('\0').next().unwrap_or_default().to_string();
    let thread = Builder::new().name(name.clone()).spawn(f);
    thread.unwrap_or_else(|error| panic!("cannot start thread {name:?}: {error}"))
}

/// A join with a limit, which std does not have.
pub trait JoinTimeout: Sized {
    /// What the thread returns.
    type Output;

    /// Waits for the thread's end, at most so long. The end is looked for now and then, at first
    /// every 50 microseconds, later every 2 milliseconds.
    ///
    /// # Errors
    ///
    /// If it has not ended by then: the handle, with which to go on waiting.
    ///
    /// ```
    /// use std::time::Duration;
    /// use support::threads::{self, JoinTimeout};
    ///
    /// let (stop, wait) = std::sync::mpsc::channel::<()>();
    /// let waiter = threads::spawn("waiter", move || wait.recv().is_err());
    /// let waiter = waiter.join_timeout(Duration::from_millis(1)).unwrap_err();
    /// drop(stop);
    /// assert!(waiter.join().unwrap());
    /// ```
    fn join_timeout(self, limit: Duration) -> std::result::Result<Result<Self::Output>, Self>;
}

impl<T> JoinTimeout for JoinHandle<T> {
    type Output = T;

    fn join_timeout(self, limit: Duration) -> std::result::Result<Result<T>, Self> {
        let begun = Instant::now();
        let mut pause = Duration::from_micros(50);
        while !self.is_finished() {
            let left = limit.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Err(self);
            }
            std::thread::sleep(pause.min(left));
            pause = (pause * 2).min(Duration::from_millis(2));
        }
        Ok(self.join())
    }
}

/// A thread that is alive.
///
/// ```
/// use support::threads;
///
/// let all = threads::list();
/// let own = all.iter().find(|thread| thread.tid == threads::tid()).unwrap();
/// assert_eq!(own.name, threads::name());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadInfo {
    /// The system's number for it.
    pub tid: i32,
    /// Its name for the system: at most 15 bytes.
    pub name: String,
}

/// The threads of this process that are alive now, by their tid: the first one first.
///
/// Python's `threading.enumerate()`, asked of the operating system (`/proc/self/task`), so it
/// lists threads however they were started. A thread that was given no name bears that of the
/// thread that started it. Left out is the one thread by which the notebook's kernel carries
/// output. Does not block. Empty where there is no `/proc`.
///
/// ```
/// use support::threads;
///
/// let (stop, wait) = std::sync::mpsc::channel::<()>();
/// let (here, came) = std::sync::mpsc::channel();
/// let waiter = threads::spawn("waiter", move || { here.send(()).unwrap(); wait.recv().is_err() });
/// came.recv().unwrap();
/// assert!(threads::list().iter().any(|thread| thread.name == "waiter"));
/// drop(stop);
/// waiter.join().unwrap();
/// ```
pub fn list() -> Vec<ThreadInfo> {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else {
        return Vec::new();
    };
    let mut all: Vec<ThreadInfo> = tasks
        .filter_map(|task| {
            let tid = task.ok()?.file_name().to_str()?.parse().ok()?;
            // A thread that ended meanwhile has no name any more.
            let name = name_of(tid)?;
            (name != CARRIER && name != processes::streams::THREAD)
                .then_some(ThreadInfo { tid, name })
        })
        .collect();
    all.sort_by_key(|thread| thread.tid);
    all
}

/// How many threads of this process are alive now: Python's `threading.active_count()`.
///
/// ```
/// assert!(support::threads::count() >= 1);
/// ```
pub fn count() -> usize {
    list().len()
}

/// The system's number for the calling thread; that of the first thread is the process's pid.
///
/// ```
/// let other = std::thread::spawn(support::threads::tid).join().unwrap();
/// assert_ne!(other, support::threads::tid());
/// ```
pub fn tid() -> i32 {
    nix::unistd::gettid().as_raw()
}

/// The calling thread's name for the system: at most 15 bytes.
///
/// ```
/// assert_eq!(support::threads::spawn("adder", support::threads::name).join().unwrap(), "adder");
/// ```
pub fn name() -> String {
    name_of(tid()).unwrap_or_default()
}

/// Gives the calling thread another name for the system, of which 15 bytes are kept, up to a zero
/// byte. [`std::thread::Thread::name`] still says the first one.
///
/// ```
/// use support::threads;
///
/// let renamed = threads::spawn("adder", || { threads::set_name("idler"); threads::name() });
/// assert_eq!(renamed.join().unwrap(), "idler");
/// ```
pub fn set_name(name: &str) {
    // It fails only for a string that is no string.
    let _ = CString::new(processes::kept_name(name)).map(|name| nix::sys::prctl::set_name(&name));
}

fn name_of(tid: i32) -> Option<String> {
    let name = fs::read(format!("/proc/self/task/{tid}/comm")).ok()?;
    let name = String::from_utf8_lossy(&name);
    Some(name.trim_end_matches('\n').to_string())
}
