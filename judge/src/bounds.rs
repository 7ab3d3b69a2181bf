//! What a program may have of the machine, as is seen from outside.

use crate::sockets;
use crate::watch::{self, Seen};
use support::nix::sys::signal::{Signal, kill};
use support::nix::unistd::Pid;

/// What is around the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Walls {
    /// A sandbox, whose own two processes are not the program's.
    Namespaces,
    /// One process that starts it, and ends what is left of it when it is asked to. The network is the
    /// machine's: nobody gets in by a socket's name, and a server is handed its listener.
    Landlock,
    None,
}

/// Where the system bounds them for the program alone, it never has more.
const MOST_THREADS: usize = 128;

/// A program and its bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// The process that was started for it.
    pub outer: i32,
    pub walls: Walls,
    /// Bytes that all of its processes may occupy.
    pub memory: u64,
}

impl Bounds {
    /// The program's processes, parents before children.
    pub fn processes(&self) -> Vec<Seen> {
        let mut all = watch::below(self.outer);
        match self.walls {
            Walls::Namespaces => {
                // The sandbox is a process outside and one inside, the inner one's only parent.
                let inner = all.first().map(|seen| seen.pid);
                all.retain(|seen| Some(seen.pid) != inner);
            }
            Walls::Landlock => {}
            Walls::None => drop(all.splice(0..0, watch::look(self.outer, 0))),
        }
        all
    }

    /// What it has too much of, in a sentence.
    pub fn exceeded(&self, seen: &[Seen]) -> Option<String> {
        let occupied: u64 = seen.iter().map(|seen| seen.memory).sum();
        if occupied > self.memory {
            let most = self.memory >> 20;
            return Some(format!(
                "the program occupied more than {most} MB of memory"
            ));
        }
        let threads: usize = seen.iter().map(|seen| seen.threads.len()).sum();
        if self.walls != Walls::None && threads > MOST_THREADS {
            return Some(format!(
                "the program had more than {MOST_THREADS} processes and threads"
            ));
        }
        // Else the network is the machine's, and what others have open counts too.
        let mut counts = seen.iter().map(|seen| sockets::count(seen.pid));
        // One that has just ended has no network any more.
        let open = counts.find(|count| *count > 0).unwrap_or(0);
        (self.walls == Walls::Namespaces && open > sockets::MOST)
            .then(|| format!("the program had more than {} sockets", sockets::MOST))
    }

    /// Looks once; ends a program that has too much, and says of what.
    pub fn look(&self) -> Option<String> {
        let seen = self.processes();
        let exceeded = self.exceeded(&seen)?;
        for one in seen {
            let _ = kill(Pid::from_raw(one.pid), Signal::SIGKILL);
        }
        Some(exceeded)
    }
}
