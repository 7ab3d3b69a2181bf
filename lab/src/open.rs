//! `cargo lab`: JupyterLab in the notebooks' folder.

use crate::{environment::Environment, home::Home};
use anyhow::{Context, Result, bail};
use std::os::unix::process::CommandExt;

/// Becomes JupyterLab; returns only if that fails. `arguments` go to JupyterLab as they are.
///
/// # Errors
/// When JupyterLab cannot be started.
pub fn open(home: &Home, environment: &Environment, arguments: &[String]) -> Result<()> {
    let program = environment.program("jupyter-lab");
    if !program.is_file() {
        bail!(
            "JupyterLab is not at {}: run `cargo lab setup`",
            program.display()
        );
    }
    let mut command = environment.command("jupyter-lab");
    command.args(arguments);
    // JupyterLab takes one folder only: another one that the caller names wins.
    if !arguments
        .iter()
        .any(|argument| argument.contains("root_dir") || argument.contains("notebook-dir"))
    {
        let mut folder = std::ffi::OsString::from("--ServerApp.root_dir=");
        folder.push(home.notebooks());
        command.arg(folder);
    }
    // JupyterLab refuses root unless told; in a container there is often nobody else.
    if nix::unistd::geteuid().is_root()
        && !arguments.iter().any(|argument| argument == "--allow-root")
    {
        command.arg("--allow-root");
    }
    crate::template::without_callers_cargo(&mut command);
    Err(command.exec()).with_context(|| format!("{} cannot be started", program.display()))
}
