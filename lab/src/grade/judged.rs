//! One submission: made into a program, compiled in the sandbox, judged.

use super::assignment::Assignment;
use super::bounded::{Ran, bounded};
use super::compiling::{Compilation, Compiled};
use super::group::Group;
use super::sandbox::{Limits, Walls};
use super::source::{self, Lines};
use super::submission::Submission;
use super::verdict::{Doubt, Picture, Resources, Tested, Verdict};
use super::workshop::Workshop;
use anyhow::{Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long rustc may take; it takes half a second.
pub const COMPILING: Duration = Duration::from_secs(30);
/// Bytes of memory for all processes of a program.
pub const MEMORY: u64 = 512 << 20;

/// And for rustc.
pub const COMPILER_MEMORY: u64 = 2 << 30;
/// And for the judge, who reads what the program sends, with the program.
const JUDGE_MEMORY: u64 = 2 * MEMORY;

/// Where and how submissions are judged.
#[derive(Clone)]
pub struct Bench<'a> {
    pub workshop: &'a Workshop,
    pub assignment: &'a Assignment,
    pub judge: &'a Path,
    pub walls: Walls,
    /// Who the submission is inside, where root grades: each has a user of its own.
    pub user: u32,
    pub seed: u64,
    /// How long all tests of a submission may take: as a rule, ten of them at their limits.
    pub judging: Duration,
    /// How many times the usual limits of time it has: more when it is alone.
    pub patience: u32,
}

