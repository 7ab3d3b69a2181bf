//! What a process that was started as a [`Process`](super::Process) knows of itself.

use std::ffi::CString;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};

use crate::exit::leave;
use crate::forks;
use crate::latest::Latest;

/// Name and pid, written by the child itself.
static OWN: Latest<Own> = Latest::new();
static PID: AtomicI32 = AtomicI32::new(0);

pub struct Own {
    name: String,
    /// What the system keeps of it.
    comm: CString,
}

impl Own {
    /// Made in the parent, where allocating is safe.
    pub fn prepare(name: &str) -> Box<Own> {
        let name = name.split('\0').next().unwrap_or_default().to_string();
        let comm = CString::new(kept_name(&name)).unwrap_or_default();
        Box::new(Own { name, comm })
    }

    /// In the child: this is who it is from now on. Touches little, as each page of memory that a
    /// child writes to is copied first.
    pub fn become_it(self: Box<Own>) {
        let _ = rustix::thread::set_name(&self.comm);
        PID.store(nix::unistd::getpid().as_raw(), SeqCst);
        OWN.set(self);
    }
}

/// The name that this process was started by; none if it is no `Process`. Allocates nothing.
pub fn name() -> Option<&'static str> {
    let own = OWN.get()?;
    // A child that a Process made by a bare fork has inherited the name, and is not called so.
    (PID.load(SeqCst) == nix::unistd::getpid().as_raw()).then_some(own.name.as_str())
}

/// The name of the process that calls: Python's `multiprocessing.current_process().name`.
///
/// "main" in a process that nobody started as a [`Process`](super::Process); in a notebook, "pid
/// 123" in a child that was made by a bare `fork()`.
///
/// ```
/// use processes::{self, Process};
///
/// assert_eq!(processes::current_name(), "main");
/// let worker = Process::spawn("worker", || i32::from(processes::current_name() != "worker"));
/// assert!(worker.join().success());
/// ```
pub fn current_name() -> String {
    match name() {
        Some(name) => name.to_string(),
        None if forks::is_child() => format!("pid {}", std::process::id()),
        None => "main".to_string(),
    }
}

/// Ends the calling process with this code; of the code the system keeps the lowest 8 bits.
///
/// In a [`Process`](super::Process) as if its work had returned the code: its streams are flushed,
/// nothing that its parent has registered is run. In any other process it is
/// [`std::process::exit`].
///
/// ```
/// use processes::{self, Exit, Process};
///
/// let process = Process::spawn("leaves early", || processes::exit(3));
/// assert_eq!(process.join(), Exit::Code(3));
/// ```
pub fn exit(code: i32) -> ! {
    match name() {
        Some(_) => leave(code),
        None => std::process::exit(code),
    }
}

/// What the system keeps of a thread's or process's name: 15 bytes, up to a zero byte.
///
/// ```
/// assert_eq!(processes::kept_name("a long name, cut"), "a long name, cu");
/// ```
pub fn kept_name(name: &str) -> &str {
    let name = name.split('\0').next().unwrap_or_default();
    &name[..name.floor_char_boundary(15)]
}
