//! What came of a run.

use std::path::PathBuf;

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
    /// What else the reader should know, such as that a failed notebook was not saved.
    pub notes: Vec<String>,
}

/// The result in one word.
#[derive(Debug)]
pub enum Outcome {
    Passed,
    /// A cell failed.
    Failed(Failure),
    /// The notebook could not be run, or what it gave could not be written. One sentence why.
    Error(String),
    Interrupted,
}

/// The cell that failed.
#[derive(Debug)]
pub struct Failure {
    /// Which code cell, counted from 1.
    pub cell: usize,
    pub id: Option<String>,
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

    /// 0 when all passed, 1 when one failed, 130 after an interrupt, as shells count.
    pub fn exit_code(&self) -> u8 {
        match (self.interrupted, self.failed()) {
            (true, _) => 130,
            (false, true) => 1,
            (false, false) => 0,
        }
    }
}
