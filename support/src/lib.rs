//! What the notebooks' cells use.
//!
//! ```
//! use support::prelude::*;
//!
//! let trace = Trace::new();
//! for name in ["left", "right"] {
//!     let trace = trace.clone();
//!     let worker = thread::spawn_named(name, move || {
//!         trace.in_span("work", || trace.busy(Duration::from_micros(200)))
//!     });
//!     worker.join().unwrap();
//! }
//! println!("{}", trace.timeline().title("One after the other"));
//! ```
//!
//! # Layout
//!
//! - [`trace`]: records what ran where, in threads and forked processes alike. It does not draw.
//! - [`timing`]: measures how long things take, beside each other.
//! - [`plot`]: draws what a trace recorded or a timing measured. It does neither itself.
//! - [`display`]: shows text, pictures and data at once, and replaces them in place.
//! - [`process`]: processes that run a closure, with names, ends and signals, and pools of them.
//! - [`progress`]: says how far a long piece of work has come.
//! - [`explore`](mod@explore): every interleaving of a small program, and the one that breaks it.
//! - [`codec`]: how values travel between processes.
//! - [`ipc`]: queues, pipes and shared values between processes.
//! - [`runtime`]: the session's one tokio runtime: tasks that live across cells.
//! - [`coroutine`]: functions that stop in the middle and go on later, on one thread.
//! - [`thread`]: names, lists and bounded joins over `std::thread`.
//! - [`python`]: runs the notebooks' Python programs, beside what they are compared with.
//! - [`web`]: web servers, and loads on them.
//! - [`prelude`]: the names that nearly every cell needs.
//! - [`kernel`]: what makes cells safe to run. It works by itself; a reader calls nothing in it.
//!
//! Everything that is costly to compile is compiled here once: a cell calls plain functions.

pub mod codec;
pub mod coroutine;
pub mod display;
pub mod explore;
pub mod ipc;
pub mod kernel;
pub mod plot;
pub mod prelude;
pub mod process;
pub mod progress;
pub mod python;
pub mod runtime;
pub mod thread;
pub mod timing;
pub mod trace;
pub mod web;

/// The crates that cells use beside this one: one copy for all cells.
pub use {axum, libc, nix, plotters, serde, serde_bytes, tokio};
