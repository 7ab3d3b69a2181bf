//! Processes that cells start by `Process`: all end with the process that runs the cells.

use end_to_end::lent::Lent;
use end_to_end::processes::{state, wait_until};

/// One that the cells' thread starts, one of another thread, one of its own, and a grandchild.
/// Prints their pids in one line.
const FAMILY: &str = r#"
    use std::io::{BufRead, BufReader, Write};
    use support::prelude::*;

    fn sleeper() -> Process {
        Process::spawn("sleeper", || thread::sleep(Duration::from_secs(600)))
    }

    fn family() -> Vec<Process> {
        let (told, mut tell) = std::io::pipe().unwrap();
        let between = Process::spawn("between", move || {
            let grandchild = thread::spawn(sleeper).join().unwrap();
            writeln!(tell, "{}", grandchild.pid()).unwrap();
            grandchild.join();
        });
        let grandchild = BufReader::new(told).lines().next().unwrap().unwrap();
        let all = vec![sleeper(), thread::spawn(sleeper).join().unwrap(), between];
        println!("{grandchild} {} {} {}", all[0].pid(), all[1].pid(), all[2].pid());
        all
    }
"#;

/// The pids of a family of which all are there.
fn family(line: &str) -> Vec<i32> {
    let numbers = line.trim().split(' ');
    let pids: Vec<i32> = numbers.map(|pid| pid.parse().expect("a pid")).collect();
    for &pid in &pids {
        assert!(!matches!(state(pid), None | Some('Z')), "{pid} has ended");
    }
    pids
}

fn expect_ended(pids: &[i32]) {
    for &pid in pids {
        wait_until("the process has ended", || {
            matches!(state(pid), None | Some('Z'))
        });
    }
}

#[test]
fn an_interrupted_cell() {
    let mut kernel = Lent::take();
    kernel.run(FAMILY).ok();
    let cell = kernel.begin("let all = family(); all[0].join();");
    let pids = family(&kernel.wait_for(&cell, "\n").stdout);
    kernel.interrupt();
    kernel.finish(&cell).error();
    expect_ended(&pids);
    kernel.give_back();
}

#[test]
fn an_abort_in_a_later_cell() {
    let mut kernel = Lent::take();
    kernel.run(FAMILY).ok();
    let pids = family(&kernel.run("let all: Vec<Process> = family();").ok().stdout);
    let alive = kernel.run("all.iter().filter(|process| process.is_alive()).count()");
    assert_eq!(alive.ok().result["text/plain"], "3");
    kernel.run("std::process::abort();").error();
    expect_ended(&pids);
    kernel.give_back();
}

#[test]
fn a_panic_is_told_with_the_processs_name_and_the_cells_line() {
    let mut kernel = Lent::take();
    kernel.run("use support::prelude::*;").ok();
    let reply = kernel.run(
        "let unlucky = Process::spawn(\"unlucky\", || {\n    panic!(\"no luck\");\n});\nunlucky.join()",
    );
    let reply = reply.ok();
    assert_eq!(reply.result["text/plain"], "Code(101)");
    let (who, what) = reply.stderr.split_once(" panicked: ").expect("a panic");
    assert!(who.starts_with("process 'unlucky' ("), "{who}");
    assert_eq!(what, format!("no luck ({}, line 2)\n", kernel.cell(2)));
    kernel.give_back();
}
