//! The fork guard: whatever a cell forks, the kernel stays whole.

use end_to_end::lent::Lent;
use end_to_end::processes::{state, wait_until};
use std::time::{Duration, Instant};

const SET_UP: &str = "use support::nix::{self, unistd::{fork, getpid, getppid, ForkResult}}; use support::nix::sys::wait::waitpid;";

/// A kernel in which a cell can fork.
fn kernel() -> Lent {
    let mut kernel = Lent::take();
    kernel.run(SET_UP).ok();
    kernel
}

/// The kernel still answers, and answers for the right cell.
fn expect_whole(kernel: &mut Lent) {
    for number in [3, 4, 5] {
        let reply = kernel
            .run(&format!("println!(\"cell {number}\"); {number} * 2"))
            .ok();
        assert_eq!(
            (reply.stdout, reply.result["text/plain"].clone()),
            (format!("cell {number}\n"), format!("{}", number * 2))
        );
    }
}

#[test]
fn a_raw_fork_that_returns_twice() {
    let mut kernel = kernel();
    let reply = kernel.run(
        r#"match unsafe { fork() }.unwrap() {
            ForkResult::Parent { child } => { waitpid(child, None).unwrap(); println!("parent of {child}"); }
            ForkResult::Child => println!("child of {}", getppid()),
        };"#,
    );
    let lines: Vec<_> = reply.stdout.lines().collect();
    // In this order: the parent has waited.
    assert!(
        lines.len() == 2 && lines[0].starts_with("child of ") && lines[1].starts_with("parent of "),
        "{reply:?}"
    );
    expect_whole(&mut kernel);
    kernel.give_back();
}

#[test]
fn a_child_that_panics() {
    let mut kernel = kernel();
    let reply = kernel.run(
        r#"match unsafe { fork() }.unwrap() {
            ForkResult::Parent { child } => println!("{:?}", waitpid(child, None).unwrap()),
            ForkResult::Child => panic!("the child's own"),
        };"#,
    );
    let reply = reply.ok();
    assert!(
        reply.stdout.contains("Exited(") && reply.stdout.contains("101"),
        "{reply:?}"
    );
    assert!(
        reply.stderr.contains("panicked: the child's own"),
        "{reply:?}"
    );
    expect_whole(&mut kernel);
    kernel.give_back();
}

#[test]
fn eight_processes_from_three_nested_forks() {
    let mut kernel = kernel();
    let reply = kernel.run(
        r#"for _ in 0..3 { unsafe { fork() }.unwrap(); }
        println!("I am {}", getpid());
        while nix::sys::wait::wait().is_ok() {}"#,
    );
    let mut lines: Vec<_> = reply.stdout.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 8, "{reply:?}");
    expect_whole(&mut kernel);
    kernel.give_back();
}

#[test]
fn a_child_that_outlives_its_cell_dies_with_the_kernel() {
    let mut kernel = kernel();
    let reply = kernel.run(
        r#"match unsafe { fork() }.unwrap() {
            ForkResult::Parent { child } => println!("{child}"),
            ForkResult::Child => loop { std::thread::sleep(std::time::Duration::from_secs(1)) },
        };"#,
    );
    let child: i32 = reply.ok().stdout.trim().parse().expect("a number");
    expect_whole(&mut kernel);
    assert_eq!(state(child), Some('S'), "it still sleeps");
    // The process that runs the cells ends; so must its child.
    kernel.run("std::process::abort();").error();
    wait_until("the child has ended", || {
        matches!(state(child), None | Some('Z'))
    });
    expect_whole(&mut kernel);
    kernel.give_back();
}

#[test]
fn a_child_forked_by_another_thread_outlives_that_thread_but_not_the_kernel() {
    let mut kernel = kernel();
    let reply = kernel.run(
        r#"let forked = std::thread::spawn(|| match unsafe { fork() }.unwrap() {
            ForkResult::Parent { child } => child.as_raw(),
            ForkResult::Child => loop { std::thread::sleep(std::time::Duration::from_secs(1)) },
        }).join().unwrap();
        println!("{forked}");"#,
    );
    let child: i32 = reply.ok().stdout.trim().parse().expect("a number");
    expect_whole(&mut kernel);
    assert_eq!(state(child), Some('S'), "it still sleeps");
    kernel.run("std::process::abort();").error();
    wait_until("the child has ended", || {
        matches!(state(child), None | Some('Z'))
    });
    kernel.give_back();
}

