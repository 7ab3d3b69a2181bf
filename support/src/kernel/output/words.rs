//! The words by which the process that runs the cells steers evcxr, each in a line of its own.

/// A cell has ended.
pub const COMPLETE: &[u8] = b"EVCXR_EXECUTION_COMPLETE";
/// Rich output begins (its MIME type follows) and ends.
pub const BEGIN: &[u8] = b"EVCXR_BEGIN_CONTENT ";
pub const END: &[u8] = b"EVCXR_END_CONTENT";
/// A cell panicked, under `preserve_vars_on_panic`.
pub const PANICKED: &[u8] = b"EVCXR_PANIC_NOTIFICATION";
/// A `?` ended a cell.
pub const ERROR: &[u8] = b"EVCXR_ERROR_OCCURRED";
/// A variable (its name follows) is lost, as its type was defined anew.
pub const CHANGED: &[u8] = b"EVCXR_VARIABLE_CHANGED_TYPE:";
/// A cell asks for a line of input.
pub const INPUT: &[u8] = b"EVCXR_INPUT_REQUEST";
/// What all of them begin with.
pub const COMMON: &[u8] = b"EVCXR_";

/// Where `needle` first stands in `haystack`.
pub fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    // SAFETY: both slices are as long as is said and live through the call.
    let at = unsafe {
        libc::memmem(
            haystack.as_ptr().cast(),
            haystack.len(),
            needle.as_ptr().cast(),
            needle.len(),
        )
    };
    (!at.is_null()).then(|| at as usize - haystack.as_ptr() as usize)
}

/// Where `byte` last stands in `bytes`.
pub fn find_last(bytes: &[u8], byte: u8) -> Option<usize> {
    // SAFETY: the slice is as long as is said and lives through the call.
    let at = unsafe { libc::memrchr(bytes.as_ptr().cast(), byte.into(), bytes.len()) };
    (!at.is_null()).then(|| at as usize - bytes.as_ptr() as usize)
}
