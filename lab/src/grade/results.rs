//! What has come of a grading so far. It is written as it comes, so that a grading that is ended
//! leaves what it did, and names what it was at: whoever brings it down is known.

use super::Options;
use super::find::Found;
use super::gradescope;
use super::report::{self, NotGraded, Summary};
use super::verdict::Graded;
use crate::words::clean;
use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub struct Results {
    bar: ProgressBar,
    out: Option<PathBuf>,
    all: Mutex<BTreeMap<usize, State>>,
}

enum State {
    Begun(PathBuf),
    Graded(Box<Graded>),
    Not(NotGraded),
}

impl Results {
    pub fn new(options: &Options, count: usize) -> Results {
        Results {
            bar: progress(count),
            out: options.out.clone(),
            all: Mutex::default(),
        }
    }

    /// A notebook is looked at from now on.
    pub fn begun(&self, index: usize, found: &Found) {
        let mut all = self.lock();
        all.insert(index, State::Begun(found.notebook.clone()));
        self.tell(format!("grading    {}", found.notebook.display()));
        self.write(&all);
    }

    pub fn ended(&self, index: usize, result: Result<Graded, NotGraded>) {
        let line = match &result {
            Ok(graded) => format!(
                "graded     {}: {}/{}{}",
                report::name(graded),
                graded.verdict.points,
                graded.verdict.most,
                if graded.unchanged { " (unchanged)" } else { "" }
            ),
            Err(not) => format!("not graded {}: {}", not.notebook.display(), not.reason),
        };
        let mut all = self.lock();
        all.insert(
            index,
            result.map_or_else(State::Not, |graded| State::Graded(Box::new(graded))),
        );
        self.tell(line);
        self.bar.inc(1);
        self.write(&all);
    }

    /// All of it, in the order in which the notebooks were found.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn end(self) -> Result<Summary> {
        self.bar.finish_and_clear();
        let summary = summary(&self.lock());
        if let Some(out) = &self.out {
            report::publish(&summary, out)?;
            gradescope::publish(&summary, out)?;
        }
        Ok(summary)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<usize, State>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, all: &BTreeMap<usize, State>) {
        // Whether it can be written is said in the end.
        if let Some(out) = &self.out {
            let _ = report::publish(&summary(all), out);
        }
    }

    fn tell(&self, line: String) {
        let line = clean(&line);
        if self.bar.is_hidden() {
            eprintln!("{line}");
        }
        self.bar.set_message(line);
    }
}

fn summary(all: &BTreeMap<usize, State>) -> Summary {
    let mut summary = Summary::default();
    for state in all.values() {
        match state {
            State::Begun(notebook) => summary.begun.push(notebook.clone()),
            State::Graded(graded) => summary.graded.push((**graded).clone()),
            State::Not(not) => summary.not_graded.push(not.clone()),
        }
    }
    summary
}

fn progress(length: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length as u64);
    let style = ProgressStyle::with_template("grading {bar:30} {pos}/{len} [{elapsed}] {wide_msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    bar
}
