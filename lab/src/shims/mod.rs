//! The kernel's `cargo` and `rustup`: this program under other names, before the real ones on the
//! kernel's search path.
//!
//! `rustup` answers evcxr's question where cargo and rustc are: here, and in the toolchain.
//!
//! `cargo` does what evcxr and its rust-analyzer ask of it quicker than cargo could, where the answer
//! is known; see [`cargo`]. In doubt it is cargo.
//!
//! Both find what they need to know in [`Settings`], in the folder above the build directory.

mod again;
mod answers;
mod cargo;
mod command;
mod direct;
mod kept;
mod log;
mod mend;
mod refusal;

use crate::{installed::Installed, stock, template};
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

pub use again::{DONE, ENDED, NAMES, WHY};
pub use cargo::{ALWAYS, learn};
pub use command::Paths;
pub use direct::SOURCES;
pub use log::LOG;
pub use mend::CELL;

/// Names the form in which all of this is kept: a template of another is made anew.
pub const FORMAT: &str = "1";

/// The file, beside the kernel's build directory, with cargo's messages about the latest build.
pub const MESSAGES: &str = "messages.json";

/// The link, beside the kernel's build directory, to the standard library's sources.
pub const RUST_SRC: &str = "rust-src";

/// The folder with both programs, beside the kernel's build directory.
const PROGRAMS: &str = "bin";
const CARGO: &str = "cargo";
const RUSTUP: &str = "rustup";

/// In this variable `cargo` gets its own `CARGO_HOME` back: the kernel's leads to [`PROGRAMS`], as
/// rust-analyzer looks for cargo there.
pub const CARGO_HOME: &str = "NOTEBOOK_CARGO_HOME";

/// In this variable `cargo` gets the reader's own `CARGO_HOME`, where the other is an installation's: that
/// has what `support` is made of, and nothing can be added to it.
pub const READERS_CARGO_HOME: &str = "NOTEBOOK_READERS_CARGO_HOME";

/// What the two programs need to know, beside the kernel's build directory.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// The toolchain's programs.
    bin: PathBuf,
    /// The platform that it compiles for.
    #[serde(default)]
    host: String,
    /// The standard library's sources as rust-analyzer is to read them.
    rust_src: PathBuf,
    /// What cargo answered about this toolchain, remembered for all kernels.
    answers: PathBuf,
    /// The real rustup.
    rustup: PathBuf,
    /// This program.
    launcher: PathBuf,
}

const SETTINGS: &str = "shims.json";

impl Settings {
    pub fn new(installed: &Installed, answers: PathBuf) -> Settings {
        Settings {
            bin: installed.toolchain.bin(),
            host: installed.toolchain.host().to_owned(),
            rust_src: installed.rust_src.clone(),
            answers,
            rustup: crate::setup::find_program(RUSTUP).unwrap_or_else(|| RUSTUP.into()),
            launcher: installed.launcher.clone(),
        }
    }

    /// The outlines of crates, for all kernels of this template. They are not in it: no kernel needs a copy.
    fn outlines(&self) -> PathBuf {
        // In the state's folder: `template/NAME/answers`.
        let mut above = self.answers.ancestors().skip(1);
        let name = above.next().and_then(Path::file_name).unwrap_or_default();
        let state = above.nth(1).unwrap_or(&self.answers);
        state.join(template::OUTLINES).join(name)
    }

    fn read(folder: &Path) -> Result<Settings> {
        let file = folder.join(SETTINGS);
        let text =
            std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} is damaged", file.display()))
    }
}

/// Puts both programs into `folder`, in which the build directory lies.
///
/// # Errors
/// When a file cannot be written.
pub fn write(folder: &Path, settings: &Settings) -> Result<()> {
    let programs = folder.join(PROGRAMS);
    std::fs::create_dir_all(&programs)?;
    std::fs::write(folder.join(SETTINGS), serde_json::to_vec(settings)?)
        .with_context(|| format!("{} cannot be written to", folder.display()))?;
    for name in [CARGO, RUSTUP] {
        let link = programs.join(name);
        std::os::unix::fs::symlink(&settings.launcher, &link)
            .with_context(|| format!("{} cannot be made", link.display()))?;
    }
    Ok(())
}

/// If this program was started as one of the two, or to keep a command that cargo issues: does what
/// that program does, and returns its exit code.
pub fn act() -> Option<ExitCode> {
    let mut arguments = std::env::args_os();
    let name = PathBuf::from(arguments.next()?);
    let arguments: Vec<OsString> = arguments.collect();
    let done = if let Some(file) = std::env::var_os(kept::RECORD) {
        kept::record(Path::new(&file), &arguments)
    } else {
        match name.file_name()?.to_str()? {
            CARGO => cargo::run(arguments),
            RUSTUP => rustup(&arguments),
            _ => return None,
        }
    };
    Some(done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(101)
    }))
}

/// The folder in which the kernel's build directory lies.
fn folder() -> Result<PathBuf> {
    let build = std::env::var_os(stock::variables::BUILD).map(PathBuf::from);
    build
        .as_deref()
        .and_then(Path::parent)
        .map(Path::to_owned)
        .with_context(|| {
            format!(
                "{} does not name a kernel's build directory",
                stock::variables::BUILD
            )
        })
}

fn rustup(arguments: &[OsString]) -> Result<ExitCode> {
    let folder = folder()?;
    let settings = Settings::read(&folder)?;
    let asked = |tool| arguments == [stock::WHICH, tool];
    if asked("cargo") {
        println!("{}", folder.join(PROGRAMS).join(CARGO).display());
    } else if asked("rustc") {
        println!("{}", settings.bin.join("rustc").display());
    } else {
        become_program(Command::new(settings.rustup).args(arguments))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Replaces this process; returns only what kept it from that.
fn become_program(command: &mut Command) -> Result<()> {
    let error = command.exec();
    bail!(
        "{} cannot be started: {error}",
        command.get_program().display()
    )
}
