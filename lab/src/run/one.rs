//! One notebook from file to result.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;

use super::claims::Broken;
use super::kernelspec::Kernelspec;
use super::notebook::{self, Notebook};
use super::options::Limits;
use super::outputs::CellOutputs;
use super::progress::{Line, Progress};
use super::publish;
use super::result::{Came, Failure, NotebookResult, Outcome, Part};
use super::save;
use super::selection::Selected;
use super::session::Session;
use super::start::{NotStarted, start};
use super::stop::Stop;

/// How often a notebook is run at most, if its claims do not hold.
const RUNS: usize = 3;

/// What all notebooks of a run share.
pub struct Shared {
    pub kernel: Kernelspec,
    pub limits: Limits,
    pub save: bool,
    /// Whether claims are checked.
    pub check: bool,
    pub jupyter: Option<PathBuf>,
    pub progress: Progress,
    pub stop: Stop,
}

impl Shared {
    /// Whether a notebook is to run again after these runs, of which each broke some claims. What is
    /// saved may come from any run. Otherwise only a claim about time has another chance, and needs it
    /// only if it counts: on a busy machine the next run would say no more.
    fn repeats(&self, runs: &[Vec<Broken>]) -> bool {
        let about_time = runs.iter().flatten().all(|broken| broken.claim.time);
        let counts = about_time && matches!(self.verdict(runs), Outcome::Broken(_));
        runs.len() < RUNS && (self.save || counts) && !self.stop.is_requested()
    }

    /// What these runs, of which each broke some claims, say of the notebook. To be saved, the last
    /// has to be whole. Otherwise a claim about time counts if it was broken in each, and the machine
    /// was quiet in one of them.
    fn verdict(&self, runs: &[Vec<Broken>]) -> Outcome {
        let (last, before) = runs.split_last().expect("there was a run");
        let mut broken = last.clone();
        if !self.save {
            for claim in &mut broken {
                for run in before {
                    match run.iter().find(|other| other.is_same(claim)) {
                        Some(other) => claim.others = claim.others.min(other.others),
                        None => claim.others = f64::INFINITY, // it held once
                    }
                }
            }
            broken.retain(Broken::counts);
        }
        if broken.is_empty() {
            Outcome::Passed
        } else {
            Outcome::Broken(broken)
        }
    }
}

/// What a run gave.
struct Ran {
    outputs: Vec<CellOutputs>,
    /// What the notebook is to say of the kernel.
    metadata: Value,
}

/// A notebook that has been read and can be run.
pub struct Job {
    pub name: String,
    notebook: Notebook,
    /// Where `--out` wants its copy.
    pub copy: Option<PathBuf>,
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
            parts: Vec::new(),
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
            parts: Vec::new(),
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
        let mut runs: Vec<Vec<Broken>> = Vec::new();
        loop {
            match self.execute(shared, &line).await {
                Ok((outcome, ran)) => {
                    result.ran = ran.outputs.iter().filter(|outputs| outputs.sent).count();
                    result.outcome = outcome;
                    if let Outcome::Broken(broken) = &result.outcome {
                        let note = |claim| format!("{}: {claim}", self.name);
                        result.notes.extend(broken.iter().map(note));
                        runs.push(broken.clone());
                        if shared.repeats(&runs) {
                            continue;
                        }
                        result.outcome = shared.verdict(&runs);
                    }
                    if matches!(result.outcome, Outcome::Broken(_)) {
                        result.notes.clear(); // they are told at length
                    }
                    result.parts = self.parts(shared.check, &ran.outputs, &result.outcome);
                    self.write(shared, &line, &ran, &mut result).await;
                }
                Err(NotStarted::Interrupted) => result.outcome = Outcome::Interrupted,
                Err(NotStarted::Failed(problem)) => {
                    result.outcome = Outcome::Error(format!("{}: {problem}", self.name));
                }
            }
            break;
        }
        result.seconds = began.elapsed().as_secs_f64();
        result
    }

    /// The cells and claims, for reports that list all of them.
    fn parts(&self, check: bool, outputs: &[CellOutputs], outcome: &Outcome) -> Vec<Part> {
        let mut parts = Vec::new();
        for (place, cell) in self.notebook.cells.iter().enumerate() {
            if !cell.runs() {
                continue;
            }
            let number = place + 1;
            let name = cell.id.clone().unwrap_or_else(|| number.to_string());
            let came = match outcome {
                Outcome::Failed(failure) if failure.cell == number => {
                    Came::Failed(failure.reason.clone())
                }
                _ if outputs[place].sent => Came::Passed,
                _ => Came::NotRun,
            };
            let has_run = came == Came::Passed;
            for claim in cell.claims.iter().filter(|_| check) {
                let broken = match outcome {
                    Outcome::Broken(broken) => broken
                        .iter()
                        .find(|broken| broken.cell == number && broken.claim == *claim),
                    _ => None,
                };
                parts.push(Part {
                    name: format!("{name}: {}", claim.says),
                    cell: number,
                    came: match broken {
                        Some(broken) => Came::Failed(broken.to_string()),
                        None if has_run => Came::Passed,
                        None => Came::NotRun,
                    },
                });
            }
            parts.push(Part {
                name,
                cell: number,
                came,
            });
        }
        parts
    }

    async fn execute(&self, shared: &Shared, line: &Line) -> Result<(Outcome, Ran), NotStarted> {
        let mut stop = shared.stop.clone();
        let directory = folder_of(&self.notebook.path);
        let started = start(&shared.kernel, &directory, &mut stop).await?;
        let metadata = shared.kernel.metadata(&started.language_info);
        let limits = (shared.limits, shared.check);
        let mut session = Session::new(&self.notebook, limits, started.kernel, started.client);
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
        let (outputs, broken) = session.close(&mut stop).await;
        let outcome = match ended {
            None => Outcome::Interrupted,
            Some(Ok(())) if !broken.is_empty() => Outcome::Broken(broken),
            Some(Ok(())) => Outcome::Passed,
            Some(Err(failure)) => {
                let cell = &self.notebook.cells[failure.cell];
                Outcome::Failed(Failure {
                    cell: failure.cell + 1,
                    id: cell.id.clone(),
                    why: failure.why,
                    reason: failure.reason,
                    source: cell.source.clone(),
                    output: outputs[failure.cell].text(),
                    log: failure.log,
                })
            }
        };
        Ok((outcome, Ran { outputs, metadata }))
    }

    /// Saves a notebook that passed, and puts the copy of any that ran under `--out`.
    async fn write(&self, shared: &Shared, line: &Line, ran: &Ran, result: &mut NotebookResult) {
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
            let held = shared.check && passed && result.notes.is_empty();
            let document = save::executed(&self.notebook, &ran.metadata, &ran.outputs, held);
            let text = save::to_text(&document)?;
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
