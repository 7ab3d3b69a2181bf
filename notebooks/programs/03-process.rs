//! A process as an object: start it, wait for it, end it.
//!
//! `Process` wraps fork, waitpid and kill. Look at how three children end, and that
//! the parent goes on each time: one exits, one panics, one ignores SIGTERM and is
//! killed when it is dropped.

use nix::errno::Errno;
use nix::sys::signal::{SigHandler, Signal, kill, signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, alarm, fork};
use std::io::{self, PipeWriter, Read, Write};
use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant};
use std::{process, thread};

struct Process {
    pid: Pid,
    end: Option<WaitStatus>, // kept, for the pid means nothing once it was waited for
}

impl Process {
    fn spawn(work: impl FnOnce() -> i32) -> nix::Result<Process> {
        // SAFETY: this program has one thread, so the child inherits no
        // lock without its owner.
        match unsafe { fork() }? {
            ForkResult::Parent { child } => Ok(Process {
                pid: child,
                end: None,
            }),
            ForkResult::Child => {
                alarm::set(10); // should the parent be killed, the child ends by itself
                // A panic has to end here, else it would unwind the
                // child's copy of `main`.
                let code = panic::catch_unwind(AssertUnwindSafe(work));
                process::exit(code.unwrap_or(101))
            }
        }
    }

    /// Waits no longer than the limit; `None` if the process still runs.
    fn join(&mut self, limit: Duration) -> nix::Result<Option<WaitStatus>> {
        let begin = Instant::now();
        while self.end.is_none() {
            match waitpid(self.pid, Some(WaitPidFlag::WNOHANG))? {
                WaitStatus::StillAlive if begin.elapsed() > limit => return Ok(None),
                WaitStatus::StillAlive => thread::sleep(Duration::from_millis(2)),
                end => self.end = Some(end),
            }
        }
        Ok(self.end)
    }
}

/// Neither a running process nor a zombie stays behind.
impl Drop for Process {
    fn drop(&mut self) {
        if self.end.is_none() {
            let _ = kill(self.pid, Signal::SIGKILL);
            let _ = waitpid(self.pid, None);
        }
    }
}

/// SIGTERM is a request, and this child does not listen.
fn stubborn(mut ready: PipeWriter) -> i32 {
    // SAFETY: `SigIgn` runs no code of ours.
    unsafe { signal(Signal::SIGTERM, SigHandler::SigIgn) }
        .expect("SIGTERM can be ignored");
    ready.write_all(b"!").expect("the parent reads");
    thread::sleep(Duration::from_secs(5));
    0
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (short, long) = (Duration::from_millis(50), Duration::from_secs(5));

    let mut number = 1;
    let mut worker = Process::spawn(|| {
        number += 6; // the child's copy
        number
    })?;
    let end = worker.join(long)?;
    println!("worker:   {end:?}, and the parent's number is still {number}");
    assert_eq!((end, number), (Some(WaitStatus::Exited(worker.pid, 7)), 1));

    let mut unlucky = Process::spawn(|| {
        // The usual hook writes to stderr.
        panic::set_hook(Box::new(|_| println!("unlucky:  panics")));
        panic!("the file is empty")
    })?;
    let end = unlucky.join(long)?;
    println!("unlucky:  {end:?}");
    assert_eq!(end, Some(WaitStatus::Exited(unlucky.pid, 101)));

    let (mut ready, tell) = io::pipe()?;
    let mut child = Process::spawn(|| stubborn(tell))?;
    // A SIGTERM that comes before the child ignores it would end it.
    ready.read_exact(&mut [0])?;
    kill(child.pid, Signal::SIGTERM)?;
    println!("stubborn: {:?}, 50 ms after SIGTERM", child.join(short)?);
    let pid = child.pid;
    drop(child);
    println!("stubborn: dropped; waitpid says {:?}", waitpid(pid, None));
    assert_eq!(waitpid(pid, None), Err(Errno::ECHILD)); // neither running nor a zombie
    Ok(())
}
