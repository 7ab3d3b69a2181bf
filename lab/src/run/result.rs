//! What came of a run.

use std::path::PathBuf;

use super::claims::Broken;

/// What came of all notebooks.
#[derive(Debug, Default)]
pub struct Summary {
    pub notebooks: Vec<NotebookResult>,
    /// Whether Ctrl-C or a signal ended the run.
    pub interrupted: bool,
}

/// What came of one notebook.
#[derive(Debug)]
pub struct NotebookResult {
    pub path: PathBuf,
    /// The path as reports show it.
    pub name: String,
    pub outcome: Outcome,
    /// Code cells that were run, the failed one included.
    pub ran: usize,
    /// Code cells that there are to run.
    pub cells: usize,
    pub seconds: f64,
    /// Each code cell that there is to run, and each claim if they are checked.
    pub parts: Vec<Part>,
    /// What else the reader should know, such as that a failed notebook was not saved.
    pub notes: Vec<String>,
}

/// A code cell or a claim, for reports that list all of them.
#[derive(Debug)]
pub struct Part {
    /// The cell's id, or its number among the code cells; of a claim, its sentence behind it.
    pub name: String,
    pub cell: usize,
    pub came: Came,
}

/// What came of a part.
#[derive(Debug, PartialEq, Eq)]
pub enum Came {
    Passed,
    NotRun,
    Failed(String),
}

/// The result in one word.
#[derive(Debug)]
pub enum Outcome {
    Passed,
    /// A cell failed.
    Failed(Failure),
    /// Every cell did, but the texts say of the run what is not so.
    Broken(Vec<Broken>),
    /// The notebook could not be run, or what it gave could not be written. One sentence why.
    Error(String),
    Interrupted,
}

/// Why a cell counts as failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// An error, a panic, text on stderr, no failure where one was announced.
    Cell,
    /// The kernel ended.
    Died,
    /// It took too long, or put out too much.
    Limit,
    /// One of its claims cannot be evaluated.
    Claim,
}

/// The cell that failed.
#[derive(Debug)]
pub struct Failure {
    /// Which code cell, counted from 1.
    pub cell: usize,
    pub id: Option<String>,
    pub why: Why,
    pub reason: String,
    pub source: String,
    /// Its outputs as text, with the terminal colours that the kernel sent.
    pub output: String,
    /// What the kernel wrote about itself, where that explains its death.
    pub log: String,
}

impl Summary {
    /// Whether any notebook did not pass.
    pub fn failed(&self) -> bool {
        let passed = |result: &NotebookResult| matches!(result.outcome, Outcome::Passed);
        !self.notebooks.iter().all(passed)
    }

    /// 0 when all passed, 130 after an interrupt, as shells count. Otherwise the number of what
    /// went wrong; if several things did, the first of 3 (a notebook cannot be read or written), 4
    /// (a kernel died), 5 (a limit was passed), 1 (a cell failed), 6 (a claim does not hold).
    pub fn exit_code(&self) -> u8 {
        if self.interrupted {
            return 130;
        }
        let codes: Vec<u8> = self.notebooks.iter().map(|it| it.outcome.code()).collect();
        let worst = [3, 4, 5, 1, 6, 130].into_iter();
        worst
            .into_iter()
            .find(|code| codes.contains(code))
            .unwrap_or(0)
    }
}

impl Outcome {
    fn code(&self) -> u8 {
        match self {
            Outcome::Passed => 0,
            Outcome::Error(_) => 3,
            Outcome::Broken(_) => 6,
            Outcome::Interrupted => 130,
            Outcome::Failed(failure) => match failure.why {
                Why::Cell => 1,
                Why::Died => 4,
                Why::Limit => 5,
                Why::Claim => 6,
            },
        }
    }
}
