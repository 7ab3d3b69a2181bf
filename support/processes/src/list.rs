//! The processes that this process has started and that are alive.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::latest::Latest;
use crate::started::Started;

/// One process's list. A forked child starts one of its own, since a thread of its parent may
/// have held this one's lock at the fork.
struct List {
    pid: u32,
    started: Mutex<Vec<Weak<Started>>>,
}

static LIST: Latest<List> = Latest::new();

fn list() -> &'static List {
    let pid = std::process::id();
    loop {
        let latest = LIST.get();
        if let Some(list) = latest.filter(|list| list.pid == pid) {
            return list;
        }
        let started = Mutex::default();
        LIST.replace(latest, List { pid, started });
    }
}

pub(super) fn add(process: &Arc<Started>) {
    let mut list = list()
        .started
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    list.retain(|process| process.strong_count() > 0);
    list.push(Arc::downgrade(process));
}

/// A child process that is alive.
///
/// ```
/// use processes::{self, Process};
/// use std::thread;
///
/// let sleeper = Process::spawn("sleeper", thread::park);
/// let listed = processes::children();
/// assert!(listed.iter().any(|child| child.pid == sleeper.pid() && child.name == "sleeper"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildInfo {
    /// The system's number for it.
    pub pid: i32,
    /// The name that it was started by.
    pub name: String,
}

/// The processes that this one has started by [`Process`](super::Process) and that are alive, in
/// the order of their start: Python's `multiprocessing.active_children()`.
///
/// Does not block. In a process that was forked it is empty until that starts its own: whose
/// children these were, they are not its own.
///
/// ```
/// use processes::{self, Process};
/// use std::thread;
///
/// let sleeper = Process::spawn("sleeper", thread::park);
/// let is_listed = || processes::children().iter().any(|child| child.pid == sleeper.pid());
/// assert!(is_listed());
/// sleeper.kill();
/// sleeper.join();
/// assert!(!is_listed());
/// ```
pub fn children() -> Vec<ChildInfo> {
    let started: Vec<Arc<Started>> = {
        let list = list()
            .started
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        list.iter().filter_map(Weak::upgrade).collect()
    };
    let alive = started.iter().filter(|process| process.is_alive());
    alive
        .map(|process| ChildInfo {
            pid: process.pid.as_raw(),
            name: process.name.clone(),
        })
        .collect()
}
