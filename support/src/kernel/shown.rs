//! How something is shown at once, wherever the program runs.

use super::{mark, output, payload};
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Whether what is shown can be replaced in place.
pub fn is_live() -> bool {
    output::has_front()
}

/// A name for a display that no other display has, of this process or another.
pub fn new_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Relaxed);
    format!("{}-{}-{number}", mark::public(), std::process::id())
}

/// Shows one thing in several formats, or replaces what was shown under the same name.
pub fn show(formats: &[(String, String)], id: &str, update: bool) {
    if output::is_carried() {
        let display = payload::display(formats, Some(id), update);
        write(&mark::line(mark::DISPLAY, &display));
    } else if let Some((_, text)) = formats.iter().find(|(mime, _)| mime == "text/plain") {
        write(format!("{text}\n").as_bytes());
    }
}

/// Under one lock, after what stands in the buffer, so that it keeps its place among the text. An
/// output that has gone away is no reason to panic.
pub fn write(bytes: &[u8]) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout
        .flush()
        .and_then(|()| stdout.write_all(bytes))
        .and_then(|()| stdout.flush());
}
