//! A cell compiled by rustc alone: for evcxr it looks as if cargo had done it.

use super::MESSAGES;
use super::cargo::print;
use super::command::Paths;
use super::kept::Kept;
use super::log::How;
use super::mend::Mended;
use crate::run::ansi::{Keep, strip};
use crate::stock;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// The latest build that failed, beside the build directory. evcxr compiles a cell that does not
/// compile once more, in hope of a better message; here the text is the same, and so is the message.
const FAILURE: &str = "failure.json";

/// The texts of the cells, beside the build directory, each by the inode of its library.
pub const SOURCES: &str = "sources";

/// cargo's exit code where something did not compile.
const FAILED: u8 = 101;

/// Compiles what stands in the build directory.
///
/// # Errors
/// When rustc cannot be started, or a file not be written.
pub fn compile(
    paths: &Paths,
    kept: &Kept,
    is_check: bool,
    mended: &mut Mended,
) -> Result<(How, ExitCode)> {
    if let Some(failure) = Failure::latest(paths)
        && (failure.source == mended.version && failure.is_check == is_check)
    {
        return Ok((How::Repeated, failure.tell(paths)?));
    }
    mended.mend()?;
    let mut rustc = Rustc::run(paths, kept, is_check, mended)?;
    while rustc.judged && mended.is_refused(&rustc.messages)? {
        rustc = Rustc::run(paths, kept, is_check, mended)?;
    }
    let mut messages = rustc.messages;
    if rustc.succeeded {
        if !is_check {
            mended.is_made(&hand_over(kept)?);
            keep_source(paths, kept);
        }
        messages.push_str(&format!("{}\n", kept.artifact));
        messages.push_str(&format!("{}\n", finished(true)));
        tell(paths, &messages)?;
        return Ok((How::Direct, ExitCode::SUCCESS));
    }
    messages.push_str(&format!("{}\n", finished(false)));
    mended.put_back()?;
    let failure = Failure {
        source: Version::of(&paths.build.join(stock::SOURCE))?,
        is_check,
        messages,
        complaint: rustc.complaint,
    };
    if rustc.judged {
        std::fs::write(paths.folder.join(FAILURE), serde_json::to_vec(&failure)?)?;
    }
    Ok((How::Direct, failure.tell(paths)?))
}

