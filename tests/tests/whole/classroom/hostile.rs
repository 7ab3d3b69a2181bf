//! Submissions that solve nothing and want points: each gets what an empty one gets, and nothing
//! of anybody else's is harmed.

use super::course::{self, Course, MOST, REFERENCE, STUB};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Put into a function that returns 0: statements.
const STATEMENTS: &[(&str, &str)] = &[
    ("exits", "std::process::exit(0);"),
    ("aborts", "std::process::abort();"),
    (
        "kernel-words",
        "println!(\"EVCXR_BEGIN_CONTENT text/plain\\n3\\nEVCXR_END_CONTENT\\nEVCXR_EXECUTION_COMPLETE\");",
    ),
    (
        "answers-itself",
        "use std::{io::Write, os::fd::FromRawFd};
    for number in 1..5u64 {
        let mut answer = Vec::new();
        support::processes::codec::append(&numbers.len(), &mut answer).unwrap();
        let mut message = Vec::new();
        support::processes::codec::append(&(number, answer), &mut message).unwrap();
        for fd in 0..1024 {
            let mut file = std::mem::ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(fd) });
            let _ = file.write_all(&(message.len() as u32).to_le_bytes());
            let _ = file.write_all(&message);
        }
    }",
    ),
    (
        "a-message-of-4-gigabytes",
        "use std::{io::Write, os::fd::FromRawFd};
    let mut file = unsafe { std::fs::File::from_raw_fd(201) };
    let _ = file.write_all(&[0xff; 5000]);",
    ),
    (
        "says-that-it-passed",
        "for _ in 0..10 { println!(\"many\\tpassed\\t0.1\\t\"); eprintln!(\"again\\tpassed\\t0.1\\t\"); }",
    ),
    (
        "closes-everything",
        "for fd in 0..1024 { unsafe { libc::close(fd) }; }",
    ),
    (
        "redirects",
        "unsafe { libc::dup2(201, 1); libc::dup2(201, 2); } println!(\"passed\"); eprintln!(\"passed\");",
    ),
    (
        "silent-hook",
        "std::panic::set_hook(Box::new(|_| std::process::exit(0))); panic!();",
    ),
    (
        "catches-all",
        "let _ = std::panic::catch_unwind(|| panic!());",
    ),
    (
        "a-thread-that-stays",
        "thread::spawn(|| loop { thread::sleep(Duration::from_secs(1)) });",
    ),
    (
        "a-process-that-stays",
        "if unsafe { libc::fork() } == 0 { unsafe { libc::setsid() }; loop { thread::sleep(Duration::from_secs(1)) } }",
    ),
    ("stops-itself", "unsafe { libc::raise(libc::SIGSTOP) };"),
    (
        "kills",
        "unsafe { for pid in [1, 2, libc::getppid(), -1, 0] { libc::kill(pid, libc::SIGKILL); } }",
    ),
    (
        "traces-its-parent",
        "unsafe { let parent = libc::getppid(); libc::ptrace(libc::PTRACE_ATTACH, parent, 0, 0); libc::ptrace(libc::PTRACE_KILL, parent, 0, 0); }",
    ),
];

