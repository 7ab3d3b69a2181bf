//! A verdict over all schedules: a solution that fails in one gets nothing for it, and neither does one
//! that tries to answer in the search's place.

use super::course::{Course, with_solution};
use end_to_end::books::nbgrader_cell;
use serde_json::{Value, json};

/// Adds to what two threads share. It is right.
const RIGHT: &str = "fn add(to: &Mutex<u64>, number: u64) { *to.lock().unwrap() += number; }";
/// It loses an addition in some schedules: what each of the hostile ones does as well.
const LOSES: &str = "    let before = *to.lock().unwrap();
    *to.lock().unwrap() = before + number;";

/// What stands above the function, what in it before it loses an addition, and what its author is told.
const HOSTILE: &[(&str, &str, &str, &str)] = &[
    ("loses", "", "", "it ends in"),
    // The system's own names.
    (
        "exits",
        "",
        "std::process::exit(0);",
        "cannot find `process`",
    ),
    (
        "real-std",
        "extern crate std as real;",
        "real::process::exit(0);",
        "cannot find `process`",
    ),
    (
        "real-std-below-the-root",
        "mod a { extern crate std as real; pub fn f() { real::process::exit(0) } }",
        "a::f();",
        "cannot find `process`",
    ),
    (
        "files",
        "",
        "let _ = std::fs::write(\"/proc/self/mem\", \"\");",
        "cannot find `fs`",
    ),
    (
        "stdout",
        "use std::io::Write;",
        "",
        "unresolved import `std::io`",
    ),
    (
        "descriptors",
        "use std::os::fd::FromRawFd;",
        "",
        "cannot find `os`",
    ),
    ("environment", "", "std::env::args();", "cannot find `env`"),
    (
        "hooks",
        "",
        "std::panic::set_hook(Box::new(|_| ()));",
        "cannot find function `set_hook`",
    ),
    (
        "nix",
        "",
        "let _ = nix::unistd::getpid();",
        "cannot find module or crate `nix`",
    ),
    (
        "support",
        "use support::libc;",
        "",
        "unresolved import `support::libc`",
    ),
    (
        "a-file-as-text",
        "",
        "let _ = include_str!(\"/source/questions.rs\");",
        "cannot find macro `include_str`",
    ),
    // What the explorer would not see.
    (
        "cores-atomics",
        "static RUNS: core::sync::atomic::AtomicU32 = core::sync::atomic::AtomicU32::new(0);",
        "",
        "E0015",
    ),
    (
        "allocs-atomics",
        "extern crate alloc; use alloc::sync::atomic::AtomicU32; static RUNS: AtomicU32 = AtomicU32::new(0);",
        "",
        "E0015",
    ),
    (
        "a-static-once",
        "static ONCE: std::sync::OnceLock<u64> = std::sync::OnceLock::new();",
        "let _ = ONCE.set(1);",
        "E0015",
    ),
    (
        "a-lazy-static",
        "static ONCE: std::sync::LazyLock<u64> = std::sync::LazyLock::new(|| 1);",
        "",
        "cannot find `LazyLock`",
    ),
    ("time", "", "std::time::Instant::now();", "Instant"),
    // Whoever searches.
    (
        "searches",
        "",
        "interleavings::all(|| ());",
        "interleavings",
    ),
    (
        "searches-by-support",
        "",
        "support::interleavings::all(|| ());",
        "interleavings",
    ),
    (
        "searches-by-crate",
        "extern crate interleavings;",
        "",
        "can't find crate for `interleavings`",
    ),
    (
        "answers",
        "",
        "::schedules::serve(|_, _| None);",
        "schedules",
    ),
    (
        "answers-by-crate",
        "extern crate schedules;",
        "",
        "can't find crate for `schedules`",
    ),
    // Unsafe code, by each way to have it.
    (
        "unsafe-block",
        "",
        "unsafe { *(8 as *mut u8) = 1 };",
        "usage of an `unsafe` block",
    ),
    (
        "allowed-again",
        "mod a { #![allow(unsafe_code)] pub fn f() { unsafe { *(8 as *mut u8) = 1 } } }",
        "a::f();",
        "allow(unsafe_code) incompatible",
    ),
    (
        "from-a-macro",
        "macro_rules! say { ($($t:tt)*) => { $($t)* } }",
        "say!(unsafe { *(8 as *mut u8) = 1 });",
        "usage of an `unsafe` block",
    ),
    (
        "safe-foreign",
        "unsafe extern \"C\" { safe fn exit(code: i32) -> !; }",
        "exit(0);",
        "usage of an `unsafe extern` block",
    ),
    (
        "before-main",
        "#[unsafe(link_section = \".init_array\")] #[used] static FIRST: extern \"C\" fn() = first; extern \"C\" fn first() {}",
        "",
        "declaration of a static with `link_section`",
    ),
    (
        "in-place-of-write",
        "#[unsafe(no_mangle)] pub extern \"C\" fn write(_: i32, _: usize, n: usize) -> usize { n }",
        "",
        "declaration of a `no_mangle` function",
    ),
    (
        "under-its-name",
        "#[unsafe(export_name = \"read\")] pub extern \"C\" fn f() {}",
        "",
        "declaration of a function with `export_name`",
    ),
    (
        "internal",
        "#[allow_internal_unsafe] macro_rules! f { () => { unsafe { *(8 as *mut u8) = 1 } } }",
        "f!();",
        "allow_internal_unsafe",
    ),
    (
        "assembler",
        "",
        "unsafe { std::arch::asm!(\"nop\") };",
        "cannot find `arch`",
    ),
    (
        "unstable",
        "#![feature(rustc_private)] extern crate libc;",
        "",
        "rustc_private",
    ),
    // What compiles, and is told while it runs.
    (
        "catches",
        "",
        "let _ = std::panic::catch_unwind(|| panic!(\"mine\"));",
        "mine",
    ),
    (
        "passes-on",
        "",
        "let _ = std::panic::catch_unwind(|| std::panic::resume_unwind(Box::new(())));",
        "it ends in",
    ),
    (
        "bombs",
        "struct Bomb; impl Drop for Bomb { fn drop(&mut self) { thread::yield_now(); panic!(\"again\") } }",
        "std::panic::panic_any(Bomb);",
        "",
    ),
    (
        "aborts",
        "struct Bomb; impl Drop for Bomb { fn drop(&mut self) { panic!(\"again\") } }",
        "let _bomb = Bomb; panic!(\"once\");",
        "before it answered",
    ),
    (
        "keeps-the-lock",
        "",
        "std::mem::forget(to.lock().unwrap());",
        "deadlock",
    ),
    ("spins", "", "loop {}", "more processor time"),
    (
        "yields-for-ever",
        "",
        "loop { thread::yield_now(); }",
        "more processor time",
    ),
    (
        "takes-many-steps",
        "",
        "for _ in 0..400 { drop(to.lock()); }",
        "not every schedule",
    ),
    (
        "starts-many",
        "",
        "for _ in 0..100 { thread::spawn(|| loop { thread::park(); }); }",
        "",
    ),
    (
        "overflows-its-stack",
        "#[allow(unconditional_recursion)] fn deep(n: u64) -> u64 { n + deep(n + 1) * 2 }",
        "deep(1);",
        "before it answered",
    ),
    (
        "all-memory",
        "",
        "let mut all = Vec::new(); loop { all.push(vec![1u8; 16 << 20]); }",
        "",
    ),
    (
        "by-addresses",
        "",
        "if format!(\"{:p}\", to).len() + std::collections::HashMap::<u8, u8>::new().len() == 0 { return; }",
        "it ends in",
    ),
    (
        "long-names",
        "",
        "let _ = thread::Builder::new().name(\"<svg onload='x'>\\u{202e}\".repeat(100_000)).spawn(|| ());",
        "it ends in",
    ),
    (
        "prints",
        "",
        "println!(\"every\\tpassed\\t0.1\\t\"); eprintln!(\"{}\", 1); let number = dbg!(number);",
        "it ends in",
    ),
];

