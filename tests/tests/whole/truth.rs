//! A cell that fails says so to every tool, and says what happened.

use end_to_end::kernel::{Kernel, Reply};
use end_to_end::lent::Lent;
use end_to_end::processes::{wait_until, wait_until_begun, with_variable};
use jupyter_protocol::{
    CompleteRequest, ExecuteRequest, HistoryRequest, InspectRequest, IsCompleteRequest,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::time::{Duration, Instant};

/// The kinds of failure, each with its name.
#[test]
fn every_failure_names_what_happened() {
    let mut kernel = Lent::take();
    let mut number = 0;
    // In a traceback's place stands HERE: the cell that fails.
    let mut fails = |code: &str, name: &str, value: &str, traceback: &str| {
        let reply = kernel.run(code).error();
        number += 1;
        let traceback = traceback.replace("HERE", &kernel.cell(number));
        assert_eq!(reply.field("ename"), name, "{code}: {reply:#?}");
        assert!(reply.field("evalue").contains(value), "{code}: {reply:#?}");
        assert!(
            reply.traceback().contains(&traceback),
            "{code}: {}",
            reply.traceback()
        );
        assert_eq!(reply.errors.len(), 1, "one error is published");
        for field in ["ename", "evalue", "traceback"] {
            assert_eq!(
                reply.errors[0][field], reply.reply[field],
                "the same on iopub"
            );
        }
    };
    fails(
        "let v = vec![1, 2];\nlet i = 7;\nv[i]",
        "panic",
        "the len is 2 but the index is 7",
        "--> HERE, line 3\n   3 | v[i]",
    );
    fails(
        "fn f(n: u32) {\n    assert!(n > 3, \"{n} is small\");\n}\nf(1);",
        "panic",
        "1 is small",
        "--> HERE, line 2",
    );
    fails(
        "let x: u32 = \"a\";",
        "E0308",
        "mismatched types",
        "error[E0308]: mismatched types\n --> HERE:1:14",
    );
    // evcxr's own report has neither code nor place where a cell goes beyond ASCII.
    fails(
        "let 数 = \"世\";\nlet x: u32 = 数;",
        "E0308",
        "mismatched types",
        "--> HERE:2:14",
    );
    fails(
        "let s = String::new();\nlet t = s;\ns.len()",
        "E0382",
        "borrow of moved value",
        "help: consider cloning",
    );
    fails("let x = (1;", "Error", "unclosed delimiter", "HERE");
    fails(
        "std::fs::File::open(\"/nonexistent\")?;",
        "Err",
        "No such file or directory",
        "`?` at the cell's top level",
    );
    fails(
        "println!(\"bye\"); std::process::exit(3)",
        "Exit",
        "exit code 3",
        "Variables are gone",
    );
    fails(
        "unsafe { *(8 as *mut u8) = 1; }",
        "SIGSEGV",
        "memory that is not its own",
        "",
    );
    fails(
        "fn deep(n: u64) -> u64 { if n == u64::MAX { 0 } else { deep(n + 1) + 1 } }\ndeep(0)",
        "SIGSEGV",
        "stack",
        "",
    );
    fails(
        "support::libc::kill as usize; unsafe { support::libc::kill(support::libc::getpid(), 9) };\nstd::thread::park();",
        "SIGKILL",
        "another process",
        "",
    );
    fails("std::process::abort()", "SIGABRT", "abort", "");
    assert_eq!(kernel.run("1 + 1").ok().text(), "2");
    kernel.give_back();
}

#[test]
fn a_question_mark_in_a_function_and_one_that_meets_no_error_are_no_failures() {
    let mut kernel = Lent::take();
    kernel.run("fn parse(text: &str) -> Result<i32, std::num::ParseIntError> { Ok(text.parse::<i32>()? + 1) }").ok();
    assert_eq!(kernel.run("parse(\"x\").is_err()").ok().text(), "true");
    kernel.run("let n = parse(\"41\")?;").ok();
    assert_eq!(kernel.run("n").ok().text(), "42");
    let reply = kernel.run("let m = parse(\"x\")?;").error();
    assert_eq!(reply.field("evalue"), "invalid digit found in string");
    // What was there before the error is still there.
    assert_eq!(kernel.run("n").ok().text(), "42");
    kernel.give_back();
}

/// The program of the cell that runs is another one by then.
#[test]
fn a_panic_in_code_of_an_earlier_cell_names_that_cells_line() {
    let mut kernel = Lent::take();
    let late = "let (go, wait) = std::sync::mpsc::channel::<()>();\nlet late = std::thread::spawn(move || {\n    let _ = wait.recv();\n    let v = vec![1u8];\n    v[v.len()]\n});";
    kernel.run(late).ok();
    let boxed = "// A closure that is kept.\nlet boxed: Box<dyn Fn(usize) -> u8> = Box::new(|n| {\n    let v = vec![1u8];\n    v[n]\n});";
    kernel.run(boxed).ok();
    kernel
        .run("let one = 1;\nlet two = 2;\nlet v = vec![one, two];\nv[1]")
        .ok();
    let reply = kernel.run("drop(go); late.join().is_err()").ok();
    let place = format!("{}, line 5", kernel.cell(1));
    assert!(reply.stderr.contains(&place), "{}", reply.stderr);
    let traceback = kernel.run("boxed(7)").error().traceback();
    let place = format!("{}, line 4", kernel.cell(2));
    assert!(traceback.contains(&place), "{traceback}");
    assert!(!traceback.contains("lib.rs"), "{traceback}");
    kernel.give_back();
}

#[test]
fn a_caught_panic_is_told_on_stderr_and_is_no_failure() {
    let mut kernel = Lent::take();
    let reply = kernel
        .run("println!(\"{}\", std::panic::catch_unwind(|| panic!(\"caught\")).is_err());")
        .ok();
    assert_eq!(reply.stdout, "true\n");
    assert_eq!(
        reply.stderr,
        format!(
            "thread 'main' panicked: caught ({}, line 1)\n",
            kernel.cell(1)
        )
    );
    let reply = kernel
        .run("std::thread::spawn(|| panic!(\"elsewhere\")).join().is_err()")
        .ok();
    assert_eq!(
        reply.stderr,
        format!(
            "thread 'unnamed' panicked: elsewhere ({}, line 1)\n",
            kernel.cell(2)
        )
    );
    kernel.give_back();
}

#[test]
fn cells_queued_behind_a_failure_are_aborted() {
    let mut kernel = Lent::take();
    let ids: Vec<String> = [
        "println!(\"one\");",
        "let x: u32 = \"\";",
        "println!(\"three\");",
        "4",
    ]
    .iter()
    .map(|code| kernel.begin(code))
    .collect();
    let statuses = kernel.statuses(&ids);
    assert_eq!(statuses, ["ok", "error", "aborted", "aborted"]);
    assert_eq!(kernel.run("5").ok().text(), "5");
    kernel.give_back();
}

#[test]
fn a_killed_evcxr_is_told_of_and_the_kernel_works_again() {
    let mut kernel = Kernel::start();
    kernel.run("let x = 1; fn lost() {}").ok();
    let cell = kernel.begin("println!(\"busy\"); std::thread::park();");
    kernel.wait_for(&cell, "busy");
    end_evcxr(&kernel, Signal::SIGKILL);
    let reply = kernel.finish(&cell).error();
    assert_eq!(reply.field("ename"), "KernelRestarted");
    assert!(reply.field("evalue").contains("SIGKILL"), "{reply:?}");
    // `support` is loaded again.
    kernel
        .run("use support::prelude::*; let t = Trace::new();")
        .ok();
    // When nothing runs, the next cell is told, as what it needs may be gone.
    end_evcxr(&kernel, Signal::SIGKILL);
    let reply = kernel.run("t.events().len()").error();
    assert_eq!(reply.field("ename"), "KernelRestarted");
    assert_eq!(kernel.run("1").ok().text(), "1");
    kernel.shut_down();
}

#[test]
fn a_stopped_evcxr_is_replaced() {
    let mut kernel = Kernel::start_with(&[("NOTEBOOK_SILENCE_LIMIT", "4")]);
    kernel.run("1").ok();
    end_evcxr(&kernel, Signal::SIGSTOP);
    let reply = kernel.run("2").error();
    assert!(
        reply.field("evalue").contains("silent for 4 s"),
        "{reply:?}"
    );
    assert_eq!(kernel.run("3").ok().text(), "3");
    kernel.shut_down();
}

/// Signals the process that is evcxr itself, not the one that runs its cells.
fn end_evcxr(kernel: &Kernel, signal: Signal) {
    let temporary = kernel.temporary();
    let all = with_variable("TMPDIR", &temporary.to_string_lossy());
    let is_evcxr = |pid: &&i32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        name.starts_with("evcxr")
            && !String::from_utf8_lossy(&environment).contains("EVCXR_IS_RUNTIME")
    };
    let pid = *all.iter().find(is_evcxr).expect("evcxr runs");
    kill(Pid::from_raw(pid), signal).expect("it is ours");
}

