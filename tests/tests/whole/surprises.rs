//! What Rust means in a program, it means in cells: statics, macros, `impl`s, `.await`; and where a cell
//! cannot be like a program, it says so.

use end_to_end::kernel::Kernel;
use end_to_end::lent::Lent;
use std::time::Duration;

/// Runs cells that have to succeed, and compares what each shows or prints.
fn run(kernel: &mut Kernel, cells: &[(&str, &str)]) {
    for (code, expected) in cells {
        let reply = kernel.run(code).ok();
        let said = format!("{}{}", reply.stdout, reply.text());
        assert_eq!(said.trim_end(), *expected, "{code}: {reply:?}");
        assert_eq!(reply.stderr, "", "{code}");
    }
}

#[test]
fn a_static_is_one_object_for_all_cells() {
    let mut kernel = Lent::take();
    run(
        &mut kernel,
        &[
            (
                "use std::sync::{Mutex, LazyLock}; use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};",
                "",
            ),
            (
                "static HITS: AtomicU32 = AtomicU32::new(0);\nstatic NAME: &str = \"a name\"; static mut RAW: u32 = 1;",
                "",
            ),
            ("HITS.fetch_add(1, SeqCst)", "0"),
            ("HITS.fetch_add(1, SeqCst)", "1"),
            ("let hits: &'static AtomicU32 = &HITS;", ""),
            (
                "hits.fetch_add(1, SeqCst); (HITS.load(SeqCst), std::ptr::eq(hits, &HITS), NAME)",
                "(3, true, \"a name\")",
            ),
            ("unsafe { RAW += 1; }", ""),
            ("unsafe { RAW }", "2"),
            // In a function, in a method, in a module.
            (
                "fn ticket() -> u32 { static NEXT: AtomicU32 = AtomicU32::new(7); NEXT.fetch_add(1, SeqCst) }",
                "",
            ),
            ("ticket()", "7"),
            ("ticket() + ticket()", "17"),
            (
                "struct Id;\nimpl Id { fn next() -> u32 {\n    static NEXT: AtomicU32 = AtomicU32::new(0);\n    NEXT.fetch_add(1, SeqCst)\n} }\nmod counters { pub static INNER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(40); }",
                "",
            ),
            ("counters::INNER.fetch_add(1, SeqCst); Id::next()", "0"),
            ("(counters::INNER.load(SeqCst), Id::next())", "(41, 1)"),
            // One for each thread.
            (
                "fn rounds() -> u32 { thread_local! { static OWN: std::cell::Cell<u32> = const { std::cell::Cell::new(0) } } OWN.set(OWN.get() + 1); OWN.get() }",
                "",
            ),
            ("rounds()", "1"),
            (
                "(rounds(), std::thread::spawn(rounds).join().unwrap())",
                "(2, 1)",
            ),
            // What is made at first use is made once.
            (
                "static WORDS: LazyLock<Mutex<Vec<String>>> = LazyLock::new(|| { println!(\"made\"); Mutex::default() });",
                "",
            ),
            ("WORDS.lock().unwrap().push(\"one\".to_owned());", "made"),
            (
                "WORDS.lock().unwrap().push(\"two\".to_owned()); WORDS.lock().unwrap().clone()",
                "[\"one\", \"two\"]",
            ),
            // A thread of one cell ends by a flag that the next one sets.
            (
                "static STOP: AtomicBool = AtomicBool::new(false);\nlet spins = std::thread::spawn(|| { while !STOP.load(SeqCst) { std::hint::spin_loop(); } });",
                "",
            ),
            ("STOP.store(true, SeqCst); spins.join().is_ok()", "true"),
        ],
    );
    kernel.give_back();
}

