//! Threads with names that one can list, wait for with a limit, and ask how they ended.
//!
//! ```
//! use std::time::Duration;
//! use support::thread;
//!
//! let adder = thread::spawn_named("adder", || (1..=100).sum::<u32>());
//! assert_eq!(adder.name(), "adder");
//! assert_eq!(adder.join().unwrap(), 5050);
//! ```
//!
//! This is `std::thread` (every name of it is re-exported, so that `thread::sleep` and
//! `thread::scope` are where one looks for them) and what a reader of Python's `threading` will
//! miss in it:
//!
//! | Python | here | std |
//! |---|---|---|
//! | `Thread(target=f, name=n)`, `start()` | [`spawn_named`]`(n, f)` | [`Builder`] |
//! | `t.join()` | [`Handle::join`] | [`std::thread::JoinHandle::join`] |
//! | `t.join(timeout)` | [`Handle::join_timeout`] | |
//! | `t.is_alive()` | [`Handle::is_alive`] | [`std::thread::JoinHandle::is_finished`] |
//! | `t.name` | [`Handle::name`], [`name`] for one's own | [`Thread::name`] |
//! | `t.name = n` | [`Handle::set_name`], [`set_name`] for one's own | |
//! | `t.native_id`, `get_native_id()` | [`Handle::tid`], [`tid`] | |
//! | `enumerate()` | [`enumerate`] | |
//! | `active_count()` | [`active_count`] | |
//! | `current_thread()` | | [`current`] |
//! | `os.sched_setaffinity(0, {cpu})` | [`pin`]; see [`cpus`], [`cpu`] | |
//! | `threading.local()` | | [`std::thread_local`] |
//!
//! For: threads whose names and ends matter. Not for: sharing data between them (std and
//! crossbeam have locks and channels) or for processes.

mod handle;
mod list;
mod pin;

pub use std::thread::*;

pub(crate) use handle::message;
pub use handle::{Handle, Panicked, spawn_named};
pub(crate) use list::kept;
pub use list::{ThreadInfo, active_count, enumerate, name, set_name, tid};
pub use pin::{cpu, cpus, pin};
