//! Who a process is.

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};
use processes::{self, Process};

#[test]
fn a_process_knows_its_name_and_the_system_keeps_15_bytes() {
    for (name, own, systems) in [
        ("short", "short", "short"),
        ("sixteen bytes ok", "sixteen bytes ok", "sixteen bytes o"),
        ("zero\0byte", "zero", "zero"),
    ] {
        let process = Process::spawn(name, || {
            i32::from((processes::current_name().as_str(), comm().as_str()) != (own, systems))
        });
        assert!(process.join().success());
        assert_eq!(process.name(), own);
    }
    assert_eq!(processes::current_name(), "main");
}

#[test]
fn a_bare_forks_child_does_not_bear_its_parents_name() {
    let process = Process::spawn("parent", || {
        // SAFETY: this process has one thread.
        match unsafe { fork() }.unwrap() {
            ForkResult::Child => {
                let is_parents = processes::current_name() == "parent";
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
    let parent = std::process::id();
    let process = Process::spawn("child", || {
        i32::from(std::os::unix::process::parent_id() != parent)
    });
    assert!(process.join().success());
    assert_ne!(process.pid() as u32, parent);
}

/// The caller's name for the system.
fn comm() -> String {
    let name = std::fs::read_to_string("/proc/thread-self/comm").unwrap();
    name.trim_end().to_string()
}
