//! `cargo lab grade`: reaches the verdict on submissions outside the student's process.
//!
//! # Layout
//!
//! - `find`, `assignment`, `submission`: which notebooks, what the teacher's source says, what is
//!   taken from a student's: the text of the solution cells.
//! - `source`: that text as a program of its own, which only answers questions.
//! - `sandbox`, `group`: where it is compiled and run.
//! - `workshop`, `judged`, `bounded`: what is compiled once; one submission compiled and judged.
//! - `verdict`, `cache`, `report`: what came of it.
//! - `new`: a new assignment.

mod assignment;
mod bounded;
mod cache;
mod find;
mod group;
mod judged;
pub mod new;
mod report;
mod sandbox;
mod source;
mod submission;
mod verdict;
mod workshop;

pub use sandbox::{ConfineOptions, Options as SandboxOptions, confine, enter};

use crate::home::Home;
use crate::installed::Installed;
use anyhow::Result;
use assignment::Assignment;
use cache::Cache;
use find::Found;
use indicatif::{ProgressBar, ProgressStyle};
use judged::Bench;
use report::{NotGraded, Summary};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use verdict::{Graded, Verdict};
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

    /// Write grades.json and grades.xml (JUnit) into this folder
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

    /// Draw the inputs of an earlier run again; its seed stands in the report
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Run submissions without a sandbox, with this user's rights
    #[arg(long)]
    pub no_sandbox: bool,
}

/// Grades and reports on stdout. Blocks until all have been graded.
///
/// # Errors
/// When nothing can be graded at all: in one sentence, with what to do.
pub fn grade(options: &Options, home: &Home, installed: &Installed) -> Result<u8> {
    let found = find::notebooks(&options.paths)?;
    if !options.no_sandbox {
        sandbox::require(&home.state().join("log/bubblewrap.txt"))?;
    }
    let workshop = Workshop::open(home, installed)?;
    let grading = Grading {
        options,
        home,
        workshop: &workshop,
        program: std::env::current_exe()?,
        rooms: Mutex::default(),
    };
    let summary = grading.all(found);
    if let Some(out) = &options.out {
        report::publish(&summary, out)?;
    }
    if options.json {
        print!("{}", report::json(&summary)?);
    } else {
        println!("{}", report::table(&summary));
    }
    Ok(u8::from(!summary.not_graded.is_empty()))
}

struct Grading<'a> {
    options: &'a Options,
    home: &'a Home,
    workshop: &'a Workshop,
    program: PathBuf,
    /// What each assignment needs, prepared once.
    rooms: Mutex<BTreeMap<PathBuf, Result<&'static Room, String>>>,
}

/// An assignment that can be graded.
struct Room {
    assignment: Assignment,
    judge: PathBuf,
    cache: Cache,
}

