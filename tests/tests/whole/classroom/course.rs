//! A course in a temporary folder, with an assignment that is quick to grade.

use end_to_end::books::nbgrader_cell;
use end_to_end::commands::BoundedOutput;
use end_to_end::commands::{self, Ran};
use end_to_end::{cargo_lab, repository, said, tool};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `sum`: two hidden tests of 2 and 1 points.
pub const REFERENCE: &str = "fn sum(numbers: Vec<u32>) -> u64 {\n    // BEGIN SOLUTION\n    numbers.iter().map(|n| u64::from(*n)).sum()\n    // END SOLUTION\n}";
pub const STUB: &str = "fn sum(numbers: Vec<u32>) -> u64 {\n    // YOUR CODE HERE\n    todo!()\n}";
pub const MOST: f64 = 3.0;

pub struct Course {
    folder: tempfile::TempDir,
}

impl Course {
    /// With the settings of the project's own course, and `sum`.
    pub fn new() -> Course {
        let course = Course {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        let config = repository().join("notebooks/assignments/nbgrader_config.py");
        std::fs::copy(config, course.path().join("nbgrader_config.py")).expect("disk space");
        course.write("source/sum/sum.ipynb", source().to_string());
        course
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, place: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(place);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a writable folder");
        std::fs::write(&path, bytes).expect("a writable folder");
        path
    }

    /// A submission of `sum` with this text in its solution cell.
    pub fn submit(&self, student: &str, solution: &str) -> PathBuf {
        self.submit_book(student, &with_solution(&source(), solution))
    }

    pub fn submit_book(&self, student: &str, book: &Value) -> PathBuf {
        self.write(
            &format!("submitted/{student}/sum/sum.ipynb"),
            book.to_string(),
        )
    }

    pub fn submitted(&self) -> PathBuf {
        self.path().join("submitted")
    }

    /// All that is submitted, graded anew: each verdict by its student.
    pub fn grade(&self, options: &[&str]) -> BTreeMap<String, Value> {
        let options = [&["--again"], options].concat();
        by_student(&grade(&[&self.submitted()], &options))
    }

    /// A temporary folder is its owner's alone.
    pub fn let_others_read(&self) {
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(self.path(), mode).expect("an own folder");
    }

    pub fn nbgrader(&self, arguments: &[&str]) -> Ran {
        let mut command = tool("nbgrader");
        commands::run(command.args(arguments).current_dir(self.path()), "")
    }
}

/// `cargo lab grade --json`: what it wrote.
pub fn grade(paths: &[&Path], options: &[&str]) -> Value {
    grade_by(None, paths, options)
}

/// The same, with programs of this folder before others.
pub fn grade_by(first: Option<&Path>, paths: &[&Path], options: &[&str]) -> Value {
    repository();
    let mut command = cargo_lab(&["grade", "--json"]);
    if let Some(first) = first {
        command.env("PATH", path_with(first));
    }
    report(command.args(options).arg("--").args(paths))
}

/// The search path, with this folder before others.
pub fn path_with(first: &Path) -> String {
    let path = std::env::var("PATH").expect("a PATH");
    format!("{}:{path}", first.display())
}

/// What a command that grades wrote.
pub fn report(command: &mut Command) -> Value {
    let output = command.bounded_output();
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error} in what grading said: {}", said(&output)))
}

/// The verdicts of a report from which nobody is missing.
pub fn verdicts(report: &Value) -> &[Value] {
    assert_eq!(report["not_graded"], json!([]));
    report["graded"].as_array().expect("a list")
}

/// The same, each by its student.
pub fn by_student(report: &Value) -> BTreeMap<String, Value> {
    let verdicts = verdicts(report).iter();
    let student = |one: &Value| one["student"].as_str().expect("a name").to_owned();
    verdicts.map(|one| (student(one), one.clone())).collect()
}

/// The source notebook of `sum`.
pub fn source() -> Value {
    let test = |id: &str, points: u32, visible: &str, hidden: &str| {
        let source = format!("// {visible}\n// BEGIN HIDDEN TESTS\n{hidden}\n// END HIDDEN TESTS");
        let role = json!({ "grade": true, "solution": false, "locked": true, "points": points });
        nbgrader_cell(id, &source, &role)
    };
    let solution = json!({ "grade": false, "solution": true, "locked": false });
    let visible = json!({ "grade": true, "solution": false, "locked": true, "points": 0 });
    json!({
        "cells": [
            nbgrader_cell("sum", REFERENCE, &solution),
            nbgrader_cell("try", "assert_eq!(sum(vec![1, 2]), 3);", &visible),
            test("many", 2, "Many numbers.", "let numbers = judge.random.numbers(20, u32::MAX);
let sum: u64 = judge.ask(\"sum\", (&numbers,))?;
judge.same(sum, total(&numbers), format!(\"the sum of {numbers:?}\"))"),
            // A program that never answers has used up the usual ten seconds in the test before.
            test("again", 1, "And again.", "judge.set_limit(std::time::Duration::from_secs(3));
let mut sums = Vec::new();
let lists: Vec<_> = (2..5).map(|n| judge.random.numbers(n, u32::MAX)).collect();
for numbers in &lists {
    let sum: u64 = judge.ask(\"sum\", (numbers,))?;
    sums.push(sum);
}
judge.same(sums, lists.iter().map(|numbers| total(numbers)).collect(), \"three sums\")"),
            test("program", 0, "How the grader asks.", "pub fn sum(numbers: Vec<u32>) -> u64 { solution::sum(numbers) }"),
            test("judge", 0, "What tests share.", "fn total(numbers: &[u32]) -> u64 { numbers.iter().map(|n| u64::from(*n)).sum() }"),
        ],
        "nbformat": 4, "nbformat_minor": 5,
        "metadata": {
            "kernelspec": { "display_name": "Rust", "language": "rust", "name": "rust" },
            "language_info": { "name": "rust" },
        },
    })
}

pub fn with_solution(book: &Value, solution: &str) -> Value {
    let mut book = book.clone();
    book["cells"][0]["source"] = solution.into();
    book
}
