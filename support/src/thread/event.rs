//! A flag that threads wait for.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A flag that is set once for all who wait for it: Python's `threading.Event`.
///
/// It remembers that it was set, so a thread that comes later does not wait: that is what a
/// `Condvar` alone does not do. To give each of several waiters a value of its own, use a channel.
///
/// ```
/// use support::thread::{self, Event};
///
/// let ready = Event::new();
/// thread::scope(|scope| {
///     scope.spawn(|| ready.wait());
///     ready.set();
/// });
/// assert!(ready.is_set());
/// ```
#[derive(Debug, Default)]
pub struct Event {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Event {
    /// An event that is not set.
    ///
    /// ```
    /// assert!(!support::thread::Event::new().is_set());
    /// ```
    pub const fn new() -> Event {
        Event {
            set: Mutex::new(false),
            changed: Condvar::new(),
        }
    }

    /// Sets it, and wakes all who wait.
    ///
    /// ```
    /// let event = support::thread::Event::new();
    /// event.set();
    /// event.wait(); // returns at once
    /// ```
    pub fn set(&self) {
        *self.lock() = true;
        self.changed.notify_all();
    }

    /// Unsets it: who comes from now on waits. Those who were woken go on.
    ///
    /// ```
    /// let event = support::thread::Event::new();
    /// event.set();
    /// event.clear();
    /// assert!(!event.is_set());
    /// ```
    pub fn clear(&self) {
        *self.lock() = false;
    }

    /// Whether it is set. Does not wait.
    ///
    /// ```
    /// assert!(!support::thread::Event::new().is_set());
    /// ```
    pub fn is_set(&self) -> bool {
        *self.lock()
    }

    /// Blocks the calling thread until the event is set, however long.
    ///
    /// ```
    /// let event = support::thread::Event::new();
    /// event.set();
    /// event.wait();
    /// ```
    pub fn wait(&self) {
        let woken = self.changed.wait_while(self.lock(), |set| !*set);
        drop(woken.unwrap_or_else(PoisonError::into_inner));
    }

    /// Blocks until the event is set, but no longer than `limit`; tells whether it is set.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let event = support::thread::Event::new();
    /// assert!(!event.wait_timeout(Duration::from_millis(1)));
    /// event.set();
    /// assert!(event.wait_timeout(Duration::from_millis(1)));
    /// ```
    pub fn wait_timeout(&self, limit: Duration) -> bool {
        let woken = self
            .changed
            .wait_timeout_while(self.lock(), limit, |set| !*set);
        let (set, _) = woken.unwrap_or_else(PoisonError::into_inner);
        *set
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        // A flag is whole whatever a thread that held it did.
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
