//! `fork` made safe: processes and pools of them that run closures; queues, pipes and shared values
//! between them.
//!
//! ```
//! use processes::{Exit, Process, Queue};
//!
//! let (numbers, squares) = (Queue::new(10), Queue::new(10));
//! let worker = Process::spawn("worker", || {
//!     for n in &numbers {
//!         squares.send(n * n).unwrap();
//!     }
//! });
//! (1..=3).for_each(|n: u64| numbers.send(n).unwrap());
//! numbers.close();
//! assert_eq!(worker.join(), Exit::Code(0));
//! squares.close();
//! assert_eq!(squares.iter().collect::<Vec<u64>>(), [1, 4, 9]);
//! ```
//!
//! `std::process` runs other programs. Here is what a reader of Python's `multiprocessing` misses
//! in it, under the names that Rust's channels have:
//!
//! | Python | here |
//! |---|---|
//! | `Process(target=f, name=n)`, `start()` | [`Process::spawn`]`(n, f)` |
//! | `args=(x,)` | what the closure captures |
//! | `p.join()` | [`Process::join`], which tells how it ended |
//! | `p.join(timeout)` | [`Process::join_timeout`] |
//! | `p.is_alive()`, `p.exitcode` | [`Process::is_alive`], [`Process::exit`] and [`Exit::code`] |
//! | `p.name`, `p.pid` | [`Process::name`], [`Process::pid`] |
//! | `p.terminate()`, `p.kill()` | [`Process::terminate`], [`Process::kill`] |
//! | `os.kill(p.pid, signal)` | [`Process::signal`], which cannot hit another process |
//! | `p.sentinel` | [`Process`] as a descriptor ([`AsFd`](std::os::fd::AsFd)) |
//! | `p.daemon = True` | every process: none outlives its parent or its handle |
//! | `current_process().name`, `active_children()` | [`current_name`], [`children`] |
//! | `os.getpid()`, `os.getppid()` | [`std::process::id`], [`std::os::unix::process::parent_id`] |
//! | `sys.exit(n)` | [`exit`] |
//! | `Pool(4)` | [`Pool`], with a table of its own in [`pool`] |
//! | `Queue(n)` | [`Queue::new`]`(n)`; there is none without a bound |
//! | `q.put(x)`, `q.put(x, timeout=s)`, `q.put_nowait(x)` | [`Queue::send`], [`Queue::send_timeout`], [`Queue::try_send`] |
//! | `q.get()`, `q.get(timeout=s)`, `q.get_nowait()` | [`Queue::recv`], [`Queue::recv_timeout`], [`Queue::try_recv`] |
//! | `queue.Full`, `queue.Empty` | [`SendError::Full`], which gives the item back, [`RecvError::Empty`] |
//! | `q.qsize()`, `q.empty()`, `q.full()` | [`Queue::len`], [`Queue::is_empty`], [`Queue::is_full`] |
//! | `q.close()` (this process puts no more) | [`Queue::close`] (nobody sends any more) |
//! | `q.put(None)`, as a sign of the end | [`Queue::close`], and the loop `for item in &queue` ends |
//! | `a, b = Pipe()` | [`pipe`]`()` |
//! | `a.send(x)`, `a.recv()`, `a.poll(s)` | [`Pipe::send`], [`Pipe::recv`], [`Pipe::poll`] |
//! | `Pipe(duplex=False)`, of bytes | [`std::io::pipe`] |
//! | `v = Value("i", 0)`, `v.value` | [`Shared::new`]`(0)`, [`Shared::get`], [`Shared::set`] |
//! | `with v.get_lock(): v.value += 1` | [`Shared::update`], or a [`Counter`] |
//! | `Array("d", 3)` | [`Shared::new`]`([0.0; 3])` |
//!
//! What carries data is made *before* the fork, and is the same thing in the parent and in each of
//! its children. Items may be of any type that serde can handle; they travel as MessagePack.
//!
//! For: work in processes of its own, whose variables nobody else sees and whose crash hurts nobody
//! else, and data between them. Not for: running other programs ([`std::process::Command`]),
//! threads ([`std::thread`], and channels, which need no serialising), or processes that are not
//! forked from one another (sockets).
//!
//! # If a process dies
//!
//! A process can be killed at any instruction, and so also while it holds a lock that others wait
//! for. The locks here are *robust*: the system tells the next one who takes such a lock that its
//! holder died. And there is never anything to repair, since every change becomes valid by one
//! single store: before it nothing has happened, after it everything has.
//!
//! | killed | then |
//! |---|---|
//! | in the middle of a queue's send | the item was never in the queue |
//! | in the middle of a queue's receive | the item is still in the queue, the first one |
//! | after a receive | the item is gone with its process: who must know needs an answer, such as by a second queue |
//! | while it slept in a send or a receive | nothing |
//! | in the middle of an update of a [`Shared`] | the value is as it was before |
//! | in the middle of a pipe's send | the receiver's error says that the message was cut off, and where |
//! | in the middle of a pool's task | that task is [`Died`](pool::TaskError::Died), the others are done |
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
mod error;
mod exit;
mod forks;
mod futex;
mod handle;
pub mod latest;
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
pub use error::{Cause, RecvError, SendError};
pub use exit::{Exit, exit_at_once};
pub use forks::watch_forks;
pub use handle::Process;
pub use list::{ChildInfo, children};
pub use outcome::Outcome;
pub use own::{current_name, exit, kept_name, name};
pub use panic::{keep_panic_hook, message};
pub use pipe::{Pipe, pipe};
pub use plain::Plain;
pub use pool::Pool;
pub use queue::Queue;
pub use queue::items::Items;
pub use shared::Shared;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
