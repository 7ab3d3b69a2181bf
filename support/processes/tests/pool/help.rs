//! Shared counters, limits, and processes of one's own.

use std::sync::atomic::AtomicU32;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// The longest that anything here may take.
pub const LIMIT: Duration = Duration::from_secs(60);

/// Counters that forked processes share; for the rest of the test's life.
pub fn shared(n: usize) -> &'static [AtomicU32] {
    // SAFETY: a fresh mapping of zeros, which are valid counters, and is never unmapped.
    unsafe {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
        let base = libc::mmap(std::ptr::null_mut(), 4 * n.max(1), protection, flags, -1, 0);
        assert_ne!(base, libc::MAP_FAILED);
        std::slice::from_raw_parts(base.cast(), n)
    }
}

/// Fails the test if this takes too long, and returns what it returns.
pub fn within<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, wait) = channel();
    let worker = std::thread::spawn(move || done.send(work()));
    match wait.recv_timeout(LIMIT) {
        Ok(result) => result,
        Err(_) if worker.is_finished() => {
            std::panic::resume_unwind(worker.join().expect_err("it sent nothing"))
        }
        Err(_) => panic!("it takes more than {LIMIT:?}"),
    }
}

/// Waits for something that another thread or process will bring about.
pub fn until(what: &str, is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < LIMIT, "still waiting until {what}");
        std::thread::yield_now();
    }
}

/// The open descriptors of this process.
pub fn descriptors() -> Vec<String> {
    let list = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    let mut all: Vec<String> = list
        .filter_map(|entry| {
            let leads_to = std::fs::read_link(entry.path()).ok()?;
            Some(format!("{:?} {}", entry.file_name(), leads_to.display()))
        })
        // The list itself is open while it is read.
        .filter(|name| !name.contains(&format!("/proc/{}/fd", std::process::id())))
        .collect();
    all.sort();
    all
}

/// The children of this process, also those that are dead and not waited for.
pub fn children() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let lists = tasks.flat_map(|task| std::fs::read_to_string(task.path().join("children")));
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .map(String::from)
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Whether this process runs: neither gone, nor dead and not waited for.
pub fn runs(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(") ").next().unwrap_or_default();
    !state.is_empty() && !state.starts_with(['Z', 'X'])
}

/// Numbers that look random and are the same in every run: xorshift64*.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % n
    }
}
