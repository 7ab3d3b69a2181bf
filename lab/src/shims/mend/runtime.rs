//! evcxr's own runtime, of which each cell that has variables brings a copy, is compiled once: as a part of
//! `support`. To compile the copy is a quarter to a third of what such a cell costs.

use super::text::Edits;
use crate::stock::program;

/// The same, for every cell. Its lines are fewer.
const COMPILED: &str = "use support::kernel::store as evcxr_internal_runtime;";

/// `text` is the whole program. A copy that something has been changed in stays.
pub fn mend(text: &str, edits: &mut Edits) {
    if let Some(copy) = program::runtime(text).filter(|copy| !edits.touches(copy)) {
        let lines = "\n".repeat(text[copy.clone()].matches('\n').count());
        edits.replace(copy, format!("{COMPILED}{lines}"));
    }
}
