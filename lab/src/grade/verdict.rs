//! What grading finds, as it is written down.

use crate::words;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

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

/// Why a failure may not be the submission's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// A limit of time was met, or something was killed. What happens again to it alone is its own
    /// fault.
    Once,
    /// Other programs had the processors. That is never its fault.
    Busy,
    /// The judge, the sandbox, the compiler or the linker failed. That is never its fault.
    Machine,
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
    #[serde(default)]
    pub resources: Resources,
    /// Whether `reason` is in doubt. Verdicts in doubt are not kept.
    #[serde(skip)]
    pub doubt: Option<Doubt>,
}

/// What a submission took of the machine, and what bounds it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Resources {
    /// The most bytes of memory that the program held at once, where a control group counted them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// The same for the compiler.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compiler_memory: Option<u64>,
    /// What this machine does not bound for the submission as a whole, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unbounded: Vec<String>,
    /// What the walls around it do not hold on this machine, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_held: Vec<String>,
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
    /// The run that failed. It is shown and changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
    pub seconds: f64,
    /// Whether the failure is in doubt.
    #[serde(skip)]
    pub doubt: Option<Doubt>,
}

/// A picture that the judge has drawn.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Picture {
    pub svg: String,
    /// What it shows, for those who do not see it.
    pub words: String,
}

impl Picture {
    /// What the judge has put into `folder` for a test.
    pub fn read(folder: &Path, test: &str) -> Option<Picture> {
        let read = |kind: &str| std::fs::read_to_string(folder.join(format!("{test}.{kind}"))).ok();
        let (svg, words) = (read("svg")?, read("txt")?);
        Some(Picture { svg, words })
    }
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
            picture: None,
            seconds: 0.0,
            doubt: None,
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
            resources: Resources::default(),
            doubt: None,
        }
    }

    /// The same in sentences that can stand anywhere.
    pub fn in_clean_words(mut self) -> Verdict {
        let reasons = self.tests.iter_mut().map(|test| &mut test.reason);
        for reason in reasons.chain([&mut self.reason]).flatten() {
            *reason = words::clean(reason);
        }
        for note in &mut self.notes {
            *note = words::clean(note);
        }
        self
    }

    /// The worst doubt, and the sentence that it is about.
    pub fn doubt(&self) -> Option<(Doubt, &str)> {
        let tests = self.tests.iter().map(|test| (test.doubt, &test.reason));
        let all = tests.chain([(self.doubt, &self.reason)]);
        all.filter_map(|(doubt, why)| Some((doubt?, why.as_deref().unwrap_or_default())))
            .max_by_key(|(doubt, _)| *doubt)
    }

    pub fn passed(&self) -> usize {
        self.tests.iter().filter(|test| test.passed).count()
    }
}
