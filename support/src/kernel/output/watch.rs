//! Whether the thread that runs the cells waits for its next command.
//!
//! Any text can say that a cell has ended. That thread cannot wait for the next command, in a
//! `read` of its stdin, unless the cell has.

use std::fs;

/// What the cells' thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// It waits in a `read` of stdin. The number says how often it has waited for anything: the
    /// same number, the same wait.
    Reading(Option<u64>),
    Other,
    /// The system does not say.
    Unknown,
}

pub fn cells_thread(process: i32) -> Doing {
    let before = waits(process);
    let Ok(call) = fs::read_to_string(format!("/proc/self/task/{process}/syscall")) else {
        return Doing::Unknown;
    };
    if !is_read_of_stdin(&call) {
        return Doing::Other;
    }
    // It may have gone on between the two looks, and wait for something else by now.
    match waits(process) {
        after if after == before => Doing::Reading(after),
        _ => Doing::Other,
    }
}

/// The line is "running", or the call's number and its arguments.
fn is_read_of_stdin(call: &str) -> bool {
    let mut words = call.split_whitespace();
    words.next().and_then(|word| word.parse().ok()) == Some(libc::SYS_read)
        && words.next() == Some("0x0")
}

fn waits(process: i32) -> Option<u64> {
    // Its first line is the name, which may hold any bytes.
    let status = fs::read(format!("/proc/self/task/{process}/status")).ok()?;
    let status = String::from_utf8_lossy(&status);
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_tells_its_waits_whatever_it_is_called() {
        for name in [c"plain", c"\xff\xfe"] {
            nix::sys::prctl::set_name(name).unwrap();
            assert!(waits(crate::threads::tid()).is_some(), "{name:?}");
        }
    }

    #[test]
    fn a_read_of_stdin_is_told_from_other_calls() {
        let read = libc::SYS_read;
        assert!(is_read_of_stdin(&format!(
            "{read} 0x0 0x7f 0x2000 0x0 0x0 0x0 0x7f 0x7f\n"
        )));
        assert!(!is_read_of_stdin(&format!(
            "{read} 0x3 0x7f 0x2000 0x0 0x0 0x0 0x7f 0x7f\n"
        )));
        assert!(!is_read_of_stdin("running\n"));
        assert!(!is_read_of_stdin("-1 0x7ffc 0x7f\n"));
    }
}
