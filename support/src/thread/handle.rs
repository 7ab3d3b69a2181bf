//! A thread that was started by name.

use std::any::Any;
use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{Builder, JoinHandle, Scope, ScopedJoinHandle, Thread};
use std::time::Duration;

use super::list;

/// Starts a thread with this name: Python's `Thread(target=f, name=name).start()`.
///
/// Returns when the thread runs, so [`enumerate`](super::enumerate) lists it from then on. The
/// operating system keeps 15 bytes of the name; the handle keeps all. What follows a zero byte
/// is left out.
///
/// # Panics
///
/// If the system has no room for one more thread.
///
/// ```
/// let answer = support::thread::spawn_named("deep thought", || 6 * 7).join();
/// assert_eq!(answer.unwrap(), 42);
/// ```
pub fn spawn_named<T, F>(name: &str, f: F) -> Handle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let name = name.split('\0').next().unwrap_or_default().to_string();
    let (started, start) = channel();
    let (running, done) = channel::<()>();
    let thread = Builder::new().name(name.clone()).spawn(move || {
        // Dropped when `f` ends, also when it panics: that is what a waiter sees.
        let _running = running;
        let _ = started.send(list::tid());
        f()
    });
    let thread = thread.unwrap_or_else(|error| panic!("cannot start thread {name:?}: {error}"));
    Handle {
        tid: start.recv().unwrap_or(0),
        name,
        thread,
        done,
    }
}

/// Starts a thread with this name in a scope of [`std::thread::scope`]: it may borrow what lives
/// longer than the scope, and has ended when the scope does.
///
/// The handle is std's. What std calls for it is `Builder::new().name(…).spawn_scoped(…)`.
///
/// # Panics
///
/// If the system has no room for one more thread.
///
/// ```
/// use support::thread;
///
/// let numbers = vec![1, 2, 3];
/// let sum: i32 = thread::scope(|scope| {
///     let adder = thread::spawn_scoped(scope, "adder", || numbers.iter().sum());
///     adder.join().unwrap()
/// });
/// assert_eq!(sum, 6);
/// ```
pub fn spawn_scoped<'scope, 'env, T, F>(
    scope: &'scope Scope<'scope, 'env>,
    name: &str,
    f: F,
) -> ScopedJoinHandle<'scope, T>
where
    F: FnOnce() -> T + Send + 'scope,
    T: Send + 'scope,
{
    let name = name.split('\0').next().unwrap_or_default().to_string();
    let thread = Builder::new().name(name.clone()).spawn_scoped(scope, f);
    thread.unwrap_or_else(|error| panic!("cannot start thread {name:?}: {error}"))
}

/// A thread started by [`spawn_named`]. Dropped, the thread goes on without it.
///
/// ```
/// let handle = support::thread::spawn_named("one", || 1);
/// assert_eq!(format!("{handle:?}"), format!("Handle {{ name: \"one\", tid: {} }}", handle.tid()));
/// ```
pub struct Handle<T> {
    name: String,
    tid: i32,
    thread: JoinHandle<T>,
    done: Receiver<()>,
}

impl<T> Handle<T> {
    /// Waits for the thread's end, however long, and returns what it returned.
    ///
    /// # Errors
    ///
    /// If the thread panicked, its message.
    ///
    /// ```
    /// use support::thread;
    ///
    /// assert_eq!(thread::spawn_named("fine", || 1).join().unwrap(), 1);
    /// let failed = thread::spawn_named("unlucky", || panic!("no {}", "luck")).join();
    /// assert_eq!(failed.unwrap_err().to_string(), "thread 'unlucky' panicked: no luck");
    /// ```
    pub fn join(self) -> Result<T, Panicked> {
        self.thread.join().map_err(|payload| Panicked {
            thread: self.name,
            message: message(payload.as_ref()),
        })
    }

