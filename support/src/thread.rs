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
//! miss in it. Every public name of Python 3.11's `threading`, and what stands for it:
//!
//! | Python | here | elsewhere |
//! |---|---|---|
//! | `Thread(target=f, name=n)`, `start()` | [`spawn_named`]`(n, f)` | [`Builder`] |
//! | `Thread(args=(a,))` | what the closure captures | |
//! | `class T(Thread)`, `run()` | the closure | |
//! | `t.join()` | [`Handle::join`], which gives what `f` returned | [`std::thread::JoinHandle::join`] |
//! | `t.join(timeout)` | [`Handle::join_timeout`] | |
//! | `t.is_alive()` | [`Handle::is_alive`] | [`std::thread::JoinHandle::is_finished`] |
//! | `t.name`, `getName()` | [`Handle::name`], [`name`] for one's own | [`Thread::name`] |
//! | `t.name = n`, `setName(n)` | [`Handle::set_name`], [`set_name`] for one's own | |
//! | `t.native_id`, `get_native_id()` | [`Handle::tid`], [`tid`] | |
//! | `t.ident`, `get_ident()` | the tid; like Python's, it may be given again once the thread has ended | [`Thread::id`], of which none is used twice |
//! | `t.daemon`, `isDaemon()`, `setDaemon()` | every thread is one: the process ends when `main` does; who wants to wait joins | |
//! | `with` a group of threads | [`spawn_scoped`] | [`scope`] |
//! | `enumerate()` | [`enumerate`] | |
//! | `active_count()`, `activeCount()` | [`active_count`] | |
//! | `current_thread()`, `currentThread()` | [`name`], [`tid`] | [`current`] |
//! | `main_thread()` | the first of [`enumerate`]: its tid is the process's pid | |
//! | `local()` | | [`std::thread_local`] |
//! | `Timer(s, f)`, `cancel()` | [`Timer`] | `tokio::time::sleep` in a task |
//! | `Event` | [`Event`] | a channel whose sender is dropped; `tokio::sync::Notify` |
//! | `Lock` | | [`std::sync::Mutex`], which owns what it guards; `try_lock` for `acquire(blocking=False)`; none of std's waits with a limit |
//! | `RLock` | | none in stable std: lock once, pass on what is locked (`&mut`); else crate parking_lot's `ReentrantMutex` |
//! | `Condition` | | [`std::sync::Condvar`]; `wait_while` for `wait_for`, `wait_timeout_while` with a limit |
//! | `Semaphore`, `BoundedSemaphore` | | `tokio::sync::Semaphore`; one of `Mutex` and `Condvar` is in 08-locks; a bounded channel often is what is meant |
//! | `Barrier` | | [`std::sync::Barrier`]; without `abort()`, `reset()` or a timeout, and so without `BrokenBarrierError` |
//! | `stack_size(n)` | | [`Builder::stack_size`], for that thread alone; 2 MiB else |
//! | `excepthook`, `ExceptHookArgs` | a panic's one line tells the thread; [`Panicked`] is the error of its join | [`std::panic::set_hook`], for all threads |
//! | `TIMEOUT_MAX` | `Duration::MAX` is a limit like any other | |
//! | `ThreadError` | [`Panicked`]; misuse of a lock does not compile | |
//! | `settrace()`, `gettrace()`, `setprofile()`, `getprofile()` | nothing: compiled code has no hook at each line; [`trace`](crate::trace) records what is told it | `perf`, a debugger |
//! | `_thread.start_new_thread(f, args)` | | [`spawn`] |
//! | `_thread.allocate_lock()`, `LockType` | | [`std::sync::Mutex`] |
//! | `_thread.exit()` | nothing: a thread ends when its function returns, or panics | |
//! | `_thread.interrupt_main()` | nothing: a channel or an [`Event`] that the main thread looks at | `nix::sys::signal::raise` |
//! | `os.sched_setaffinity(0, {cpu})` | [`pin`]; see [`cpus`], [`cpu`] | |
//!
//! Two things are otherwise than in Python. A panic ends its thread and is the error of its join,
//! where Python's `join` says nothing of an exception. And no lock of the interpreter's keeps threads
//! from running at the same time.
//!
//! For: threads whose names and ends matter. Not for: sharing data between them (std and
//! crossbeam have locks and channels) or for processes.

mod event;
mod handle;
mod list;
mod pin;
mod timer;

pub use std::thread::*;

pub use event::Event;
pub(crate) use handle::message;
pub use handle::{Handle, Panicked, spawn_named, spawn_scoped};
pub(crate) use list::kept;
pub use list::{ThreadInfo, active_count, enumerate, name, set_name, tid};
pub use pin::{cpu, cpus, pin};
pub use timer::Timer;
