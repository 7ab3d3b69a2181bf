//! What a child does as it is forked, whoever forks it.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::parent;

/// Whether this process was forked from one that had this crate loaded.
static CHILD: AtomicBool = AtomicBool::new(false);

/// From now on children know that they are. Only the first call does something.
///
/// [`Process::spawn`](crate::Process::spawn) calls it; a program whose bare forks are to be told apart
/// by [`current_name`](crate::current_name) calls it as it begins.
///
/// ```
/// processes::watch_forks();
/// assert_eq!(processes::current_name(), "main");
/// ```
pub fn watch_forks() {
    extern "C" fn in_child() {
        CHILD.store(true, Relaxed);
        parent::leave();
    }
    static ONCE: Once = Once::new();
    // SAFETY: the handler is a function of this library, which is never unloaded, and makes
    // only calls that are safe in a signal handler.
    ONCE.call_once(|| unsafe {
        libc::pthread_atfork(None, None, Some(in_child));
    });
}

pub(crate) fn is_child() -> bool {
    CHILD.load(Relaxed)
}
