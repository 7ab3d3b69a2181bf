//! What a cell's text says of its run is checked: `cargo lab run --check`, `--save` and `--junit`.

use end_to_end::commands::BoundedOutput;
use end_to_end::{books, cargo_lab, commands, said, tool};
use serde_json::{Value, json};
use std::path::Path;

/// A notebook of two cells, the second with these claims.
fn write(folder: &Path, cell: &str, claims: &Value) -> std::path::PathBuf {
    let path = books::write(
        folder,
        "claims.ipynb",
        &[("let one: u32 = 1;", &[]), (cell, &[])],
    );
    let text = std::fs::read(&path).expect("a notebook");
    let mut book: Value = serde_json::from_slice(&text).expect("a notebook");
    book["cells"][1]["metadata"]["claims"] = claims.clone();
    std::fs::write(&path, format!("{book:#}")).expect("a writable folder");
    path
}

/// The exit code and the report of such a notebook's run.
fn check(cell: &str, claims: &Value, options: &[&str]) -> (i32, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let notebook = write(folder.path(), cell, claims);
    let output = cargo_lab(&["run"])
        .args(options)
        .arg(notebook)
        .bounded_output();
    (output.status.code().unwrap_or(-1), said(&output))
}

#[test]
fn a_claim_holds_or_the_run_says_what_came_instead() {
    let cell = "let two: u32 = one + 1;";
    let right = json!([{"says": "two is more", "holds": "two > one && two == 2"}]);
    let (code, report) = check(cell, &right, &["--check"]);
    assert_eq!(code, 0, "{report}");
    let wrong = json!([
        {"says": "two is less", "holds": "two < one"},
        {"says": "ten is there", "holds": "vec![one, two][10] > 0"},
    ]);
    let (code, report) = check(cell, &wrong, &["--check"]);
    assert_eq!(code, 6, "{report}");
    for part in [
        "\"two is less\" does not hold: `two < one`, but two = 2, one = 1",
        "\"ten is there\" does not hold: `vec![one, two][10] > 0`, but it panicked: index out of bounds",
    ] {
        assert!(report.contains(part), "{part:?} is not in: {report}");
    }
    // Nobody has asked for it.
    let (code, report) = check(cell, &wrong, &[]);
    assert_eq!(code, 0, "{report}");
}

#[test]
fn a_claim_that_cannot_be_evaluated_fails_the_run() {
    let none = json!([{"says": "three is there", "holds": "three > 2"}]);
    let (code, report) = check("let two = 2;", &none, &["--check"]);
    assert!(
        code == 6 && report.contains("cannot find value `three`"),
        "{report}"
    );
    let no_rust = json!([{"says": "three is there", "holds": "three >"}]);
    let (code, report) = check("let two = 2;", &no_rust, &[]);
    assert!(
        code == 3 && report.contains("is no Rust expression"),
        "{report}"
    );
}

#[test]
fn a_claim_that_never_ends_is_ended() {
    let endless = json!([{"says": "it ends", "holds": "{ loop { std::thread::yield_now() } }"}]);
    let (code, report) = check("let two = 2;", &endless, &["--check", "--timeout", "15"]);
    assert_eq!(code, 6, "{report}");
    assert!(
        report.contains("the claims of the cell took more than 15 s"),
        "{report}"
    );
}

/// Also where the cell fails, as it should: then it is the error's text.
#[test]
fn a_claim_may_be_about_what_its_cell_printed() {
    let cell = "println!(\"one: {one}, \\\"two\\\"\");\none + 1";
    let right =
        json!([{"says": "both are shown", "holds": "printed == \"one: 1, \\\"two\\\"\\n2\""}]);
    let (code, report) = check(cell, &right, &["--check"]);
    assert_eq!(code, 0, "{report}");
    let wrong = json!([{"says": "it is three", "holds": "printed.ends_with(\"3\")"}]);
    let (code, report) = check(cell, &wrong, &["--check"]);
    assert!(code == 6 && report.contains("\"it is three\""), "{report}");

    let folder = tempfile::tempdir().expect("a temporary folder");
    for (holds, expected) in [
        ("printed.contains(\"E0308\")", 0),
        ("printed.contains(\"E0382\")", 6),
    ] {
        let claims = json!([{"says": "the type is refused", "holds": holds}]);
        let cell = "let text: String = one;";
        let notebook = write(folder.path(), cell, &claims);
        let text = std::fs::read(&notebook).expect("a notebook");
        let mut book: Value = serde_json::from_slice(&text).expect("a notebook");
        book["cells"][1]["metadata"]["tags"] = json!(["raises-exception"]);
        std::fs::write(&notebook, format!("{book:#}")).expect("a writable folder");
        let output = cargo_lab(&["run", "--check"])
            .arg(&notebook)
            .bounded_output();
        assert_eq!(output.status.code(), Some(expected), "{}", said(&output));
    }
}

