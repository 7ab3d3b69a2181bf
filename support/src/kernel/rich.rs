//! Rich output: one thing shown in several formats, of which the front end picks the best.

use std::fmt::Write as _;
use std::io::Write as _;

/// Shows one value as the cell's result, given as pairs of MIME type and content.
///
/// Blocks only while the output is full. evcxr shows one value a cell: of two, the last.
///
/// ```
/// support::kernel::rich::show(&[("text/plain", "a circle"), ("text/html", "&#9711;")]);
/// ```
pub fn show(formats: &[(&str, &str)]) {
    let mut text = String::new();
    for (mime, content) in formats {
        let _ = write!(
            text,
            "EVCXR_BEGIN_CONTENT {mime}\n{content}\nEVCXR_END_CONTENT\n"
        );
    }
    // One write under one lock: lines of other threads stay outside of the block.
    // A kernel that has gone away is no reason to panic.
    let mut stdout = std::io::stdout().lock();
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
}
