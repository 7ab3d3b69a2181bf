//! The panic hook: message, place and thread in one line, without a backtrace.

use super::output::{self, Place};
use super::{json, mark};
use std::fmt::Write as _;
use std::io::Write as _;
use std::panic::PanicHookInfo;

/// Installs the hook. It is back after the kernel has restarted the process, as loading the
/// library installs it.
pub fn install() {
    std::panic::set_hook(Box::new(hook));
}

fn hook(info: &PanicHookInfo) {
    let message = info
        .payload_as_str()
        .unwrap_or("(a value that is not text)");
    // A panic that leaves a cell reaches `extern "C"`, where Rust panics once more in order to
    // abort. The first panic has been told; end quietly, so that the kernel reports an exit.
    if message.contains("cannot unwind") {
        output::flush();
        output::sync();
        // SAFETY: `_exit` runs no handler and does not return.
        unsafe { libc::_exit(101) }
    }
    let thread = std::thread::current();
    let name = match thread.name() {
        Some("main") | None if is_main_thread() => "main",
        Some(name) => name,
        None => "unnamed",
    };
    let of_the_cells = is_main_thread() && !output::in_child();
    if of_the_cells {
        output::panicked();
    }
    let line = line(info, message, name);
    let line = if of_the_cells && output::place() == Place::Front {
        // The front decides: an error if it ended the cell, text if the cell caught it.
        mark::line(mark::PANIC, &report(info, message, name, line.trim_end()))
    } else {
        line.into_bytes()
    };
    let _ = std::io::stderr().lock().write_all(&line);
}

/// The line that tells a panic. It is written at once, so that lines of other threads stay
/// outside of it.
fn line(info: &PanicHookInfo, message: &str, thread: &str) -> String {
    let place = info.location().map_or(String::new(), |at| {
        format!(" ({}:{})", at.file(), at.line())
    });
    let pid = std::process::id();
    // A task moves from thread to thread: whose panic it is, its own name says.
    let task = timeline::trace::current_task().map(|name| format!("task '{name}'"));
    let thread = task
        .or_else(crate::runtime::task)
        .unwrap_or_else(|| format!("thread '{thread}'"));
    let who = match processes::name() {
        // The one thread that every process has needs no mention.
        Some(name) if is_main_thread() => format!("process '{name}' ({pid})"),
        Some(name) => format!("process '{name}' ({pid}), {thread}"),
        None if output::in_child() => format!("process {pid}, {thread}"),
        None => thread,
    };
    format!("{who} panicked: {message}{place}\n")
}

/// What the front is told of a panic of the cells' own thread.
fn report(info: &PanicHookInfo, message: &str, thread: &str, line: &str) -> String {
    let mut out = String::from("{\"message\":");
    json::string(message, &mut out);
    if let Some(at) = info.location() {
        out.push_str(",\"file\":");
        json::string(at.file(), &mut out);
        let _ = write!(out, ",\"line\":{},\"column\":{}", at.line(), at.column());
    }
    out.push_str(",\"thread\":");
    json::string(thread, &mut out);
    let _ = write!(
        out,
        ",\"main\":true,\"pid\":{},\"text\":",
        std::process::id()
    );
    json::string(line, &mut out);
    out.push('}');
    out
}

fn is_main_thread() -> bool {
    nix::unistd::gettid() == nix::unistd::getpid()
}