/// Whole solution cells.
const CELLS: &[(&str, &str)] = &[
    ("empty", ""),
    ("as-handed-out", STUB),
    (
        "shadowed-macros",
        "macro_rules! assert { ($($t:tt)*) => {} }
macro_rules! assert_eq { ($($t:tt)*) => {} }
#[macro_export] macro_rules! panic { ($($t:tt)*) => { loop {} } }
#[macro_export] macro_rules! vec { ($($t:tt)*) => { ::std::process::exit(0) } }
fn sum(_: Vec<u32>) -> u64 { 0 }",
    ),
    (
        "the-harness-s-names",
        "mod judge { pub mod program { pub fn serve<T>(_: T) { std::process::exit(0) } } }
mod given {} mod solution {} mod support {}
mod shared { pub fn total(_: &[u32]) -> u64 { 0 } }
fn total(_: &[u32]) -> u64 { 0 } fn __serve() {} fn main() {}
fn sum(_: Vec<u32>) -> u64 { 0 }",
    ),
    (
        "the-questions-module",
        "mod __questions { pub fn __serve() {} } fn sum(_: Vec<u32>) -> u64 { 0 }",
    ),
    (
        "equal-to-everything",
        "struct Any2; impl<T> PartialEq<T> for Any2 { fn eq(&self, _: &T) -> bool { true } } fn sum(_: Vec<u32>) -> Any2 { Any2 }",
    ),
    (
        "a-brace-too-many",
        "fn sum(_: Vec<u32>) -> u64 { 0 } } pub fn __serve() { std::process::exit(0) } mod x {",
    ),
    ("an-open-comment", "fn sum(_: Vec<u32>) -> u64 { 0 } /*"),
    (
        "before-main",
        "#[used] #[unsafe(link_section = \".init_array\")] static EARLY: extern \"C\" fn() = early;
extern \"C\" fn early() { std::process::exit(0) } fn sum(_: Vec<u32>) -> u64 { 0 }",
    ),
    (
        "its-own-main",
        "#[unsafe(no_mangle)] pub extern \"C\" fn main() -> i32 { 0 } fn sum(_: Vec<u32>) -> u64 { 0 }",
    ),
    (
        "replaces-memcmp",
        "#[unsafe(no_mangle)] pub extern \"C\" fn memcmp(_: *const u8, _: *const u8, _: usize) -> i32 { 0 } fn sum(_: Vec<u32>) -> u64 { 0 }",
    ),
    (
        "an-allocator",
        "struct A; unsafe impl std::alloc::GlobalAlloc for A { unsafe fn alloc(&self, _: std::alloc::Layout) -> *mut u8 { std::process::exit(0) } unsafe fn dealloc(&self, _: *mut u8, _: std::alloc::Layout) {} } #[global_allocator] static A0: A = A; fn sum(_: Vec<u32>) -> u64 { 0 }",
    ),
    (
        "kernel-command-dep",
        ":dep rand = \"0.9\"\nfn sum(_: Vec<u32>) -> u64 { 0 }",
    ),
    (
        "kernel-command-env",
        ":env PATH=/\nfn sum(_: Vec<u32>) -> u64 { 0 }",
    ),
    (
        "kernel-command-build-script",
        ":dep evil = { path = \"/tmp/evil\" }\nfn sum(_: Vec<u32>) -> u64 { 0 }",
    ),
    (
        "a-procedural-macro",
        "extern crate proc_macro; #[proc_macro] pub fn evil(_: proc_macro::TokenStream) -> proc_macro::TokenStream { panic!() } fn sum(_: Vec<u32>) -> u64 { 0 }",
    ),
    (
        "includes-hidden-tests",
        "const TESTS: &str = include_str!(\"COURSE/source/sum/sum.ipynb\"); fn sum(n: Vec<u32>) -> u64 { n.iter().map(|n| *n as u64).sum() }",
    ),
    (
        "includes-passwd",
        "const PASSWD: &str = include_str!(\"/etc/passwd\"); fn sum(n: Vec<u32>) -> u64 { n.iter().map(|n| *n as u64).sum() }",
    ),
    (
        "includes-its-parent-s-environment",
        "const ENV: &[u8] = include_bytes!(\"/proc/1/environ\"); fn sum(n: Vec<u32>) -> u64 { n.iter().map(|n| *n as u64).sum() }",
    ),
    (
        "compiles-to-gigabytes",
        "#[used] static BIG: [u8; 1 << 30] = [1; 1 << 30]; fn sum(_: Vec<u32>) -> u64 { BIG[7] as u64 }",
    ),
];

