//! One grading: each notebook that was found, several at a time.

use super::assignment::Assignment;
use super::cache::Cache;
use super::fair;
use super::find::{self, Found};
use super::judged::Bench;
use super::reader;
use super::report::{self, NotGraded};
use super::results::Results;
use super::sandbox::Walls;
use super::submission::Submission;
use super::turn::Turns;
use super::verdict::{Graded, Verdict};
use super::workshop::Workshop;
use super::{Options, sandbox};
use crate::home::Home;
use crate::words;
use anyhow::{Result, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// What all submissions of a grading share.
pub struct Grading<'a> {
    pub options: &'a Options,
    pub home: &'a Home,
    pub workshop: &'a Workshop,
    pub walls: Walls,
    pub turns: Turns,
    /// What each assignment needs, prepared once.
    pub rooms: Mutex<BTreeMap<PathBuf, Result<&'static Room, String>>>,
}

/// An assignment that can be graded.
pub struct Room {
    assignment: Assignment,
    judge: PathBuf,
    cache: Cache,
    /// The reference solution, graded in this run before anybody is.
    reference: OnceLock<Result<Verdict, String>>,
}

impl Grading<'_> {
    /// Grades all, in an order of its own; `results` has them in that of `found`.
    pub fn all(&self, found: &[Found], results: &Results) {
        let jobs = self.options.jobs.map_or_else(default_jobs, usize::from);
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..jobs.min(found.len()) {
                let next = &next;
                scope.spawn(move || {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(one) = found.get(index) else { break };
                        results.begun(index, one);
                        let result = self.one(one).map_err(|error| NotGraded {
                            notebook: one.notebook.clone(),
                            student: one.student.clone(),
                            reason: words::clean(&format!("{error:#}")),
                        });
                        results.ended(index, result);
                    }
                });
            }
        });
    }

    fn one(&self, found: &Found) -> Result<Graded> {
        let started = Instant::now();
        let own = || self.home.notebooks().join("assignments");
        let course = self.options.course.clone().unwrap_or_else(own);
        let chosen = self.options.assignment.as_deref();
        let source = match find::source_of(&found.notebook, chosen, &course) {
            Err(_) if found.is_link => bail!("{}", find::LINK),
            source => source?,
        };
        let room = self.room(&source)?;
        let seed = self.options.seed.unwrap_or_else(new_seed);
        let taken = match found.is_link {
            true => Err(find::LINK.to_owned()),
            false => reader::read(&found.notebook, &room.assignment)?,
        };
        let (verdict, unchanged) = match taken {
            Err(reason) => {
                let sandbox = self.walls != Walls::None;
                let none = Verdict::none(&room.assignment, reason, Vec::new(), seed, sandbox);
                (none.in_clean_words(), false)
            }
            Ok(submission) => {
                let again = self.options.again || self.options.seed.is_some();
                match room.cache.find(&submission).filter(|_| !again) {
                    Some(verdict) => (verdict, true),
                    None => {
                        let verdict = self.judge(room, &submission, seed)?;
                        let verdict = verdict.in_clean_words();
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

    /// Judges a submission, the reference solution first: where that one fails, the machine or the
    /// assignment is at fault, and nothing is anybody else's failure.
    fn judge(&self, room: &Room, submission: &Submission, seed: u64) -> Result<Verdict> {
        let bench = Bench {
            workshop: self.workshop,
            assignment: &room.assignment,
            judge: &room.judge,
            walls: self.walls,
            user: sandbox::next_user()?,
            seed,
            judging: Duration::from_secs(self.options.tests_limit),
            patience: 1,
        };
        let reference = room.assignment.reference();
        let control = room.reference.get_or_init(|| {
            fair::judge(&bench, &reference, &self.turns).map_err(|error| format!("{error:#}"))
        });
        let name = &room.assignment.name;
        match control {
            // A teacher who grades the source notebook is told what is wrong with it.
            Ok(verdict) if *submission == reference => return Ok(verdict.clone()),
            Ok(verdict) if verdict.points >= verdict.most => {}
            Ok(verdict) => bail!(
                "the reference solution of {name} itself gets {}/{} here ({}): mend the assignment or this machine, then grade again",
                verdict.points,
                verdict.most,
                report::first_reason(verdict)
            ),
            Err(why) => bail!(
                "the reference solution of {name} could not be graded here ({why}): mend that, then grade again"
            ),
        }
        fair::judge(&bench, submission, &self.turns)
    }

    /// Prepares an assignment; whoever needs the same one waits.
    fn room(&self, source: &Path) -> Result<&'static Room> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let room = rooms.entry(source.to_owned()).or_insert_with(|| {
            self.prepare(source)
                // As long as this process, which does nothing else.
                .map(|room| &*Box::leak(Box::new(room)))
                .map_err(|error| format!("{error:#}"))
        });
        room.clone().map_err(anyhow::Error::msg)
    }

    fn prepare(&self, source: &Path) -> Result<Room> {
        if !self.options.no_sandbox {
            sandbox::refuse_if_shown(source, "the assignment")?;
        }
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
        let cache = Cache::open(folder, basis, self.walls)?;
        Ok(Room {
            assignment,
            judge,
            cache,
            reference: OnceLock::new(),
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
