//! A read-write lock of an explored program.

use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use super::lock::{free, never, refused, took, tries};
use crate::id::{Id, make, text};
use crate::memory::View;
use crate::object::{Kind, Op};
use crate::value::Value;
use crate::world::{World, point, with};
use std::sync::{LockResult, TryLockError, TryLockResult};

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
    value: UnsafeCell<T>,
}

// SAFETY: as `Mutex`; and several threads may read at once, which is what `T: Sync` is for.
unsafe impl<T: Send + Sync> Sync for RwLock<T> {}

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
        let id = make(kind(), None, text(&value));
        RwLock {
            id,
            value: UnsafeCell::new(value),
        }
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
        let id = make(kind(), Some(name), text(&value));
        RwLock {
            id,
            value: UnsafeCell::new(value),
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
        Ok(RwLockReadGuard {
            lock: self,
            not_send: PhantomData,
        })
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
        Ok(RwLockWriteGuard {
            lock: self,
            not_send: PhantomData,
        })
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
        Ok(RwLockReadGuard {
            lock: self,
            not_send: PhantomData,
        })
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
        Ok(RwLockWriteGuard {
            lock: self,
            not_send: PhantomData,
        })
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
        Ok(self.value.into_inner())
    }
}

impl<T: Value + Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> RwLock<T> {
        RwLock::new(T::default())
    }
}

impl<T> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RwLock").field(&self.id.name()).finish()
    }
}

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
    lock: &'a RwLock<T>,
    not_send: PhantomData<*const ()>,
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
    lock: &'a RwLock<T>,
    not_send: PhantomData<*const ()>,
}

impl<T: Value> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the guard exists, so no writer holds the lock.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T: Value> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the guard exists, so this thread alone holds the lock.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T: Value> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard exists, so this thread alone holds the lock.
        unsafe { &mut *self.lock.value.get() }
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
        let_go(self.lock.id, None);
    }
}

impl<T: Value> Drop for RwLockWriteGuard<'_, T> {
    fn drop(&mut self) {
        let_go(self.lock.id, text(&**self));
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
