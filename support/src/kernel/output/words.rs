//! The words by which the process that runs the cells steers evcxr, each in a line of its own.

use crate::kernel::store;

pub use memchr::memmem::find;

/// A cell has ended.
pub const COMPLETE: &[u8] = b"EVCXR_EXECUTION_COMPLETE";
/// Rich output begins (its MIME type follows) and ends.
pub const BEGIN: &[u8] = b"EVCXR_BEGIN_CONTENT ";
pub const END: &[u8] = b"EVCXR_END_CONTENT";
/// A cell panicked, under `preserve_vars_on_panic`.
pub const PANICKED: &[u8] = b"EVCXR_PANIC_NOTIFICATION";
/// A `?` ended a cell.
pub const ERROR: &[u8] = store::USER_ERROR_OCCURRED.as_bytes();
/// A variable (its name follows) is lost, as its type was defined anew.
pub const CHANGED: &[u8] = store::VARIABLE_CHANGED_TYPE.as_bytes();
/// A cell asks for a line of input.
pub const INPUT: &[u8] = b"EVCXR_INPUT_REQUEST";
/// What all of them begin with.
pub const COMMON: &str = "EVCXR_";
