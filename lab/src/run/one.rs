//! One notebook from file to result.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::kernelspec::Kernelspec;
use super::notebook::{self, Notebook};
use super::options::Limits;
use super::outputs::CellOutputs;
use super::progress::{Line, Progress};
use super::publish;
use super::result::{Failure, NotebookResult, Outcome};
use super::save;
use super::selection::Selected;
use super::session::Session;
use super::start::{NotStarted, start};
use super::stop::Stop;

/// What all notebooks of a run share.
pub struct Shared {
    pub kernel: Kernelspec,
    pub limits: Limits,
    pub save: bool,
    pub jupyter: Option<PathBuf>,
    pub progress: Progress,
    pub stop: Stop,
}

/// A notebook that has been read and can be run.
pub struct Job {
    pub name: String,
    notebook: Notebook,
    /// Where `--out` wants its copy.
    copy: Option<PathBuf>,
}

impl Job {
    /// Reads the notebook; what is wrong with it is its result.
    pub fn new(selected: Selected, out: Option<&Path>) -> Result<Job, Box<NotebookResult>> {
        let Selected { path, relative } = selected;
        let name = shown(&path);
        let copy = out.map(|out| out.join(&relative));
        let problem = match notebook::load(&path) {
            Ok(_)
                if copy
                    .as_ref()
                    .is_some_and(|copy| publish::is_same_file(copy, &path)) =>
            {
                format!(
                    "{name} would be overwritten by its copy: give --out another folder, or use --save"
                )
            }
            Ok(notebook) => {
                return Ok(Job {
                    name,
                    notebook,
                    copy,
                });
            }
            Err(sentence) => sentence,
        };
        Err(Box::new(NotebookResult {
            path,
            name,
            outcome: Outcome::Error(problem),
            ran: 0,
            cells: 0,
            seconds: 0.0,
            notes: Vec::new(),
        }))
    }

    /// A result before anything has run.
    pub fn result(&self, outcome: Outcome) -> NotebookResult {
        NotebookResult {
            path: self.notebook.path.clone(),
            name: self.name.clone(),
            outcome,
            ran: 0,
            cells: self
                .notebook
                .cells
                .iter()
                .filter(|cell| cell.runs())
                .count(),
            seconds: 0.0,
            notes: Vec::new(),
        }
    }

    /// Runs the notebook and writes what is to be written.
    pub async fn run(self, shared: &Shared) -> NotebookResult {
        let mut result = self.result(Outcome::Interrupted);
        if shared.stop.is_requested() {
            return result;
        }
        let began = Instant::now();
        let line = shared.progress.start(&self.name, result.cells);
        match self.execute(shared, &line).await {
            Ok((outcome, outputs)) => {
                result.ran = outputs.iter().filter(|outputs| outputs.sent).count();
                result.outcome = outcome;
                self.write(shared, &line, &outputs, &mut result).await;
            }
            Err(NotStarted::Interrupted) => {}
            Err(NotStarted::Failed(problem)) => {
                result.outcome = Outcome::Error(format!("{}: {problem}", self.name));
            }
        }
        result.seconds = began.elapsed().as_secs_f64();
        result
    }

    async fn execute(
        &self,
        shared: &Shared,
        line: &Line,
    ) -> Result<(Outcome, Vec<CellOutputs>), NotStarted> {
        let mut stop = shared.stop.clone();
        let directory = folder_of(&self.notebook.path);
        let (kernel, client) = start(&shared.kernel, &directory, &mut stop).await?;
        let mut session = Session::new(&self.notebook, shared.limits, kernel, client);
        let mut begun = 0;
        let before = |_| {
            begun += 1;
            line.cell(begun);
        };
        let ended = tokio::select! {
            biased;
            () = stop.requested() => None,
            ended = session.run(before) => Some(ended),
        };
        let outputs = session.close(&mut stop).await;
        let outcome = match ended {
            None => Outcome::Interrupted,
            Some(Ok(())) => Outcome::Passed,
            Some(Err(failure)) => {
                let cell = &self.notebook.cells[failure.cell];
                Outcome::Failed(Failure {
                    cell: failure.cell + 1,
                    id: cell.id.clone(),
                    reason: failure.reason,
                    source: cell.source.clone(),
                    output: outputs[failure.cell].text(),
                    log: failure.log,
                })
            }
        };
        Ok((outcome, outputs))
    }

    /// Saves a notebook that passed, and puts the copy of any that ran under `--out`.
    async fn write(
        &self,
        shared: &Shared,
        line: &Line,
        outputs: &[CellOutputs],
        result: &mut NotebookResult,
    ) {
        let passed = matches!(result.outcome, Outcome::Passed);
        if shared.save && !passed {
            result.notes.push(format!(
                "{} was not saved, because it did not pass",
                self.name
            ));
        }
        if matches!(result.outcome, Outcome::Interrupted) {
            return;
        }
        let written = async {
            let text = save::to_text(&save::executed(&self.notebook, outputs))?;
            if shared.save && passed {
                self.check_unchanged()?;
                save::write(&self.notebook.path, &text)?;
            }
            if let Some(copy) = &self.copy {
                line.message("writing the page".to_owned());
                publish::publish(copy, &text, shared.jupyter.as_deref()).await?;
            }
            anyhow::Ok(())
        };
        let mut stop = shared.stop.clone();
        let written = tokio::select! {
            biased;
            () = stop.requested() => {
                result.outcome = Outcome::Interrupted;
                return;
            }
            written = written => written,
        };
        if let Err(error) = written {
            let sentence = format!("{}: {error:#}", self.name);
            // A failed cell is the weightier news.
            if passed {
                result.outcome = Outcome::Error(sentence);
            } else {
                result.notes.push(sentence);
            }
        }
    }
}

impl Job {
    /// A save must not undo what someone has edited while the cells ran.
    fn check_unchanged(&self) -> anyhow::Result<()> {
        match notebook::load(&self.notebook.path) {
            Ok(now) if now.document == self.notebook.document => Ok(()),
            _ => {
                anyhow::bail!("not saved, because the file was changed while it ran: run it again")
            }
        }
    }
}

/// The folder in which the notebook's kernel works, as under JupyterLab.
fn folder_of(notebook: &Path) -> PathBuf {
    let full = notebook
        .canonicalize()
        .unwrap_or_else(|_| notebook.to_owned());
    full.parent().unwrap_or(Path::new(".")).to_owned()
}

/// The path as a reader would write it.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here)
        .unwrap_or(path)
        .display()
        .to_string()
}