#[test]
fn a_child_killed_by_a_signal() {
    let mut kernel = kernel();
    let reply = kernel.run(
        r#"match unsafe { fork() }.unwrap() {
            ForkResult::Parent { child } => println!("{:?}", waitpid(child, None).unwrap()),
            ForkResult::Child => { println!("last words"); nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL).unwrap(); }
        };"#,
    );
    let reply = reply.ok();
    assert!(
        reply.stdout.starts_with("last words\nSignaled("),
        "{reply:?}"
    );
    expect_whole(&mut kernel);
    kernel.give_back();
}

#[test]
fn a_child_that_is_asked_to_end() {
    let mut kernel = kernel();
    let reply = kernel.run(
        r#"match unsafe { fork() }.unwrap() {
            ForkResult::Parent { child } => {
                nix::sys::signal::kill(child, nix::sys::signal::Signal::SIGTERM).unwrap();
                println!("{:?}", waitpid(child, None).unwrap());
            }
            ForkResult::Child => loop { std::thread::sleep(std::time::Duration::from_secs(1)) },
        };"#,
    );
    // The kernel's launcher blocks signals for itself, not for the cells.
    assert!(
        reply.ok().stdout.contains("SIGTERM"),
        "it ends by the signal"
    );
    expect_whole(&mut kernel);
    kernel.give_back();
}

#[test]
fn forks_while_another_thread_prints() {
    let mut kernel = kernel();
    let reply = kernel.run(
        r#"{
            use std::sync::atomic::{AtomicBool, Ordering};
            let stop = AtomicBool::new(false);
            std::thread::scope(|scope| {
                scope.spawn(|| { let mut n = 0; while !stop.load(Ordering::Relaxed) { println!("printer {n}"); n += 1; } });
                for _ in 0..50 {
                    match unsafe { fork() }.unwrap() {
                        ForkResult::Parent { child } => { waitpid(child, None).unwrap(); }
                        ForkResult::Child => { println!("child"); std::process::exit(0) }
                    }
                }
                stop.store(true, Ordering::Relaxed);
            });
        };"#,
    );
    let reply = reply.ok();
    assert_eq!(
        reply.stdout.lines().filter(|line| *line == "child").count(),
        50,
        "each child's line is whole"
    );
    let printed: Vec<_> = reply
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("printer "))
        .collect();
    let in_order = printed
        .iter()
        .enumerate()
        .all(|(index, number)| *number == index.to_string());
    assert!(
        in_order,
        "none of the printer's lines is lost, doubled or torn"
    );
    expect_whole(&mut kernel);
    kernel.give_back();
}

#[test]
fn an_interrupt_with_a_live_child_returns_within_two_seconds() {
    let mut kernel = kernel();
    let cell = kernel.begin(
        r#"match unsafe { fork() }.unwrap() {
            ForkResult::Parent { child } => { println!("{child}"); waitpid(child, None).unwrap(); }
            ForkResult::Child => loop { std::thread::sleep(std::time::Duration::from_secs(1)) },
        };"#,
    );
    let child: i32 = kernel
        .wait_for(&cell, "\n")
        .stdout
        .trim()
        .parse()
        .expect("a number");
    let interrupted = Instant::now();
    kernel.interrupt();
    kernel.finish(&cell).error();
    let took = interrupted.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    wait_until("the child has ended", || {
        matches!(state(child), None | Some('Z'))
    });
    kernel.run(SET_UP).ok();
    expect_whole(&mut kernel);
    kernel.give_back();
}

#[test]
fn a_childs_stdin_is_empty_and_its_control_words_count_for_nothing() {
    let mut kernel = kernel();
    let reply = kernel.run(
        r#"match unsafe { fork() }.unwrap() {
            ForkResult::Parent { child } => { waitpid(child, None).unwrap(); println!("parent"); }
            ForkResult::Child => {
                println!("EVCXR_EXECUTION_COMPLETE");
                println!("EVCXR_BEGIN_CONTENT text/plain");
                println!("a child's picture");
                println!("EVCXR_END_CONTENT");
                println!("read {}", std::io::read_to_string(std::io::stdin()).unwrap().len());
                std::process::exit(0);
            }
        };"#,
    );
    let reply = reply.ok();
    // Who reads stdin in a cell is told how to ask.
    let (said, advice) = reply
        .stdout
        .split_once("stdin is at its end")
        .expect("advice");
    assert_eq!(said, "read 0\nparent\n");
    assert!(advice.contains("evcxr_input::get_string"), "{advice}");
    // A picture of a child's is shown at once; the cell's result is its parent's alone.
    assert_eq!(
        reply.shown[0].1["data"]["text/plain"], "a child's picture",
        "{reply:?}"
    );
    expect_whole(&mut kernel);
    kernel.give_back();
}
