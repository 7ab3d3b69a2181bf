//! Data from process to process: queues, pipes, and values in shared memory.
//!
//! ```
//! use processes::Queue;
//! use nix::sys::wait::waitpid;
//! use nix::unistd::{ForkResult, fork};
//!
//! let queue: Queue<String> = Queue::new(10);
//! // SAFETY: the child puts one item and ends.
//! match unsafe { fork() }.unwrap() {
//!     ForkResult::Child => {
//!         let put = queue.put("hello from the child".to_string());
//!         unsafe { libc::_exit(put.is_err().into()) }
//!     }
//!     ForkResult::Parent { child } => {
//!         assert_eq!(queue.get().unwrap(), "hello from the child");
//!         waitpid(child, None).unwrap();
//!     }
//! }
//! ```
//!
//! Everything here is made *before* the fork, and is the same thing in the parent and in each of
//! its children. Items may be of any type that serde can handle; they travel as MessagePack.
//!
//! | Python | here |
//! |---|---|
//! | `multiprocessing.Queue(n)` | [`Queue::new`]`(n)`; there is none without a bound |
//! | `q.put(x)`, `q.put(x, timeout=s)`, `q.put_nowait(x)` | [`Queue::put`], [`Queue::put_timeout`], [`Queue::try_put`] |
//! | `q.get()`, `q.get(timeout=s)`, `q.get_nowait()` | [`Queue::get`], [`Queue::get_timeout`], [`Queue::try_get`] |
//! | `q.qsize()`, `q.empty()`, `q.full()` | [`Queue::len`], [`Queue::is_empty`], [`Queue::is_full`] |
//! | `q.close()` (this process puts no more) | [`Queue::close`] (nobody puts any more) |
//! | `q.put(None)`, as a sign of the end | [`Queue::close`], and the loop `for item in &queue` ends |
//! | `a, b = multiprocessing.Pipe()` | [`pipe`]`()` |
//! | `a.send(x)`, `a.recv()`, `a.poll(s)` | [`Pipe::send`], [`Pipe::recv`], [`Pipe::poll`] |
//! | `multiprocessing.Pipe(duplex=False)`, of bytes | [`std::io::pipe`] |
//! | `v = multiprocessing.Value("i", 0)`, `v.value` | [`Shared::new`]`(0)`, [`Shared::get`], [`Shared::set`] |
//! | `with v.get_lock(): v.value += 1` | [`Shared::update`], or a [`Counter`] |
//! | `multiprocessing.Array("d", 3)` | [`Shared::new`]`([0.0; 3])` |
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
//! | in the middle of a put | the item was never in the queue |
//! | in the middle of a get | the item is still in the queue, the first one |
//! | after a get | the item is gone with its process: who must know needs an answer, such as by a second queue |
//! | while it slept in a put or a get | nothing |
//! | in the middle of an update of a [`Shared`] | the value is as it was before |
//! | in the middle of a send | the receiver's error says that the message was cut off, and where |
//!
//! For: data that goes from one process to another. Not for: threads of one process, which need no
//! serialising (`std::sync::mpsc`, crossbeam's channels), or processes that are not forked from one
//! another (sockets).

mod counter;
mod futex;
mod limit;
mod lock;
pub(crate) mod mapping;
mod pipe;
mod plain;
mod queue;
mod shared;

pub use counter::Counter;
pub use pipe::{Pipe, RecvError, SendError, pipe};
pub use plain::Plain;
pub use queue::{GetError, Items, PutError, Queue};
pub use shared::Shared;
