//! One submission: made into a program, compiled in the sandbox, judged.

use super::assignment::Assignment;
use super::bounded::{Ran, bounded};
use super::compiler::{self, NotCompiled};
use super::group::Group;
use super::sandbox::Limits;
use super::source::{self, Lines};
use super::submission::Submission;
use super::verdict::{Doubt, Picture, Resources, Tested, Verdict};
use super::workshop::Workshop;
use anyhow::{Result, bail};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long rustc may take; it takes half a second.
pub const COMPILING: Duration = Duration::from_secs(30);
/// How long all tests of a submission may take: ten of them at their limits.
const JUDGING: Duration = Duration::from_secs(150);
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
    pub sandbox: bool,
    /// Who the submission is inside, where root grades: each has a user of its own.
    pub user: u32,
    pub seed: u64,
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
        let program = work.path().join("program");
        let compiling = self.group(
            "compile",
            COMPILER_MEMORY / 4 * 5,
            &Limits::of_a_compiler(self.user),
        );
        let compiled = self.compile(submission, work.path(), &program, &compiling)?;
        let compiler_memory = compiling.as_ref().and_then(Group::peak);
        let lines = match compiled {
            Ok(lines) => lines,
            Err(not) => {
                let notes = submission.notes.clone();
                let reason = not.reason;
                let none = Verdict::none(self.assignment, reason, notes, self.seed, self.sandbox);
                return Ok(Verdict {
                    doubt: not.doubt,
                    resources: Resources {
                        compiler_memory,
                        unbounded: compiling.map(|group| group.missing()).unwrap_or_default(),
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
        verdict.resources.compiler_memory = compiler_memory;
        if let Some(running) = &running {
            verdict.resources.memory = running.peak();
            verdict.resources.unbounded = running.missing();
        }
        for test in &mut verdict.tests {
            test.reason = test.reason.take().map(|reason| lines.in_words(&reason));
        }
        Ok(verdict)
    }

    /// `Err` inside: there is no program, and why.
    fn compile(
        &self,
        submission: &Submission,
        work: &Path,
        program: &Path,
        group: &Option<Group>,
    ) -> Result<Result<Lines, NotCompiled>> {
        let sources = work.join("source");
        fs::create_dir(&sources)?;
        let lines = source::write(&sources, self.assignment, submission)?;
        for file in fs::read_dir(&sources)?.flatten() {
            fs::set_permissions(file.path(), Permissions::from_mode(0o644))?;
        }
        fs::set_permissions(&sources, Permissions::from_mode(0o755))?;
        let shop = self.workshop;
        let [crates, host_crates, judge, inside_sources, toolchain] = self.shown([
            (&shop.crates, "/crates"),
            (&shop.host_crates, "/host-crates"),
            (shop.library(), "/libjudge.rlib"),
            (&sources, "/source"),
            (&shop.sysroot, "/toolchain"),
        ]);
        let mut rustc = vec![toolchain.1.join("bin/rustc").display().to_string()];
        rustc.extend(shop.flags(&crates.1, &host_crates.1));
        rustc.extend(
            [
                "--crate-name",
                "solution",
                "--cap-lints",
                "allow",
                "--error-format",
                "json",
            ]
            .map(str::to_owned),
        );
        rustc.push(format!("--extern=judge={}", judge.1.display()));
        rustc.push(inside_sources.1.join("main.rs").display().to_string());
        // The program comes out through stdout: nothing outside can be written to.
        let out = if self.sandbox {
            "/tmp".into()
        } else {
            work.join("out")
        };
        if !self.sandbox {
            fs::create_dir(&out)?;
        }
        rustc.extend(["-o".to_owned(), out.join("made").display().to_string()]);
        let mut command = vec![
            "/bin/sh".to_owned(),
            "-c".to_owned(),
            compiler::SCRIPT.to_owned(),
            "compile".to_owned(),
        ];
        command.push(out.join("made").display().to_string());
        command.extend(rustc);
        let limits = Limits::of_a_compiler(self.user);
        let shown = [crates, host_crates, judge, inside_sources, toolchain];
        let mut sandbox = self.sandboxed(&limits, &shown, None, group.as_ref());
        sandbox.arg("--compiler").arg("--").args(command);
        let limit = COMPILING * self.patience;
        let mut ran = bounded(&mut sandbox, limit, COMPILER_MEMORY, program)?;
        let Some(true) = ran.succeeded else {
            ran.too_much_memory |= group.as_ref().is_some_and(Group::took_all_memory);
            return Ok(Err(compiler::why_not(&ran, limit, &lines)));
        };
        fs::set_permissions(program, Permissions::from_mode(0o755))?;
        Ok(Ok(lines))
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
        if !self.sandbox {
            judge.arg("--no-sandbox");
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
        let limit = JUDGING * self.patience;
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
            sandbox: self.sandbox,
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
            let limit = (JUDGING * self.patience).as_secs();
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

    /// Where each of these is seen: inside at a name of its own, without a sandbox where it is.
    pub fn shown<const N: usize>(&self, all: [(&Path, &str); N]) -> [(PathBuf, PathBuf); N] {
        all.map(|(from, to)| {
            let to = if self.sandbox {
                to.into()
            } else {
                from.to_owned()
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
        if self.sandbox {
            for (from, to) in shown {
                command.arg("--show");
                let mut pair = from.clone().into_os_string();
                pair.push("=");
                pair.push(to);
                command.arg(pair);
            }
        } else {
            command.arg("--bare");
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
        self.sandbox.then(|| Group::new(&name, memory, processes))
    }
}
