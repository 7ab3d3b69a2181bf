//! A read-write lock of an explored program.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

use super::lock::{free, free_now, never, refused, took, tries};
use crate::id::{Id, debug_by_name, make, text};
use crate::memory::View;
use crate::object::{Kind, Op};
use crate::value::Value;
use crate::world::{World, point, with};

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

fn kind() -> Kind {
    Kind::RwLock {
        writer: None,
        readers: Vec::new(),
        read: View::default(),
    }
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
            id: make(kind(), name, text(&value)),
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
        take(self.id, false);
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
        take(self.id, true);
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
        if !try_take(self.id, false) {
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
        if !try_take(self.id, true) {
            return Err(TryLockError::WouldBlock);
        }
        Ok(self.writing())
    }

    fn reading(&self) -> RwLockReadGuard<'_, T> {
        RwLockReadGuard {
            id: self.id,
            value: free_now(self.value.try_read()),
        }
    }

    fn writing(&self) -> RwLockWriteGuard<'_, T> {
        RwLockWriteGuard {
            id: self.id,
            value: free_now(self.value.try_write()),
        }
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
#[must_use = "the lock is held until the guard is dropped: bind it to a name"]
pub struct RwLockReadGuard<'a, T: Value> {
    id: Id,
    value: std::sync::RwLockReadGuard<'a, T>,
}

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
#[must_use = "the lock is held until the guard is dropped: bind it to a name"]
pub struct RwLockWriteGuard<'a, T: Value> {
    id: Id,
    value: std::sync::RwLockWriteGuard<'a, T>,
}

impl<T: Value> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Value> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Value> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: Value + fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Value + fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Value> Drop for RwLockReadGuard<'_, T> {
    fn drop(&mut self) {
        let_go(self.id, None);
    }
}

impl<T: Value> Drop for RwLockWriteGuard<'_, T> {
    fn drop(&mut self) {
        let_go(self.id, text(&**self));
    }
}

#[inline(never)]
#[track_caller]
fn take(id: Id, alone: bool) {
    let place = with(|world| id.of(world));
    point(if alone {
        Op::Write(place)
    } else {
        Op::Read(place)
    });
    let how = if alone { "write" } else { "read" };
    if !with(|world| enter(world, place, alone, how)) {
        never();
    }
}

#[inline(never)]
#[track_caller]
fn try_take(id: Id, alone: bool) -> bool {
    let place = with(|world| id.of(world));
    tries();
    point(Op::Change(place));
    let how = if alone { "try_write" } else { "try_read" };
    with(|world| {
        let enters = enter(world, place, alone, how);
        if !enters {
            refused(world, place, how);
        }
        enters
    })
}

/// Takes it if it is free.
fn enter(world: &mut World, place: usize, alone: bool, how: &str) -> bool {
    let now = world.now;
    let op = if alone {
        Op::Write(place)
    } else {
        Op::Read(place)
    };
    let is_free = world.objects[place].admits(op);
    if let Kind::RwLock {
        writer, readers, ..
    } = &mut world.objects[place].kind
        && is_free
    {
        if alone {
            *writer = Some(now);
        } else {
            readers.push(now);
        }
        took(world, place, how);
    }
    is_free
}

#[inline(never)]
fn let_go(id: Id, value: Option<String>) {
    free(id, value, |lock, now| {
        if let Kind::RwLock {
            writer, readers, ..
        } = &mut lock.kind
        {
            match readers.iter().position(|reader| *reader == now) {
                Some(own) => drop(readers.remove(own)),
                None => *writer = None,
            }
        }
    });
}