impl Bench<'_> {
    /// Judges what was taken from a submission.
    ///
    /// # Errors
    /// When it is not the submission's fault: no disk, no sandbox, an assignment that is wrong.
    pub fn judge(&self, submission: &Submission) -> Result<Verdict> {
        let work = self.workshop.temporary_folder()?;
        let (lines, compiled) = self.compile(submission, work.path())?;
        let program = match compiled.program {
            Ok(program) => program,
            Err(not) => {
                let notes = submission.notes.clone();
                let sandbox = self.walls != Walls::None;
                let none = Verdict::none(self.assignment, not.reason, notes, self.seed, sandbox);
                return Ok(Verdict {
                    doubt: not.doubt,
                    resources: Resources {
                        compiler_memory: compiled.memory,
                        unbounded: compiled.unbounded,
                        not_held: self.walls.not_held(),
                        ..Resources::default()
                    },
                    ..none
                });
            }
        };
        let explored = self.compile_explored(submission, work.path())?;
        let doubt = match &explored {
            Some(Err(not)) => not.doubt,
            _ => None,
        };
        let explored = explored.map(|made| made.map_err(|not| not.reason));
        // A little more than what is looked for from outside, which can be said in words.
        let running = self.group("run", MEMORY + MEMORY / 4, &Limits::of_a_program(self.user));
        let mut verdict = self.ask(submission, work.path(), &program, explored, &running)?;
        verdict.doubt = doubt;
        verdict.resources.not_held = self.walls.not_held();
        verdict.resources.compiler_memory = compiled.memory;
        if let Some(running) = &running {
            verdict.resources.memory = running.peak();
            verdict.resources.unbounded = running.missing();
        }
        for test in &mut verdict.tests {
            test.reason = test.reason.take().map(|reason| lines.in_words(&reason));
        }
        Ok(verdict)
    }

    fn compile(&self, submission: &Submission, work: &Path) -> Result<(Lines, Compiled)> {
        let sources = work.join("source");
        fs::create_dir(&sources)?;
        let lines = source::write(&sources, self.assignment, submission)?;
        let shop = self.workshop;
        let shown = self.shown([
            (&shop.crates, "/crates"),
            (&shop.host_crates, "/host-crates"),
            (shop.library(), "/libjudge.rlib"),
            (&sources, "/source"),
            (&shop.sysroot, "/toolchain"),
        ]);
        let [crates, host_crates, judge, inside, toolchain] = &shown;
        let out = self.out(work.join("out"))?;
        let mut rustc = vec![toolchain.1.join("bin/rustc").display().to_string()];
        rustc.extend(shop.flags(&crates.1, &host_crates.1));
        rustc.extend(["--crate-name=solution", "--cap-lints=allow"].map(str::to_owned));
        rustc.extend(["--error-format=json", "-o"].map(str::to_owned));
        rustc.push(out.join("made").display().to_string());
        rustc.push(format!("--extern=judge={}", judge.1.display()));
        rustc.push(inside.1.join("main.rs").display().to_string());
        let compilation = Compilation {
            name: "compile",
            sources: &sources,
            shown: &shown,
            out: &out,
            command: rustc,
            lines: &lines,
        };
        let compiled = self.compiled(compilation, &work.join("program"))?;
        Ok((lines, compiled))
    }

    fn ask(
        &self,
        submission: &Submission,
        work: &Path,
        program: &Path,
        explored: Option<Result<PathBuf, String>>,
        group: &Option<Group>,
    ) -> Result<Verdict> {
        let sockets = work.join("sockets");
        fs::create_dir(&sockets)?;
        let pictures = work.join("pictures");
        fs::create_dir(&pictures)?;
        let libraries = self.workshop.libraries();
        let shown = self.shown([
            (program, "/program"),
            (&libraries[0], "/crates"),
            (&libraries[1], "/standard"),
        ]);
        let path = format!("{}:{}", shown[1].1.display(), shown[2].1.display());
        let mut shown = shown.to_vec();
        let explored = explored.map(|program| {
            program.map(|program| {
                let [pair] = self.shown([(&*program, "/explored")]);
                shown.push(pair.clone());
                pair.1
            })
        });
        let limits = Limits::of_a_program(self.user);
        let sandbox = self.sandboxed(&limits, &shown, Some(&path), group.as_ref());
        let mut judge = Command::new(self.judge);
        judge
            .env("LD_LIBRARY_PATH", std::env::join_paths(&libraries)?)
            .args([
                "--seed",
                &self.seed.to_string(),
                "--memory",
                &MEMORY.to_string(),
                "--patience",
                &self.patience.to_string(),
            ])
            .arg("--work")
            .arg(&sockets);
        match self.walls {
            Walls::Namespaces => {}
            Walls::Landlock => drop(judge.arg("--landlock")),
            Walls::None => drop(judge.arg("--no-sandbox")),
        }
        match explored {
            None => {}
            Some(Ok(program)) => drop(judge.arg("--explored").arg(program)),
            Some(Err(reason)) => drop(judge.arg("--unexplored").arg(reason)),
        }
        judge.arg("--pictures").arg(&pictures);
        // The judge puts `--socket FILE` behind all this: the program is an option, not the end.
        judge
            .arg("--")
            .arg(sandbox.get_program())
            .args(sandbox.get_args());
        judge.arg("--run").arg(&shown[0].1);
        let report = work.join("report");
        let limit = self.judging * self.patience;
        let ran = bounded(&mut judge, limit, JUDGE_MEMORY, &report)?;
        let report = fs::read_to_string(&report).unwrap_or_default();
        let mut verdict = Verdict {
            assignment: self.assignment.name.clone(),
            points: 0.0,
            most: self.assignment.most(),
            reason: None,
            notes: submission.notes.clone(),
            tests: Vec::new(),
            seed: self.seed,
            sandbox: self.walls != Walls::None,
            resources: Resources::default(),
            doubt: None,
        };
        for test in &self.assignment.tests {
            let line = report
                .lines()
                .map(|line| line.splitn(4, '\t').collect::<Vec<_>>())
                .find(|fields| fields[0] == test.id);
            let Some([_, word, seconds, sentence]) = line.as_deref() else {
                if ran.succeeded == Some(true) {
                    bail!(
                        "the judge of {} said nothing about {}",
                        self.assignment.name,
                        test.id
                    );
                }
                verdict.tests.push(self.untested(test, &ran));
                continue;
            };
            let passed = *word == "passed";
            let doubt = match *word {
                // A test that panics may have been told something half.
                "killed" | "broken" => Some(Doubt::Once),
                "busy" => Some(Doubt::Busy),
                "machine" => Some(Doubt::Machine),
                _ => None,
            };
            let reason = match *word {
                "passed" => None,
                "broken" => {
                    verdict.notes.push(format!(
                        "the hidden test \"{}\" panicked: {sentence} (with the seed {})",
                        test.id, self.seed
                    ));
                    Some("the test could not make sense of the program's answer".to_owned())
                }
                _ => Some((*sentence).to_owned()),
            };
            let points = if passed { test.points } else { 0.0 };
            verdict.points += points;
            verdict.tests.push(Tested {
                id: test.id.clone(),
                title: test.title.clone(),
                points,
                most: test.points,
                passed,
                reason,
                picture: Picture::read(&pictures, &test.id),
                seconds: seconds.parse().unwrap_or_default(),
                doubt,
            });
        }
        Ok(verdict)
    }

    fn untested(&self, test: &super::assignment::Test, ran: &Ran) -> Tested {
        let (doubt, reason) = if ran.too_much_memory {
            let reason = format!(
                "the program and its judge together occupied more than {} MB of memory",
                JUDGE_MEMORY >> 20
            );
            (None, reason)
        } else if ran.succeeded.is_none() {
            let limit = (self.judging * self.patience).as_secs();
            let reason = format!("all tests together took more than {limit} s");
            (Some(Doubt::Once), reason)
        } else {
            let reason = format!("the judge ended before the test \"{}\"", test.id);
            (Some(Doubt::Machine), reason)
        };
        Tested {
            id: test.id.clone(),
            title: test.title.clone(),
            points: 0.0,
            most: test.points,
            passed: false,
            reason: Some(reason),
            picture: None,
            seconds: 0.0,
            doubt,
        }
    }

    /// Where each of these is seen: inside at a name of its own, without namespaces where it is.
    pub fn shown<const N: usize>(&self, all: [(&Path, &str); N]) -> [(PathBuf, PathBuf); N] {
        all.map(|(from, to)| {
            let to = match self.walls {
                Walls::Namespaces => to.into(),
                Walls::Landlock | Walls::None => from.to_owned(),
            };
            (from.to_owned(), to)
        })
    }

    pub fn sandboxed(
        &self,
        limits: &Limits,
        shown: &[(PathBuf, PathBuf)],
        libraries: Option<&str>,
        group: Option<&Group>,
    ) -> Command {
        let mut command = Command::new(&self.workshop.program);
        command.arg("sandbox").args(limits.words());
        command.args(match self.walls {
            Walls::Namespaces => None,
            Walls::Landlock => Some("--landlock"),
            Walls::None => Some("--bare"),
        });
        if self.walls != Walls::None {
            for (from, to) in shown {
                command.arg("--show");
                let mut pair = from.clone().into_os_string();
                pair.push("=");
                pair.push(to);
                command.arg(pair);
            }
        }
        if let Some(libraries) = libraries {
            command.args(["--libraries", libraries]);
        }
        for door in group.iter().flat_map(|group| group.doors()) {
            command.arg("--group").arg(door);
        }
        command
    }

    pub fn group(&self, what: &str, memory: u64, limits: &Limits) -> Option<Group> {
        let name = format!("lab-{}-{}-{what}", std::process::id(), self.user);
        // The sandbox's own three are not counted against the solution.
        let processes = limits.processes + 3;
        (self.walls != Walls::None).then(|| Group::new(&name, memory, processes))
    }
}
