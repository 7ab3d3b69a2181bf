//! The panic hook: message, place and thread in one line, without a backtrace.

use super::{mark, output, payload};
use std::io::Write as _;
use std::panic::{Location, PanicHookInfo};

/// Installs the hook. It is back after the kernel has restarted the process, as loading the
/// library installs it.
pub fn install() {
    // This one tells processes by their names.
    processes::keep_panic_hook();
    std::panic::set_hook(Box::new(hook));
}

fn hook(info: &PanicHookInfo) {
    let message = info
        .payload_as_str()
        .unwrap_or("(a value that is not text)");
    if is_the_last(info, message) {
        output::flush();
        output::sync();
        processes::exit_at_once(101);
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
    let line = if of_the_cells && output::has_front() {
        // The front decides: an error if it ended the cell, text if the cell caught it.
        let library = info.location().and_then(library);
        let panic = payload::panic(message, info.location(), library, name, line.trim_end());
        mark::line(mark::PANIC, &panic)
    } else {
        line.into_bytes()
    };
    let _ = std::io::stderr().lock().write_all(&line);
}

/// The line that tells a panic. It is written at once, so that lines of other threads stay
/// outside of it.
fn line(info: &PanicHookInfo, message: &str, thread: &str) -> String {
    let place = info.location().map_or(String::new(), |at| {
        let library = library(at).map(|inode| format!("@{inode}"));
        let library = library.unwrap_or_default();
        format!(" ({}{library}:{})", at.file(), at.line())
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

/// For the front, which knows the text of each cell by that: the inode of the library in which the cell is.
/// All cells have a file of the same name, and the name itself lies in the library.
fn library(at: &Location) -> Option<u64> {
    if at.file() != "src/lib.rs" || !output::has_front() {
        return None;
    }
    let address = at.file().as_ptr() as usize;
    // No call of the loader's: another thread of a process that has forked may hold its lock.
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    maps.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        let (from, to) = words.next()?.split_once('-')?;
        let bound = |text| usize::from_str_radix(text, 16).ok();
        let is_in = (bound(from)?..bound(to)?).contains(&address);
        is_in.then(|| words.nth(3)?.parse().ok()).flatten()
    })
}

/// Whether this is how Rust ends the process after a panic that left a cell: that reaches
/// `extern "C"`, where Rust panics once more in order to abort. The first panic has been told; the
/// process ends quietly, so that the kernel reports an exit.
///
/// A panic of the reader's may have the same words. It does not come from that file of Rust's.
fn is_the_last(info: &PanicHookInfo, message: &str) -> bool {
    message == "panic in a function that cannot unwind"
        && info
            .location()
            .is_some_and(|at| at.file().ends_with("library/core/src/panicking.rs"))
}

fn is_main_thread() -> bool {
    nix::unistd::gettid() == nix::unistd::getpid()
}
