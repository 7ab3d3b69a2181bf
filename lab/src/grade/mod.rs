//! `cargo lab grade`: reaches the verdict on submissions outside the student's process.
//!
//! # Layout
//!
//! - `find`, `assignment`, `submission`: which notebooks, what the teacher's source says, what is
//!   taken from a student's: the text of the solution cells.
//! - `plain`, `reader`, `items`: how a file from a student is opened and parsed.
//! - `source`: that text as a program of its own, which only answers questions.
//! - `sandbox`, `group`: where it is compiled and run.
//! - `workshop`, `judged`, `compiling`, `compiler`, `bounded`: what is compiled once; one submission compiled
//!   and judged.
//! - `explored`: the same text as a program that tries every schedule.
//! - `fair`, `turn`: whose fault a failure is; who is graded beside whom.
//! - `grading`: all of them, several at a time, the reference solution first.
//! - `verdict`, `cache`, `results`, `report`, `gradescope`: what came of it.
//! - `watch`: grades on, as submissions come.
//! - `new`: a new assignment.

mod assignment;
mod bounded;
mod cache;
mod compiler;
mod compiling;
mod explored;
mod fair;
mod find;
mod gradescope;
mod grading;
mod group;
mod items;
mod judged;
pub mod new;
mod plain;
mod reader;
mod report;
mod results;
mod sandbox;
mod source;
mod submission;
mod turn;
mod verdict;
mod watch;
mod workshop;

pub use reader::{
    Options as ReaderOptions, TakeOptions, answer as read_solutions, take as take_solutions,
};
pub use sandbox::{ConfineOptions, Options as SandboxOptions, confine, enter};

use crate::home::Home;
use crate::installed::Installed;
use crate::toolchain;
use anyhow::Result;
use find::Found;
use grading::Grading;
use results::Results;
use sandbox::Walls;
use std::path::PathBuf;
use std::sync::Mutex;
use turn::Turns;
use workshop::Workshop;

/// The arguments of `cargo lab grade`.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Exit code: 0 if each notebook was graded, however many points it got; 1 if one could not be; 2 for a command line that is not understood."
)]
pub struct Options {
    /// Submitted notebooks, or folders of them
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,

    /// The assignment: a name or a source notebook; without it, the one whose notebook has the
    /// submission's name
    #[arg(long, value_name = "NAME")]
    pub assignment: Option<PathBuf>,

    /// The course whose assignments are graded, for submissions that lie in none, as in nbgrader's
    /// exchange; without it, the project's own
    #[arg(long, value_name = "DIR")]
    pub course: Option<PathBuf>,

    /// Write grades.json, grades.xml (JUnit) and Gradescope's results.json into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Print JSON in place of the table
    #[arg(long)]
    pub json: bool,

    /// How many submissions to grade at once
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=16))]
    pub jobs: Option<u16>,

    /// Grade again what has not changed
    #[arg(long)]
    pub again: bool,

    /// Go on until interrupted, and grade what is submitted or changes: verdicts go into --out, into
    /// STUDENT/NOTEBOOK
    #[arg(long, requires = "out", conflicts_with_all = ["json", "again", "seed"])]
    pub watch: bool,

    /// With --watch: a student's next verdict on an assignment comes so much later
    #[arg(long, value_name = "MINUTES", default_value_t = 10)]
    pub wait: u64,

    /// Draw the inputs of an earlier run again; its seed stands in the report
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Seconds that all tests of a submission may take
    #[arg(long, value_name = "SECONDS", default_value_t = 150, hide = true)]
    pub tests_limit: u64,

    /// Run submissions without a sandbox, with this user's rights
    #[arg(long)]
    pub no_sandbox: bool,
}

/// Grades and reports on stdout. Blocks until all have been graded.
///
/// # Errors
/// When nothing can be graded at all: in one sentence, with what to do.
pub fn grade(options: &Options, home: &Home, installed: &Installed) -> Result<u8> {
    let found = match options.watch {
        true => Vec::new(),
        false => find::notebooks(&options.paths)?,
    };
    let mut walls = Walls::None;
    if !options.no_sandbox {
        // The set-up's and the one of who grades, which may be another.
        let cargo_homes = [
            &installed.cargo_home,
            &toolchain::cargo_home().unwrap_or_default(),
        ];
        refuse_what_is_shown(home, cargo_homes, &found)?;
        walls = sandbox::require(&home.own_state().join("log/bubblewrap.txt"))?;
    }
    group::scope::enter_if_missing()?;
    group::sweep();
    let workshop = Workshop::open(home, installed, walls)?;
    let grading = Grading {
        options,
        home,
        workshop: &workshop,
        walls,
        turns: Turns::new(home.own_state().join("grading")),
        rooms: Mutex::default(),
    };
    if let (true, Some(out)) = (options.watch, &options.out) {
        return watch::watch(&grading, out);
    }
    let results = Results::new(options, found.len());
    grading.all(&found, &results);
    let summary = results.end()?;
    if options.json {
        print!("{}", report::json(&summary)?);
    } else {
        println!("{}", report::table(&summary));
        let unbounded = summary.graded.iter();
        let unbounded = unbounded.map(|one| &one.verdict.resources.unbounded);
        if let Some(most) = unbounded.max_by_key(|all| all.len())
            && !most.is_empty()
        {
            println!("Control groups are missing here: {}.", most.join(", "));
        }
        if walls == Walls::Landlock {
            let not_held = walls.not_held().join("; ");
            println!("No namespaces can be made here, so Landlock stands in for them: {not_held}.");
        }
    }
    Ok(u8::from(!summary.not_graded.is_empty()))
}

/// What no submission may read has to lie where none can: the sandbox shows folders of the system.
fn refuse_what_is_shown(home: &Home, cargo_homes: [&PathBuf; 2], found: &[Found]) -> Result<()> {
    sandbox::refuse_if_shown(&home.root, "the notebooks' repository")?;
    for cargo in cargo_homes {
        sandbox::refuse_if_shown(cargo, "cargo's home, where its tokens lie,")?;
    }
    for one in found {
        sandbox::refuse_if_shown(&one.notebook, "the submission")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cargo_home_that_is_shown_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let home = Home {
            root: root.path().to_owned(),
        };
        let (shown, hidden) = (PathBuf::from("/usr/lib"), PathBuf::from("/usr/local"));
        refuse_what_is_shown(&home, [&hidden, &hidden], &[]).unwrap();
        for homes in [[&shown, &hidden], [&hidden, &shown]] {
            let said = refuse_what_is_shown(&home, homes, &[]).unwrap_err();
            let said = said.to_string();
            let told = "cargo's home, where its tokens lie, is at /usr/lib, below /usr/lib";
            assert!(said.starts_with(told), "{said}");
        }
    }
}
