//! Users that nobody else is, for submissions that root grades: limits on processes are counted for
//! each user, what one leaves behind belongs to nobody who comes later, and none can signal another.

use crate::proc;
use anyhow::{Result, bail};
use nix::unistd::Uid;
use std::collections::BTreeSet;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicU32, Ordering};

/// Ids that systemd's table of users calls unused, below those that containers are given
/// (`/etc/subuid` begins at 100,000).
const UNUSED: Range<u32> = 65_536..100_000;
/// In a container that has no more than 65,536 ids: those of systemd's own services, which come and
/// go with them.
const OF_SERVICES: Range<u32> = 61_184..65_520;

/// A user for one submission. No other of this grading gets it, and no process has it.
///
/// # Errors
/// When there is none left.
pub fn next_user() -> Result<u32> {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let range = [UNUSED, OF_SERVICES]
        .into_iter()
        .find(|range| exist(&map, range))
        .unwrap_or(OF_SERVICES);
    let busy = users_of_processes();
    // Gradings that run at once begin at different places.
    let begin = std::process::id().wrapping_mul(1021);
    for _ in range.clone() {
        let given = GIVEN.fetch_add(1, Ordering::Relaxed);
        if given >= range.end - range.start {
            break;
        }
        let user = range.start + begin.wrapping_add(given) % (range.end - range.start);
        if !busy.contains(&user) {
            return Ok(user);
        }
    }
    bail!(
        "each user from {} to {} was one submission's: grade the rest in a second run",
        range.start,
        range.end
    )
}

/// Whether this process is root and may make no namespace all the same, as in a container: a submission
/// then becomes its own user first, and makes them as an ordinary user does.
pub fn has_to_give_up_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    Uid::effective().is_root() && !may_administer(&status)
}

/// By the line of the capabilities that are in effect.
fn may_administer(status: &str) -> bool {
    const CAP_SYS_ADMIN: u64 = 1 << 21;
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let held = line.and_then(|held| u64::from_str_radix(held.trim(), 16).ok());
    held.unwrap_or_default() & CAP_SYS_ADMIN != 0
}

/// Whether all of the range are users here; `map` is what the system says of this namespace.
fn exist(map: &str, range: &Range<u32>) -> bool {
    map.lines().any(|line| {
        let mut numbers = line.split_whitespace().map(str::parse::<u64>);
        let (Some(Ok(first)), _, Some(Ok(count))) =
            (numbers.next(), numbers.next(), numbers.next())
        else {
            return false;
        };
        first <= u64::from(range.start) && first + count >= u64::from(range.end)
    })
}

/// How many threads a user has, which is what the system counts against a limit of processes.
pub fn threads_of(user: Uid) -> u64 {
    let own = |pid: &i32| {
        let owner = std::fs::metadata(format!("/proc/{pid}"));
        owner.is_ok_and(|it| it.uid() == user.as_raw())
    };
    let threads = proc::pids()
        .filter(own)
        .map(|pid| proc::tids(pid).count() as u64);
    threads.sum()
}

fn users_of_processes() -> BTreeSet<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().as_encoded_bytes()[0].is_ascii_digit())
        .filter_map(|entry| Some(entry.metadata().ok()?.uid()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_user_is_given_twice() {
        let first = next_user().unwrap();
        let more: BTreeSet<u32> = (0..200).map(|_| next_user().unwrap()).collect();
        assert_eq!(more.len(), 200);
        assert!(!more.contains(&first));
        assert!(
            more.iter()
                .all(|user| UNUSED.contains(user) || OF_SERVICES.contains(user))
        );
    }

    #[test]
    fn root_in_a_container_may_not_do_all() {
        assert!(may_administer("Uid:\t0\nCapEff:\t000001ffffffffff\n"));
        // Docker's default.
        assert!(!may_administer("CapEff:\t00000000a80425fb\n"));
        assert!(!may_administer(""));
    }

    #[test]
    fn a_container_s_users_are_those_that_are_mapped() {
        assert!(exist("         0          0 4294967295\n", &UNUSED));
        assert!(!exist("0 100000 65536\n", &UNUSED));
        assert!(exist("0 100000 65536\n", &OF_SERVICES));
        assert!(!exist("0 1000 1\n", &OF_SERVICES));
    }
}
