//! A thread of the explored program, and what it stands before.

use std::any::Any;
use std::panic::Location;
use std::rc::Rc;

use corosensei::Yielder;

use super::memory::{Sight, View};
use super::object::Op;

/// A thread of the explored program.
pub(super) struct Thread {
    pub name: String,
    pub state: State,
    /// Where it stands.
    pub at: &'static Location<'static>,
    /// The steps without which it would not stand there: of those who started it, or for whom it has
    /// waited, since its last own.
    pub since: Vec<usize>,
    /// The step during which it came to its end.
    pub ended: usize,
    /// Loops in which it has waited for steps of others.
    pub waits: Vec<Wait>,
    /// Whether it has taken a step since it last yielded.
    pub moved: bool,
    pub sight: Sight,
    /// Somebody has unparked it; and what those knew.
    pub token: bool,
    pub token_view: View,
    /// Where its last weak exchange failed without a reason.
    pub failed_at: Option<&'static Location<'static>>,
    /// How often it may still wake without a reason.
    pub spurious: u32,
    /// Its `thread_local!` values, by the addresses of their keys.
    pub locals: Vec<(usize, Rc<dyn Any>)>,
    /// Its function, until it runs.
    pub start: Option<Box<dyn FnOnce()>>,
    /// By which it lets others go on; null until it runs.
    pub yielder: *const Yielder<(), ()>,
}

/// A thread yields at one place again and again, while another could go on and did not.
pub(super) struct Wait {
    pub other: usize,
    pub at: &'static Location<'static>,
    pub rounds: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It runs, or will without a choice: until its next visible operation.
    Local,
    /// It stands before this operation.
    Before(Op),
    Finished,
}
