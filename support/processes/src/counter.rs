//! A number in shared memory.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

use crate::mapping::Mapping;

/// A number that this process shares with the children that it forks: all add to it, none waits.
///
/// Made before the fork. Clones, and the copies in forked children, are the same number. It wraps
/// around at the ends of `i64`.
///
/// ```
/// use processes::Counter;
/// use nix::sys::wait::waitpid;
/// use nix::unistd::{ForkResult, fork};
///
/// let counter = Counter::new(40);
/// // SAFETY: the child adds and ends.
/// match unsafe { fork() }.unwrap() {
///     ForkResult::Child => {
///         counter.add(2);
///         unsafe { libc::_exit(0) }
///     }
///     ForkResult::Parent { child } => {
///         waitpid(child, None).unwrap();
///         assert_eq!(counter.get(), 42);
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Counter {
    number: Arc<Mapping<AtomicI64>>,
}

impl Counter {
    /// A counter that begins with this number.
    ///
    /// # Panics
    ///
    /// If the system has no address space left.
    ///
    /// ```
    /// assert_eq!(processes::Counter::new(7).get(), 7);
    /// ```
    pub fn new(number: i64) -> Counter {
        let number = Mapping::new(AtomicI64::new(number), 0)
            .unwrap_or_else(|error| panic!("no memory for a counter: {error}"));
        Counter {
            number: Arc::new(number),
        }
    }

    /// Adds `n`, which may be negative, and returns the sum. No two callers get the same sum from
    /// adding 1.
    ///
    /// ```
    /// let counter = processes::Counter::new(0);
    /// assert_eq!((counter.add(5), counter.add(-2)), (5, 3));
    /// ```
    pub fn add(&self, n: i64) -> i64 {
        self.number.fetch_add(n, SeqCst).wrapping_add(n)
    }

    /// The number as it is now.
    ///
    /// ```
    /// assert_eq!(processes::Counter::new(0).get(), 0);
    /// ```
    pub fn get(&self) -> i64 {
        self.number.load(SeqCst)
    }

    /// Replaces the number.
    ///
    /// ```
    /// let counter = processes::Counter::new(1);
    /// counter.set(-1);
    /// assert_eq!(counter.get(), -1);
    /// ```
    pub fn set(&self, number: i64) {
        self.number.store(number, SeqCst);
    }
}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Counter").field(&self.get()).finish()
    }
}
