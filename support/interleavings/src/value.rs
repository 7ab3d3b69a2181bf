//! The values that threads share, as reports show them.
//!
//! `Debug` writes them. With the feature `opaque` every type will do, as it does for std's locks, and
//! none is shown: a program that was written for std is then explored as it stands.

#[cfg(not(feature = "opaque"))]
pub use std::fmt::Debug as Value;

/// What a lock may protect, and a message may be.
#[cfg(feature = "opaque")]
pub trait Value {}

#[cfg(feature = "opaque")]
impl<T> Value for T {}

#[cfg(not(feature = "opaque"))]
pub(super) fn shown<T: Value>(value: &T) -> String {
    format!("{value:?}")
}

#[cfg(feature = "opaque")]
pub(super) fn shown<T: Value>(_: &T) -> String {
    "…".to_string()
}
