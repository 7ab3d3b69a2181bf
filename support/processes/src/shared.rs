//! A value in shared memory, behind a lock.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};

use crate::limit::Limit;
use crate::lock::{Held, Lock};
use crate::mapping::Mapping;
use crate::plain::Plain;

/// A value that this process shares with the children that it forks, behind a lock: what Python
/// calls `multiprocessing.Value` and, for an array, `multiprocessing.Array`.
///
/// Made before the fork. Clones, and the copies in forked children, are the same value. A process
/// that is killed in the middle of an update leaves the value as it was before: there are two
/// copies of it, and one store says which of them counts.
///
/// For a number that is only added to, [`Counter`](super::Counter) is quicker.
///
/// ```
/// use processes::Shared;
/// use nix::sys::wait::waitpid;
/// use nix::unistd::{ForkResult, fork};
///
/// let shared = Shared::new([1, 2, 3]);
/// // SAFETY: the child changes the value and ends.
/// match unsafe { fork() }.unwrap() {
///     ForkResult::Child => {
///         shared.update(|array| array[0] = 100);
///         unsafe { libc::_exit(0) }
///     }
///     ForkResult::Parent { child } => {
///         waitpid(child, None).unwrap();
///         assert_eq!(shared.get(), [100, 2, 3]);
///     }
/// }
/// ```
pub struct Shared<T> {
    cell: Arc<Mapping<Cell>>,
    value: PhantomData<fn(T) -> T>,
}

/// What stands before the two copies of a value.
struct Cell {
    lock: Lock,
    /// Which copy counts: 0 or 1.
    current: AtomicUsize,
}

impl<T: Plain> Shared<T> {
    /// Puts a value into shared memory: at least a page, 4 KiB.
    ///
    /// # Panics
    ///
    /// If the system has no address space left.
    ///
    /// ```
    /// assert_eq!(processes::Shared::new('x').get(), 'x');
    /// ```
    pub fn new(value: T) -> Shared<T> {
        let (size, align) = (size_of::<T>(), align_of::<T>());
        // A page's beginning is aligned for all but very strange types.
        assert!(align <= 4096, "a value aligned to {align} bytes");
        let cell = Cell {
            lock: Lock::unready(),
            current: AtomicUsize::new(0),
        };
        let cell = Mapping::new(cell, align + 2 * size)
            .unwrap_or_else(|error| panic!("no memory for a shared value: {error}"));
        // SAFETY: it lies where it stays, and nobody else knows of it yet.
        unsafe { cell.lock.make_ready() };
        let shared = Shared {
            cell: Arc::new(cell),
            value: PhantomData,
        };
        shared.write(0, value);
        shared
    }

    /// The value as it is now. Blocks while another process or thread updates it.
    ///
    /// It may change at the next moment: what was got may be changed and set again only within
    /// [`Shared::update`], else another's change in between is lost.
    ///
    /// # Panics
    ///
    /// If called within an update of the same value.
    ///
    /// ```
    /// assert_eq!(processes::Shared::new((1, 2.5)).get(), (1, 2.5));
    /// ```
    pub fn get(&self) -> T {
        let _held = self.lock();
        self.read()
    }

    /// Replaces the value. Blocks while another process or thread updates it.
    ///
    /// # Panics
    ///
    /// If called within an update of the same value.
    ///
    /// ```
    /// let shared = processes::Shared::new(1);
    /// shared.set(2);
    /// assert_eq!(shared.get(), 2);
    /// ```
    pub fn set(&self, value: T) {
        self.update(|old| *old = value);
    }

    /// Changes the value, with nobody else in between, and returns what `change` returns.
    ///
    /// Blocks while another process or thread updates it, and others wait while `change` runs. The
    /// change becomes valid when `change` returns: if that panics, or its process is killed, the
    /// value stays as it was.
    ///
    /// # Panics
    ///
    /// If called within an update of the same value.
    ///
    /// ```
    /// let shared = processes::Shared::new(20);
    /// let before = shared.update(|n| std::mem::replace(n, *n + 22));
    /// assert_eq!((before, shared.get()), (20, 42));
    /// ```
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let _held = self.lock();
        let mut value = self.read();
        let result = change(&mut value);
        let other = 1 - self.current();
        self.write(other, value);
        // The one store that makes the change valid. Not before the copy is written: the process
        // may be killed between the two, and another would find the copy half written.
        self.cell.current.store(other, Release);
        result
    }

    fn lock(&self) -> Held<'_> {
        let held = self.cell.lock.lock(Limit::NONE);
        held.expect("a wait without a limit ends with the lock")
    }

    fn current(&self) -> usize {
        self.cell.current.load(Relaxed) & 1
    }

    /// The copy that counts. Only for the holder of the lock.
    fn read(&self) -> T {
        // SAFETY: this copy was written by `new` or `update`, whole, and is a T without addresses;
        // nobody writes to it while the lock is held.
        unsafe { self.copy(self.current()).read() }
    }

    /// Only for the holder of the lock, or before anybody else knows of it.
    fn write(&self, which: usize, value: T) {
        // SAFETY: a copy is large enough and aligned for a T, and only the lock's holder touches it.
        unsafe { self.copy(which).write(value) };
    }

    /// One of the two copies, behind the header (see `new`).
    fn copy(&self, which: usize) -> *mut T {
        let rest = self.cell.rest();
        let first = rest.wrapping_add(rest.align_offset(align_of::<T>()));
        first.cast::<T>().wrapping_add(which)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Shared<T> {
        Shared {
            cell: Arc::clone(&self.cell),
            value: PhantomData,
        }
    }
}

impl<T: Plain + fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shared").field(&self.get()).finish()
    }
}
