//! Shows how far a run is: a live line for each notebook on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// All lines of a run.
#[derive(Clone)]
pub struct Progress {
    /// `None` where the lines go to a file or a pipe.
    live: Option<MultiProgress>,
}

/// The line of one notebook.
pub struct Line {
    bar: Option<ProgressBar>,
    cells: usize,
}

impl Progress {
    /// Live when both streams are terminals: the lines go to stderr, the report to stdout, and on
    /// one screen they have to know of each other.
    pub fn new() -> Progress {
        let terminal = std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
        Progress {
            live: terminal.then(MultiProgress::new),
        }
    }

    /// Writes to stdout without tearing a live line.
    pub fn say(&self, text: &str) {
        match &self.live {
            Some(live) => live.suspend(|| write(text)),
            None => write(text),
        }
    }

    /// A notebook's kernel is being started.
    pub fn start(&self, name: &str, cells: usize) -> Line {
        let bar = self.live.as_ref().map(|live| {
            let bar = live.add(ProgressBar::new_spinner());
            bar.set_style(style());
            bar.set_prefix(name.to_owned());
            bar.set_message("starting the kernel");
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        if bar.is_none() {
            let cells = count(cells, "cell");
            write(&format!("started   {name} ({cells})"));
        }
        Line { bar, cells }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Progress::new()
    }
}

impl Line {
    /// The `cell`-th of the cells is about to run.
    pub fn cell(&self, cell: usize) {
        self.message(format!("cell {cell} of {}", self.cells));
    }

    pub fn message(&self, message: String) {
        if let Some(bar) = &self.bar {
            bar.set_message(message);
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {prefix}  {msg}  {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// "1 cell", "2 cells".
pub fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A closed pipe (`cargo lab run | head`) is no reason to panic: the exit code still tells.
fn write(text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).ok();
}
