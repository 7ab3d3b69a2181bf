//! How busy the machine was with other things while a kernel ran.

use std::fs;
use std::time::Instant;

use nix::unistd::{Pid, SysconfVar, sysconf};

use super::processes::of_session;
use crate::launcher::ticks_of;

/// At most this part of a core for others, and a claim about time has to hold.
pub const QUIET: f64 = 0.15;

/// The processor time that was used up to a moment, by everybody and by one session.
pub struct Load {
    at: Instant,
    session: Pid,
    all: f64,
    own: f64,
}

impl Load {
    /// Up to now. A kernel's processes are a session.
    pub fn now(session: Pid) -> Load {
        Load {
            at: Instant::now(),
            session,
            all: all(),
            own: own(session),
        }
    }

    /// The part of a core that others had since then: processes that are not of this session, and
    /// other machines on the same hardware ("steal").
    pub fn others(&self) -> f64 {
        let now = Load::now(self.session);
        let seconds = (now.at - self.at).as_secs_f64().max(0.01);
        ((now.all - self.all) - (now.own - self.own)).max(0.0) / seconds
    }
}

/// Seconds that the cores were not idle, or were with somebody else.
fn all() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = stat.lines().next().unwrap_or_default();
    let ticks: Vec<u64> = line.split_whitespace().flat_map(str::parse).collect();
    // user, nice, system, idle, iowait, irq, softirq, steal; guests are in the first two.
    let used = |place: &usize| ticks.get(*place).copied().unwrap_or_default();
    seconds([0, 1, 2, 5, 6, 7].iter().map(used).sum())
}

/// Seconds that the processes of a session used, and those whose end they took notice of.
fn own(session: Pid) -> f64 {
    seconds(of_session(session).map(ticks_of).sum())
}

fn seconds(ticks: u64) -> f64 {
    let per_second = sysconf(SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100);
    ticks as f64 / per_second as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::unistd::getsid;

    #[test]
    fn what_a_session_uses_is_not_others() {
        let session = getsid(None).unwrap();
        let before = own(session);
        while own(session) - before < 0.05 {
            std::hint::spin_loop();
        }
        assert!(all() > 0.05);
        assert!(Load::now(session).others() >= 0.0);
    }
}
