//! Says what a long step is doing: a spinner on a terminal, plain lines elsewhere.
//!
//! Steps may run side by side ([`together`]). No command outlives this process, however it ends.

mod command;
mod team;

pub use command::Supervised;
pub use team::{Task, together};

use anyhow::{Context, Result, bail};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::VecDeque;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The longest that a step may take: several times what the longest one needs on a slow machine.
pub const LONGEST: Duration = Duration::from_secs(90 * 60);

/// Runs a command with its output in a log, and shows its latest line while it runs.
///
/// # Errors
/// When the command cannot be started, fails, or takes longer than [`LONGEST`]: the sentence ends
/// with the last lines it said.
pub fn run(title: &str, command: &mut Command, log: &Path) -> Result<()> {
    run_within(LONGEST, title, command, log)
}

/// The same with another limit.
///
/// # Errors
/// As [`run`].
pub fn run_within(limit: Duration, title: &str, command: &mut Command, log: &Path) -> Result<()> {
    if let Some(folder) = log.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let mut log_file = std::fs::File::create(log)
        .with_context(|| format!("{} cannot be written", log.display()))?;
    let shown = Step::start(title);
    let program = command.get_program().to_string_lossy().into_owned();
    let mut running = Supervised::start(command)?;
    let mut last_lines = VecDeque::new();
    let status = running.wait(limit, |line| {
        let _ = writeln!(log_file, "{line}");
        shown.detail(line);
        last_lines.push_back(line.to_owned());
        if last_lines.len() > 15 {
            last_lines.pop_front();
        }
    })?;
    let how = match status {
        Some(status) if status.success() => {
            shown.done();
            return Ok(());
        }
        Some(status) => format!("{program} ended with {status}"),
        None => format!(
            "{program} was ended, as it took longer than {} minutes",
            limit.as_secs() / 60
        ),
    };
    shown.failed();
    let said: Vec<String> = last_lines.into();
    bail!(
        "{title}: {how}. Its last words (all of them are in {}):\n{}",
        log.display(),
        said.join("\n")
    );
}

/// What is drawn on a terminal: the spinners of the steps that run, below the lines of those that
/// are done.
static SCREEN: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Says something in a line of its own, above the spinners.
pub fn say(line: &str) {
    if std::io::stderr().is_terminal() && SCREEN.println(line).is_ok() {
        return;
    }
    eprintln!("{line}");
}

/// One step of the set-up, as a person sees it.
pub struct Step {
    title: String,
    started: Instant,
    bar: Option<ProgressBar>,
}

impl Step {
    /// Shows that it has begun.
    pub fn start(title: &str) -> Step {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = SCREEN.add(ProgressBar::new_spinner());
            let style =
                ProgressStyle::with_template("{spinner} {prefix} [{elapsed}] {wide_msg:.dim}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.set_prefix(title.to_owned());
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        if bar.is_none() {
            eprintln!("{title} …");
        }
        Step {
            title: title.to_owned(),
            started: Instant::now(),
            bar,
        }
    }

    /// Shows what it is at, where there is a terminal.
    pub fn detail(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(text.trim().to_owned());
        }
    }

    /// Says that it is done, and how long it took.
    pub fn done(self) {
        let line = format!(
            "{}: done in {:.0} s",
            self.title,
            self.started.elapsed().as_secs_f64()
        );
        drop(self);
        say(&line);
    }

    /// Takes it from the screen; the error that follows says what happened.
    pub fn failed(self) {}
}

impl Drop for Step {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
            SCREEN.remove(bar);
        }
    }
}
