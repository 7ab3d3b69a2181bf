//! A call that is made later.

use std::fmt;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use super::{Handle, Panicked, spawn_named};

/// A call that a thread of its own makes after a time: Python's `threading.Timer`, started.
///
/// Dropped, it goes on without its handle. A thread for each timer is a high price for many of
/// them: `tokio::time::sleep` in a task costs no thread.
///
/// ```
/// use std::time::Duration;
/// use support::thread::Timer;
///
/// let timer = Timer::start(Duration::from_millis(1), || println!("now"));
/// assert!(timer.join().unwrap());
/// ```
pub struct Timer {
    thread: Handle<bool>,
    cancel: Sender<()>,
}

impl Timer {
    /// Calls `f` after this time, in a thread named "timer".
    ///
    /// # Panics
    ///
    /// If the system has no room for one more thread.
    ///
    /// ```
    /// use std::time::Duration;
    /// use support::thread::Timer;
    ///
    /// let timer = Timer::start(Duration::from_secs(600), || println!("never said"));
    /// timer.cancel();
    /// assert!(!timer.join().unwrap());
    /// ```
    pub fn start<F: FnOnce() + Send + 'static>(after: Duration, f: F) -> Timer {
        Timer::of(after, Box::new(f))
    }

    fn of(after: Duration, f: Box<dyn FnOnce() + Send>) -> Timer {
        let (cancel, cancelled) = channel::<()>();
        let begun = Instant::now();
        let thread = spawn_named("timer", move || {
            use std::sync::mpsc::RecvTimeoutError::{Disconnected, Timeout};
            match cancelled.recv_timeout(after) {
                Ok(()) => return false,
                Err(Timeout) => {}
                // The handle was dropped: nobody can cancel it any more.
                Err(Disconnected) => std::thread::sleep(after.saturating_sub(begun.elapsed())),
            }
            f();
            true
        });
        Timer { thread, cancel }
    }

    /// Stops the timer, unless the call has begun. Does not block.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let timer = support::thread::Timer::start(Duration::from_secs(600), || ());
    /// timer.cancel();
    /// assert!(!timer.join().unwrap());
    /// ```
    pub fn cancel(&self) {
        // The thread may have ended: then there is nothing to stop.
        let _ = self.cancel.send(());
    }

    /// Waits for the end, and tells whether the call was made: `false` if it was cancelled.
    ///
    /// # Errors
    ///
    /// If the call panicked, its message.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// assert!(support::thread::Timer::start(Duration::ZERO, || ()).join().unwrap());
    /// ```
    pub fn join(self) -> Result<bool, Panicked> {
        self.thread.join()
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer")
            .field("alive", &self.thread.is_alive())
            .finish()
    }
}
