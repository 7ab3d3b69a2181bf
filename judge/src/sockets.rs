//! What no process has mapped: bytes that wait in sockets. A program's sandbox is a network of its
//! own, which counts its sockets; the system bounds what waits in each.

use std::fs;

/// Far more than a server of an assignment has clients; with a Unix socket's usual bound, the memory
/// that a program may occupy.
pub(crate) const MOST: u64 = 1000;

/// How many sockets there are in the network of a process; 0 if it has gone.
pub(crate) fn count(process: i32) -> u64 {
    let told = fs::read_to_string(format!("/proc/{process}/net/sockstat")).unwrap_or_default();
    counted(&told)
}

fn counted(told: &str) -> u64 {
    let first = told
        .lines()
        .find_map(|line| line.strip_prefix("sockets: used "));
    first
        .and_then(|number| number.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    #[test]
    fn sockets_are_counted_by_their_network() {
        assert_eq!(counted("sockets: used 27\nTCP: inuse 4 orphan 0\n"), 27);
        assert_eq!(counted(""), 0);
        let kept: Vec<_> = (0..50).map(|_| UnixStream::pair().unwrap()).collect();
        assert!(count(std::process::id() as i32) >= 2 * kept.len() as u64);
    }
}