#[test]
fn a_static_that_is_defined_anew_is_a_new_one() {
    let mut kernel = Lent::take();
    let counter = "static N: AtomicU32 = AtomicU32::new(0);";
    run(
        &mut kernel,
        &[
            (
                "use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};",
                "",
            ),
            (counter, ""),
            ("N.fetch_add(1, SeqCst)", "0"),
            // The same cell again, as with `let`.
            (counter, ""),
            ("N.fetch_add(1, SeqCst)", "0"),
            ("N.fetch_add(1, SeqCst)", "1"),
            // Another beginning, another type.
            ("static N: AtomicU32 = AtomicU32::new(5);", ""),
            ("N.fetch_add(1, SeqCst)", "5"),
            ("static N: AtomicU64 = AtomicU64::new(1 << 40);", ""),
            ("N.load(SeqCst)", "1099511627776"),
            // Something that it is made of.
            (
                "const FIRST: u32 = 3; static M: AtomicU32 = AtomicU32::new(FIRST);",
                "",
            ),
            ("M.fetch_add(1, SeqCst)", "3"),
            ("M.fetch_add(1, SeqCst)", "4"),
            ("const FIRST: u32 = 30;", ""),
            ("M.fetch_add(1, SeqCst)", "30"),
            // What a constant reads is not shared.
            ("static A: u32 = 20;", ""),
            ("static B: u32 = A + 1;", ""),
            ("B", "21"),
            // Nor what has a lifetime that is not written.
            (
                "use std::borrow::Cow; static TEXT: Cow<str> = Cow::Borrowed(\"kept\");",
                "",
            ),
            ("TEXT.len()", "4"),
        ],
    );
    // A process that is started anew begins anew.
    kernel.run("N.store(1, SeqCst); panic!(\"over\");").error();
    run(
        &mut kernel,
        &[
            ("N.fetch_add(1, SeqCst)", "1099511627776"),
            ("N.fetch_add(1, SeqCst)", "1099511627777"),
        ],
    );
    kernel.give_back();
}

/// evcxr takes one for a statement, that nothing outside of its cell knows.
#[test]
fn a_thread_local_at_the_top_level_is_for_all_cells_and_one_for_each_thread() {
    let mut kernel = Lent::take();
    let two = "thread_local! {\n    /// Mine.\n    static A: Cell<u32> = const { Cell::new(1) };\n    static B: RefCell<Vec<&'static str>> = RefCell::default()\n}\nfn more() -> u32 { A.set(A.get() + 1); A.get() }";
    run(
        &mut kernel,
        &[
            ("use std::cell::{Cell, RefCell};", ""),
            (two, ""),
            ("more()", "2"),
            (
                "let seen = A.get(); B.with_borrow_mut(|b| b.push(\"b\"));",
                "",
            ),
            ("(more(), seen, B.with_borrow(Vec::len))", "(3, 2, 1)"),
            ("std::thread::spawn(more).join().unwrap()", "2"),
            ("more()", "4"),
            // Run again, it begins again, as with `let`.
            (two, ""),
            ("more()", "2"),
            (
                "std::thread_local!(static C: Cell<u8> = const { Cell::new(7) }); C.get()",
                "7",
            ),
            ("C.get()", "7"),
        ],
    );
    kernel.give_back();
}

#[test]
fn an_error_beside_a_static_is_told_where_it_was_typed() {
    let mut kernel = Lent::take();
    kernel.run("use std::sync::atomic::AtomicU32;").ok();
    let reply = kernel
        .run("fn f() { static N: AtomicU32 = AtomicU32::new(nosuch); }")
        .error();
    assert_eq!(reply.field("ename"), "E0425");
    assert!(
        reply
            .traceback()
            .contains("fn f() { static N: AtomicU32 = AtomicU32::new(nosuch); }"),
        "{}",
        reply.traceback()
    );
    assert!(
        !reply.traceback().contains("export_name"),
        "{}",
        reply.traceback()
    );
    kernel.give_back();
}

