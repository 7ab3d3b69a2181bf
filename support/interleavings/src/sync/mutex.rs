//! A mutex of an explored program.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

use super::lock::{free, free_now, never, refused, took, tries};
use crate::id::{Id, debug_by_name, make, text};
use crate::object::{Kind, Op};
use crate::value::Value;
use crate::world::{point, with};

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
            id: make(Kind::Mutex { holder: None }, name, text(&value)),
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
        take(self.id);
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
        if try_take(self.id) {
            Ok(self.guard())
        } else {
            Err(TryLockError::WouldBlock)
        }
    }

    fn guard(&self) -> MutexGuard<'_, T> {
        MutexGuard {
            mutex: self,
            value: Some(free_now(self.value.try_lock())),
        }
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
#[must_use = "the lock is held until the guard is dropped: bind it to a name"]
pub struct MutexGuard<'a, T: Value> {
    mutex: &'a Mutex<T>,
    /// None where a condition variable has taken it.
    value: Option<std::sync::MutexGuard<'a, T>>,
}

impl<'a, T: Value> MutexGuard<'a, T> {
    pub(super) fn id(&self) -> Id {
        self.mutex.id
    }

    /// Without telling the world: for a condition variable, which does so itself.
    pub(super) fn into_mutex(self) -> &'a Mutex<T> {
        let mut guard = ManuallyDrop::new(self);
        guard.value = None;
        guard.mutex
    }

    /// The guard of a mutex that the caller holds.
    pub(super) fn again(mutex: &'a Mutex<T>) -> MutexGuard<'a, T> {
        mutex.guard()
    }
}

const HELD: &str = "only a guard that is no more has none";

impl<T: Value> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect(HELD)
    }
}

impl<T: Value> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect(HELD)
    }
}

impl<T: Value + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Value> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        let_go(self.mutex.id, text(&**self));
    }
}

#[inline(never)]
#[track_caller]
pub(super) fn take(id: Id) {
    // Before the wait: of another execution's mutex nothing is known here.
    let place = with(|world| id.of(world));
    take_again(place);
}

/// [`take`] for one of this execution.
#[track_caller]
pub(super) fn take_again(place: usize) {
    point(Op::Lock(place));
    taken(place);
}

/// The caller was let go on: it holds the mutex now.
pub(super) fn taken(place: usize) {
    let is_free = with(|world| {
        let now = world.now;
        let Kind::Mutex { holder } = &mut world.objects[place].kind else {
            return false;
        };
        let is_free = holder.is_none();
        if is_free {
            *holder = Some(now);
            took(world, place, "lock");
        }
        is_free
    });
    if !is_free {
        never();
    }
}

#[inline(never)]
#[track_caller]
fn try_take(id: Id) -> bool {
    let place = with(|world| id.of(world));
    tries();
    point(Op::Change(place));
    with(|world| {
        let now = world.now;
        let free = match &mut world.objects[place].kind {
            Kind::Mutex { holder } if holder.is_none() => {
                *holder = Some(now);
                true
            }
            _ => false,
        };
        if free {
            took(world, place, "try_lock");
        } else {
            refused(world, place, "try_lock");
        }
        free
    })
}

#[inline(never)]
pub(super) fn let_go(id: Id, value: Option<String>) {
    free(id, value, |mutex, _| {
        if let Kind::Mutex { holder } = &mut mutex.kind {
            *holder = None;
        }
    });
}
