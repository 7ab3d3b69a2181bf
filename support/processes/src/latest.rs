//! A value of one process, in a static that its forked children inherit and replace.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering::SeqCst};

/// What was stored last, if anything. It is never freed: no lock is needed to look at it, which a
/// thread of the parent, one that does not exist in a forked child, could have held at the fork.
///
/// ```
/// use processes::latest::Latest;
///
/// static NUMBER: Latest<u32> = Latest::new();
/// assert!(NUMBER.replace(None, 1) && !NUMBER.replace(None, 2));
/// assert_eq!(NUMBER.get(), Some(&1));
/// ```
#[derive(Debug, Default)]
pub struct Latest<T: 'static>(AtomicPtr<T>);

impl<T: Send + Sync> Latest<T> {
    /// Without a value yet. See [`Latest`].
    pub const fn new() -> Latest<T> {
        Latest(AtomicPtr::new(null_mut()))
    }

    /// What was stored last. See [`Latest`].
    pub fn get(&self) -> Option<&'static T> {
        // SAFETY: what is stored was a box, which is never freed.
        unsafe { self.0.load(SeqCst).as_ref() }
    }

    /// Stores this value, whatever was there. See [`Latest`].
    pub fn set(&self, value: Box<T>) {
        self.0.store(Box::into_raw(value), SeqCst);
    }

    /// Stores this value if nobody else has stored one since `seen` was looked at; false if
    /// somebody has. See [`Latest`].
    pub fn replace(&self, seen: Option<&'static T>, value: T) -> bool {
        let seen = seen.map_or(null_mut(), |seen| std::ptr::from_ref(seen).cast_mut());
        let value = Box::into_raw(Box::new(value));
        // Whoever was quicker has stored as good a one; this one is leaked.
        let stored = self.0.compare_exchange(seen, value, SeqCst, SeqCst);
        stored.is_ok()
    }
}
