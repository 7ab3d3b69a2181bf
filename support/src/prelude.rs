//! What nearly every cell needs: `use support::prelude::*;`.
//!
//! ```
//! use support::prelude::*;
//!
//! let trace = Trace::new();
//! let worker = trace.spawn("worker", |trace| {
//!     trace.in_span("work", || trace.busy(Duration::from_micros(100)))
//! });
//! trace.join(worker).unwrap();
//! println!("{}", trace.timeline());
//! ```
//!
//! | name | what it is |
//! |---|---|
//! | [`Trace`], [`Timeline`], [`Figure`] | recording and drawing |
//! | [`display`](mod@display), [`progress`](mod@progress), [`Progress`] | showing things at once, and how far work has come |
//! | [`plot`], [`timing`] | charts, and what they are made of: `timing::compare(…)` |
//! | [`thread`], [`process`] | `std::thread` and `std::process` themselves |
//! | [`threads`], [`JoinTimeout`], [`cpus`] | what is ours beside `std::thread` |
//! | [`interleavings`] | every interleaving of a small program |
//! | [`Queue`], [`pipe`], [`Shared`], [`Counter`] | data from process to process |
//! | [`Process`], [`processes`] | a process that runs a closure |
//! | [`TraceExt`] | processes, pools and coroutines that record: `trace.process(…)` |
//! | [`Pool`] | worker processes that do tasks |
//! | [`Coroutine`] | a function that yields and goes on |
//! | [`web`] | web servers, and loads on them |
//! | [`python`](fn@python) | a Python program, to run beside its Rust counterpart |
//! | [`spawn`], [`block_on`], [`runtime`] | async tasks, and how to wait for them |
//! | [`Duration`], [`Instant`] | of `std::time` |
//! | [`crossbeam`], [`nix`], [`libc`], [`plotters`], [`rayon`], [`tokio`], [`tokio_stream`] | the crates: `nix::unistd::fork()` |
//! | [`Any`] | evcxr wants the name where a cell joins a thread |
//!
//! A cell's own `use` or `let` of one of these names wins over the prelude's.
//! Names that also mean something else in many programs (`Event`, `Span`, `Kind`, `Result`)
//! stay out.
//!
//! rust-analyzer, which evcxr asks for the types of variables, does not see through some of
//! nix's functions, and is not told of serde and tokio (they would take a second at each start). Where a cell
//! keeps such a result in a variable at its top level, the type has to be written:
//! `let status: WaitStatus = waitpid(child, None).unwrap();`, `let item: ByteBuf = …`.

pub use std::any::Any;
pub use std::process;
pub use std::thread;
pub use std::time::{Duration, Instant};

pub use interleavings;
pub use processes::{self, Counter, Pool, Process, Queue, Shared, pipe};
pub use timeline::plot::{self, Figure, Timeline};
pub use timeline::{self, Trace, timing};

// Without a name, for a stock kernel: a cell's result shows itself there too. Where it cannot, rustc
// proposes to import this trait, and evcxr takes that for the error of whichever cell has the crate's first
// line. (The price: `:fmt` and `:types` have no effect there.)
#[doc(hidden)]
pub use crate::kernel::ByDebug as _;

pub use crate::coroutine::Coroutine;
pub use crate::cpus;
pub use crate::display;
pub use crate::progress::{self, Progress};
pub use crate::python::python;
pub use crate::runtime::{self, Task, block_on, spawn};
pub use crate::threads::{self, JoinTimeout};
pub use crate::traced::TraceExt;
pub use crate::web;
pub use crate::{crossbeam, libc, nix, plotters, rayon, tokio, tokio_stream};
