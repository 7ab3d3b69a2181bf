//! How something is shown at once, wherever the program runs.

use super::output::{self, Place};
use super::{json, mark};
use timeline::cell::rich;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Whether what is shown can be replaced in place.
pub fn is_live() -> bool {
    output::place() == Place::Front
}

/// A name for a display that no other display has, of this process or another.
pub fn new_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Relaxed);
    format!("{}-{}-{number}", mark::public(), std::process::id())
}

/// Shows one thing in several formats, or replaces what was shown under the same name.
pub fn show(formats: &[(String, String)], id: &str, update: bool) {
    match output::place() {
        Place::Front => {
            write(&mark::line(
                mark::DISPLAY,
                &json::display(formats, Some(id), update),
            ));
        }
        Place::Kernel => {
            let formats: Vec<(&str, &str)> = formats
                .iter()
                .map(|(mime, content)| (&**mime, &**content))
                .collect();
            rich(&formats);
        }
        Place::Plain => {
            let text = formats.iter().find(|(mime, _)| mime == "text/plain");
            write(
                text.map_or(String::new(), |(_, text)| format!("{text}\n"))
                    .as_bytes(),
            );
        }
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
