//! Control groups for one submission, where they can be had: they count all memory, also what no
//! process has mapped, and all processes, end what takes too much, and weigh a submission with a
//! hundred processes like one with a single one. Root can make them nearly everywhere, others where
//! the system has delegated a part of the tree; elsewhere the looks at the processes remain.

mod places;
pub mod scope;

use places::{Kind, Place, places};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Removed when it is dropped, with the processes that are still in it.
pub struct Group {
    made: Vec<(PathBuf, Kind)>,
}

impl Group {
    /// With as much of it as can be had here, which may be nothing.
    pub fn new(name: &str, memory: u64, processes: u64) -> Group {
        let mut group = Group { made: Vec::new() };
        for Place { parent, kind } in here() {
            if group.has(kind) {
                continue;
            }
            let folder = parent.join(name);
            if kind == Kind::All {
                delegate(&parent);
            }
            if make(&folder, &kind.settings(memory, processes)) && can_be_entered(&folder) {
                group.made.push((folder, kind));
            } else {
                remove(&folder);
            }
        }
        group
    }

    fn has(&self, kind: Kind) -> bool {
        let all = |made: Kind| made == Kind::All || kind == Kind::All;
        self.made
            .iter()
            .any(|(_, made)| *made == kind || all(*made))
    }

    /// What a process writes its id to in order to enter.
    pub fn doors(&self) -> impl Iterator<Item = PathBuf> {
        self.made.iter().map(|(folder, _)| door(folder))
    }

    /// What is not counted for the submission as a whole, in words for the report.
    pub fn missing(&self) -> Vec<String> {
        let all = [
            (
                Kind::Memory,
                "memory is bounded by looks at the processes, which miss what none has mapped",
            ),
            (Kind::Processes, "processes are counted for each user only"),
            (
                Kind::Processor,
                "processor time is bounded for each process only",
            ),
        ];
        let missing = all.into_iter().filter(|(kind, _)| !self.has(*kind));
        missing.map(|(_, words)| words.to_owned()).collect()
    }

    /// The most memory that was ever in use, where it is counted.
    pub fn peak(&self) -> Option<u64> {
        let mut peaks = self.made.iter().filter_map(|(folder, kind)| {
            let text = fs::read_to_string(folder.join(kind.peak()?)).ok()?;
            text.trim().parse().ok()
        });
        peaks.next()
    }

    /// Whether the system has ended one of its processes for the memory that they all used.
    pub fn took_all_memory(&self) -> bool {
        // Of the first version of control groups, and of the second.
        let counts = self.made.iter().flat_map(|(folder, _)| {
            ["memory.oom_control", "memory.events"].map(|name| folder.join(name))
        });
        counts.into_iter().any(|file| {
            let text = fs::read_to_string(file).unwrap_or_default();
            let count = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
            count.is_some_and(|count| count.trim() != "0")
        })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for (folder, _) in &self.made {
            remove(folder);
        }
    }
}

/// Removes groups whose grading was ended before it could.
pub fn sweep() {
    for Place { parent, .. } in here() {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let mut parts = name.split('-');
            if parts.next() == Some("lab")
                && let Some(Ok(owner)) = parts.next().map(str::parse::<u32>)
                && !Path::new(&format!("/proc/{owner}")).exists()
            {
                // One that still has processes stays.
                let _ = fs::remove_dir(entry.path());
            }
        }
    }
}

fn here() -> Vec<Place> {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    places(&own, &mounts)
}

/// Has the groups below `parent` count what they are to count, if they do not already, and this user
/// may say so.
fn delegate(parent: &Path) {
    for controller in ["+memory", "+pids", "+cpu"] {
        let _ = fs::write(parent.join("cgroup.subtree_control"), controller);
    }
}

/// False where the first file is not there: the group does not count what it should.
fn make(folder: &Path, settings: &[(&str, String)]) -> bool {
    if fs::create_dir(folder).is_err() && !folder.is_dir() {
        return false;
    }
    let mut done = settings.iter().map(|(file, value)| {
        let file = folder.join(file);
        file.is_file() && fs::write(file, value).is_ok()
    });
    let first = done.next().unwrap_or(false);
    // The others are asked for where the kernel has them.
    done.for_each(drop);
    first
}

/// A group may be made where nobody may be moved to.
fn can_be_entered(folder: &Path) -> bool {
    let door = door(folder);
    let mut probe = Command::new("true");
    probe.stdin(Stdio::null());
    // SAFETY: opening, writing and closing a file are system calls only; the path was made before.
    unsafe { probe.pre_exec(move || fs::write(&door, "0")) };
    probe.status().is_ok_and(|status| status.success())
}

fn door(folder: &Path) -> PathBuf {
    folder.join("cgroup.procs")
}