    /// Waits for the thread's end, but no longer than `timeout`.
    ///
    /// Where Python's `join(timeout)` leaves one to ask `is_alive()`, here the type tells: of a
    /// thread that goes on, `Err` gives the handle back.
    ///
    /// # Errors
    ///
    /// The handle, if the thread did not end in time. The inner result is that of
    /// [`Handle::join`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use support::thread;
    ///
    /// let (stop, wait) = std::sync::mpsc::channel::<()>();
    /// let waiter = thread::spawn_named("waiter", move || wait.recv().is_err());
    /// let waiter = waiter.join_timeout(Duration::from_millis(1)).unwrap_err();
    /// drop(stop);
    /// assert!(waiter.join_timeout(Duration::from_secs(60)).unwrap().unwrap());
    /// ```
    pub fn join_timeout(self, timeout: Duration) -> Result<Result<T, Panicked>, Handle<T>> {
        match self.done.recv_timeout(timeout) {
            Err(RecvTimeoutError::Timeout) => Err(self),
            // The function has ended; the thread itself does at once.
            Ok(()) | Err(RecvTimeoutError::Disconnected) => Ok(self.join()),
        }
    }

    /// Whether the thread still runs. Does not block.
    ///
    /// ```
    /// let (stop, wait) = std::sync::mpsc::channel::<()>();
    /// let waiter = support::thread::spawn_named("waiter", move || wait.recv().is_err());
    /// assert!(waiter.is_alive());
    /// drop(stop);
    /// # waiter.join().unwrap();
    /// ```
    pub fn is_alive(&self) -> bool {
        !self.thread.is_finished()
    }

    /// The thread's name: the one it bears for the system while it lives (it may have been
    /// renamed since), else the one it was started with.
    ///
    /// ```
    /// let handle = support::thread::spawn_named("a name of any length", || ());
    /// assert_eq!(handle.name(), "a name of any length");
    /// ```
    pub fn name(&self) -> String {
        let name = if self.is_alive() {
            list::name_of(self.tid)
        } else {
            None
        };
        match name {
            // The system's is cut; if it is the beginning of ours, nobody renamed the thread.
            Some(name) if name != list::kept(&self.name) => name,
            _ => self.name.clone(),
        }
    }

    /// Renames the thread, from outside: Python's `t.name = name`.
    ///
    /// The system keeps 15 bytes; what is longer is cut between characters. Without effect on a
    /// thread that has ended.
    ///
    /// ```
    /// let (stop, wait) = std::sync::mpsc::channel::<()>();
    /// let waiter = support::thread::spawn_named("waiter", move || wait.recv().is_err());
    /// waiter.set_name("patience");
    /// assert_eq!(waiter.name(), "patience");
    /// drop(stop);
    /// # waiter.join().unwrap();
    /// ```
    pub fn set_name(&self, name: &str) {
        if self.is_alive() {
            // It may end just now: then there is nothing to rename.
            let _ = std::fs::write(
                format!("/proc/self/task/{}/comm", self.tid),
                list::kept(name),
            );
        }
    }

    /// The system's number for the thread: Python's `t.native_id`.
    ///
    /// ```
    /// let handle = support::thread::spawn_named("who", support::thread::tid);
    /// let tid = handle.tid();
    /// assert_eq!(handle.join().unwrap(), tid);
    /// ```
    pub fn tid(&self) -> i32 {
        self.tid
    }

    /// std's handle to the thread, to `unpark` it.
    ///
    /// ```
    /// let sleeper = support::thread::spawn_named("sleeper", || std::thread::park());
    /// sleeper.thread().unpark();
    /// sleeper.join().unwrap();
    /// ```
    pub fn thread(&self) -> &Thread {
        self.thread.thread()
    }
}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("name", &self.name)
            .field("tid", &self.tid)
            .finish()
    }
}

/// A thread ended by a panic: the error of its join.
///
/// ```
/// let failed = support::thread::spawn_named("unlucky", || panic!("why?")).join();
/// let error = failed.unwrap_err();
/// assert_eq!((error.thread(), error.message()), ("unlucky", "why?"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked {
    thread: String,
    message: String,
}

impl Panicked {
    /// The name that the thread was started with.
    ///
    /// ```
    /// let failed = support::thread::spawn_named("unlucky", || panic!("why?")).join();
    /// assert_eq!(failed.unwrap_err().thread(), "unlucky");
    /// ```
    pub fn thread(&self) -> &str {
        &self.thread
    }

    /// What the thread panicked with, if that was a text.
    ///
    /// ```
    /// let failed = support::thread::spawn_named("odd", || std::panic::panic_any(7)).join();
    /// assert_eq!(failed.unwrap_err().message(), "(not a text)");
    /// ```
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "thread '{}' panicked: {}", self.thread, self.message)
    }
}

impl std::error::Error for Panicked {}

pub(crate) fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| text.to_string());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "(not a text)".to_string())
}
