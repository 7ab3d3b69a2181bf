//! The stock kernel that ours is built on: evcxr_jupyter, at one version.

use crate::{home::Home, progress};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

pub use crate::stock::VERSION;

/// Finds evcxr_jupyter at [`VERSION`], on the search path, where cargo installs programs, or
/// where an earlier set-up put it; installs it if there is none.
///
/// # Errors
/// When it cannot be compiled: no network, no disk, no C compiler.
pub fn set_up(home: &Home) -> Result<PathBuf> {
    let own = home.state().join("evcxr");
    if let Some(program) = candidates(&own)
        .into_iter()
        .find(|program| is_right_version(program))
    {
        return Ok(program);
    }
    crate::setup::require_space(&home.root, 3_000, "compiling evcxr_jupyter")?;
    let mut command = Command::new("cargo");
    command
        .args(["install", "--locked", "evcxr_jupyter", "--version", VERSION])
        .current_dir(&home.root);
    // Beside another version that somebody uses, not over it.
    let shared = cargo_home()
        .map(|home| home.join("bin/evcxr_jupyter"))
        .filter(|program| !program.exists());
    if shared.is_none() {
        command.arg("--root").arg(&own);
    }
    progress::run(
        &format!("evcxr_jupyter {VERSION}, the Rust kernel (compiled once, about ten minutes)"),
        &mut command,
        &home.state().join("log/evcxr.txt"),
    )?;
    Ok(shared.unwrap_or_else(|| own.join("bin/evcxr_jupyter")))
}

fn candidates(own: &Path) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(cargo_home().map(|home| home.join("bin")));
    folders.push(own.join("bin"));
    folders
        .into_iter()
        .map(|folder| folder.join("evcxr_jupyter"))
        .filter(|program| program.is_file())
        .collect()
}

/// The program has no `--version`; the banner with which its kernel greets is in its text.
fn is_right_version(program: &Path) -> bool {
    let banner = format!("EvCxR {VERSION} - Evaluation");
    std::fs::read(program)
        .is_ok_and(|bytes| memchr::memmem::find(&bytes, banner.as_bytes()).is_some())
}

fn cargo_home() -> Option<PathBuf> {
    let set = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    set.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
}

/// # Errors
/// When the program has gone since the set-up.
pub fn require(program: &Path) -> Result<()> {
    program.metadata().map(drop).with_context(|| {
        format!(
            "the Rust kernel's program is no longer at {}: run `cargo lab setup`",
            program.display()
        )
    })
}
