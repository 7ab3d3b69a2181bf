//! A part of the tree of control groups, asked of systemd where this process has none to make groups in:
//! as over ssh, where a session belongs to root.

use super::Group;
use anyhow::{Context, Result};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// Set inside, so that nobody asks twice.
const INSIDE: &str = "LAB_GRADES_IN_A_SCOPE";

/// Becomes the same program in a scope of the user's own systemd, if no group can be made here and
/// systemd gives one there.
///
/// # Errors
/// When it gives one, and then does not start this program in it.
pub fn enter_if_missing() -> Result<()> {
    if std::env::var_os(INSIDE).is_some() || has_groups() {
        return Ok(());
    }
    let mut probe = scope();
    probe.arg("true").stdin(Stdio::null()).stdout(Stdio::null());
    // Where there is no such program, or no systemd of the user's, it says so by its code.
    if !probe
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
    {
        return Ok(());
    }
    let mut again = scope();
    again
        .arg(std::env::current_exe()?)
        .args(std::env::args_os().skip(1));
    Err(again.env(INSIDE, "1").exec()).context("systemd-run cannot be started")
}

fn has_groups() -> bool {
    let group = Group::new(&format!("lab-{}-probe", std::process::id()), 64 << 20, 10);
    group.doors().next().is_some()
}

fn scope() -> Command {
    let mut command = Command::new("systemd-run");
    command.args([
        "--user",
        "--scope",
        "--quiet",
        "--collect",
        "--property=Delegate=yes",
        "--",
    ]);
    command
}
