//! Says what a long step is doing: a spinner on a terminal, plain lines elsewhere.

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Runs a command with its output in a log, and shows its latest line while it runs.
///
/// # Errors
/// When the command cannot be started or fails: the sentence ends with the last lines it said.
pub fn run(title: &str, command: &mut Command, log: &Path) -> Result<()> {
    if let Some(folder) = log.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let mut log_file = std::fs::File::create(log)
        .with_context(|| format!("{} cannot be written", log.display()))?;
    let shown = Step::start(title);
    let program = command.get_program().to_string_lossy().into_owned();
    let (reader, writer) = std::io::pipe()?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .spawn()
        .with_context(|| format!("{program} cannot be started"))?;
    // The command holds the writing ends now; closing ours lets the loop below end with it.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut last_lines = std::collections::VecDeque::new();
    for line in BufReader::new(reader).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).trim_end().to_owned();
        let _ = writeln!(log_file, "{line}");
        shown.detail(&line);
        last_lines.push_back(line);
        if last_lines.len() > 15 {
            last_lines.pop_front();
        }
    }
    let status = child.wait()?;
    if !status.success() {
        shown.failed();
        let said: Vec<String> = last_lines.into();
        bail!(
            "{title}: {program} ended with {status}. Its last words (all of them are in {}):\n{}",
            log.display(),
            said.join("\n")
        );
    }
    shown.done();
    Ok(())
}

/// One step of the set-up, as a person sees it.
pub struct Step {
    title: String,
    started: Instant,
    bar: Option<ProgressBar>,
}

impl Step {
    pub fn start(title: &str) -> Step {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
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

    pub fn detail(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(text.trim().to_owned());
        }
    }

    pub fn done(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        eprintln!(
            "{}: done in {:.0} s",
            self.title,
            self.started.elapsed().as_secs_f64()
        );
    }

    fn failed(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
