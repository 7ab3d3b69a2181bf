//! How a lane introduces itself to a trace: who it is, and which fork it came from.

use std::ffi::CStr;
use std::sync::OnceLock;

use super::shared::Shared;
use super::slot::{Label, Record, Tag};
use super::who::{self, Recorder};

static PROCESS_NAME: OnceLock<fn() -> Option<&'static str>> = OnceLock::new();

/// Says how to learn the name of the process that asks, if it has one; else a process's lane is
/// called "main" or by its pid. Only the first call counts.
///
/// The function is called in forked children, so it must neither lock nor allocate.
///
/// ```
/// timeline::trace::name_processes(|| Some("baker"));
/// let trace = timeline::trace::Trace::new();
/// trace.instant("here");
/// ```
pub fn name_processes(name: fn() -> Option<&'static str>) {
    let _ = PROCESS_NAME.set(name);
}

fn process_name() -> Option<&'static str> {
    PROCESS_NAME.get().and_then(|name| name())
}

/// Records who the caller is, before its first event in this trace.
#[cold]
pub(super) fn now(shared: &Shared, key: u64) {
    // The caller has its seat by now, so this does not come back here.
    let Recorder { who: me, slot, .. } = shared.take_slots(key);
    let Some(slot) = slot else { return };
    let (parent, called, returned) = who::origin();
    let label = if me.pid != me.tid {
        thread_name()
    } else if let Some(name) = process_name() {
        Label::new(name)
    } else if parent == 0 {
        Label::new("main")
    } else {
        // A child by a bare fork is named by its pid when the trace is read.
        Label::new("")
    };
    let record = Record::new(Tag::Lane, me, (called, returned), parent, label);
    shared.fill(slot, &record);
}

/// The calling thread's name: the one Rust knows, unless it was renamed for the system since.
///
/// Never called on a forked child's first thread: for a thread that Rust did not start,
/// `thread::current` may allocate.
fn thread_name() -> Label {
    let thread = std::thread::current();
    let Some(name) = thread.name() else {
        return Label::new("");
    };
    let mut system = [0u8; 16];
    // nix gives it as a string of the heap's, and recording allocates nothing.
    // SAFETY: PR_GET_NAME writes at most 16 bytes, with a final zero, to this place.
    unsafe { libc::prctl(libc::PR_GET_NAME, system.as_mut_ptr()) };
    match CStr::from_bytes_until_nul(&system).map(CStr::to_str) {
        Ok(Ok(system)) if !name.starts_with(system) => Label::new(system),
        _ => Label::new(name),
    }
}