fn remove(folder: &Path) {
    let _ = fs::write(folder.join("cgroup.kill"), "1");
    // A killed process leaves its group a moment later.
    for _ in 0..100 {
        if fs::remove_dir(folder).is_ok() || !folder.exists() {
            return;
        }
        for process in fs::read_to_string(door(folder)).unwrap_or_default().lines() {
            if let Ok(process) = process.parse() {
                let process = nix::unistd::Pid::from_raw(process);
                let _ = nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGKILL);
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_goes_when_it_is_dropped_with_what_is_in_it() {
        let name = format!("lab-{}-test", std::process::id());
        let group = Group::new(&name, 64 << 20, 10);
        let doors: Vec<PathBuf> = group.doors().collect();
        // Where none can be had there is nothing to leave behind.
        assert_eq!(doors.is_empty(), group.missing().len() == 3);
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        for door in &doors {
            fs::write(door, child.id().to_string()).unwrap();
        }
        drop(group);
        assert!(doors.iter().all(|door| !door.exists()), "{doors:?}");
        if doors.is_empty() {
            child.kill().unwrap();
        }
        assert!(!child.wait().unwrap().success());
    }

    #[test]
    fn what_the_first_file_says_decides() {
        let tree = tempfile::tempdir().unwrap();
        let settings = Kind::All.settings(1000, 10);
        let with = |files: &[&str]| {
            let group = tree.path().join(files.len().to_string());
            fs::create_dir(&group).unwrap();
            for file in files {
                fs::write(group.join(file), "max\n").unwrap();
            }
            (make(&group, &settings), group)
        };
        let (made, group) = with(&["memory.max", "memory.swap.max", "pids.max"]);
        let said = |file| fs::read_to_string(group.join(file)).unwrap();
        assert!(made);
        assert_eq!(
            ["memory.max", "memory.swap.max", "pids.max"].map(said),
            ["1000", "0", "10"]
        );
        // What the kernel does not have is not made up.
        assert!(!group.join("cpu.weight").exists());
        assert!(!with(&["pids.max"]).0);
    }

    /// A loop in a group, on the first core: nobody else's turns decide how the two share it.
    fn spinning(group: &Group) -> std::process::Child {
        let doors: Vec<PathBuf> = group.doors().collect();
        let mut shell = Command::new("sh");
        shell.args(["-c", "while :; do :; done"]);
        let mut first = nix::sched::CpuSet::new();
        first.set(0).unwrap();
        let enter = move || {
            crate::launcher::end_with_parent()?;
            nix::sched::sched_setaffinity(nix::unistd::Pid::from_raw(0), &first)?;
            doors.iter().try_for_each(|door| fs::write(door, "0"))
        };
        // SAFETY: system calls on what was made before, as is asked of code between fork and exec.
        unsafe { shell.pre_exec(enter) };
        shell.spawn().unwrap()
    }

    /// Whether a group that shares the processors can be made and entered, found out without `Group`.
    fn is_shared_here() -> bool {
        let shares = |Place { parent, kind }: Place| {
            let file = match kind {
                Kind::Processor => "cpu.shares",
                Kind::All => "cpu.weight",
                Kind::Memory | Kind::Processes => return false,
            };
            let folder = parent.join(format!("lab-{}-shared", std::process::id()));
            let made = fs::create_dir(&folder).is_ok();
            let mut enter = Command::new("sh");
            enter.args(["-c", "echo $$ > \"$0\""]).arg(door(&folder));
            let shares = made
                && folder.join(file).is_file()
                && enter.status().is_ok_and(|status| status.success());
            remove(&folder);
            shares
        };
        here().into_iter().any(shares)
    }

    #[test]
    fn one_process_has_as_much_of_a_core_as_twenty_of_another_group() {
        let groups = ["many", "one"].map(|name| {
            Group::new(
                &format!("lab-{}-{name}", std::process::id()),
                256 << 20,
                100,
            )
        });
        if !is_shared_here() {
            println!("processor time is not shared by groups here");
            return;
        }
        assert!(groups.iter().all(|group| group.has(Kind::Processor)));
        let mut many: Vec<_> = (0..20).map(|_| spinning(&groups[0])).collect();
        let mut one = spinning(&groups[1]);
        let ticks = |child: &std::process::Child| {
            crate::proc::process(child.id() as i32).map_or(0, |stat| stat.ticks)
        };
        let limit = std::time::Instant::now() + Duration::from_secs(120);
        let all = loop {
            let all: u64 = many.iter().map(ticks).sum();
            if all + ticks(&one) >= 300 {
                break all;
            }
            assert!(std::time::Instant::now() < limit, "{all} of 300 ticks");
            std::thread::sleep(Duration::from_millis(20));
        };
        let own = ticks(&one);
        for child in many.iter_mut().chain([&mut one]) {
            let _ = child.kill();
            let _ = child.wait();
        }
        // Without groups it would be a twentieth.
        assert!(own * 3 > all, "{own} ticks beside {all}");
    }

    #[test]
    fn what_a_dead_grading_left_is_swept() {
        let mut gone = Command::new("true").spawn().unwrap();
        gone.wait().unwrap();
        let left = Group::new(&format!("lab-{}-swept", gone.id()), 64 << 20, 10);
        let mine = Group::new(&format!("lab-{}-kept", std::process::id()), 64 << 20, 10);
        sweep();
        assert!(left.doors().all(|door| !door.exists()));
        assert!(mine.doors().all(|door| door.exists()));
    }
}
