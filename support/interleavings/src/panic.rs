//! The panics of explored threads: kept for the report instead of being printed.

use std::cell::{Cell, RefCell};
use std::panic::{self, PanicHookInfo};
use std::sync::Once;

/// What a panic said, and where it was.
#[derive(Clone)]
pub(super) struct Panic {
    pub message: String,
    pub place: String,
}

thread_local! {
    static EXPLORING: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// From here on panics of this thread are kept.
pub(super) fn keep() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(install);
    EXPLORING.set(true);
}

pub(super) fn last() -> Option<Panic> {
    LAST.take()
}

/// For a panic that no hook saw.
pub(super) fn unseen() {
    LAST.with_borrow_mut(|last| {
        last.get_or_insert_with(|| Panic {
            message: "(a panic that was passed on)".to_string(),
            place: String::new(),
        });
    });
}

/// Puts our hook before the one that is there.
fn install() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if EXPLORING.get() {
            LAST.with_borrow_mut(|last| *last = Some(seen(info)));
        } else {
            before(info);
        }
    }));
}

fn seen(info: &PanicHookInfo) -> Panic {
    let message = info.payload_as_str();
    let place = info
        .location()
        .map(|at| format!("{}:{}", at.file(), at.line()));
    Panic {
        message: message.unwrap_or("(a value that is not text)").to_string(),
        place: place.unwrap_or_default(),
    }
}
