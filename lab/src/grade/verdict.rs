//! What grading finds, as it is written down.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// One submission, graded.
#[derive(Clone, Debug, Serialize)]
pub struct Graded {
    /// The notebook as it was named.
    pub notebook: PathBuf,
    /// From the course's layout `submitted/STUDENT/ASSIGNMENT/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub student: Option<String>,
    #[serde(flatten)]
    pub verdict: Verdict,
    pub seconds: f64,
    /// Whether nothing had changed since it was last graded.
    pub unchanged: bool,
}

/// The verdict on one text of a solution.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verdict {
    pub assignment: String,
    pub points: f64,
    pub most: f64,
    /// Why there was nothing to test, in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub notes: Vec<String>,
    pub tests: Vec<Tested>,
    /// What inputs were drawn from: `--seed` repeats them.
    pub seed: u64,
    pub sandbox: bool,
}

/// One hidden test.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tested {
    pub id: String,
    pub title: String,
    pub points: f64,
    pub most: f64,
    pub passed: bool,
    /// Why it failed, in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub seconds: f64,
}

impl Verdict {
    /// A verdict without tests: none of them passed, for the reason given.
    pub fn none(
        assignment: &super::assignment::Assignment,
        reason: String,
        notes: Vec<String>,
        seed: u64,
        sandbox: bool,
    ) -> Verdict {
        let tests = assignment.tests.iter().map(|test| Tested {
            id: test.id.clone(),
            title: test.title.clone(),
            points: 0.0,
            most: test.points,
            passed: false,
            reason: Some(reason.clone()),
            seconds: 0.0,
        });
        Verdict {
            assignment: assignment.name.clone(),
            points: 0.0,
            most: assignment.most(),
            tests: tests.collect(),
            reason: Some(reason),
            notes,
            seed,
            sandbox,
        }
    }

    pub fn passed(&self) -> usize {
        self.tests.iter().filter(|test| test.passed).count()
    }
}
