//! Children of a test, made by a bare fork, as what they use is what is tested.

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid};

/// A child that runs `work` and exits with 0, or with 1 if that says `false`.
pub fn child(work: impl FnOnce() -> bool) -> Pid {
    // SAFETY: other tests' threads are not in the child, and their locks may be held: the child
    // takes none but malloc's, which the C library makes ready again.
    let parent = getpid();
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            // A test that is aborted leaves nobody behind.
            processes::lifeline::killed_with_thread_of(parent.as_raw());
            let code = if work() { 0 } else { 1 };
            // SAFETY: ends the child without running what the test runner has registered.
            unsafe { libc::_exit(code) }
        }
        ForkResult::Parent { child } => child,
    }
}

/// Waits for the child, which must have exited with 0.
pub fn ended_well(child: Pid) {
    assert_eq!(waitpid(child, None), Ok(WaitStatus::Exited(child, 0)));
}
