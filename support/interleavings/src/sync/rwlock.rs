//! A read-write lock of an explored program.

use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

use super::lock::{Guard, kind, take, try_take};
use crate::id::{Id, debug_by_name, make, text};
use crate::object::Op;
use crate::value::Value;

/// `std::sync::RwLock` of an explored program: many readers or one writer. Taking it is a step of
/// the search. No side is preferred: whoever can go on may be the next.
///
/// ```
/// use interleavings::{self, sync::RwLock};
///
/// let report = interleavings::all(|| {
///     let prices = RwLock::named("prices", vec![1, 2]);
///     prices.write().unwrap().push(3);
///     let (one, other) = (prices.read().unwrap(), prices.read().unwrap());
///     assert_eq!(one.len() + other.len(), 6);
/// });
/// assert!(report.passed());
/// ```
pub struct RwLock<T> {
    id: Id,
    /// As that of a `Mutex`.
    value: std::sync::RwLock<T>,
}

impl<T: Value> RwLock<T> {
    /// A lock called "RwLock 1" and so on.
    ///
    /// # Panics
    ///
    /// Outside of an explored program.
    ///
    /// ```
    /// use interleavings::{self, sync::RwLock};
    ///
    /// assert!(interleavings::all(|| drop(RwLock::new(1))).passed());
    /// ```
    #[track_caller]
    pub fn new(value: T) -> RwLock<T> {
        RwLock::made(None, value)
    }

    /// A lock that reports call by this name. Panics as [`RwLock::new`].
    ///
    /// ```
    /// use interleavings::{self, sync::RwLock};
    ///
    /// assert!(interleavings::all(|| drop(RwLock::named("prices", 1))).passed());
    /// ```
    #[track_caller]
    pub fn named(name: &str, value: T) -> RwLock<T> {
        RwLock::made(Some(name), value)
    }

    #[track_caller]
    fn made(name: Option<&str>, value: T) -> RwLock<T> {
        RwLock {
            id: make(kind("RwLock"), name, text(&value)),
            value: value.into(),
        }
    }

    /// Waits until no writer holds it, and takes it beside other readers.
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
    /// use interleavings::{self, sync::RwLock};
    ///
    /// assert!(interleavings::all(|| assert_eq!(*RwLock::new(1).read().unwrap(), 1)).passed());
    /// ```
    #[track_caller]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        take(self.id, Op::Read, "read");
        Ok(self.reading())
    }

    /// Waits until nobody holds it, and takes it alone.
    ///
    /// # Errors
    ///
    /// None: it is never poisoned.
    ///
    /// # Panics
    ///
    /// As [`RwLock::read`].
    ///
    /// ```
    /// use interleavings::{self, sync::RwLock};
    ///
    /// assert!(interleavings::all(|| *RwLock::new(1).write().unwrap() = 2).passed());
    /// ```
    #[track_caller]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        take(self.id, Op::Lock, "write");
        Ok(self.writing())
    }

    /// Takes it for reading if no writer holds it. Whoever lets go then takes a step, too: see
    /// [`Mutex::try_lock`](super::Mutex::try_lock).
    ///
    /// # Errors
    ///
    /// `WouldBlock` if a writer holds it.
    ///
    /// ```
    /// use interleavings::{self, sync::RwLock};
    ///
    /// let report = interleavings::all(|| {
    ///     let lock = RwLock::new(1);
    ///     let _reader = lock.read().unwrap();
    ///     assert!(lock.try_read().is_ok() && lock.try_write().is_err());
    /// });
    /// assert!(report.passed());
    /// ```
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        if !try_take(self.id, Op::Read, "try_read") {
            return Err(TryLockError::WouldBlock);
        }
        Ok(self.reading())
    }

    /// Takes it alone if nobody holds it. See [`RwLock::try_read`].
    ///
    /// # Errors
    ///
    /// `WouldBlock` if somebody holds it.
    ///
    /// ```
    /// use interleavings::{self, sync::RwLock};
    ///
    /// assert!(interleavings::all(|| *RwLock::new(1).try_write().unwrap() = 2).passed());
    /// ```
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        if !try_take(self.id, Op::Lock, "try_write") {
            return Err(TryLockError::WouldBlock);
        }
        Ok(self.writing())
    }

    fn reading(&self) -> RwLockReadGuard<'_, T> {
        Guard::new(self.id, (), self.value.try_read())
    }

    fn writing(&self) -> RwLockWriteGuard<'_, T> {
        Guard::new(self.id, (), self.value.try_write())
    }

    /// The value.
    ///
    /// # Errors
    ///
    /// None.
    ///
    /// ```
    /// use interleavings::{self, sync::RwLock};
    ///
    /// assert!(interleavings::all(|| assert_eq!(RwLock::new(1).into_inner().unwrap(), 1)).passed());
    /// ```
    pub fn into_inner(self) -> LockResult<T> {
        Ok(self
            .value
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T: Value + Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> RwLock<T> {
        RwLock::new(T::default())
    }
}

debug_by_name!(RwLock<T>);

/// An [`RwLock`] held for reading; dropped, it lets go.
///
/// ```
/// use interleavings::{self, sync::{RwLock, RwLockReadGuard}};
///
/// let report = interleavings::all(|| {
///     let lock = RwLock::new(1);
///     let guard: RwLockReadGuard<'_, i32> = lock.read().unwrap();
///     assert_eq!(*guard, 1);
/// });
/// assert!(report.passed());
/// ```
pub type RwLockReadGuard<'a, T> = Guard<(), std::sync::RwLockReadGuard<'a, T>>;

/// An [`RwLock`] held for writing; dropped, it lets go.
///
/// ```
/// use interleavings::{self, sync::{RwLock, RwLockWriteGuard}};
///
/// let report = interleavings::all(|| {
///     let lock = RwLock::new(1);
///     let mut guard: RwLockWriteGuard<'_, i32> = lock.write().unwrap();
///     *guard += 1;
/// });
/// assert!(report.passed());
/// ```
pub type RwLockWriteGuard<'a, T> = Guard<(), std::sync::RwLockWriteGuard<'a, T>>;
