//! What keeps a cell from being compiled that is no fault of its own, told in rustc's form: evcxr shows
//! the sentence then, and for any other failure "no parsable errors were found" and pages of output.

use nix::sys::statvfs::statvfs;
use serde_json::{Value, json};
use std::path::Path;

/// With less than this free, in bytes, nothing can be compiled.
const LITTLE: u64 = 1 << 20;

/// The message for `sentence`.
pub fn message(sentence: &str) -> Value {
    json!({
        "reason": "compiler-message",
        "message": {
            "$message_type": "diagnostic",
            "message": sentence,
            "level": "error",
            "code": null,
            "spans": [],
            "children": [],
            "rendered": format!("error: {sentence}\n"),
        },
    })
}

/// Says so if the file system of a kernel's folder is full.
pub fn of_full_disk(folder: &Path) -> Option<String> {
    let disk = statvfs(folder).ok()?;
    let free = disk.blocks_available() * disk.fragment_size();
    let has_room = free >= LITTLE && (disk.files() == 0 || disk.files_available() > 0);
    (!has_room).then(|| {
        let place = folder.parent().unwrap_or(folder).display();
        format!("the disk is full, and the kernel compiles cells in {place}: make room there and run the cell again, or set TMPDIR to another folder and restart the kernel")
    })
}