/// Interrupts whatever runs, and it ends within two seconds.
fn interrupted(kernel: &mut Kernel, code: &str, said: &str) -> Reply {
    let cell = kernel.begin(code);
    let heard = kernel.wait_for(&cell, said);
    assert!(heard.stdout.contains(said), "{code}: {heard:?}");
    let began = Instant::now();
    kernel.interrupt();
    let reply = kernel.finish(&cell).error();
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}: {code}",
        began.elapsed()
    );
    assert_eq!(reply.field("ename"), "Interrupted", "{reply:?}");
    reply
}

#[test]
fn an_interrupt_ends_whatever_runs() {
    let mut kernel = Lent::take();
    kernel
        .run("use support::prelude::*; fn kept() -> i32 { 7 } let gone = 1;")
        .ok();
    let cells = [
        "println!(\"on\"); loop { std::hint::spin_loop() }",
        "{ let (read, _write) = nix::unistd::pipe().unwrap(); println!(\"on\"); nix::unistd::read(&read, &mut [0]).unwrap(); }",
        "{ let lock = std::sync::Mutex::new(0); let _held = lock.lock().unwrap(); println!(\"on\"); let _again = lock.lock().unwrap(); }",
        "for _ in 0..3 { if let nix::unistd::ForkResult::Child = unsafe { nix::unistd::fork() }.unwrap() { loop { std::hint::spin_loop() } } } println!(\"on\"); std::thread::park();",
        "for _ in 0..4 { std::thread::spawn(|| loop { std::hint::spin_loop() }); } println!(\"on\"); std::thread::park();",
        "std::process::Command::new(\"sleep\").arg(\"600\").spawn().unwrap(); println!(\"on\"); std::thread::park();",
    ];
    for code in cells {
        let reply = interrupted(&mut kernel, code, "on");
        assert!(
            reply.traceback().contains("Variables are gone"),
            "{reply:?}"
        );
        assert_eq!(kernel.run("kept()").ok().text(), "7", "functions are kept");
    }
    kernel.run("gone").error();
    wait_until("children have ended", || kernel.processes().len() <= 5);
    kernel.give_back();
}

