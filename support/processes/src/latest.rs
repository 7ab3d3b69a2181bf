//! A value of one process, in a static that its forked children inherit and replace.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering::SeqCst};

/// What was stored last, if anything. It is never freed: no lock is needed to look at it, which a
/// thread of the parent, one that does not exist in a forked child, could have held at the fork.
pub struct Latest<T: 'static>(AtomicPtr<T>);

impl<T: Send + Sync> Latest<T> {
    pub const fn new() -> Latest<T> {
        Latest(AtomicPtr::new(null_mut()))
    }

    pub fn get(&self) -> Option<&'static T> {
        // SAFETY: what is stored was a box, which is never freed.
        unsafe { self.0.load(SeqCst).as_ref() }
    }

    pub fn set(&self, value: Box<T>) {
        self.0.store(Box::into_raw(value), SeqCst);
    }

    /// Stores this value if nobody else has stored one since `seen` was looked at.
    pub fn replace(&self, seen: Option<&'static T>, value: T) {
        let seen = seen.map_or(null_mut(), |seen| std::ptr::from_ref(seen).cast_mut());
        let value = Box::into_raw(Box::new(value));
        // Whoever was quicker has stored as good a one; this one is leaked.
        let _ = self.0.compare_exchange(seen, value, SeqCst, SeqCst);
    }
}
