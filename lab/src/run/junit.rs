//! The report that CI systems read: each code cell and each claim is a test.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::ansi::{self, Keep};
use super::result::{Came, NotebookResult, Outcome, Summary};

/// Writes the report.
///
/// # Errors
/// When the file cannot be written.
pub fn write(summary: &Summary, file: &Path) -> anyhow::Result<()> {
    let mut report = Report::new("cargo lab run");
    report.add_test_suites(summary.notebooks.iter().map(suite));
    let text = report.to_string().context("the report has no text")?;
    std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))
}

fn suite(result: &NotebookResult) -> TestSuite {
    let mut suite = TestSuite::new(result.name.clone());
    suite.set_time(Duration::from_secs_f64(result.seconds));
    for part in &result.parts {
        let status = match &part.came {
            Came::Passed => TestCaseStatus::success(),
            Came::NotRun => TestCaseStatus::skipped(),
            Came::Failed(reason) => failed(reason, &result.outcome),
        };
        let mut case = TestCase::new(part.name.clone(), status);
        case.set_classname(result.name.clone());
        suite.add_test_case(case);
    }
    // What is wrong with the whole has no cell.
    if let Outcome::Error(reason) = &result.outcome {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(reason.clone());
        suite.add_test_case(TestCase::new("notebook", status));
    }
    suite
}

fn failed(reason: &str, outcome: &Outcome) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(reason.to_owned());
    if let Outcome::Failed(failure) = outcome {
        status.set_type(format!("{:?}", failure.why));
        status.set_description(ansi::strip(&failure.output, Keep::Nothing));
    }
    status
}