#[test]
fn a_variable_goes_when_its_type_is_another() {
    let mut kernel = Lent::take();
    run(
        &mut kernel,
        &[
            (
                "#[derive(Debug, Clone)] struct Point { x: u8 }\nconst SIZE: usize = 2;\nstruct Row { cells: [u16; SIZE] }\ntrait Shape { fn area(&self) -> u32; }\nimpl Shape for Point { fn area(&self) -> u32 { 7 } }",
                "",
            ),
            (
                "let point = Point { x: 3 }; let many = vec![Point { x: 1 }]; let row = Row { cells: [1, 2] };\nlet shape: Box<dyn Shape> = Box::new(Point { x: 1 }); let number = 5;",
                "",
            ),
            // The same again, and what makes no difference.
            ("#[derive(Debug, Clone)] struct Point { x: u8 }", ""),
            ("point.x + many[0].x", "4"),
            (
                "/// With a word.\n#[derive(Debug, Clone, PartialEq)] struct Point { x: u8 }",
                "",
            ),
            ("point.x", "3"),
            ("const SIZE: usize = 3;", ""),
        ],
    );
    let reply = kernel.run("number").ok();
    assert_eq!(reply.text(), "5");
    assert!(
        reply
            .stderr
            .contains("the variable row was redefined, so was lost. `SIZE` has been defined anew"),
        "{reply:?}"
    );
    assert!(!reply.stderr.contains("variable point"), "{reply:?}");
    run(
        &mut kernel,
        &[("#[derive(Debug, Clone)] struct Point { y: f64, x: u8 }", "")],
    );
    let reply = kernel.run("number").ok();
    for name in ["point", "many"] {
        assert!(
            reply.stderr.contains(&format!(
                "variable {name} was redefined, so was lost. `Point` has been"
            )),
            "{reply:?}"
        );
    }
    let reply = kernel.run("point").error();
    assert_eq!(reply.field("ename"), "E0425", "{}", reply.traceback());
    run(
        &mut kernel,
        &[
            ("shape.area()", "7"),
            (
                "trait Shape { fn name(&self) -> String { String::new() } fn area(&self) -> u32; }",
                "",
            ),
        ],
    );
    let reply = kernel.run("number").ok();
    assert!(
        reply.stderr.contains("variable shape was redefined"),
        "{reply:?}"
    );
    run(
        &mut kernel,
        &[
            ("let point = Point { y: 0.5, x: 3 };", ""),
            ("point.y", "0.5"),
        ],
    );
    kernel.give_back();
}

#[test]
fn a_macro_is_known_before_it_is_defined() {
    let mut kernel = Lent::take();
    // evcxr's order of items differs from name to name.
    for name in ["aa", "bb", "cc", "dd", "ee", "ff"] {
        let cell = format!(
            "macro_rules! plus_{name} {{ ($e:expr) => {{ $e + 1 }} }}\nfn one_{name}() -> i32 {{ plus_{name}!(1) }}\nfn two_{name}() -> i32 {{ one_{name}() + plus_{name}!(2) }}"
        );
        run(
            &mut kernel,
            &[
                (&cell, ""),
                (&format!("two_{name}() + plus_{name}!(0)"), "6"),
            ],
        );
    }
    run(
        &mut kernel,
        &[
            ("macro_rules! plus_aa { ($e:expr) => { $e + 10 } }", ""),
            ("two_aa()", "23"),
        ],
    );
    kernel.give_back();
}

#[test]
fn an_impl_can_be_run_again() {
    let mut kernel = Lent::take();
    let first = "impl P { fn value(&self) -> u8 { self.0 } fn other(&self) -> u8 { 9 } }";
    run(
        &mut kernel,
        &[
            ("struct P(u8);\nlet p = P(2);", ""),
            (first, ""),
            (first, ""),
            ("p.value()", "2"),
            ("impl P { fn value(&self) -> u8 { self.0 * 10 } }", ""),
            ("p.value() + p.other()", "29"),
            (first, ""),
            ("p.value()", "2"),
            (
                "impl std::fmt::Display for P { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, \"first\") } }",
                "",
            ),
            ("format!(\"{p}\")", "\"first\""),
            (
                "impl std::fmt::Display for P { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, \"second\") } }",
                "",
            ),
            ("format!(\"{p}\")", "\"second\""),
            ("unsafe extern \"C\" { fn getppid() -> i32; }", ""),
            ("unsafe extern \"C\" { fn getppid() -> i32; }", ""),
            ("let parent = unsafe { getppid() }; parent > 0", "true"),
        ],
    );
    // Twice in one cell is a mistake.
    let reply = kernel
        .run("impl P { fn twice(&self) {} }\nimpl P { fn twice(&self) {} }")
        .error();
    assert_eq!(reply.field("ename"), "E0592", "{}", reply.traceback());
    run(&mut kernel, &[("p.value()", "2")]);
    kernel.give_back();
}

