//! A value in shared memory, behind a lock.

use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::Plain;
use super::limit::Limit;
use super::lock::{Held, Lock};
use super::mapping::Mapping;

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
    cell: Arc<Cell>,
    value: PhantomData<fn(T) -> T>,
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
        let cell = Cell::new(size_of::<T>(), align_of::<T>());
        // SAFETY: the copy is large enough and aligned for a T, and nobody else knows of it yet.
        unsafe { cell.copy(0).cast().write(value) };
        Shared {
            cell: Arc::new(cell),
            value: PhantomData,
        }
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
        let _held = self.cell.lock();
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
        let _held = self.cell.lock();
        let mut value = self.read();
        let result = change(&mut value);
        let other = 1 - self.cell.current();
        // SAFETY: a copy is large enough and aligned for a T; only the lock's holder touches it.
        unsafe { self.cell.copy(other).cast().write(value) };
        self.cell.choose(other);
        result
    }

    /// The copy that counts. Only for the holder of the lock.
    fn read(&self) -> T {
        // SAFETY: this copy was written by `new` or `update`, whole, and is a T without addresses;
        // nobody writes to it while the lock is held.
        unsafe { self.cell.copy(self.cell.current()).cast().read() }
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

#[repr(C)]
struct Header {
    lock: Lock,
    /// Which copy counts: 0 or 1.
    current: AtomicUsize,
}

/// Two copies of some bytes, behind a lock.
struct Cell {
    mapping: Mapping,
    first: usize,
    size: usize,
}

impl Cell {
    fn new(size: usize, align: usize) -> Cell {
        // A page's beginning is aligned for all but very strange types.
        assert!(align <= 4096, "a value aligned to {align} bytes");
        let first = size_of::<Header>().next_multiple_of(align);
        let size = size.next_multiple_of(align);
        let mapping = Mapping::new(first + 2 * size)
            .unwrap_or_else(|error| panic!("no memory for a shared value: {error}"));
        let header = mapping.base().cast::<Header>().as_ptr();
        // SAFETY: the mapping begins with a header, and nobody else knows of it yet.
        unsafe { Lock::init(&raw mut (*header).lock) };
        Cell {
            mapping,
            first,
            size,
        }
    }

    fn header(&self) -> &Header {
        // SAFETY: the mapping begins with a header that was made ready in `new`.
        unsafe { self.mapping.base().cast().as_ref() }
    }

    fn lock(&self) -> Held<'_> {
        let held = self.header().lock.lock(Limit::NONE);
        held.expect("a wait without a limit ends with the lock")
    }

    fn copy(&self, which: usize) -> NonNull<u8> {
        // SAFETY: two copies follow the header within the mapping; see `new`.
        unsafe { self.mapping.base().add(self.first + which * self.size) }
    }

    fn current(&self) -> usize {
        self.header().current.load(Relaxed) & 1
    }

    /// The one store that makes a change valid. The lock orders it for other processes.
    fn choose(&self, which: usize) {
        // Not before the copy is written: the process may be killed between the two, and another
        // would find the copy half written.
        self.header()
            .current
            .store(which, std::sync::atomic::Ordering::Release);
    }
}