#[test]
fn who_is_wrong_in_one_schedule_gets_nothing_for_all_of_them() {
    let course = Course::new();
    let book = source();
    course.write("source/add/add.ipynb", book.to_string());
    let submit = |name: &str, solution: &str| {
        let text = with_solution(&book, solution).to_string();
        course.write(&format!("submitted/{name}/add/add.ipynb"), text);
    };
    submit("right", RIGHT);
    for (name, above, statements, _) in HOSTILE {
        submit(
            name,
            &format!(
                "{above}\nfn add(to: &Mutex<u64>, number: u64) {{\n    {statements}\n{LOSES}\n}}"
            ),
        );
    }
    // It finds out where it is. What is tried is right; what runs is not, and loses what is for that.
    submit(
        "two-faced",
        "fn add(to: &Mutex<u64>, number: u64) {
    if std::any::type_name::<Mutex<u64>>().contains(\"interleavings\") { *to.lock().unwrap() += number; }
}",
    );
    let by_name = course.grade(&[]);
    assert_eq!(by_name.len(), HOSTILE.len() + 2);
    assert_eq!(by_name["right"]["points"], 3.0, "{:#}", by_name["right"]);
    assert_eq!(
        by_name["two-faced"]["points"], 2.0,
        "{:#}",
        by_name["two-faced"]
    );
    let mut wrong = Vec::new();
    for (name, _, _, told) in HOSTILE {
        let test = &by_name[*name]["tests"][0];
        // Where the ordinary program does not compile either, that is what is told.
        let reason = test["reason"].as_str().unwrap_or_default();
        let fits = reason.contains(told) || by_name[*name]["reason"] == test["reason"];
        let picture = test["picture"]["svg"].as_str().unwrap_or_default();
        let harmless = picture.len() <= 60_000 && !picture.contains("<svg onload");
        if test["passed"] != false || !fits || reason.is_empty() || !harmless {
            wrong.push(format!(
                "{name}: {}",
                &test.to_string()[..test.to_string().len().min(600)]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let picture = &by_name["loses"]["tests"][0]["picture"];
    assert!(
        picture["words"]
            .as_str()
            .is_some_and(|words| words.contains("3 lanes")),
        "{picture}"
    );
}

/// `add`: one test over all schedules, of 2 points, and one of the ordinary program.
fn source() -> Value {
    let test = |id: &str, points: u32, hidden: &str| {
        let source = format!("// {id}\n// BEGIN HIDDEN TESTS\n{hidden}\n// END HIDDEN TESTS");
        let role = json!({ "grade": true, "solution": false, "locked": true, "points": points });
        nbgrader_cell(id, &source, &role)
    };
    let solution = json!({ "grade": false, "solution": true, "locked": false });
    let given = json!({ "grade": false, "solution": false, "locked": true });
    let mut book = super::course::source();
    book["cells"] = json!([
        nbgrader_cell("add", RIGHT, &solution),
        nbgrader_cell("given", "use std::sync::Mutex;\nuse support::prelude::*;", &given),
        test("every", 2, "let (one, two) = (judge.random.range(1..100) as u64, judge.random.range(1..100) as u64);
judge.in_every_schedule(\"both\", (one, two), \"two additions\", |end: &u64| *end == one + two)"),
        test("plain", 1, "let sum: u64 = judge.ask(\"one\", (7,))?;\njudge.same(sum, 7, \"7 added to nothing\")"),
        test("schedules", 0, "pub fn both(one: u64, two: u64) -> u64 {
    let sum = Mutex::new(0);
    thread::scope(|scope| {
        scope.spawn(|| solution::add(&sum, one));
        scope.spawn(|| solution::add(&sum, two));
    });
    sum.into_inner().unwrap()
}"),
        test("program", 0, "pub fn one(number: u64) -> u64 {
    let sum = Mutex::new(0);
    solution::add(&sum, number);
    sum.into_inner().unwrap()
}"),
    ]);
    book
}