impl Grading<'_> {
    fn all(&self, found: Vec<Found>) -> Summary {
        let jobs = self.options.jobs.map_or_else(default_jobs, usize::from);
        let bar = progress(found.len());
        let next = AtomicUsize::new(0);
        let results: Mutex<Vec<(usize, Result<Graded, NotGraded>)>> = Mutex::default();
        std::thread::scope(|scope| {
            for place in 0..jobs.min(found.len()) {
                let (next, results, found, bar) = (&next, &results, &found, &bar);
                scope.spawn(move || {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(one) = found.get(index) else { break };
                        let result = self.one(one, place).map_err(|error| NotGraded {
                            notebook: one.notebook.clone(),
                            reason: format!("{error:#}"),
                        });
                        tell(bar, &result);
                        results
                            .lock()
                            .unwrap_or_else(std::sync::PoisonError::into_inner)
                            .push((index, result));
                    }
                });
            }
        });
        bar.finish_and_clear();
        let mut results = results
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        results.sort_by_key(|(index, _)| *index);
        let mut summary = Summary {
            graded: Vec::new(),
            not_graded: Vec::new(),
        };
        for (_, result) in results {
            match result {
                Ok(graded) => summary.graded.push(graded),
                Err(not) => summary.not_graded.push(not),
            }
        }
        summary
    }

    fn one(&self, found: &Found, place: usize) -> Result<Graded> {
        let started = Instant::now();
        let course = self.home.notebooks().join("assignments");
        let chosen = self.options.assignment.as_deref();
        let source = find::source_of(&found.notebook, chosen, &course)?;
        let room = self.room(&source)?;
        let seed = self.options.seed.unwrap_or_else(new_seed);
        let (verdict, unchanged) = match submission::read(&found.notebook, &room.assignment) {
            Err(reason) => {
                let sandbox = !self.options.no_sandbox;
                let none = Verdict::none(&room.assignment, reason, Vec::new(), seed, sandbox);
                (none, false)
            }
            Ok(submission) => {
                let again = self.options.again || self.options.seed.is_some();
                match room.cache.find(&submission).filter(|_| !again) {
                    Some(verdict) => (verdict, true),
                    None => {
                        let bench = Bench {
                            workshop: self.workshop,
                            assignment: &room.assignment,
                            judge: &room.judge,
                            sandbox: !self.options.no_sandbox,
                            user: sandbox::free_user(place),
                            seed,
                            program: self.program.clone(),
                        };
                        let verdict = bench.judge(&submission)?;
                        room.cache.keep(&submission, &verdict);
                        (verdict, false)
                    }
                }
            }
        };
        Ok(Graded {
            notebook: found.notebook.clone(),
            student: found.student.clone(),
            verdict,
            seconds: started.elapsed().as_secs_f64(),
            unchanged,
        })
    }

    /// Prepares an assignment; whoever needs the same one waits.
    fn room(&self, source: &Path) -> Result<&'static Room> {
        let mut rooms = self
            .rooms
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let room = rooms.entry(source.to_owned()).or_insert_with(|| {
            self.prepare(source)
                // As long as this process, which does nothing else.
                .map(|room| &*Box::leak(Box::new(room)))
                .map_err(|error| format!("{error:#}"))
        });
        room.clone().map_err(anyhow::Error::msg)
    }

    fn prepare(&self, source: &Path) -> Result<Room> {
        let assignment = Assignment::read(source)?;
        let (judge, fingerprint) = self.workshop.judge_of(self.home, &assignment)?;
        let folder = self.workshop.folder.join("verdicts");
        // The judge's fingerprint covers the hidden tests, not what programs are made of.
        // Where the source notebook is changes nothing.
        let anywhere = Assignment {
            path: PathBuf::new(),
            ..assignment.clone()
        };
        let basis = format!("{fingerprint} {anywhere:?}");
        let cache = Cache::open(folder, basis, !self.options.no_sandbox)?;
        Ok(Room {
            assignment,
            judge,
            cache,
        })
    }
}

/// As many as there are cores, and memory: a gigabyte each for rustc, or a program at its limit.
fn default_jobs() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let available = memory.lines().find_map(|line| {
        line.strip_prefix("MemAvailable:")?
            .split_whitespace()
            .next()?
            .parse()
            .ok()
    });
    let gigabytes: usize = available.unwrap_or(usize::MAX) >> 20;
    cores.min(gigabytes).clamp(1, 16)
}

fn new_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    // The standard library keys each of these from the system's random numbers; with what it adds
    // to make them differ, and sixty-four bits, nobody guesses a run's inputs.
    let first = std::hash::RandomState::new().build_hasher().finish();
    first ^ uuid::Uuid::new_v4().as_u64_pair().1
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

fn tell(bar: &ProgressBar, result: &Result<Graded, NotGraded>) {
    let line = match result {
        Ok(graded) => format!(
            "graded    {}: {}/{}{}",
            report::name(graded),
            graded.verdict.points,
            graded.verdict.most,
            if graded.unchanged { " (unchanged)" } else { "" }
        ),
        Err(not) => format!("not graded {}: {}", not.notebook.display(), not.reason),
    };
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    if bar.is_hidden() {
        eprintln!("{line}");
    }
    bar.set_message(line);
    bar.inc(1);
}