#[test]
fn an_interrupt_while_a_cell_is_compiled_keeps_the_variables() {
    let mut kernel = Lent::take();
    kernel.run("let kept = 5;").ok();
    // The compiler itself counts, for minutes.
    let slow = "#[allow(long_running_const_eval)]\nconst N: u64 = { let mut n = 0; while n < u64::MAX { n += 1 } n };\nN";
    let cell = kernel.begin(slow);
    kernel.wait_for_start(&cell);
    wait_until_begun("the compiler runs", || {
        kernel.processes().iter().any(|pid| {
            std::fs::read_to_string(format!("/proc/{pid}/comm"))
                .is_ok_and(|name| name.trim_end() == "rustc")
        })
    });
    kernel.interrupt();
    let reply = kernel.finish(&cell).error();
    assert_eq!(reply.field("ename"), "Interrupted", "{reply:?}");
    assert!(
        reply.traceback().contains("variables are kept"),
        "{reply:?}"
    );
    assert_eq!(kernel.run("kept").ok().text(), "5");
    kernel.give_back();
}

/// As `evcxr_input::get_string` asks.
#[test]
fn an_interrupt_of_a_cell_that_waits_for_input_keeps_the_variables() {
    let mut kernel = Lent::take();
    kernel.run("let kept = 5;").ok();
    let code = r#"
let main = format!("/proc/{}/syscall", std::process::id());
std::thread::spawn(move || {
    while !std::fs::read_to_string(&main).unwrap().starts_with("READ 0x0 ") {
        std::thread::yield_now();
    }
    println!("it waits");
});
println!("EVCXR_INPUT_REQUEST:What is your name?");
let mut name = String::new();
std::io::stdin().read_line(&mut name).unwrap();"#;
    let code = code.replace("READ", &nix::libc::SYS_read.to_string());
    let mut request = ExecuteRequest::new(code);
    request.allow_stdin = true;
    let cell = kernel.send(request);
    kernel.wait_for(&cell, "it waits");
    let began = Instant::now();
    kernel.interrupt();
    let reply = kernel.finish(&cell).error();
    let took = began.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(reply.field("ename"), "Interrupted", "{reply:?}");
    let traceback = reply.traceback();
    assert!(traceback.contains("variables are kept"), "{traceback}");
    let kept = kernel.run("format!(\"{kept} {}\", name.trim())").ok();
    assert_eq!(kept.text(), "\"5 \"");
    kernel.give_back();
}

