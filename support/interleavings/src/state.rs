//! A thread of the explored program, and what it stands before.

use corosensei::Yielder;

use super::memory::Sight;
use super::object::Op;

/// A thread of the explored program.
pub(super) struct Thread {
    pub name: String,
    pub state: State,
    /// It lets others go first until one of them has taken a step.
    pub yielded: bool,
    pub sight: Sight,
    /// Its function, until it runs.
    pub start: Option<Box<dyn FnOnce()>>,
    /// By which it lets others go on; null until it runs.
    pub yielder: *const Yielder<(), ()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It runs, or will without a choice: until its next visible operation.
    Local,
    /// It stands before this operation.
    Before(Op),
    Finished,
}
