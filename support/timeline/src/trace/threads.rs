//! Which thread of the system a thread of std is, for those that are joined through a trace.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

use super::who;

/// What std tells of a thread and what the system calls it; of this process alone.
#[derive(Default)]
pub(super) struct Threads(Mutex<Vec<(ThreadId, u32)>>);

impl Threads {
    /// Called by the thread itself, as it begins.
    pub fn remember(&self) {
        let me = (std::thread::current().id(), who::me().tid);
        self.list().push(me);
    }

    /// Called when it was joined.
    pub fn forget(&self, id: ThreadId) -> Option<u32> {
        let mut list = self.list();
        let place = list.iter().position(|(other, _)| *other == id)?;
        Some(list.swap_remove(place).1)
    }

    fn list(&self) -> MutexGuard<'_, Vec<(ThreadId, u32)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
