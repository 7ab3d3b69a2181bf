//! What a cell costs: how often it is compiled, and by whom; and that it says what it always said.

use end_to_end::kernel::Kernel;
use end_to_end::lent::Lent;
use jupyter_protocol::CompleteRequest;
use lab::front::limits;
use lab::shims;
use serde_json::Value;
use std::path::PathBuf;

/// A kernel that notes its builds.
struct Noted {
    kernel: Kernel,
    log: PathBuf,
    read: usize,
    _folder: tempfile::TempDir,
}

impl Noted {
    fn start() -> Noted {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = folder.path().join("builds");
        let mut kernel = Kernel::start_with(&[(shims::LOG, &log.to_string_lossy())]);
        // evcxr builds something at its start as well.
        kernel.run("").ok();
        let mut noted = Noted {
            kernel,
            log,
            read: 0,
            _folder: folder,
        };
        let start = noted.builds();
        assert_eq!(
            start.last().map(String::as_str),
            Some("direct"),
            "{start:?}"
        );
        noted
    }

    /// The builds since the last call: by whom, whether it was a check, and whether it failed.
    fn builds(&mut self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("a line"))
            .collect();
        let new = lines[self.read..].iter().map(|line| {
            let how = line["how"].as_str().unwrap_or_default();
            let check = if line["check"] == true { " check" } else { "" };
            let failed = if line["failed"] == true {
                " failed"
            } else {
                ""
            };
            format!("{how}{check}{failed}")
        });
        let new = new.collect();
        self.read = lines.len();
        new
    }
}

#[test]
fn a_right_cell_is_compiled_once_and_without_cargo() {
    let mut noted = Noted::start();
    noted.kernel.run("use support::prelude::*;").ok();
    noted.builds();
    for (code, shown) in [
        ("println!(\"said\");", ""),
        ("fn next(n: i32) -> i32 { n + 1 }", ""),
        ("let words = vec![\"a\", \"b\"];", ""),
        ("1 + 1", "2"),
        ("words.len()", "2"),
        ("next(41)", "42"),
        ("words", "[\"a\", \"b\"]"),
        ("thread::spawn(|| 5).join().unwrap()", "5"),
        ("Some(Trace::new().timeline())", "Some(Timeline("),
        ("Trace::new().timeline()", "Empty timeline"),
        ("let trace = Trace::new(); trace.in_span(\"a\", || ());", ""),
    ] {
        let reply = noted.kernel.run(code).ok();
        assert!(reply.text().starts_with(shown), "{code}: {reply:?}");
        assert_eq!(noted.builds(), ["direct"], "{code}");
    }
    // Only the compiler knows that a variable has been moved: it stops before it makes anything.
    noted.kernel.run("drop(words);").ok();
    assert_eq!(noted.builds(), ["direct failed", "direct"]);
    noted.kernel.shut_down();
}

#[test]
fn a_wrong_cell_is_told_by_what_has_been_built() {
    let mut noted = Noted::start();
    noted.kernel.run("let kept = 5;").ok();
    noted.builds();
    for (code, name, builds) in [
        ("let x = nosuch(1);", "E0425", &["direct check failed"][..]),
        (
            "let x: Nosuch = 1;",
            "E0425",
            &["direct failed", "direct failed", "repeated failed"],
        ),
        (
            "printn!(\"a\");",
            "Error",
            &["direct failed", "repeated failed"],
        ),
        (
            "let y: String = 5;",
            "E0308",
            &["direct failed", "repeated failed"],
        ),
        (
            "nosuch(1)",
            "E0425",
            &["direct failed", "direct failed", "repeated failed"],
        ),
    ] {
        let reply = noted.kernel.run(code).error();
        assert_eq!(reply.field("ename"), name, "{code}: {}", reply.traceback());
        assert_eq!(noted.builds(), builds, "{code}");
    }
    let reply = noted.kernel.run("let closure = |n: i32| n + 1;").error();
    assert!(reply.field("evalue").contains("is a closure"), "{reply:?}");
    assert_eq!(noted.builds(), ["direct check"]);
    // Nothing is kept of all this that would be in the way.
    assert_eq!(noted.kernel.run("kept").ok().text(), "5");
    noted.kernel.shut_down();
}