/// Where and when a file was last written.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    inode: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl Version {
    pub fn of(file: &Path) -> Result<Version> {
        let metadata = file
            .metadata()
            .with_context(|| format!("{} cannot be read", file.display()))?;
        Ok(Version {
            inode: metadata.ino(),
            seconds: metadata.ctime(),
            nanoseconds: metadata.ctime_nsec(),
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Failure {
    /// Of the text that was compiled: evcxr writes it anew for each cell.
    source: Version,
    is_check: bool,
    messages: String,
    complaint: String,
}

impl Failure {
    fn latest(paths: &Paths) -> Option<Failure> {
        serde_json::from_slice(&std::fs::read(paths.folder.join(FAILURE)).ok()?).ok()
    }

    fn tell(&self, paths: &Paths) -> Result<ExitCode> {
        tell(paths, &self.messages)?;
        eprintln!("{}", self.complaint);
        Ok(ExitCode::from(FAILED))
    }
}

fn tell(paths: &Paths, messages: &str) -> Result<()> {
    std::fs::write(paths.folder.join(MESSAGES), messages)?;
    print(messages.as_bytes())
}

fn finished(success: bool) -> Value {
    json!({"reason": "build-finished", "success": success})
}

/// The library goes where cargo would have put it. It is moved: a second name for it here would have
/// the next cell's linker write into a library that is loaded.
fn hand_over(kept: &Kept) -> Result<PathBuf> {
    let extra = kept.command.iter();
    let extra = extra.filter_map(|word| word.strip_prefix("extra-filename="));
    let name = stock::LIBRARY.replace('.', &format!("{}.", extra.collect::<String>()));
    let made = argument(&kept.command, "--out-dir").map(|folder| folder.join(name));
    let wanted = kept.artifact["filenames"][0].as_str();
    let (Some(made), Some(wanted)) = (made, wanted) else {
        anyhow::bail!("the command for cells names no place for what it makes");
    };
    std::fs::rename(&made, wanted)
        .with_context(|| format!("{} cannot be moved to {wanted}", made.display()))?;
    Ok(wanted.into())
}

/// Keeps the text of a cell for as long as its library: by the library's inode, which evcxr's renaming
/// does not change. So who knows an address in the library finds the line of the program.
pub fn keep_source(paths: &Paths, kept: &Kept) {
    let folder = paths.folder.join(SOURCES);
    let library = kept.artifact["filenames"][0].as_str().map(Path::new);
    let inode = library.and_then(|library| Some(library.metadata().ok()?.ino()));
    // Without it a picture has no lines of the program, and nothing else is lost.
    let _ = inode.map(|inode| {
        std::fs::create_dir_all(&folder)?;
        let source = paths.build.join(stock::SOURCE);
        std::fs::copy(source, folder.join(format!("{inode}.rs")))
    });
}

fn argument(command: &[String], name: &str) -> Option<PathBuf> {
    let at = command.iter().position(|word| word == name)?;
    Some(command.get(at + 1)?.into())
}

/// What came of a call of rustc.
struct Rustc {
    succeeded: bool,
    /// Whether it reached a verdict about the text, rather than being killed or breaking down.
    judged: bool,
    /// What cargo makes of its messages.
    messages: String,
    /// What cargo says to people.
    complaint: String,
}

impl Rustc {
    fn run(paths: &Paths, kept: &Kept, is_check: bool, mended: &Mended) -> Result<Rustc> {
        let command = match is_check {
            true => checking(paths, &kept.command),
            false => kept.command.clone(),
        };
        let (program, arguments) = command.split_first().context("no rustc was kept")?;
        let mut rustc = Command::new(program);
        paths.give_back_cargo_home(&mut rustc);
        rustc
            .args(arguments)
            .args(mended.arguments())
            .envs(&kept.environment)
            .stdin(Stdio::null())
            .stderr(Stdio::piped());
        // SAFETY: the call is safe between fork and exec.
        unsafe { rustc.pre_exec(crate::launcher::end_with_parent) };
        let mut rustc = rustc
            .spawn()
            .with_context(|| format!("{program} cannot be started"))?;
        let mut messages = String::new();
        let (mut errors, mut warnings) = (0, 0);
        let stderr = rustc.stderr.take().context("rustc has no stderr")?;
        for line in BufReader::new(stderr).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            let Some(message) = line
                .starts_with('{')
                .then(|| serde_json::from_str::<Value>(&line).ok())
                .flatten()
            else {
                eprintln!("{line}");
                continue;
            };
            if message["$message_type"] != "diagnostic" {
                continue;
            }
            let words = message["message"].as_str().unwrap_or_default();
            if is_summary(words) {
                // cargo has one of its own.
                continue;
            }
            errors += u32::from(message["level"] == "error");
            warnings += u32::from(message["level"] == "warning");
            messages.push_str(&format!("{}\n", as_cargo_tells(kept, message)));
        }
        let status = rustc.wait()?;
        let mut complaint = format!("error: could not compile `{}` (lib)", stock::CRATE);
        match status.code() {
            Some(_) => complaint.push_str(&due_to(errors, warnings)),
            None => complaint.push_str(&format!(
                "\n\nCaused by:\n  process didn't exit successfully: `{program}` ({status})"
            )),
        }
        Ok(Rustc {
            succeeded: status.success(),
            judged: status.code() == Some(1),
            messages,
            complaint,
        })
    }
}

fn is_summary(words: &str) -> bool {
    words.starts_with("aborting due to ")
        || words.ends_with(" warning emitted")
        || words.ends_with(" warnings emitted")
}

/// The same command, but for one that makes nothing: in folders of its own, as what rustc remembers
/// of its last run is only good for the same kind of run.
fn checking(paths: &Paths, command: &[String]) -> Vec<String> {
    let folder = paths.folder.join("check");
    let mut words = command.to_vec();
    for at in 1..words.len() {
        if words[at].starts_with("--emit=") {
            words[at] = "--emit=metadata".to_owned();
        } else if words[at - 1] == "--out-dir" {
            words[at] = folder.to_string_lossy().into_owned();
        } else if words[at].starts_with("incremental=") {
            words[at] = format!("incremental={}", folder.display());
        }
    }
    words
}

fn as_cargo_tells(kept: &Kept, mut message: Value) -> Value {
    if let Some(rendered) = message["rendered"].as_str() {
        message["rendered"] = strip(rendered, Keep::Nothing).into();
    }
    json!({
        "reason": "compiler-message",
        "package_id": kept.artifact["package_id"],
        "manifest_path": kept.artifact["manifest_path"],
        "target": kept.artifact["target"],
        "message": message,
    })
}

fn due_to(errors: u32, warnings: u32) -> String {
    let plural = |number: u32| if number == 1 { "" } else { "s" };
    let mut text = match errors {
        0 => String::new(),
        1 => " due to 1 previous error".to_owned(),
        _ => format!(" due to {errors} previous errors"),
    };
    if warnings > 0 {
        text.push_str(&format!("; {warnings} warning{} emitted", plural(warnings)));
    }
    text
}
