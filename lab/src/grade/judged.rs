//! One submission: made into a program, compiled in the sandbox, judged.

use super::assignment::Assignment;
use super::bounded::bounded;
use super::group::Group;
use super::sandbox::Limits;
use super::source::{self, Lines};
use super::submission::Submission;
use super::verdict::{Tested, Verdict};
use super::workshop::Workshop;
use anyhow::{Result, bail};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long rustc may take; it takes half a second.
const COMPILING: Duration = Duration::from_secs(30);
/// How long all tests of a submission may take: ten of them at their limits.
const JUDGING: Duration = Duration::from_secs(150);
/// Bytes of memory for all processes of a program.
pub const MEMORY: u64 = 512 << 20;

/// And for rustc.
const COMPILER_MEMORY: u64 = 2 << 30;

/// Where and how submissions are judged.
pub struct Bench<'a> {
    pub workshop: &'a Workshop,
    pub assignment: &'a Assignment,
    pub judge: &'a Path,
    pub sandbox: bool,
    /// The place among those that work at once: each has a user of its own.
    pub user: u32,
    pub seed: u64,
    /// This program, which makes the sandbox.
    pub program: PathBuf,
}

impl Bench<'_> {
    /// Judges what was taken from a submission.
    ///
    /// # Errors
    /// When it is not the submission's fault: no disk, no sandbox, an assignment that is wrong.
    pub fn judge(&self, submission: &Submission) -> Result<Verdict> {
        let work = tempfile::Builder::new().prefix("grading-").tempdir()?;
        let none = |reason: String| {
            let notes = submission.notes.clone();
            Verdict::none(self.assignment, reason, notes, self.seed, self.sandbox)
        };
        let program = work.path().join("program");
        let lines = match self.compile(submission, work.path(), &program)? {
            Ok(lines) => lines,
            Err(reason) => return Ok(none(reason)),
        };
        let mut verdict = self.ask(submission, work.path(), &program)?;
        for test in &mut verdict.tests {
            test.reason = test.reason.take().map(|reason| lines.in_words(&reason));
        }
        Ok(verdict)
    }

    /// `Err` inside: the solution does not compile, in one sentence.
    fn compile(
        &self,
        submission: &Submission,
        work: &Path,
        program: &Path,
    ) -> Result<Result<Lines, String>> {
        let sources = work.join("source");
        fs::create_dir(&sources)?;
        let lines = source::write(&sources, self.assignment, &submission.solutions)?;
        for file in fs::read_dir(&sources)?.flatten() {
            fs::set_permissions(file.path(), Permissions::from_mode(0o644))?;
        }
        fs::set_permissions(&sources, Permissions::from_mode(0o755))?;
        let shop = self.workshop;
        let [crates, host_crates, judge, inside_sources, toolchain] = self.shown([
            (&shop.crates, "/crates"),
            (&shop.host_crates, "/host-crates"),
            (&shop.library(), "/libjudge.rlib"),
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
        let script = "made=\"$1\"; shift; \"$@\" >&2 && cat \"$made\"".to_owned();
        let mut command = vec![
            "/bin/sh".to_owned(),
            "-c".to_owned(),
            script,
            "compile".to_owned(),
        ];
        command.push(out.join("made").display().to_string());
        command.extend(rustc);
        let limits = Limits::of_a_compiler(self.user);
        let shown = [crates, host_crates, judge, inside_sources, toolchain];
        let group = self.group("compile", COMPILER_MEMORY);
        let mut sandbox = self.sandboxed(&limits, &shown, None, group.as_ref());
        sandbox.arg("--").args(command);
        let ran = bounded(&mut sandbox, COMPILING, program)?;
        let Some(true) = ran.succeeded else {
            return Ok(Err(match (ran.too_large, ran.succeeded) {
                (true, _) => "the compiled solution is too large".to_owned(),
                (_, None) => format!(
                    "the solution does not compile within {} s",
                    COMPILING.as_secs()
                ),
                _ => does_not_compile(&ran.said, &lines),
            }));
        };
        fs::set_permissions(program, Permissions::from_mode(0o755))?;
        Ok(Ok(lines))
    }

    fn ask(&self, submission: &Submission, work: &Path, program: &Path) -> Result<Verdict> {
        let sockets = work.join("sockets");
        fs::create_dir(&sockets)?;
        let libraries = self.workshop.libraries();
        let shown = self.shown([
            (program, "/program"),
            (&libraries[0], "/crates"),
            (&libraries[1], "/standard"),
        ]);
        let path = format!("{}:{}", shown[1].1.display(), shown[2].1.display());
        let limits = Limits::of_a_program(self.user);
        // A little more than what the judge looks for, which it can say in words.
        let group = self.group("run", MEMORY + MEMORY / 4);
        let sandbox = self.sandboxed(&limits, &shown, Some(&path), group.as_ref());
        let mut judge = Command::new(self.judge);
        judge
            .env("LD_LIBRARY_PATH", std::env::join_paths(&libraries)?)
            .args([
                "--seed",
                &self.seed.to_string(),
                "--memory",
                &MEMORY.to_string(),
            ])
            .arg("--work")
            .arg(&sockets);
        if !self.sandbox {
            judge.arg("--no-sandbox");
        }
        // The judge puts `--socket FILE` behind all this: the program is an option, not the end.
        judge
            .arg("--")
            .arg(sandbox.get_program())
            .args(sandbox.get_args());
        judge.arg("--run").arg(&shown[0].1);
        let report = work.join("report");
        let ran = bounded(&mut judge, JUDGING, &report)?;
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
                verdict
                    .tests
                    .push(self.untested(test, ran.succeeded.is_none()));
                continue;
            };
            let passed = *word == "passed";
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
                seconds: seconds.parse().unwrap_or_default(),
            });
        }
        Ok(verdict)
    }

    fn untested(&self, test: &super::assignment::Test, late: bool) -> Tested {
        let reason = if late {
            format!("all tests together took more than {} s", JUDGING.as_secs())
        } else {
            "the judge ended before this test".to_owned()
        };
        Tested {
            id: test.id.clone(),
            title: test.title.clone(),
            points: 0.0,
            most: test.points,
            passed: false,
            reason: Some(reason),
            seconds: 0.0,
        }
    }

    /// Where each of these is seen: inside at a name of its own, without a sandbox where it is.
    fn shown<const N: usize>(&self, all: [(&Path, &str); N]) -> [(PathBuf, PathBuf); N] {
        all.map(|(from, to)| {
            let to = if self.sandbox {
                to.into()
            } else {
                from.to_owned()
            };
            (from.to_owned(), to)
        })
    }

    fn sandboxed(
        &self,
        limits: &Limits,
        shown: &[(PathBuf, PathBuf)],
        libraries: Option<&str>,
        group: Option<&Group>,
    ) -> Command {
        let mut command = Command::new(&self.program);
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
        if let Some(group) = group {
            command.arg("--group").arg(group.door());
        }
        command
    }

    fn group(&self, what: &str, memory: u64) -> Option<Group> {
        let name = format!("lab-{}-{}-{what}", std::process::id(), self.user);
        self.sandbox.then(|| Group::new(&name, memory)).flatten()
    }
}

