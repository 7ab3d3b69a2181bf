//! Where control groups can be made, and what is written into them.

use std::path::{Path, PathBuf};

/// A folder below which a group may be made, and what it can count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub parent: PathBuf,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The first version has a tree for each controller.
    Memory,
    Processes,
    Processor,
    /// The second has one tree for all of them.
    All,
}

impl Kind {
    /// Files of a new group and what is written into them; the first has to be there.
    pub fn settings(self, memory: u64, processes: u64) -> Vec<(&'static str, String)> {
        let memory = memory.to_string();
        let processes = processes.to_string();
        match self {
            // With what is swapped out, and what sockets hold.
            Kind::Memory => vec![
                ("memory.limit_in_bytes", memory.clone()),
                ("memory.memsw.limit_in_bytes", memory.clone()),
                ("memory.kmem.tcp.limit_in_bytes", memory),
            ],
            Kind::Processes => vec![("pids.max", processes)],
            // The usual weight: what counts is that all of a submission together has it.
            Kind::Processor => vec![("cpu.shares", "1024".to_owned())],
            Kind::All => vec![
                ("memory.max", memory),
                ("memory.swap.max", "0".to_owned()),
                ("memory.oom.group", "1".to_owned()),
                ("pids.max", processes),
                ("cpu.weight", "100".to_owned()),
            ],
        }
    }

    /// The file that tells the most memory that there ever was in a group.
    pub fn peak(self) -> Option<&'static str> {
        match self {
            Kind::Memory => Some("memory.max_usage_in_bytes"),
            Kind::All => Some("memory.peak"),
            Kind::Processes | Kind::Processor => None,
        }
    }
}

/// By what `/proc/self/cgroup` and `/proc/mounts` say, the best of each kind first. Of the first
/// version: below our own group, or at the root of what a container sees. Of the second: beside our
/// own, as a group that has processes can have no groups with limits below it, unless it is the root.
pub fn places(own: &str, mounts: &str) -> Vec<Place> {
    let mut all = Vec::new();
    for line in own.lines() {
        let fields: Vec<&str> = line.splitn(3, ':').collect();
        let [_, controllers, path] = fields[..] else {
            continue;
        };
        for mount in mounts.lines() {
            let words: Vec<&str> = mount.split(' ').collect();
            let [_, root, version, options, ..] = words[..] else {
                continue;
            };
            let root = Path::new(root);
            let below = root.join(path.trim_start_matches('/'));
            if controllers.is_empty() && version == "cgroup2" {
                let beside = below.parent().filter(|_| below != root);
                let parents = beside.into_iter().chain([&*below]);
                all.extend(parents.map(|parent| Place {
                    parent: parent.to_owned(),
                    kind: Kind::All,
                }));
            } else if version == "cgroup" {
                let of_both = |name: &str| {
                    let lists = |list: &str| list.split(',').any(|one| one == name);
                    lists(controllers) && lists(options)
                };
                for (name, kind) in [
                    ("memory", Kind::Memory),
                    ("pids", Kind::Processes),
                    ("cpu", Kind::Processor),
                ] {
                    let parents = [&*below, root].into_iter().filter(|_| of_both(name));
                    all.extend(parents.map(|parent| Place {
                        parent: parent.to_owned(),
                        kind,
                    }));
                }
            }
        }
    }
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(own: &str, mounts: &str) -> Vec<(String, Kind)> {
        let places = places(own, mounts).into_iter();
        places
            .map(|place| (place.parent.display().to_string(), place.kind))
            .collect()
    }

    #[test]
    fn the_first_version_has_a_tree_for_each_controller() {
        let own = "4:memory:/a/b\n2:cpu,cpuacct:/\n1:pids:/c\n";
        let mounts = "cgroup /g/memory cgroup rw,memory 0 0\ncgroup /g/cpu cgroup rw,cpu,cpuacct 0 0\ncgroup /g/pids cgroup rw,pids 0 0\n";
        let expected = [
            ("/g/memory/a/b", Kind::Memory),
            ("/g/memory", Kind::Memory),
            ("/g/cpu/", Kind::Processor),
            ("/g/pids/c", Kind::Processes),
            ("/g/pids", Kind::Processes),
        ];
        assert_eq!(
            found(own, mounts),
            expected.map(|(place, kind)| (place.to_owned(), kind))
        );
    }

    #[test]
    fn in_the_second_a_group_stands_beside_our_own() {
        let mounts = "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n";
        let own = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/shell.scope\n";
        let app =
            "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice".to_owned();
        let expected = [
            (app.clone(), Kind::All),
            (format!("{app}/shell.scope"), Kind::All),
        ];
        assert_eq!(found(own, mounts), expected);
        let root = [("/sys/fs/cgroup/".to_owned(), Kind::All)];
        assert_eq!(found("0::/\n", mounts), root);
    }
}
