//! A panic in a process that a [`Process`](crate::Process) made, told in one line with its name.

use std::any::Any;
use std::io::Write;
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use crate::own;

static DONE: AtomicBool = AtomicBool::new(false);

/// The program tells panics by a hook of its own: this crate's is not to be installed.
///
/// ```
/// processes::keep_panic_hook();
/// ```
pub fn keep_panic_hook() {
    DONE.store(true, SeqCst);
}

/// Tells panics in processes by their names, in front of the hook that was there.
pub(crate) fn say_in_processes() {
    // A panicking thread may not change the hook; the next process's parent will.
    if std::thread::panicking() || DONE.swap(true, SeqCst) {
        return;
    }
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let Some(name) = own::name() else {
            return before(info);
        };
        let line = line(info, name);
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }));
}

/// What a panic said: of what `catch_unwind` or a thread's join gives as its error.
///
/// ```
/// let panicked = std::thread::spawn(|| panic!("no luck")).join().unwrap_err();
/// assert_eq!(processes::message(&*panicked), "no luck");
/// ```
pub fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(a value that is not text)")
}

fn line(info: &PanicHookInfo, process: &str) -> String {
    let message = info
        .payload_as_str()
        .unwrap_or("(a value that is not text)");
    let place = info.location().map_or(String::new(), |at| {
        format!(" ({}:{})", at.file(), at.line())
    });
    let pid = std::process::id();
    let thread = std::thread::current();
    // The one thread that every process has needs no mention.
    let thread = match nix::unistd::gettid() == nix::unistd::getpid() {
        true => String::new(),
        false => format!(", thread '{}'", thread.name().unwrap_or("unnamed")),
    };
    format!("process '{process}' ({pid}){thread} panicked: {message}{place}\n")
}
