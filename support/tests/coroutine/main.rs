//! Coroutines: Python's semantics proven beside Python, ends and unwinding, stacks, and traces.

#[path = "../../processes/tests/forked/mod.rs"]
mod forked;

mod ends;
mod semantics;
mod stacks;
mod traced;

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// What a scenario notes as it goes.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    fn push(&self, line: impl ToString) {
        self.0.borrow_mut().push(line.to_string());
    }

    fn lines(&self) -> Vec<String> {
        self.0.borrow().clone()
    }
}

/// Notes a word when it is dropped: Python's `finally`.
struct Finally(Log, &'static str);

impl Drop for Finally {
    fn drop(&mut self) {
        self.0.push(self.1);
    }
}

/// The panic of a call, which must panic, as text.
fn panic_of<R>(call: impl FnOnce() -> R) -> String {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(_) => panic!("no panic came out"),
        Err(panic) => text(&*panic),
    }
}

fn text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string()))
        .unwrap_or_else(|| "(not a text)".into())
}
