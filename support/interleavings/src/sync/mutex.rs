//! A mutex of an explored program.

use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

use super::lock::{Guard, kind, take, try_take};
use crate::id::{Id, debug_by_name, make, text};
use crate::object::Op;
use crate::value::Value;

/// `std::sync::Mutex` of an explored program. Taking it is a step of the search; letting go of it
/// is one only if somebody uses [`Mutex::try_lock`].
///
/// ```
/// use interleavings::{self, sync::Mutex};
///
/// let report = interleavings::all(|| {
///     let account = Mutex::named("account", 100);
///     *account.lock().unwrap() -= 10;
///     assert_eq!(account.into_inner().unwrap(), 90);
/// });
/// assert!(report.passed());
/// ```
pub struct Mutex<T> {
    id: Id,
    /// Free whenever the world says that the mutex is: nobody waits for it.
    value: std::sync::Mutex<T>,
}

impl<T: Value> Mutex<T> {
    /// A mutex called "Mutex 1" and so on.
    ///
    /// # Panics
    ///
    /// Outside of an explored program.
    ///
    /// ```
    /// use interleavings::{self, sync::Mutex};
    ///
    /// assert!(interleavings::all(|| drop(Mutex::new(1))).passed());
    /// ```
    #[track_caller]
    pub fn new(value: T) -> Mutex<T> {
        Mutex::made(None, value)
    }

    /// A mutex that reports call by this name. Panics as [`Mutex::new`].
    ///
    /// ```
    /// use interleavings::{self, sync::Mutex};
    ///
    /// let report = interleavings::replay("", || drop(Mutex::named("account", 1).lock()));
    /// assert_eq!(report.run().unwrap().steps()[0].operation(), "lock account");
    /// ```
    #[track_caller]
    pub fn named(name: &str, value: T) -> Mutex<T> {
        Mutex::made(Some(name), value)
    }

    #[track_caller]
    fn made(name: Option<&str>, value: T) -> Mutex<T> {
        Mutex {
            id: make(kind("Mutex"), name, text(&value)),
            value: value.into(),
        }
    }

    /// Waits until it is free, and takes it.
    ///
    /// # Errors
    ///
    /// None: it is never poisoned.
    ///
    /// # Panics
    ///
    /// Outside of the execution that it was made in.
    ///
    /// ```
    /// use interleavings::{self, sync::Mutex};
    ///
    /// let twice = interleavings::all(|| {
    ///     let mutex = Mutex::named("m", ());
    ///     let _first = mutex.lock().unwrap();
    ///     let _second = mutex.lock().unwrap();
    /// });
    /// let message = twice.failure().unwrap().message().to_string();
    /// assert_eq!(message, "deadlock: main holds `m` and waits for `m`, which it holds itself");
    /// ```
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        take(self.id, Op::Lock, "lock");
        Ok(self.guard())
    }

    /// Takes it if it is free. Whoever lets go of a lock then takes a step, too: the search
    /// begins anew where it meets the first `try_lock`.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if somebody holds it.
    ///
    /// ```
    /// use interleavings::{self, sync::Mutex};
    ///
    /// let report = interleavings::all(|| {
    ///     let mutex = Mutex::new(());
    ///     let _guard = mutex.try_lock().unwrap();
    ///     assert!(mutex.try_lock().is_err());
    /// });
    /// assert!(report.passed());
    /// ```
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        if try_take(self.id, Op::Lock, "try_lock") {
            Ok(self.guard())
        } else {
            Err(TryLockError::WouldBlock)
        }
    }

    pub(super) fn guard(&self) -> MutexGuard<'_, T> {
        Guard::new(self.id, self, self.value.try_lock())
    }

    /// Never: a panic ends the execution.
    ///
    /// ```
    /// use interleavings::{self, sync::Mutex};
    ///
    /// assert!(interleavings::all(|| assert!(!Mutex::new(0).is_poisoned())).passed());
    /// ```
    pub fn is_poisoned(&self) -> bool {
        false
    }

    /// The value, through the only reference there is.
    ///
    /// # Errors
    ///
    /// None.
    ///
    /// ```
    /// use interleavings::{self, sync::Mutex};
    ///
    /// assert!(interleavings::all(|| *Mutex::new(0).get_mut().unwrap() = 1).passed());
    /// ```
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        Ok(self.value.get_mut().unwrap_or_else(PoisonError::into_inner))
    }

    /// The value.
    ///
    /// # Errors
    ///
    /// None.
    ///
    /// ```
    /// use interleavings::{self, sync::Mutex};
    ///
    /// assert!(interleavings::all(|| assert_eq!(Mutex::new(1).into_inner().unwrap(), 1)).passed());
    /// ```
    pub fn into_inner(self) -> LockResult<T> {
        Ok(self
            .value
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T: Value + Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Mutex<T> {
        Mutex::new(T::default())
    }
}

impl<T: Value> From<T> for Mutex<T> {
    #[track_caller]
    fn from(value: T) -> Mutex<T> {
        Mutex::new(value)
    }
}

debug_by_name!(Mutex<T>);

/// A [`Mutex`] that is held; dropped, it lets go.
///
/// ```
/// use interleavings::{self, sync::{Mutex, MutexGuard}};
///
/// let report = interleavings::all(|| {
///     let mutex = Mutex::new(1);
///     let mut guard: MutexGuard<'_, i32> = mutex.lock().unwrap();
///     *guard += 1;
/// });
/// assert!(report.passed());
/// ```
pub type MutexGuard<'a, T> = Guard<&'a Mutex<T>, std::sync::MutexGuard<'a, T>>;
