//! What the notebooks' cells use.
//!
//! ```
//! use support::prelude::*;
//!
//! let trace = Trace::new();
//! let worker = trace.process("worker", |trace| {
//!     trace.in_span("work", || trace.busy(Duration::from_micros(200)))
//! });
//! assert!(trace.join_process(&worker).success());
//! println!("{}", trace.timeline().title("A process"));
//! ```
//!
//! # Layout
//!
//! Crates that stand alone, each of use in a program of one's own:
//!
//! - [`figures`]: measures how long things take; charts of that, and what any picture in a cell is made with.
//! - [`timeline`]: records what ran where, and draws it.
//! - [`processes`]: processes that run a closure, pools of them, and queues, pipes and shared values
//!   between them.
//! - [`interleavings`]: every interleaving of a small program, and the one that breaks it.
//! - [`web`](::web): web servers made in several ways, and loads on them.
//!
//! And what is a notebook's own:
//!
//! - [`traced`]: processes, pools and coroutines that record into a trace.
//! - [`display`]: shows text, pictures and data at once, and replaces them in place.
//! - [`live`]: a timeline that is drawn again while threads run.
//! - [`progress`]: says how far a long piece of work has come.
//! - [`runtime`]: the session's one tokio runtime: tasks that live across cells.
//! - [`coroutine`]: functions that stop in the middle and go on later, on one thread.
//! - [`threads`], [`cpus`]: names, lists and bounded joins beside `std::thread`, and staying on a CPU.
//! - [`python`]: runs the notebooks' Python programs, beside what they are compared with.
//! - [`web`]: the crate's servers, and two that need the session's runtime or its Python.
//! - [`prelude`]: the names that nearly every cell needs.
//! - [`kernel`]: what makes cells safe to run. It works by itself; a reader calls nothing in it.
//!
//! Everything that is costly to compile is compiled here once: a cell calls plain functions.
//!
//! timeline's layer for `tracing` is not in it: a subscriber is set once for a process, which a cell that
//! is run again cannot do, and each kernel's template would compile tracing-subscriber and three crates
//! below it for what no lesson shows. A program of one's own has it by timeline's cargo feature `tracing`.

pub mod coroutine;
pub mod cpus;
pub mod display;
pub mod kernel;
pub mod live;
pub mod prelude;
pub mod progress;
pub mod python;
pub mod runtime;
pub mod threads;
pub mod traced;
pub mod web;

/// The family: each stands alone.
pub use {figures, interleavings, processes, timeline};

/// The crates that cells use beside this one: one copy for all cells.
pub use {axum, crossbeam, libc, nix, plotters, rayon, serde, serde_bytes, tokio, tokio_stream};

/// The README's example is tested too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
