//! Which task the calling thread polls: for the line that a panic prints, and for calls that would
//! block the very thread that has to go on for them to return.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

#[derive(Clone, Copy)]
struct Now {
    in_task: bool,
    /// The name of that task, if it has one; valid as long as it stands here.
    name: Option<*const str>,
    /// Whether a runtime of ours polls here.
    polling: bool,
}

thread_local! {
    // `const` and without a destructor: a panic may ask at any time.
    static NOW: Cell<Now> = const {
        Cell::new(Now { in_task: false, name: None, polling: false })
    };
}

/// Puts back what was so before.
struct Guard(Now);

impl Drop for Guard {
    fn drop(&mut self) {
        NOW.set(self.0);
    }
}

/// Runs a poll of a task of this name that some executor makes; `polling` says that it is ours.
fn within<R>(name: Option<&str>, polling: bool, poll: impl FnOnce() -> R) -> R {
    let before = NOW.get();
    // It stands there only while `name` is borrowed: the guard goes before this returns or unwinds.
    let _guard = Guard(NOW.replace(Now {
        in_task: true,
        name: name.map(std::ptr::from_ref),
        polling: polling || before.polling,
    }));
    poll()
}

/// What a panic of the caller is told to be a panic of, if that is a task.
pub(crate) fn task() -> Option<String> {
    let now = NOW.get();
    // SAFETY: a name stands there only while it is borrowed: see `within`.
    let name = now.name.map(|name| unsafe { &*name });
    now.in_task.then(|| match name {
        Some(name) => format!("task '{name}'"),
        None => "an unnamed task".to_string(),
    })
}

/// Panics if the caller is polled by a runtime of ours: it would wait for itself.
#[track_caller]
pub(super) fn may_block(call: &str) {
    if NOW.get().polling {
        panic!("{call} would block the runtime's thread within async code: write `.await` there");
    }
}

/// The future of a task, or of a `block_on`: says while it is polled that it is.
pub(super) struct Running<F> {
    task: Option<Name>,
    future: F,
}

/// A task's name, if it was given one.
pub(super) type Name = Option<Arc<str>>;

impl<F: Future + Unpin> Running<F> {
    /// Of a task.
    pub fn task(name: Name, future: F) -> Running<F> {
        let task = Some(name);
        Running { task, future }
    }

    /// Of a `block_on`: what panics there is the thread.
    pub fn main(future: F) -> Running<F> {
        Running { task: None, future }
    }
}

impl<F: Future + Unpin> Future for Running<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Running { task, future } = &mut *self;
        let poll = || Pin::new(future).poll(context);
        match task {
            Some(name) => within(name.as_deref(), true, poll),
            None => {
                let before = NOW.get();
                let polling = true;
                let _guard = Guard(NOW.replace(Now { polling, ..before }));
                poll()
            }
        }
    }
}