#[test]
fn main_says_how_it_is_run() {
    let mut kernel = Lent::take();
    let reply = kernel.run("fn main() { println!(\"in main\"); }").ok();
    assert!(
        reply.stdout.contains("`main` is defined and has not run"),
        "{reply:?}"
    );
    run(
        &mut kernel,
        &[
            ("main();", "in main"),
            ("fn main() { println!(\"again\"); }\nmain();", "again"),
        ],
    );
    kernel.give_back();
}

#[test]
fn await_and_block_on_get_on() {
    let mut kernel = Lent::take();
    run(
        &mut kernel,
        &[
            (
                "use support::prelude::*;\nasync fn five() -> i32 { tokio::time::sleep(Duration::from_millis(1)).await; 5 }",
                "",
            ),
            ("let number = five().await; number", "5"),
            ("number", "5"),
            ("block_on(async { five().await })", "5"),
            (
                "let task: tokio::task::JoinHandle<i32> = tokio::spawn(async { 6 });\nprintln!(\"{}\", five().await);",
                "5",
            ),
            ("task.await.unwrap()", "6"),
            (
                "let n: i32 = async { \"7\".parse::<i32>() }.await?;\nn",
                "7",
            ),
            ("n + block_on(five())", "12"),
            (
                "#[tokio::main] async fn main() { println!(\"{}\", five().await); }\nmain();",
                "5",
            ),
        ],
    );
    kernel.give_back();
}

#[test]
fn clear_leaves_the_guards() {
    let mut kernel = Lent::take();
    run(&mut kernel, &[("let x = 1; fn f() -> i32 { 1 }", "")]);
    let reply = kernel.run(":clear\nlet y = 2;").ok();
    assert_eq!(reply.stderr, "");
    assert_eq!(kernel.run("x").error().field("ename"), "E0425");
    assert_eq!(kernel.run("f()").error().field("ename"), "E0425");
    run(
        &mut kernel,
        &[
            ("y", "2"),
            // A child that falls through ends, and the parent goes on.
            (
                "let parent = std::process::id(); let child = unsafe { support::libc::fork() };",
                "",
            ),
            ("std::process::id() == parent", "true"),
        ],
    );
    let reply = kernel.run("panic!(\"boom\");").error();
    assert_eq!(reply.field("evalue"), "boom");
    kernel.give_back();
}

#[test]
fn stdin_is_at_its_end_and_the_next_cell_is_not_read() {
    let mut kernel = Lent::take();
    let cell =
        "let mut line = String::new();\nlet read = std::io::stdin().read_line(&mut line).unwrap();";
    let reply = kernel.run(cell).ok();
    assert!(
        reply.stdout.contains("evcxr_input::get_string"),
        "{reply:?}"
    );
    run(&mut kernel, &[("(read, line.len())", "(0, 0)")]);
    run(
        &mut kernel,
        &[
            (
                "fn ask() -> usize { let mut all = String::new(); std::io::stdin().read_line(&mut all).unwrap() + \"5\".parse::<usize>().unwrap() }\nlet given: usize = \"1\".parse()?;",
                "stdin is at its end in a notebook's cell. To ask the reader: `:dep evcxr_input = \"1\"`, then `evcxr_input::get_string(\"Your name? \")`.",
            ),
            ("ask() + given", "6"),
            ("given", "1"),
        ],
    );
    kernel.give_back();
}

#[test]
fn quit_ends_nothing_and_asks_a_console_to_end() {
    let mut kernel = Lent::take();
    run(&mut kernel, &[("let x = 1;", "")]);
    let reply = kernel.run(":quit").ok();
    assert!(reply.stdout.contains("Shut Down Kernel"), "{reply:?}");
    assert_eq!(reply.reply["payload"][0]["source"], "ask_exit");
    assert!(reply.took < Duration::from_secs(5));
    run(&mut kernel, &[("x", "1")]);
    kernel.give_back();
}
