//! What the system shows of the program, from outside.

use crate::proc;
use std::time::Duration;

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
        for child in proc::children(parent) {
            found.extend(look(child, parent));
            parents.push(child);
        }
    }
    found
}

/// One process; `None` if it has gone.
pub(crate) fn look(pid: i32, parent: i32) -> Option<Seen> {
    let mut memory = 0;
    let mut threads = Vec::new();
    for tid in proc::tids(pid) {
        let Some(stat) = proc::thread(pid, tid) else {
            continue;
        };
        let status = proc::status(pid, tid);
        // The first thread may have ended, and then shows no memory; the others do.
        memory = status.memory.max(memory);
        threads.push(Thread {
            tid,
            // One that lives and does not show itself may be at work.
            state: stat.map_or('R', |stat| stat.state),
            ticks: stat.map_or(0, |stat| stat.ticks),
            switches: status.switches,
        });
    }
    (!threads.is_empty()).then_some(Seen {
        pid,
        parent,
        threads,
        memory,
    })
}

/// Whether the program could have run for a good part of its time, and others had the processors.
/// One that has used a second of them had its share: no solution needs a tenth of that.
pub(crate) fn starved(all: &[Seen], lifetime: Duration) -> bool {
    let threads = || {
        all.iter()
            .flat_map(|seen| seen.threads.iter().map(move |one| (seen, one)))
    };
    let used: u64 = threads().map(|(_, thread)| thread.ticks).sum();
    let children: u64 = all
        .iter()
        .filter_map(|seen| proc::process(seen.pid))
        .map(|stat| stat.children_ticks)
        .sum();
    if used + children >= 100 {
        return false;
    }
    let delay = threads()
        .map(|(seen, thread)| proc::delay(seen.pid, thread.tid))
        .max();
    let delay = Duration::from_nanos(delay.unwrap_or_default());
    delay > Duration::from_secs(1) && delay * 3 > lifetime
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
