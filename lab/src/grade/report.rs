//! The words of a grading: the table, and the files for other programs.

use super::verdict::{Graded, Verdict};
use crate::words::{clean, printable};
use anyhow::{Context, Result};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// All that came of a grading.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    pub graded: Vec<Graded>,
    pub not_graded: Vec<NotGraded>,
    /// What a grading that was ended was at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub begun: Vec<PathBuf>,
}

/// A notebook that could not be graded, through no fault of its own.
#[derive(Clone, Debug, Serialize)]
pub struct NotGraded {
    pub notebook: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub student: Option<String>,
    pub reason: String,
}

/// Whose it is, or where it is.
pub fn name(graded: &Graded) -> String {
    owner(graded.student.as_deref(), &graded.notebook)
}

fn owner(student: Option<&str>, notebook: &Path) -> String {
    student.map_or_else(|| notebook.display().to_string(), str::to_owned)
}

pub fn table(summary: &Summary) -> String {
    let not_graded = summary.not_graded.iter().map(row_of_none);
    let rows: Vec<[String; 5]> = summary.graded.iter().map(row).chain(not_graded).collect();
    let titles = ["submission", "assignment", "points", "tests", "seconds"];
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .chain([titles[column].len()])
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..5).map(width).collect();
    let mut text = String::new();
    let mut line = |row: [&str; 5]| {
        let [name, assignment, points, tests, seconds] = row;
        writeln!(
            text,
            "{name:0$}  {assignment:1$}  {points:>2$}  {tests:>3$}  {seconds:>4$}",
            widths[0], widths[1], widths[2], widths[3], widths[4]
        )
        .ok();
    };
    line(titles);
    for row in &rows {
        line([&row[0], &row[1], &row[2], &row[3], &row[4]]);
    }
    for graded in &summary.graded {
        text += &reasons(graded);
    }
    for one in &summary.not_graded {
        writeln!(
            text,
            "\nnot graded: {}: {}",
            one.notebook.display(),
            one.reason
        )
        .ok();
    }
    // Names come from students, too.
    printable(text.trim_end())
}

fn row(graded: &Graded) -> [String; 5] {
    let verdict = &graded.verdict;
    [
        name(graded),
        verdict.assignment.clone(),
        format!("{}/{}", verdict.points, verdict.most),
        format!("{}/{}", verdict.passed(), verdict.tests.len()),
        if graded.unchanged {
            "unchanged".to_owned()
        } else {
            format!("{:.1}", graded.seconds)
        },
    ]
}

fn row_of_none(not: &NotGraded) -> [String; 5] {
    let assignment = not.notebook.file_stem().unwrap_or_default();
    [
        owner(not.student.as_deref(), &not.notebook),
        assignment.to_string_lossy().into_owned(),
        "not graded".to_owned(),
        String::new(),
        String::new(),
    ]
}

/// Why a submission has not all its points, in its first sentence.
pub fn first_reason(verdict: &Verdict) -> &str {
    let tests = verdict
        .tests
        .iter()
        .filter_map(|test| test.reason.as_deref());
    verdict
        .reason
        .as_deref()
        .into_iter()
        .chain(tests)
        .next()
        .unwrap_or_default()
}

/// Why a submission has not all its points.
fn reasons(graded: &Graded) -> String {
    let verdict = &graded.verdict;
    let mut text = String::new();
    if let Some(reason) = &verdict.reason {
        writeln!(text, "  {reason}").ok();
    } else {
        for test in verdict.tests.iter().filter(|test| !test.passed) {
            let reason = test.reason.as_deref().unwrap_or_default();
            writeln!(text, "  {} ({} points): {reason}", test.id, test.most).ok();
        }
    }
    for note in &verdict.notes {
        writeln!(text, "  note: {note}").ok();
    }
    if text.is_empty() {
        return text;
    }
    format!("\n{} (seed {})\n{text}", name(graded), verdict.seed)
}

/// Writes `grades.json` and `grades.xml` (JUnit) into `folder`.
///
/// # Errors
/// When they cannot be written.
pub fn publish(summary: &Summary, folder: &Path) -> Result<()> {
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        // Whole or not at all: it is written many times, and read meanwhile.
        let unfinished = folder.join(format!(".{name}"));
        std::fs::write(&unfinished, text)
            .and_then(|()| std::fs::rename(&unfinished, &path))
            .with_context(|| format!("{} cannot be written", path.display()))
    };
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{} cannot be made", folder.display()))?;
    write("grades.json", json(summary)?)?;
    write("grades.xml", junit(summary)?)
}

/// # Errors
/// Never, as far as is known.
pub fn json(summary: &Summary) -> Result<String> {
    Ok(serde_json::to_string_pretty(summary)? + "\n")
}

/// A suite for each submission, a case for each hidden test.
fn junit(summary: &Summary) -> Result<String> {
    let mut report = Report::new("grades");
    for graded in &summary.graded {
        let mut suite = TestSuite::new(clean(&name(graded)));
        for test in &graded.verdict.tests {
            let status = match &test.reason {
                _ if test.passed => TestCaseStatus::success(),
                reason => {
                    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                    status.set_message(reason.clone().unwrap_or_default());
                    status
                }
            };
            let mut case = TestCase::new(test.title.clone(), status);
            case.set_classname(graded.verdict.assignment.clone());
            case.set_time(Duration::try_from_secs_f64(test.seconds).unwrap_or_default());
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    for one in &summary.not_graded {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(one.reason.clone());
        let mut suite = TestSuite::new(clean(&one.notebook.display().to_string()));
        suite.add_test_case(TestCase::new("is graded", status));
        report.add_test_suite(suite);
    }
    Ok(report.to_string()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grade::verdict::Tested;

    fn summary() -> Summary {
        let test = |id: &str, passed: bool| Tested {
            id: id.to_owned(),
            title: format!("{id} is right"),
            points: if passed { 2.0 } else { 0.0 },
            most: 2.0,
            passed,
            reason: (!passed).then(|| "3 was expected, and \u{1b}[31m<4> came".to_owned()),
            picture: None,
            seconds: 0.25,
            doubt: None,
        };
        Summary {
            graded: vec![Graded {
                notebook: "a b.ipynb".into(),
                student: Some("O'Brien \"Bo\" & co".to_owned()),
                verdict: Verdict {
                    assignment: "sum".to_owned(),
                    points: 2.0,
                    most: 4.0,
                    reason: None,
                    notes: Vec::new(),
                    tests: vec![test("one", true), test("two", false)],
                    seed: 7,
                    sandbox: true,
                    resources: Default::default(),
                    doubt: None,
                },
                seconds: 1.25,
                unchanged: false,
            }],
            ..Summary::default()
        }
    }

    #[test]
    fn the_table_says_what_failed_and_prints_no_control_characters() {
        let expected = "submission         assignment  points  tests  seconds
O'Brien \"Bo\" & co  sum            2/4    1/2      1.2

O'Brien \"Bo\" & co (seed 7)
  two (2 points): 3 was expected, and \u{fffd}[31m<4> came";
        assert_eq!(table(&summary()), expected);
    }

    #[test]
    fn junit_escapes_what_students_wrote() {
        let xml = junit(&summary()).unwrap();
        assert!(xml.contains("failures=\"1\""), "{xml}");
        assert!(
            xml.contains("&lt;4&gt;") && !xml.contains('\u{1b}'),
            "{xml}"
        );
        assert!(
            xml.contains("O&apos;Brien") || xml.contains("O'Brien"),
            "{xml}"
        );
    }
}
