//! What is done once, of an explored program: made of a mutex and an atomic, as one would by hand.

use std::fmt;

use super::atomic::{AtomicBool, Ordering};
use super::mutex::Mutex;

/// `std::sync::Once` of an explored program. To look whether it was done is a step, and so is to take
/// the lock that keeps the others waiting.
///
/// ```
/// use interleavings::{self, sync::{Once, atomic::{AtomicU32, Ordering::SeqCst}}, thread};
///
/// let report = interleavings::all(|| {
///     let (once, runs) = (Once::new(), AtomicU32::new(0));
///     thread::scope(|scope| for _ in 0..2 {
///         scope.spawn(|| {
///             once.call_once(|| _ = runs.fetch_add(1, SeqCst));
///             assert_eq!(runs.load(SeqCst), 1);
///         });
///     });
/// });
/// assert!(report.passed());
/// ```
#[derive(Debug)]
pub struct Once {
    done: AtomicBool,
    lock: Mutex<()>,
}

impl Once {
    /// One that was not done yet. See [`Once`].
    ///
    /// # Panics
    ///
    /// Outside of an explored program.
    #[expect(clippy::new_without_default, reason = "it belongs to an execution")]
    #[track_caller]
    pub fn new() -> Once {
        Once::named("Once")
    }

    /// One that reports call by this name. Panics as [`Once::new`].
    #[track_caller]
    pub fn named(name: &str) -> Once {
        Once {
            done: AtomicBool::named(&format!("{name} is done"), false),
            lock: Mutex::named(&format!("{name}'s lock"), ()),
        }
    }

    /// Runs the function if none was run yet; waits if one runs. See [`Once`].
    #[track_caller]
    pub fn call_once(&self, work: impl FnOnce()) {
        if self.is_completed() {
            return;
        }
        let _guard = self.lock.lock();
        if !self.done.load(Ordering::Relaxed) {
            work();
            self.done.store(true, Ordering::Release);
        }
    }

    /// Whether it was done: what was done then is seen. See [`Once`].
    #[track_caller]
    pub fn is_completed(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }
}

/// `std::sync::OnceLock` of an explored program: a value that is made once.
///
/// ```
/// use interleavings::{self, sync::OnceLock, thread};
///
/// let report = interleavings::all(|| {
///     let value = OnceLock::new();
///     thread::scope(|scope| for n in 1..=2 {
///         let value = &value;
///         scope.spawn(move || value.get_or_init(|| n));
///     });
///     assert!(matches!(value.get(), Some(1 | 2)));
/// });
/// assert!(report.passed());
/// ```
pub struct OnceLock<T> {
    once: Once,
    value: std::sync::OnceLock<T>,
}

impl<T> OnceLock<T> {
    /// One without a value. See [`OnceLock`].
    ///
    /// # Panics
    ///
    /// Outside of an explored program.
    #[expect(clippy::new_without_default, reason = "it belongs to an execution")]
    #[track_caller]
    pub fn new() -> OnceLock<T> {
        OnceLock::named("OnceLock")
    }

    /// One that reports call by this name. Panics as [`OnceLock::new`].
    #[track_caller]
    pub fn named(name: &str) -> OnceLock<T> {
        OnceLock {
            once: Once::named(name),
            value: std::sync::OnceLock::new(),
        }
    }

    /// The value, if it is seen to be there. See [`OnceLock`].
    #[track_caller]
    pub fn get(&self) -> Option<&T> {
        let is_made = self.once.is_completed();
        self.value.get().filter(|_| is_made)
    }

    /// Puts a value in. See [`OnceLock`].
    ///
    /// # Errors
    ///
    /// The value, if there is one already.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), T> {
        let mut value = Some(value);
        self.get_or_init(|| value.take().expect("it is called once"));
        value.map_or(Ok(()), Err)
    }

    /// The value, made now if there was none; waits if another thread makes it. See [`OnceLock`].
    ///
    /// # Panics
    ///
    /// If the function does, or makes the value itself by way of this one.
    #[track_caller]
    pub fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        self.once.call_once(|| _ = self.value.set(make()));
        self.value.get().expect("it was made")
    }
}

impl<T> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OnceLock").field(&self.once).finish()
    }
}
