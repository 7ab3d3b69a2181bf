//! A submission's text is parsed in a process of its own, with limits of memory and processor
//! time: a notebook or a solution that is made to overflow a parser's stack ends that process, not
//! the grading.

use super::assignment::Assignment;
use super::items;
use super::plain;
use super::submission::{self, Submission};
use crate::launcher::end_with_parent;
use anyhow::{Context, Result, bail};
use nix::sys::resource::{Resource, setrlimit};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// For both parsers together; honest notebooks take a hundredth of it.
const PROCESSOR_TIME: u64 = 10;
/// The process as a whole, its stack included.
const MEMORY: u64 = 2 << 30;
/// Room for brackets within brackets.
const STACK: usize = 512 << 20;
/// Many times the processor time: only a machine that is at fault is so slow.
const LIMIT: Duration = Duration::from_secs(120);

/// What is taken from a notebook, of the assignment with these cells.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// A solution cell's id
    #[arg(long)]
    cell: Vec<String>,
    /// A macro of the given code that makes items
    #[arg(long)]
    item_macro: Vec<String>,
}

/// What nbgrader's settings ask for, which parse nothing of a student's.
#[derive(Clone, Debug, clap::Args)]
pub struct TakeOptions {
    /// The assignment's source notebook
    #[arg(long)]
    assignment: PathBuf,
    /// The submitted notebook
    notebook: PathBuf,
}

/// The texts of a submission's solution cells by their ids, as JSON.
///
/// # Errors
/// When there are none, in one sentence.
pub fn take(options: &TakeOptions) -> Result<String> {
    let assignment = Assignment::read(&options.assignment)?;
    let submission = read(&options.notebook, &assignment)?.map_err(anyhow::Error::msg)?;
    let parts = submission.solutions.iter();
    let texts: BTreeMap<_, _> = parts.map(|part| (&part.id, &part.text)).collect();
    Ok(serde_json::to_string(&texts)?)
}

/// Reads the notebook at `path`. `Err` inside: there is nothing to grade, in one sentence.
///
/// # Errors
/// When the machine is at fault.
pub fn read(path: &Path, assignment: &Assignment) -> Result<Result<Submission, String>> {
    match plain::open_file(path) {
        Ok(file) => parsed(file, assignment),
        Err(reason) => Ok(Err(reason)),
    }
}

fn parsed(file: File, assignment: &Assignment) -> Result<Result<Submission, String>> {
    let given = assignment.given.iter().map(|part| part.text.as_str());
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("read-solutions");
    for part in &assignment.solutions {
        command.args(["--cell", &part.id]);
    }
    for name in items::macros(given) {
        command.args(["--item-macro", &name]);
    }
    // SAFETY: system calls on numbers, as is asked of code between fork and exec.
    unsafe { command.pre_exec(|| end_with_parent().and_then(|()| limits())) };
    let mut child = command
        .stdin(file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("a notebook's reader cannot be started")?;
    let mut answer = child.stdout.take().context("a pipe")?;
    let lines = std::thread::spawn(move || {
        let mut text = String::new();
        // What came before an end stays.
        let _ = answer.read_to_string(&mut text);
        text
    });
    let signal = ended(&mut child)?;
    let text = lines.join().unwrap_or_default();
    let mut lines = text.lines();
    let taken = lines
        .next()
        .and_then(|line| serde_json::from_str(line).ok());
    let taken: Result<Submission, String> = match (taken, signal) {
        (Some(taken), _) => taken,
        // That is not of its own making.
        (None, Some(libc::SIGKILL)) | (None, None) => bail!("a notebook's reader was ended"),
        (None, Some(_)) => Err(
            "the notebook cannot be read: its parts are nested too deeply, or it needs too much memory".to_owned(),
        ),
    };
    let code = lines
        .next()
        .and_then(|line| serde_json::from_str(line).ok());
    Ok(taken.map(|mut submission| {
        // Where the text is too much for the parser here, rustc is to say what it thinks of it.
        if let Some(code) = code {
            submission.code = code;
        }
        submission
    }))
}

/// The signal that ended it, if one did.
fn ended(child: &mut Child) -> Result<Option<i32>> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.signal());
        }
        if started.elapsed() > LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            bail!("a notebook could not be read within {} s", LIMIT.as_secs());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn limits() -> std::io::Result<()> {
    setrlimit(Resource::RLIMIT_CPU, PROCESSOR_TIME, PROCESSOR_TIME + 1)?;
    setrlimit(Resource::RLIMIT_AS, MEMORY, MEMORY)?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    Ok(())
}

/// `lab read-solutions`: reads a notebook on stdin and writes two lines of JSON: what was taken,
/// and that without what a program has no place for.
///
/// # Errors
/// When nobody reads the answer.
pub fn answer(options: &Options) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let taken = submission::read(std::io::stdin().lock(), &options.cell);
    writeln!(out, "{}", serde_json::to_string(&taken)?)?;
    out.flush()?;
    let Ok(submission) = taken else { return Ok(()) };
    let known = options.item_macro.clone();
    let code = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || items::only(&submission.solutions, &known))?
        .join();
    if let Ok(code) = code {
        writeln!(out, "{}", serde_json::to_string(&code)?)?;
    }
    Ok(())
}