/// A text and the place of its cursor, `‸`.
fn at_cursor(code: &str) -> (String, usize) {
    let (before, behind) = code.split_once('‸').expect("a cursor");
    (format!("{before}{behind}"), before.chars().count())
}

#[test]
fn help_is_where_the_cursor_is() {
    let mut kernel = Lent::take();
    kernel
        .run("use support::prelude::*;\nlet world = vec![1_u8, 2];")
        .ok();
    kernel
        .run("/// Adds one.\nfn area(n: u8) -> u8 { n + 1 }")
        .ok();
    kernel
        .run("/// Does it again.\nmacro_rules! twice { ($e:expr) => { $e; $e } }")
        .ok();
    for (code, said) in [
        ("thr‸ead::spawn(|| 1);", "Native threads"),
        ("thread::spa‸wn(|| 1);", "Spawns a new thread"),
        ("prin‸tln!(\"{}\", 1);", "Prints to the standard output"),
        ("world.it‸er().max()", "Returns an iterator over the slice"),
        (
            "println!(\"{}\", world.le‸n());",
            "Returns the number of elements",
        ),
        ("println!(\"{wor‸ld:?}\");", "Vec<u8>"),
        ("are‸a(1)", "Adds one."),
        ("twi‸ce!(1);", "Does it again."),
        ("let s = \"👩‍👩‍👧\"; s.le‸n() + 1", "Returns the length of"),
        ("Trace::ne‸w()", "An empty trace"),
        ("assert_eq!(1, ‸", "Asserts that two expressions are equal"),
    ] {
        let (code, cursor_pos) = at_cursor(code);
        let reply = kernel.ask(InspectRequest {
            code: code.clone(),
            cursor_pos,
            detail_level: None,
        });
        let text = reply["data"]["text/plain"].as_str().unwrap_or_default();
        assert!(text.contains(said), "{code}: {reply}");
    }
    for (code, offered, instead_of) in [
        ("println!(\"{}\", wor‸", "world", 15..18),
        ("println!(\"{}\", wor‸\nlet x = 1;", "world", 15..18),
        ("println!(\"{wor‸", "world", 11..14),
        ("let v = vec![are‸", "area(n)", 13..16),
        ("let s = \"👩‍👩‍👧🇫🇷\"; s.le‸", "len()", 21..23),
        ("use sup‸", "support", 4..7),
        ("world.is_e‸", "is_empty()", 6..10),
    ] {
        let (code, cursor_pos) = at_cursor(code);
        let reply = kernel.ask(CompleteRequest {
            code: code.clone(),
            cursor_pos,
        });
        let matches = reply["matches"].as_array().cloned().unwrap_or_default();
        assert!(matches.contains(&offered.into()), "{code}: {reply}");
        assert_eq!(reply["cursor_start"], instead_of.start, "{code}: {reply}");
        assert_eq!(reply["cursor_end"], instead_of.end, "{code}: {reply}");
    }
    kernel.give_back();
}

#[test]
fn the_other_requests_are_answered() {
    let mut kernel = Kernel::start();
    kernel.run("let number = 5;").ok();
    let code = "num".to_owned();
    let reply = kernel.ask(CompleteRequest {
        cursor_pos: 3,
        code,
    });
    assert!(reply["matches"].to_string().contains("number"), "{reply}");
    let request = InspectRequest {
        code: "number".into(),
        cursor_pos: 6,
        detail_level: None,
    };
    let reply = kernel.ask(request);
    assert_eq!(reply["found"], true, "{reply}");
    for (code, status) in [
        ("fn f() {", "incomplete"),
        ("1 + 1", "complete"),
        ("f(])", "invalid"),
    ] {
        let reply = kernel.ask(IsCompleteRequest { code: code.into() });
        assert_eq!(reply["status"], status, "{code}");
    }
    let reply = kernel.ask(HistoryRequest::Tail {
        n: 5,
        output: false,
        raw: true,
    });
    assert_eq!(reply["history"][0][2], "let number = 5;", "{reply}");
    let silent = ExecuteRequest {
        silent: true,
        store_history: false,
        ..ExecuteRequest::new("2".into())
    };
    assert_eq!(kernel.ask(silent)["status"], "ok");
    assert_eq!(kernel.run("number").ok().field("execution_count"), "2");
    kernel.shut_down();
}