/// JupyterLab, nbgrader and nbconvert write notebooks by this library.
#[test]
fn claims_stay_when_other_tools_rewrite_the_notebook() {
    const REWRITE: &str = "import sys, nbformat; path = sys.argv[1]; \
        nbformat.write(nbformat.read(path, as_version=4), path)";
    let folder = tempfile::tempdir().expect("a temporary folder");
    let wrong = json!([{"says": "two is less", "holds": ["two", " < one"]}]);
    let notebook = write(folder.path(), "let two: u32 = 2;", &wrong);
    let before = std::fs::read(&notebook).expect("a notebook");
    let mut command = tool("python");
    let ran = commands::run(command.args(["-c", REWRITE]).arg(&notebook), "");
    assert!(ran.passed, "{}", ran.said);
    assert_ne!(std::fs::read(&notebook).expect("a notebook"), before);
    let output = cargo_lab(&["run", "--check"])
        .arg(&notebook)
        .bounded_output();
    assert_eq!(output.status.code(), Some(6), "{}", said(&output));
    assert!(said(&output).contains("`two < one`, but two = 2, one = 1"));
}

/// A cell that counts its runs, from 1, in this file.
fn counts(file: &Path) -> String {
    format!(
        "let run: u32 = {{ let file = {file:?}; \
         let run = std::fs::read_to_string(file).map_or(1, |run| run.parse::<u32>().unwrap() + 1); \
         std::fs::write(file, run.to_string()).unwrap(); run }};\nprintln!(\"run {{run}}\");"
    )
}

#[test]
fn saving_runs_again_until_all_claims_hold() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let claims = json!([{"says": "it is the third run", "holds": "run % 3 == 0"}]);
    let count = folder.path().join("count");
    let notebook = write(folder.path(), &counts(&count), &claims);
    let output = cargo_lab(&["run", "--save"])
        .arg(&notebook)
        .bounded_output();
    let report = said(&output);
    let saved = std::fs::read_to_string(&notebook).expect("a notebook");
    assert!(
        saved.contains("run 3") && !saved.contains("run 1"),
        "{report}"
    );
    assert!(report.contains("but run % 3 = 1"), "{report}");

    let never = json!([{"says": "it is an early run", "holds": "run < 4"}]);
    let notebook = write(folder.path(), &counts(&count), &never);
    let output = cargo_lab(&["run", "--save"])
        .arg(&notebook)
        .bounded_output();
    assert_eq!(output.status.code(), Some(6), "{}", said(&output));
    assert!(said(&output).contains("but run = 6"), "{}", said(&output));
    let left = std::fs::read_to_string(&notebook).expect("a notebook");
    assert!(!left.contains("run 6\\n"), "what breaks a claim was saved");
}

/// What a claim says comes first in what its picture says to who cannot see it.
#[test]
fn claims_are_said_of_the_saved_picture() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let claims =
        json!([{"says": "\"job\" is <one> bar", "holds": "trace.of(\"job\").count() == 1"}]);
    let cell = "let trace = support::timeline::Trace::new();\ntrace.in_span(\"job\", || ());\ntrace.timeline()";
    let notebook = write(folder.path(), cell, &claims);
    let output = cargo_lab(&["run", "--save"])
        .arg(&notebook)
        .bounded_output();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let text = std::fs::read(&notebook).expect("a notebook");
    let book: Value = serde_json::from_slice(&text).expect("a notebook");
    let data = &book["cells"][1]["outputs"][0]["data"];
    let page = books::source(&json!({"source": data["text/html"]}));
    assert!(
        page.contains("<img alt=\"&quot;job&quot; is &lt;one&gt; bar. "),
        "{}",
        &page[..page.len().min(500)]
    );
    let plain = books::source(&json!({"source": data["text/plain"]}));
    assert!(plain.starts_with("\"job\" is <one> bar. "), "{plain}");
}

#[test]
fn a_report_for_ci_lists_each_cell_and_claim() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let claims = json!([
        {"says": "two is more", "holds": "two > one"},
        {"says": "two is less", "holds": "two < one"},
    ]);
    let notebook = write(folder.path(), "let two: u32 = 2;", &claims);
    let file = folder.path().join("report.xml");
    let output = cargo_lab(&["run", "--check", "--junit"])
        .args([&file, &notebook])
        .bounded_output();
    assert_eq!(output.status.code(), Some(6), "{}", said(&output));
    let report = std::fs::read_to_string(&file).expect("a report");
    for part in [
        "tests=\"4\" failures=\"1\"",
        "name=\"cell-1: two is more\"",
        "two = 2, one = 1",
    ] {
        assert!(report.contains(part), "{part:?} is not in: {report}");
    }
}
