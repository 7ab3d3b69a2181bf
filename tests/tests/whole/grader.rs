//! Stock nbgrader with this kernel: each submission is graded, whatever its code does, and only the
//! right one gets the points. (That a submission could *cheat* is another matter.)

use end_to_end::books::nbgrader_cell;
use end_to_end::commands;
use end_to_end::{repository, tool};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// A submission's answer, and what `nbgrader validate` shows of it when it fails.
struct Submission {
    student: &'static str,
    code: &'static str,
    says: &'static [&'static str],
}

const SUBMISSIONS: [Submission; 7] = [
    Submission {
        student: "right",
        code: "    Ok(n + n)",
        says: &[],
    },
    Submission {
        student: "as-handed-out",
        code: "    // YOUR CODE HERE\n    todo!()",
        says: &["panic: not yet implemented", "--> cell [1], line 3"],
    },
    Submission {
        student: "panics",
        code: "    panic!(\"no idea what {n} is\")",
        says: &["panic: no idea what 21 is"],
    },
    Submission {
        student: "does-not-compile",
        code: "    Ok(\"two\")",
        // The function is not there for the test cell.
        says: &["error[E0425]: cannot find function `double`"],
    },
    Submission {
        student: "question-mark",
        code: "    (n - 21).to_string().replace('0', \"zero\").parse()",
        says: &["Err: invalid digit found in string"],
    },
    Submission {
        student: "exits",
        code: "    std::process::exit(0)",
        says: &["Exit: the process that runs the cells ended with exit code 0"],
    },
    Submission {
        student: "is-killed",
        code: "    unsafe { support::libc::kill(support::libc::getpid(), 9) };\n    loop {}",
        says: &["SIGKILL: the process that runs the cells was killed by SIGKILL"],
    },
];

const POINTS: f64 = 3.0;

#[test]
fn nbgrader_validate() {
    repository();
    let course = tempfile::tempdir().expect("a temporary folder");
    hand_out(course.path());
    let notebooks = SUBMISSIONS.each_ref().map(|one| submit(course.path(), one));
    let mut command = nbgrader(course.path());
    let ran = commands::run(command.arg("validate").args(notebooks), "");
    // Its exit status is 0 in any case, and each notebook's part begins with the verdict.
    const VERDICTS: [&str; 2] = [
        "Success! Your notebook passes all the tests.",
        "VALIDATION FAILED ON 1 CELL(S)!",
    ];
    let mut begins: Vec<usize> = VERDICTS
        .iter()
        .flat_map(|verdict| ran.said.match_indices(verdict))
        .map(|(at, _)| at)
        .collect();
    begins.sort_unstable();
    assert_eq!(begins.len(), SUBMISSIONS.len(), "{}", ran.said);
    let ends = begins[1..].iter().copied().chain([ran.said.len()]);
    for ((submission, begin), end) in SUBMISSIONS.iter().zip(&begins).zip(ends) {
        let said = &ran.said[*begin..end];
        let verdict = VERDICTS[usize::from(!submission.says.is_empty())];
        assert!(said.starts_with(verdict), "{}: {said}", submission.student);
        for words in submission.says {
            assert!(
                said.contains(words),
                "{}: {words:?} is not in {said}",
                submission.student
            );
        }
    }
}

#[test]
fn nbgrader_autograde() {
    repository();
    let course = tempfile::tempdir().expect("a temporary folder");
    hand_out(course.path());
    for submission in &SUBMISSIONS {
        submit(course.path(), submission);
    }
    let ran = commands::run(nbgrader(course.path()).args(["autograde", "ps1"]), "");
    assert!(ran.passed, "{}", ran.said);
    let exported = commands::run(
        nbgrader(course.path()).args(["export", "--to", "grades.csv"]),
        "",
    );
    assert!(exported.passed, "{}", exported.said);
    let grades = std::fs::read_to_string(course.path().join("grades.csv")).expect("the grades");
    let mut lines = grades
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>());
    let titles = lines.next().expect("a line of titles");
    let column = |title: &str| {
        titles
            .iter()
            .position(|one| *one == title)
            .expect("the column")
    };
    let (student, score, most) = (column("student_id"), column("score"), column("max_score"));
    let mut graded: Vec<(&str, f64)> = Vec::new();
    for line in lines.by_ref() {
        assert_eq!(line[most].parse(), Ok(POINTS), "{grades}");
        graded.push((line[student], line[score].parse().expect("a number")));
    }
    let mut expected: Vec<(&str, f64)> = SUBMISSIONS
        .iter()
        .map(|submission| {
            (
                submission.student,
                if submission.says.is_empty() {
                    POINTS
                } else {
                    0.0
                },
            )
        })
        .collect();
    expected.sort_by_key(|(student, _)| *student);
    graded.sort_by_key(|(student, _)| *student);
    assert_eq!(graded, expected, "nobody is dropped: {}", ran.said);
}

/// Makes a course with one assignment, and its release.
fn hand_out(course: &Path) {
    let config = r#"c = get_config()
c.CourseDirectory.course_id = "concurrency"
c.ClearSolutions.code_stub = {"rust": "// YOUR CODE HERE\ntodo!()"}
c.Execute.timeout = 120
"#;
    std::fs::write(course.join("nbgrader_config.py"), config).expect("a writable folder");
    let solution = "fn double(n: i32) -> Result<i32, std::num::ParseIntError> {\n    // BEGIN SOLUTION\n    Ok(2 * n)\n    // END SOLUTION\n}";
    let book = json!({
        "cells": [
            nbgrader_cell("double", solution, &json!({"solution": true, "grade": false, "locked": false})),
            nbgrader_cell("test", "assert_eq!(double(21)?, 42);", &json!({"solution": false, "grade": true, "locked": true, "points": POINTS})),
        ],
        "nbformat": 4, "nbformat_minor": 5,
        "metadata": {
            "kernelspec": { "display_name": "Rust", "language": "rust", "name": "rust" },
            "language_info": { "name": "rust" },
        },
    });
    let source = course.join("source/ps1");
    std::fs::create_dir_all(&source).expect("a writable folder");
    std::fs::write(source.join("double.ipynb"), book.to_string()).expect("a writable folder");
    let ran = commands::run(nbgrader(course).args(["generate_assignment", "ps1"]), "");
    assert!(ran.passed, "{}", ran.said);
}

/// Writes a student's answer into the handed out notebook. Returns the notebook.
fn submit(course: &Path, submission: &Submission) -> std::path::PathBuf {
    let released = std::fs::read(course.join("release/ps1/double.ipynb")).expect("the release");
    let mut book: Value = serde_json::from_slice(&released).expect("JSON");
    let handed_out = book["cells"][0]["source"].to_string();
    assert!(
        handed_out.contains("todo!()") && !handed_out.contains("2 * n"),
        "{handed_out}"
    );
    let head = "fn double(n: i32) -> Result<i32, std::num::ParseIntError> {";
    book["cells"][0]["source"] = format!("{head}\n{}\n}}", submission.code).into();
    let folder = course
        .join("submitted")
        .join(submission.student)
        .join("ps1");
    std::fs::create_dir_all(&folder).expect("a writable folder");
    let notebook = folder.join("double.ipynb");
    std::fs::write(&notebook, book.to_string()).expect("a writable folder");
    notebook
}

fn nbgrader(course: &Path) -> Command {
    let mut command = tool("nbgrader");
    command.current_dir(course);
    command
}