/// rustc's first error, at the student's line.
fn does_not_compile(said: &str, lines: &Lines) -> String {
    let error = said
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find(|message| message["level"] == "error");
    if let Some(error) = error {
        let spans = error["spans"].as_array().cloned().unwrap_or_default();
        let first = spans.iter().find(|span| span["is_primary"] == true);
        let own = first.filter(|span| {
            span["file_name"]
                .as_str()
                .is_some_and(|name| name.ends_with("solution.rs"))
        });
        let line = own.and_then(|span| usize::try_from(span["line_start"].as_u64()?).ok());
        let place = line.and_then(|line| lines.place(line));
        let place = match place {
            Some((cell, line)) => format!(" (cell \"{cell}\", line {line})"),
            None if own.is_some() => String::new(),
            // The teacher's part does not fit to it: something was renamed, or has other types.
            None => " where the solution is called".to_owned(),
        };
        let code = error["code"]["code"]
            .as_str()
            .map(|code| format!("{code}: "))
            .unwrap_or_default();
        let message = error["message"]
            .as_str()
            .unwrap_or_default()
            .replace('\n', " ");
        return format!("the solution does not compile{place}: {code}{message}");
    }
    let last: String = said
        .lines()
        .last()
        .unwrap_or_default()
        .chars()
        .take(300)
        .collect();
    format!("the solution does not compile: {last}")
}
