//! What the system shows of the program, from outside.

use std::fs;
use std::path::Path;

/// A process of the program, as `/proc` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub pid: i32,
    /// Whose child it is. A process that lost its parent belongs to the sandbox.
    pub parent: i32,
    pub threads: Vec<Thread>,
    /// Bytes of memory that it occupies.
    pub memory: u64,
}

/// One thread of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    pub tid: i32,
    /// `R` runs or could, `S` sleeps, `D` waits for a device, `T` was stopped, `Z` has ended and was not waited for.
    pub state: char,
    /// Processor time so far, in clock ticks (a hundredth of a second).
    pub ticks: u64,
    /// How often it gave the processor away or had to.
    pub switches: u64,
}

impl Seen {
    /// Whether it has ended and nobody has waited for it.
    pub fn is_zombie(&self) -> bool {
        self.threads.iter().all(|thread| thread.state == 'Z')
    }
}

/// All processes below `pid`, parents before children.
pub(crate) fn below(pid: i32) -> Vec<Seen> {
    let mut found = Vec::new();
    let mut parents = vec![pid];
    while let Some(parent) = parents.pop() {
        for child in children(parent) {
            if let Some(seen) = look(child, parent) {
                found.push(seen);
            }
            parents.push(child);
        }
    }
    found
}

/// One process; `None` if it has gone.
pub(crate) fn look(pid: i32, parent: i32) -> Option<Seen> {
    let folder = format!("/proc/{pid}");
    let mut threads = Vec::new();
    for entry in fs::read_dir(format!("{folder}/task")).ok()?.flatten() {
        threads.extend(thread(&entry.path()));
    }
    let resident = fs::read_to_string(format!("{folder}/statm")).ok()?;
    let pages: u64 = resident.split_whitespace().nth(1)?.parse().ok()?;
    Some(Seen {
        pid,
        parent,
        threads,
        memory: pages * page_size(),
    })
}

fn page_size() -> u64 {
    // SAFETY: a question to the system, without pointers.
    let size = unsafe { support::libc::sysconf(support::libc::_SC_PAGESIZE) };
    u64::try_from(size).unwrap_or(4096)
}

fn children(pid: i32) -> Vec<i32> {
    // Each thread has the children that it forked.
    let tasks = fs::read_dir(format!("/proc/{pid}/task"));
    let mut all = Vec::new();
    for task in tasks.into_iter().flatten().flatten() {
        let listed = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        all.extend(listed.split_whitespace().flat_map(str::parse::<i32>));
    }
    all
}

fn thread(folder: &Path) -> Option<Thread> {
    let tid = folder.file_name()?.to_str()?.parse().ok()?;
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    // The name stands in brackets and may contain anything, brackets too.
    let mut fields = stat[stat.rfind(')')? + 1..].split_whitespace();
    let state = fields.next()?.chars().next()?;
    // utime and stime are fields 14 and 15 of the whole line; the state was the third.
    let user: u64 = fields.nth(10)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    let status = fs::read_to_string(folder.join("status")).ok()?;
    let switches = status
        .lines()
        .filter(|line| line.contains("ctxt_switches"))
        .filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
        .sum();
    Some(Thread {
        tid,
        state,
        ticks: user + system,
        switches,
    })
}

/// Whether nothing happened between two looks, and nothing could: each thread slept at both, or was
/// stopped.
pub(crate) fn asleep(before: &[Seen], after: &[Seen]) -> bool {
    let sleeps = |seen: &Seen| {
        seen.threads
            .iter()
            .all(|one| matches!(one.state, 'S' | 'T' | 'Z'))
    };
    !after.is_empty()
        && after.iter().all(sleeps)
        && before.len() == after.len()
        && before
            .iter()
            .zip(after)
            .all(|(before, after)| before.pid == after.pid && before.threads == after.threads)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_child_is_seen_asleep_until_it_is_told_to_end() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let me = std::process::id() as i32;
        let limit = std::time::Instant::now() + std::time::Duration::from_secs(20);
        let one = |all: Vec<Seen>| -> Vec<Seen> {
            let pid = child.id() as i32;
            all.into_iter().filter(|seen| seen.pid == pid).collect()
        };
        let mut before = one(below(me));
        loop {
            let after = one(below(me));
            if asleep(&before, &after) {
                break;
            }
            assert!(std::time::Instant::now() < limit, "{after:?}");
            before = after;
        }
        assert_eq!(before[0].threads.len(), 1);
        assert!(before[0].memory > 0 && !before[0].is_zombie());
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(look(child.id() as i32, me).is_none());
        assert!(!asleep(&[], &[]));
    }
}