/// A type without `Debug`, one with a `Debug`, and one that shows itself.
const TYPES: &str = "
    struct Silent;
    #[derive(Debug, Clone)] struct Plain { n: i32 }
    #[derive(Debug, Clone)] struct Own;
    impl Own {
        fn evcxr_display(&self) {
            println!(\"EVCXR_BEGIN_CONTENT text/html\\n<b>own</b>\\nEVCXR_END_CONTENT\");
        }
    }
    fn any<T: std::fmt::Debug>(value: T) -> T { value }
";

#[test]
fn a_result_is_shown_as_its_type_has_it() {
    let mut kernel = Kernel::start();
    kernel.run(TYPES).ok();
    for (code, shown) in [
        ("Plain { n: 1 }", "Plain { n: 1 }"),
        ("&Plain { n: 1 }", "Plain { n: 1 }"),
        ("any(Some(Own))", "Some(Own)"),
        ("vec![1, 2, 3][..2]", "[1, 2]"),
        ("*\"text\"", "\"text\""),
        ("Box::new([1u8; 2]) as Box<dyn std::fmt::Debug>", "[1, 1]"),
        ("(1, 2.5, 'c')", "(1, 2.5, 'c')"),
        ("\"5\".parse::<i32>()", "Ok(5)"),
        ("if true { 1 } else { 2 }", "1"),
    ] {
        assert_eq!(kernel.run(code).ok().text(), shown, "{code}");
    }
    for code in ["Own", "&Own", "any(Own)"] {
        let reply = kernel.run(code).ok();
        assert_eq!(reply.result["text/html"], "<b>own</b>", "{code}");
    }
    // A statement's value is nothing to show.
    assert!(kernel.run("()").ok().result.is_empty());
    assert!(
        kernel
            .run("println!(\"no semicolon\")")
            .ok()
            .result
            .is_empty()
    );
    let reply = kernel.run("Silent").error();
    assert_eq!(reply.field("ename"), "E0277");
    assert!(
        reply
            .traceback()
            .contains("`Silent` doesn't implement `Debug`"),
        "{reply:?}"
    );
    let reply = kernel.run("\"5\".parse().unwrap()").error();
    assert_eq!(reply.field("ename"), "E0284", "{}", reply.traceback());
    kernel.shut_down();
}

#[test]
fn a_picture_is_shown_through_what_leads_to_it() {
    let mut kernel = Kernel::start();
    kernel
        .run("use support::prelude::*; use std::sync::{Arc, Mutex};\nlet trace = Trace::new(); trace.instant(\"now\");")
        .ok();
    for code in [
        "trace.timeline()",
        "&&trace.timeline()",
        "Box::new(trace.timeline())",
        "Arc::new(trace.timeline().above(trace.timeline()))",
        "timing::compare(&mut [(\"nothing\", &mut || ())])",
    ] {
        let reply = kernel.run(code).ok();
        assert!(
            reply.result.contains_key("image/svg+xml"),
            "{code}: {:?}",
            reply.result.keys()
        );
    }
    let reply = kernel.run("[trace.timeline()]").ok();
    assert!(!reply.result.contains_key("image/svg+xml"));
    kernel.shut_down();
}

#[test]
fn a_format_that_the_reader_chooses_is_the_one() {
    let mut kernel = Kernel::start();
    assert_eq!(kernel.run("(1, 2)").ok().text(), "(1, 2)");
    kernel.run(":fmt {:#?}").ok();
    assert_eq!(kernel.run("(1, 2)").ok().text(), "(\n    1,\n    2,\n)");
    kernel.run(":fmt {:?}").ok();
    kernel.run(":types").ok();
    assert_eq!(kernel.run("7").ok().text(), ": i32 = 7");
    kernel.shut_down();
}

#[test]
fn what_shows_results_is_offered_to_nobody() {
    let mut kernel = Kernel::start();
    kernel.run("let number = 5i32;").ok();
    let code = "number.evcxr";
    let reply = kernel.ask(CompleteRequest {
        code: code.into(),
        cursor_pos: code.len(),
    });
    let matches = reply["matches"].as_array().expect("a list");
    assert!(matches.is_empty(), "{matches:?}");
    // Nothing that the kernel does for itself is a variable of the reader's.
    let variables = kernel.run(":vars").ok();
    assert!(
        variables.text().trim().starts_with("number"),
        "{variables:?}"
    );
    assert_eq!(variables.text().trim().lines().count(), 1, "{variables:?}");
    kernel.shut_down();
}

/// A constant that takes the compiler's interpreter a while.
const SLOW: &str = "#[allow(long_running_const_eval)]\nconst SLOW: u64 = { let mut n = 0; while n < 10_000_000 { n += 1; } n };\nprintln!(\"{SLOW}\");\nSLOW + 1";

#[test]
fn a_cell_that_is_compiled_for_long_says_so_and_nothing_of_that_stays() {
    let mut kernel = Lent::take();
    let quick = kernel.run("1").ok();
    assert!(
        quick.shown.is_empty() || quick.took > limits::SLOW,
        "{quick:?}"
    );
    // The thread goes on writing while the second one is compiled: that stays.
    let writes = "std::thread::spawn(|| for n in 0..400 { println!(\"n{n}\"); std::thread::sleep(std::time::Duration::from_millis(100)); });";
    for before in ["", writes] {
        kernel.run(before).ok();
        let reply = kernel.run(&format!("// {before}\n{SLOW}")).ok();
        assert!(reply.took > limits::SLOW, "it is no test: {reply:?}");
        let kinds: Vec<&str> = reply.shown.iter().map(|(kind, _)| kind.as_str()).collect();
        if before.is_empty() {
            assert_eq!(kinds, ["display_data", "clear_output"], "{reply:?}");
            let said = reply.shown[0].1["data"]["text/plain"].to_string();
            assert!(said.contains("Compiling this cell"), "{said}");
        } else {
            assert!(
                kinds.is_empty(),
                "it would take the thread's lines away: {reply:?}"
            );
            assert!(reply.stdout.starts_with('n'), "{reply:?}");
        }
        assert!(reply.stdout.contains("10000000\n"), "{reply:?}");
        assert_eq!(reply.text(), "10000001");
    }
    kernel.give_back();
}
