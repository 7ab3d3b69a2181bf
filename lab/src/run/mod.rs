//! `cargo lab run`: executes notebooks without a browser.
//!
//! Each notebook gets a kernel of its own, as in JupyterLab, and its cells go through it in order
//! up to the first that fails. No Python is needed for it, except for HTML pages.
//!
//! # Layout
//!
//! - `options`: what may be chosen; `result`: what came of it.
//! - `selection`, `notebook`, `tags`: which notebooks, what is in them, what their tags ask for.
//! - `kernelspec`, `kernel`, `folder`, `ports`, `processes`: the kernel's process.
//! - `client`, `start`: the channels to it, open before the first cell runs.
//! - `session`, `outputs`: the cells of one notebook, and what they put out.
//! - `claims`, `quiet`: whether the run is what the text says, and who else used the machine.
//! - `save`, `publish`: notebooks and pages on disk.
//! - `progress`, `report`, `ansi`: what the reader sees.
//! - `stop`: Ctrl-C.

pub(crate) mod ansi;
mod claims;
pub mod client;
mod folder;
mod junit;
mod kernel;
mod kernelspec;
pub(crate) mod notebook;
mod one;
mod options;
mod outputs;
pub(crate) mod ports;
mod processes;
mod progress;
mod publish;
mod quiet;
mod report;
mod result;
pub(crate) mod save;
mod selection;
mod session;
mod start;
mod stop;
mod tags;

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, LocalSet};

use ansi::Keep;
use one::{Job, Shared};
use progress::Progress;
use stop::Stop;

pub use options::{Environment, Limits, Options};
pub use result::{Failure, NotebookResult, Outcome, Summary, Why};

/// The text of a notebook's file, as all of ours are written.
///
/// # Errors
/// When it is no notebook.
pub fn notebook_text(book: &serde_json::Value) -> anyhow::Result<String> {
    save::to_text(book)
}

/// A text without its colours and other control sequences.
pub fn plain(text: &str) -> String {
    ansi::strip(text, Keep::Nothing)
}

/// Runs notebooks and reports on stdout. An error means that nothing could be run at all; it is
/// one sentence. What happened to each notebook stands in the summary.
///
/// Blocks until every kernel has ended. SIGINT, SIGTERM and SIGHUP end the run within two seconds;
/// they stay taken over afterwards, so the process should do little else.
pub fn run(options: &Options, environment: &Environment) -> anyhow::Result<Summary> {
    // One thread: a kernel dies with the thread that started it, so that must not be one that a
    // runtime may retire. And all the work is done in the kernels.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")?;
    let summary = LocalSet::new().block_on(&runtime, run_all(options, environment));
    // Do not wait for threads of the runtime: everything that matters has ended.
    runtime.shutdown_background();
    summary
}

async fn run_all(options: &Options, environment: &Environment) -> anyhow::Result<Summary> {
    let stop = Stop::on_signals()?;
    let progress = Progress::new();
    let selected = selection::select(&options.paths, &environment.notebooks)?;
    if let Some(out) = &options.out {
        publish::prepare(out)?;
    }
    // All that can be known without a kernel is said before the first one is started.
    let mut results = Vec::new();
    let mut jobs = Vec::new();
    for (index, one) in selected.into_iter().enumerate() {
        match Job::new(one, options.out.as_deref()) {
            Ok(job) => jobs.push((index, job)),
            Err(result) => {
                progress.say(&report::ended(&result));
                results.push((index, *result));
            }
        }
    }
    if !jobs.is_empty() {
        folder::sweep();
        crate::launcher::adopt_orphans();
        let shared = Shared {
            kernel: kernelspec::find(&environment.kernel_dirs)?,
            limits: Limits::with_time(Duration::from_secs(options.timeout)),
            save: options.save,
            check: options.check || options.save,
            jupyter: environment.jupyter.clone(),
            progress: progress.clone(),
            stop: stop.clone(),
        };
        let copies: Vec<_> = jobs
            .iter()
            .filter_map(|(_, job)| job.copy.clone())
            .collect();
        results.extend(run_jobs(jobs, shared, options.jobs).await);
        publish::link_pages(&copies)?;
    }
    results.sort_by_key(|(index, _)| *index);
    let summary = Summary {
        notebooks: results.into_iter().map(|(_, result)| result).collect(),
        interrupted: stop.is_requested(),
    };
    let terminal = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let keep = if terminal {
        Keep::Colours
    } else {
        Keep::Nothing
    };
    progress.say(&report::summary(&summary, keep));
    if let Some(file) = &options.junit {
        junit::write(&summary, file)?;
    }
    let written = summary.notebooks.iter().any(|result| result.ran > 0);
    if written && options.out.is_some() && environment.jupyter.is_none() {
        progress.say(
            "HTML pages need Jupyter, so only the .ipynb files were written: run `cargo lab setup`",
        );
    }
    Ok(summary)
}

/// Runs `at_once` of the jobs at a time.
async fn run_jobs(
    jobs: Vec<(usize, Job)>,
    shared: Shared,
    at_once: u16,
) -> Vec<(usize, NotebookResult)> {
    let shared = Arc::new(shared);
    let places = Arc::new(Semaphore::new(usize::from(at_once.max(1))));
    let mut tasks = JoinSet::new();
    let mut names = Vec::new();
    for (index, job) in jobs {
        let (shared, places) = (shared.clone(), places.clone());
        let lost = job.result(Outcome::Error(format!(
            "{}: the runner itself failed; please report it",
            job.name
        )));
        let handle = tasks.spawn_local(async move {
            // The semaphore is never closed; without a permit there would be no bound.
            let _permit = places.acquire().await;
            let result = job.run(&shared).await;
            shared.progress.say(&report::ended(&result));
            result
        });
        names.push((handle.id(), index, lost));
    }
    let mut results = Vec::new();
    while let Some(ended) = tasks.join_next_with_id().await {
        let (id, result) = match ended {
            Ok((id, result)) => (id, Some(result)),
            Err(error) => (error.id(), None),
        };
        if let Some(at) = names.iter().position(|(task, ..)| *task == id) {
            let (_, index, lost) = names.swap_remove(at);
            results.push((index, result.unwrap_or(lost)));
        }
    }
    results
}
