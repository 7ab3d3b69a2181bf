//! What the notebooks' cells use.

pub mod kernel;
pub mod plot;
pub mod prelude;
pub mod thread;
pub mod trace;

/// The crates that cells use beside this one: one copy for all cells.
pub use {libc, nix, plotters};