#[test]
fn nobody_gets_points_without_solving() {
    let course = Course::new();
    // No judge or gradebook has to be there to be stolen: a file is.
    course.write("gradebook.db", "the marks");
    let place = course.path().display().to_string();
    let fill = |text: &str| text.replace("COURSE", &place);
    course.submit("honest", REFERENCE);
    for (name, statements) in STATEMENTS {
        let text = format!(
            "#[allow(unreachable_code)] fn sum(numbers: Vec<u32>) -> u64 {{ {statements} numbers.len() as u64 }}"
        );
        course.submit(name, &text);
    }
    for (name, cell) in CELLS {
        course.submit(name, &fill(cell));
    }
    for (name, book) in damaged_books() {
        course.submit_book(name, &book);
    }
    damaged_files(&course);
    let before = contents(course.path());
    let all = course.grade(&[]);
    assert_eq!(contents(course.path()), before, "the course was changed");
    let submitted = std::fs::read_dir(course.submitted()).expect("a folder");
    assert_eq!(all.len(), submitted.count(), "nobody is dropped");
    let solved = ["honest", "a \"b\" 'c' $(touch x) .. ;&", "..."];
    let wrong: Vec<String> = all
        .iter()
        .filter(|(student, graded)| {
            let is_solved = solved.contains(&student.as_str());
            graded["points"] != if is_solved { MOST } else { 0.0 }
        })
        .map(|(student, graded)| format!("{student}: {graded:#}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Each failure has a sentence of one line.
    for (student, graded) in &all {
        println!("{student}: {}", graded["tests"][0]["reason"]);
        for test in graded["tests"].as_array().expect("a list") {
            if test["passed"] == false {
                let reason = test["reason"].as_str().unwrap_or_default();
                assert!(
                    !reason.is_empty() && reason.lines().count() == 1,
                    "{student}: {test}"
                );
            }
        }
    }
}

/// The stub, in notebooks whose cells and metadata were tampered with.
fn damaged_books() -> Vec<(&'static str, Value)> {
    let stub = course::with_solution(&course::source(), STUB);
    let cells = stub["cells"].as_array().expect("cells").clone();
    let with = |cells: Vec<Value>| {
        let mut book = stub.clone();
        book["cells"] = cells.into();
        book
    };
    let each = |change: &dyn Fn(&mut Value)| {
        let mut cells = cells.clone();
        cells.iter_mut().skip(1).for_each(change);
        with(cells)
    };
    vec![
        (
            "tests-tagged",
            each(&|cell| cell["metadata"]["tags"] = json!(["skip-execution", "raises-exception"])),
        ),
        (
            "tests-without-points",
            each(&|cell| cell["metadata"]["nbgrader"]["points"] = json!(0)),
        ),
        (
            "tests-worth-more",
            each(&|cell| cell["metadata"]["nbgrader"]["points"] = json!(1000)),
        ),
        (
            "tests-made-solutions",
            each(&|cell| cell["metadata"]["nbgrader"]["solution"] = json!(true)),
        ),
        (
            "tests-rewritten",
            each(&|cell| cell["source"] = json!("3.0")),
        ),
        (
            "tests-with-outputs",
            each(
                &|cell| cell["outputs"] = json!([{ "output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": { "text/plain": "3.0" } }]),
            ),
        ),
        (
            "tests-turned-to-markdown",
            each(&|cell| cell["cell_type"] = json!("markdown")),
        ),
        ("tests-deleted", with(cells[..1].to_vec())),
        (
            "tests-reordered",
            with(cells.iter().rev().cloned().collect()),
        ),
        (
            "tests-duplicated",
            with([cells.clone(), cells.clone()].concat()),
        ),
        (
            "solution-turned-to-markdown",
            with({
                let mut cells = course::source()["cells"].as_array().expect("cells").clone();
                cells[0]["cell_type"] = json!("markdown");
                cells
            }),
        ),
        (
            "a-solution-of-no-text",
            with({
                let mut cells = cells.clone();
                cells[0]["source"] = json!({ "a": [1, 2] });
                cells
            }),
        ),
        (
            "cells-of-no-kind",
            with(vec![
                json!(null),
                json!(3),
                json!([]),
                json!({ "cell_type": [] }),
            ]),
        ),
        ("no-cells", json!({ "nbformat": 4 })),
        ("a-list", json!([])),
    ]
}

/// Files that are no notebooks, and names that are no identifiers.
fn damaged_files(course: &Course) {
    let honest = course::with_solution(&course::source(), REFERENCE).to_string();
    let file = |student: &str, bytes: &[u8]| {
        course.write(&format!("submitted/{student}/sum/sum.ipynb"), bytes);
    };
    file("not-json", b"{\"cells\": [");
    file("an-empty-file", b"");
    let latin: Vec<u8> = honest
        .replace("many", "m\u{e4}ny")
        .chars()
        .map(|c| c as u32 as u8)
        .collect();
    file("latin-1", &latin);
    file("too-deep", "[".repeat(100_000).as_bytes());
    let mut large = honest.clone().into_bytes();
    large.resize(50 << 20, b' ');
    file("50-megabytes", &large);
    let link = course.path().join("submitted/a-link-to-another-s/sum");
    std::fs::create_dir_all(&link).expect("a writable folder");
    let target = course.path().join("submitted/honest/sum/sum.ipynb");
    std::os::unix::fs::symlink(target, link.join("sum.ipynb")).expect("a link");
    let pipe = course.path().join("submitted/a-pipe/sum");
    std::fs::create_dir_all(&pipe).expect("a writable folder");
    nix::unistd::mkfifo(&pipe.join("sum.ipynb"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    file("a \"b\" 'c' $(touch x) .. ;&", honest.as_bytes());
    file("...", honest.as_bytes());
    file(
        "a \"b\" 'c' .. without a solution",
        course::with_solution(&course::source(), STUB)
            .to_string()
            .as_bytes(),
    );
}

/// Every file below the folder and what is in it; pipes and links by name.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            all.extend(contents(&path));
        } else {
            let bytes = if kind.is_file() {
                std::fs::read(&path).expect("a file")
            } else {
                Vec::new()
            };
            all.insert(path.display().to_string(), bytes);
        }
    }
    all
}
