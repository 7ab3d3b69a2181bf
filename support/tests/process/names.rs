//! Who a process is.

use support::nix::sys::wait::{WaitStatus, waitpid};
use support::nix::unistd::{ForkResult, fork};
use support::process::{self, Process};
use support::{libc, thread};

#[test]
fn a_process_knows_its_name_and_the_system_keeps_15_bytes() {
    for (name, own, systems) in [
        ("short", "short", "short"),
        ("sixteen bytes ok", "sixteen bytes ok", "sixteen bytes o"),
        ("zero\0byte", "zero", "zero"),
    ] {
        let process = Process::spawn(name, || {
            i32::from((process::current_name().as_str(), thread::name().as_str()) != (own, systems))
        });
        assert!(process.join().success());
        assert_eq!(process.name(), own);
    }
    assert_eq!(process::current_name(), "main");
}

#[test]
fn a_bare_forks_child_does_not_bear_its_parents_name() {
    let process = Process::spawn("parent", || {
        // SAFETY: this process has one thread.
        match unsafe { fork() }.unwrap() {
            ForkResult::Child => {
                let is_parents = process::current_name() == "parent";
                // SAFETY: ends the process.
                unsafe { libc::_exit(is_parents.into()) }
            }
            ForkResult::Parent { child } => {
                i32::from(waitpid(child, None) != Ok(WaitStatus::Exited(child, 0)))
            }
        }
    });
    assert!(process.join().success());
}

#[test]
fn parent_and_child_know_each_others_pids() {
    let parent = process::id();
    let process = Process::spawn("child", || i32::from(process::parent_id() != parent));
    assert!(process.join().success());
    assert_ne!(process.pid() as u32, parent);
}
