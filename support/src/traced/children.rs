//! Children whose ends are recorded as they come, whichever of them is waited for.
//!
//! The system does not tell when a process has ended: only that it has. Who joins one after the other
//! would see the second end after the first, even if it was killed long before.

use std::cell::RefCell;
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{Pid, getpid};
use processes::Process;
use timeline::Trace;

thread_local! {
    /// Those that this thread has started, and not yet seen to end.
    static CHILDREN: RefCell<Vec<Child>> = const { RefCell::new(Vec::new()) };
}

struct Child {
    trace: Trace,
    /// Whose child it is: a fork copies the list.
    parent: Pid,
    pidfd: OwnedFd,
}

/// From now on, waits of this thread see this child's end too.
pub fn watch(trace: &Trace, process: &Process) {
    if let Ok(pidfd) = process.as_fd().try_clone_to_owned() {
        let (trace, parent) = (trace.clone(), getpid());
        CHILDREN.with_borrow_mut(|children| {
            children.push(Child {
                trace,
                parent,
                pidfd,
            });
        });
    }
}

/// Waits for a process's end, without reaping it, and records the ends of this thread's others.
pub fn wait_for(process: &Process) {
    let mut children = CHILDREN.take();
    children.retain(|child| child.parent == getpid());
    let mut is_over = false;
    while !is_over {
        let all = [process.as_fd()].into_iter();
        let all = all.chain(children.iter().map(|child| child.pidfd.as_fd()));
        let mut all: Vec<_> = all.map(|it| PollFd::new(it, PollFlags::POLLIN)).collect();
        match poll(&mut all, PollTimeout::NONE) {
            Ok(_) => {}
            Err(Errno::EINTR) => continue,
            // The join that follows waits without this.
            Err(_) => break,
        }
        let over: Vec<bool> = all.iter().map(|it| it.any() == Some(true)).collect();
        let mut over = over.into_iter();
        is_over = over.next() == Some(true);
        children.retain(|child| {
            let over = over.next() == Some(true);
            if over {
                child.ended();
            }
            !over
        });
    }
    CHILDREN.set(children);
}

impl Child {
    fn ended(&self) {
        let only_ask = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG;
        // Who was reaped already was seen to end by somebody else.
        if let Ok(status) = waitid(Id::PIDFd(self.pidfd.as_fd()), only_ask) {
            self.trace.ended(status);
        }
    }
}
