//! What the reader may choose on the command line, and what the caller knows about the machine.

use std::path::PathBuf;
use std::time::Duration;

/// The arguments of `cargo lab run`.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Notebooks, or folders of notebooks; without any, every notebook of the project
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// How many notebooks to run at once
    #[arg(long, short, value_name = "N", default_value_t = default_jobs(),
          value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,

    /// Write the executed notebooks and their HTML pages into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Write the outputs back into the notebooks
    #[arg(long)]
    pub save: bool,

    /// Check what the texts say of the runs: the claims in the cells' metadata (`--save` does too)
    #[arg(long)]
    pub check: bool,

    /// Write a report that CI systems read, in JUnit's format, into this file
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,

    /// Time limit for one cell, unless the notebook or the cell sets its own
    #[arg(long, value_name = "SECONDS", default_value_t = 120,
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            paths: Vec::new(),
            jobs: default_jobs(),
            out: None,
            save: false,
            check: false,
            junit: None,
            timeout: 120,
        }
    }
}

/// Two at a time where there are two cores: a kernel holds half a gigabyte, so that more of them
/// cost memory sooner than they save time.
fn default_jobs() -> u16 {
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    cores.min(2) as u16
}

/// Where things are on this machine. The caller knows it, for it did the set-up.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// The folder whose notebooks run when no path is given.
    pub notebooks: PathBuf,
    /// Jupyter data directories that are searched for the Rust kernel before the ordinary ones,
    /// such as `<environment>/share/jupyter`.
    pub kernel_dirs: Vec<PathBuf>,
    /// The `jupyter` program. Only HTML pages need it.
    pub jupyter: Option<PathBuf>,
}

/// The bounds within which one cell has to stay.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Time for one cell, from request to answer.
    pub time: Duration,
    /// Bytes of text on stdout and stderr together.
    pub stream_bytes: usize,
    /// Bytes of all outputs together, pictures included.
    pub total_bytes: usize,
}

impl Limits {
    /// Text of 1 MiB and 4 MiB in all: far above any lesson, far below what hurts a browser.
    pub fn with_time(time: Duration) -> Limits {
        Limits {
            time,
            stream_bytes: 1 << 20,
            total_bytes: 4 << 20,
        }
    }
}
