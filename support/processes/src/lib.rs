//! Processes that run a closure: started by name, waited for with a limit, asked how they ended.
//!
//! ```
//! use processes::{Exit, Process};
//!
//! let numbers = vec![1, 2, 3];
//! let sum = Process::spawn("sum", || numbers.iter().sum::<i32>());
//! assert_eq!(sum.name(), "sum");
//! assert_eq!(sum.join(), Exit::Code(6));
//! ```
//!
//! `std::process` runs other programs; here is what a reader of Python's `multiprocessing` will miss
//! in it:
//!
//! | Python | here | std |
//! |---|---|---|
//! | `Process(target=f, name=n)`, `start()` | [`Process::spawn`]`(n, f)` | |
//! | `args=(x,)` | what the closure captures | |
//! | `p.join()` | [`Process::join`], which tells how it ended | |
//! | `p.join(timeout)` | [`Process::join_timeout`] | |
//! | `p.is_alive()` | [`Process::is_alive`] | |
//! | `p.exitcode` | [`Process::exit`], [`Exit::code`] | |
//! | `p.name`, `p.pid` | [`Process::name`], [`Process::pid`] | |
//! | `p.terminate()`, `p.kill()` | [`Process::terminate`], [`Process::kill`] | |
//! | `os.kill(p.pid, signal)` | [`Process::signal`], which cannot hit another process | |
//! | `p.sentinel` | [`Process`] as a descriptor ([`AsFd`](std::os::fd::AsFd)) | |
//! | `p.daemon = True` | every process: none outlives its parent or its handle | |
//! | `current_process().name` | [`current_name`] | |
//! | `active_children()` | [`children`] | |
//! | `Pool(4)` | [`Pool`] | |
//! | `os.getpid()`, `os.getppid()` | | [`std::process::id`], [`std::os::unix::process::parent_id`] |
//! | `sys.exit(n)` | [`exit`] | [`std::process::exit`] |
//!
//! For: work in a process of its own, whose variables nobody else sees and whose crash hurts
//! nobody else. Not for: running other programs ([`std::process::Command`]), many small tasks (a
//! pool of processes that stay), or threads ([`std::thread`]).
//!
//! # What a child may do
//!
//! A child is made by `fork()`: a copy of this process with one thread, the one that forked. Work
//! that computes, allocates, prints, panics and starts processes of its own is safe, however many
//! threads the parent has. A lock that *another* thread holds at the moment of the fork stays
//! locked in the child for ever. For the program's own (a `Mutex`, a channel): work that needs such
//! a thing should be given its own. And for one of the standard library's, which a thread holds
//! for a moment when it begins and when it ends: a child that starts threads of its own or calls
//! `std::process::exit` may hang if a thread of its parent was beginning or ending just when it
//! was forked. [`exit`] does without that lock.
//!
//! Its stdin is empty; what it prints goes where its parent's output goes. It is killed when its
//! parent ends, however that ends. (A child that runs another program by `exec` keeps that
//! promise only if the first thread of its parent had started it.) It does not run what the
//! parent has registered to be done at its exit. Linux 5.4 or newer is needed, for pidfds.

mod child;
pub mod codec;
mod counter;
mod exit;
mod forks;
mod futex;
mod handle;
pub mod lifeline;
mod limit;
mod list;
mod lock;
mod mapping;
mod outcome;
mod own;
mod panic;
mod parent;
pub mod pidfd;
mod pipe;
mod plain;
pub mod pool;
mod queue;
mod shared;
mod started;
pub mod streams;

pub use counter::Counter;
pub use exit::Exit;
pub use forks::watch_forks;
pub use handle::Process;
pub use list::{ChildInfo, children};
pub use outcome::Outcome;
pub use own::{current_name, exit, name};
pub use panic::keep_panic_hook;
pub use pipe::{Pipe, RecvError, SendError, pipe};
pub use plain::Plain;
pub use pool::Pool;
pub use queue::{GetError, Items, PutError, Queue};
pub use shared::Shared;
