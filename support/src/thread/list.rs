//! The threads of this process, as the operating system lists them.

use std::ffi::CString;
use std::fs;

use crate::kernel::CARRIER;

/// Bytes of a name that Linux keeps.
pub(super) const LONGEST: usize = 15;

/// A thread that is alive.
///
/// ```
/// let all = support::thread::enumerate();
/// let own = all.iter().find(|thread| thread.tid == support::thread::tid()).unwrap();
/// assert_eq!(own.name, support::thread::name());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadInfo {
    /// The system's number for it.
    pub tid: i32,
    /// Its name for the system: at most 15 bytes.
    pub name: String,
}

/// The threads of this process that are alive now, by their tid: the first one first.
///
/// Python's `threading.enumerate()`, asked of the operating system (`/proc/self/task`), so it
/// lists threads however they were started. A thread that was given no name bears that of the
/// thread that started it. Left out is the one thread by which the notebook's kernel carries
/// output. Does not block. Empty where there is no `/proc`.
///
/// ```
/// use support::thread;
///
/// let (stop, wait) = std::sync::mpsc::channel::<()>();
/// let waiter = thread::spawn_named("waiter", move || wait.recv().is_err());
/// assert!(thread::enumerate().iter().any(|thread| thread.name == "waiter"));
/// drop(stop);
/// waiter.join().unwrap();
/// ```
pub fn enumerate() -> Vec<ThreadInfo> {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else {
        return Vec::new();
    };
    let mut all: Vec<ThreadInfo> = tasks
        .filter_map(|task| {
            let tid = task.ok()?.file_name().to_str()?.parse().ok()?;
            // A thread that ended meanwhile has no name any more.
            let name = name_of(tid)?;
            (name != CARRIER).then_some(ThreadInfo { tid, name })
        })
        .collect();
    all.sort_by_key(|thread| thread.tid);
    all
}

/// How many threads of this process are alive now: Python's `threading.active_count()`.
///
/// ```
/// assert!(support::thread::active_count() >= 1);
/// ```
pub fn active_count() -> usize {
    enumerate().len()
}

/// The calling thread's number for the system: Python's `threading.get_native_id()`.
///
/// ```
/// let there = std::thread::spawn(support::thread::tid).join().unwrap();
/// assert_ne!(there, support::thread::tid());
/// ```
pub fn tid() -> i32 {
    nix::unistd::gettid().as_raw()
}

/// The calling thread's name for the system: Python's `threading.current_thread().name`.
///
/// ```
/// use support::thread;
///
/// let there = thread::spawn_named("namely", thread::name).join();
/// assert_eq!(there.unwrap(), "namely");
/// ```
pub fn name() -> String {
    name_of(tid()).unwrap_or_default()
}

/// Renames the calling thread for the system, and so for [`enumerate`], `ps` and `top`.
///
/// Linux keeps 15 bytes; what is longer is cut between characters, as is what follows a zero
/// byte. The name that `std::thread::current()` tells stays what it was.
///
/// ```
/// use support::thread;
///
/// let named = thread::spawn(|| {
///     thread::set_name("renamed");
///     thread::name()
/// });
/// assert_eq!(named.join().unwrap(), "renamed");
/// ```
pub fn set_name(name: &str) {
    let name = CString::new(kept(name)).unwrap_or_default();
    // SAFETY: PR_SET_NAME reads this string up to its zero byte.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
}

/// What the system keeps of a name.
pub(crate) fn kept(name: &str) -> &str {
    let name = name.split('\0').next().unwrap_or_default();
    &name[..name.floor_char_boundary(LONGEST)]
}

/// The name of a living thread of this process.
pub(super) fn name_of(tid: i32) -> Option<String> {
    let name = fs::read(format!("/proc/self/task/{tid}/comm")).ok()?;
    Some(
        String::from_utf8_lossy(&name)
            .trim_end_matches('\n')
            .to_string(),
    )
}
