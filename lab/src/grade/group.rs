//! A control group for one submission, where one can be had: it counts all memory, also what no
//! process has mapped, and ends what takes too much. Root can make one nearly everywhere, others
//! where the system has delegated it; elsewhere the judge's own look at the processes remains.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Removed when it is dropped: all its processes should have ended by then.
pub struct Group {
    folder: PathBuf,
}

impl Group {
    /// `None` where none can be had.
    pub fn new(name: &str, memory: u64) -> Option<Group> {
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        let mounts = fs::read_to_string("/proc/mounts").ok()?;
        candidates(&own, &mounts)
            .into_iter()
            .find_map(|(parent, limit)| make(&parent.join(name), limit, memory))
    }

    /// What a process writes its id to in order to enter.
    pub fn door(&self) -> PathBuf {
        self.folder.join("cgroup.procs")
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // A killed process leaves its group a moment later.
        for _ in 0..100 {
            if fs::remove_dir(&self.folder).is_ok() || !self.folder.exists() {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn make(folder: &Path, limit: &str, memory: u64) -> Option<Group> {
    fs::create_dir(folder).ok()?;
    let group = Group {
        folder: folder.to_owned(),
    };
    // The file is there only if the group has the memory controller.
    let limited =
        folder.join(limit).is_file() && fs::write(folder.join(limit), memory.to_string()).is_ok();
    limited.then_some(group)
}

/// Where a group may be made, and its file for the limit: below our own of the first version's
/// memory controller, at that one's root (what a container sees of it), below our own of the second.
fn candidates(own: &str, mounts: &str) -> Vec<(PathBuf, &'static str)> {
    let mut all = Vec::new();
    for line in own.lines() {
        let fields: Vec<&str> = line.splitn(3, ':').collect();
        let [_, controllers, path] = fields[..] else {
            continue;
        };
        let first = controllers.split(',').any(|one| one == "memory");
        let second = controllers.is_empty();
        for mount in mounts.lines().filter(|_| first || second) {
            let words: Vec<&str> = mount.split(' ').collect();
            let [_, place, kind, options, ..] = words[..] else {
                continue;
            };
            let below = Path::new(place).join(path.trim_start_matches('/'));
            if first && kind == "cgroup" && options.split(',').any(|one| one == "memory") {
                all.push((below, "memory.limit_in_bytes"));
                all.push((place.into(), "memory.limit_in_bytes"));
            } else if second && kind == "cgroup2" {
                all.push((below, "memory.max"));
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_looked_for() {
        let own = "4:cpu,memory:/a/b\n1:cpu:/\n0::/c\n";
        let mounts = "cgroup /g/memory cgroup rw,memory 0 0\ncgroup /g/cpu cgroup rw,cpu 0 0\ncgroup2 /g/two cgroup2 rw 0 0\n";
        let expected: Vec<(PathBuf, &str)> = vec![
            ("/g/memory/a/b".into(), "memory.limit_in_bytes"),
            ("/g/memory".into(), "memory.limit_in_bytes"),
            ("/g/two/c".into(), "memory.max"),
        ];
        assert_eq!(candidates(own, mounts), expected);
    }

    #[test]
    fn a_group_goes_when_it_is_dropped() {
        let name = format!("lab-test-{}", std::process::id());
        // Where none can be had there is nothing to leave behind.
        if let Some(group) = Group::new(&name, 64 << 20) {
            let folder = group.folder.clone();
            assert!(group.door().is_file());
            drop(group);
            assert!(!folder.exists());
        }
    }
}
