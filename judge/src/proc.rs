//! What `/proc` shows of processes and threads, read as bytes: whoever is looked at chooses its own
//! name, which may be no text and may hold brackets and line ends.
//!
//! The judge, `lab` and the tests share this file. `lab` compiles it as a module of its own: the
//! judge is compiled against the kernel's prebuilt `support`, and `lab` against nothing of it.

use std::fs;
use std::io::ErrorKind;

/// One line of `/proc/PID/stat` or `/proc/PID/task/TID/stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// `R` runs or could, `S` sleeps, `D` waits for a device, `T` was stopped, `Z` has ended.
    pub state: char,
    pub parent: i32,
    pub session: i32,
    /// Processor time of its own, in clock ticks (a hundredth of a second).
    pub ticks: u64,
    /// That of the children whose end it took note of.
    pub children_ticks: u64,
    /// When it was started, in ticks since the system was.
    pub started: u64,
}

/// What `/proc/PID/task/TID/status` and `schedstat` add.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// How often it gave the processor away or had to.
    pub switches: u64,
    /// Those times it gave it away by itself.
    pub waits: u64,
    /// Bytes of memory that its process occupies. A thread that has ended shows none.
    pub memory: u64,
}

/// All processes.
pub fn pids() -> impl Iterator<Item = i32> {
    numbers("/proc".to_owned())
}

/// The threads of a process; none if it has gone.
pub fn tids(pid: i32) -> impl Iterator<Item = i32> {
    numbers(format!("/proc/{pid}/task"))
}

fn numbers(folder: String) -> impl Iterator<Item = i32> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The children that a process has now; each of its threads has those that it forked.
pub fn children(pid: i32) -> Vec<i32> {
    let mut all = Vec::new();
    for tid in tids(pid) {
        let listed = text(&format!("/proc/{pid}/task/{tid}/children")).unwrap_or_default();
        all.extend(listed.split_whitespace().flat_map(str::parse::<i32>));
    }
    all
}

/// A process; `None` if it has gone.
pub fn process(pid: i32) -> Option<Stat> {
    stat(&fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// A thread. `None` if it has gone, and `Some(None)` if it is there and does not show itself.
pub fn thread(pid: i32, tid: i32) -> Option<Option<Stat>> {
    match fs::read(format!("/proc/{pid}/task/{tid}/stat")) {
        Ok(bytes) => Some(stat(&bytes)),
        // ESRCH: it ended between the opening and the reading.
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) if error.raw_os_error() == Some(3) => None,
        Err(_) => Some(None),
    }
}

/// More of a thread.
pub fn status(pid: i32, tid: i32) -> Status {
    let text = text(&format!("/proc/{pid}/task/{tid}/status")).unwrap_or_default();
    // From the end: the name stands in the first line, and could hold any of these words.
    let number = |name: &str| -> u64 {
        let line = text.lines().rev().find_map(|line| line.strip_prefix(name));
        let word = line.and_then(|line| line.split_whitespace().next());
        word.and_then(|word| word.parse().ok()).unwrap_or_default()
    };
    let waits = number("voluntary_ctxt_switches:");
    Status {
        switches: waits + number("nonvoluntary_ctxt_switches:"),
        waits,
        memory: number("VmRSS:") << 10,
    }
}

/// Bytes of memory that a process occupies, as a thread of it shows that has not ended: the first may
/// have.
pub fn memory(pid: i32) -> u64 {
    let mut shown = tids(pid).map(|tid| status(pid, tid).memory);
    shown.find(|bytes| *bytes > 0).unwrap_or_default()
}

/// Nanoseconds that a thread could have run and had no processor; 0 where the system does not say.
pub fn delay(pid: i32, tid: i32) -> u64 {
    let text = text(&format!("/proc/{pid}/task/{tid}/schedstat")).unwrap_or_default();
    let word = text.split_whitespace().nth(1);
    word.and_then(|word| word.parse().ok()).unwrap_or_default()
}

fn text(path: &str) -> Option<String> {
    let bytes = fs::read(path).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// "1234 (a name) S 1200 …": behind the last bracket stand words only.
fn stat(bytes: &[u8]) -> Option<Stat> {
    let name = bytes.iter().rposition(|byte| *byte == b')')?;
    let fields: Vec<&str> = std::str::from_utf8(&bytes[name + 1..])
        .ok()?
        .split_whitespace()
        .collect();
    let number = |place: usize| fields.get(place)?.parse::<u64>().ok();
    let id = |place: usize| fields.get(place)?.parse::<i32>().ok();
    Some(Stat {
        state: fields.first()?.chars().next()?,
        parent: id(1)?,
        session: id(3)?,
        ticks: number(11)? + number(12)?,
        children_ticks: number(13)? + number(14)?,
        started: number(19)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_hides_what_stands_behind_it() {
        let rest = " S 7 1 9 0 -1 4 0 0 0 0 2 3 5 8 20 0 1 0 99 0";
        let expected = Stat {
            state: 'S',
            parent: 7,
            session: 9,
            ticks: 5,
            children_ticks: 13,
            started: 99,
        };
        for name in [&b"a"[..], b") R 1 1", b"\xff\xfe) \n(", b""] {
            let line = [b"12 (", name, b")", rest.as_bytes()].concat();
            assert_eq!(stat(&line), Some(expected), "{name:?}");
        }
        assert_eq!(stat(b"12 (a) S 7"), None);
    }

    #[test]
    fn this_thread_shows_itself_under_any_name() {
        std::thread::scope(|scope| {
            let named = std::thread::Builder::new();
            let named = named.spawn_scoped(scope, || {
                let own = fs::read_link("/proc/thread-self").unwrap();
                let tid: i32 = own.file_name().unwrap().to_str().unwrap().parse().unwrap();
                fs::write("/proc/thread-self/comm", b"\xffVmRSS: 1").unwrap();
                let pid = std::process::id() as i32;
                assert_eq!(thread(pid, tid).unwrap().unwrap().state, 'R');
                let seen = status(pid, tid);
                assert!(
                    seen.memory > 1 << 20 && seen.switches >= seen.waits,
                    "{seen:?}"
                );
                assert!(tids(pid).any(|one| one == tid));
            });
            named.unwrap().join().unwrap();
        });
        assert_eq!(thread(std::process::id() as i32, i32::MAX), None);
        assert_eq!(process(i32::MAX), None);
    }
}
