//! `cargo lab hub`: JupyterHub for a lab room, as `hub/README.md` tells.

use crate::environment::Environment;
use crate::setup::find_program;
use crate::{home::Home, progress};
use anyhow::{Context, Result, bail};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The arguments of `cargo lab hub`.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Arguments for JupyterHub
    #[arg(last = true)]
    jupyterhub: Vec<String>,
}

/// Installs JupyterHub and its proxy where they are missing, and becomes JupyterHub; returns only if
/// that fails.
///
/// # Errors
/// In one sentence: no Node.js, no network for what is missing, no disk.
pub fn open(options: &Options, home: &Home, environment: &Environment) -> Result<()> {
    let folder = home.root.join("hub");
    let state = home.state().join("hub");
    install(&folder, &state, home, environment)?;
    let mut jupyterhub = environment.command("jupyterhub");
    let mut path = state.join("node_modules/.bin").into_os_string();
    path.push(":");
    path.push(environment.prefix.join("bin"));
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    jupyterhub
        .env("PATH", path)
        .arg("--config")
        .arg(folder.join("jupyterhub_config.py"))
        .args(&options.jupyterhub);
    crate::template::without_callers_cargo(&mut jupyterhub);
    let program = PathBuf::from(jupyterhub.get_program());
    Err(jupyterhub.exec()).with_context(|| format!("{} cannot be started", program.display()))
}

/// What is installed, by the name of the file that says it; written last.
const LISTS: [&str; 2] = ["requirements.txt", "package.json"];

/// Installs what the lists in `folder` name, unless that has been done. The proxy gets into `state`.
fn install(folder: &Path, state: &Path, home: &Home, environment: &Environment) -> Result<()> {
    let is_current = |list: &str| {
        let wanted = std::fs::read(folder.join(list)).ok();
        wanted.is_some() && wanted == std::fs::read(state.join(list)).ok()
    };
    if LISTS.into_iter().all(is_current) && environment.program("jupyterhub").is_file() {
        return Ok(());
    }
    if find_program("npm").is_none() {
        bail!(
            "JupyterHub's proxy runs on Node.js, and no npm was found: install both (Debian and Ubuntu: apt-get install nodejs npm)"
        );
    }
    let log = home.state().join("log/hub.txt");
    std::fs::create_dir_all(state)
        .with_context(|| format!("{} cannot be made", state.display()))?;
    let copy = |list: &str| {
        std::fs::copy(folder.join(list), state.join(list))
            .with_context(|| format!("{list} cannot be copied to {}", state.display()))
    };
    // Until all is there, nothing is.
    let _ = std::fs::remove_file(state.join(LISTS[0]));
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--prefix"])
        .arg(state);
    copy(LISTS[1])?;
    progress::run("JupyterHub's proxy", &mut npm, &log)?;
    let mut pip = environment.command("python");
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", "-r"])
        .arg(folder.join(LISTS[0]));
    progress::run("JupyterHub", &mut pip, &log)?;
    copy(LISTS[0])?;
    Ok(())
}
