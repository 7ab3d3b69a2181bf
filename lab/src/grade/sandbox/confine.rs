//! The last step before the program: inside, and already alone.

use super::limits::Limits;
use super::{calls, network};
use anyhow::{Context, Result};
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};
use std::os::unix::process::CommandExt;
use std::process::Command;

#[derive(Clone, Debug, clap::Args)]
pub struct ConfineOptions {
    #[command(flatten)]
    limits: Limits,
    /// Say to the judge that the sandbox stands
    #[arg(long)]
    tell: bool,
    /// A descriptor that the program is given
    #[arg(long)]
    keep: Vec<i32>,
    /// Make a listener for the program, and give the judge sockets that reach it
    #[arg(long)]
    listen: bool,
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// `lab confine`: takes the limits on itself and becomes the program.
///
/// # Errors
/// When a limit cannot be set, or the program cannot be started.
pub fn confine(options: &ConfineOptions) -> Result<()> {
    network::prepare(options.listen, &options.keep)?;
    if let Some(user) = options.limits.user.filter(|_| Uid::effective().is_root()) {
        let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(user));
        setgroups(&[]).context("the groups cannot be left")?;
        setresgid(gid, gid, gid).context("the group cannot be changed")?;
        setresuid(uid, uid, uid).context("the user cannot be changed")?;
    }
    options.limits.take_on(false)?;
    let mut command = Command::new(&options.command[0]);
    command.args(&options.command[1..]);
    // The last thing: it forbids some of what was needed until here.
    calls::filter()?;
    Err(become_program(&mut command, options.tell)).context("the program cannot be started")
}

/// Where the judge looks for a sign that the sandbox stands; `judge/src/program.rs` has the number.
const STANDS: i32 = 203;

/// Becomes the program, or returns why not. The sign for the judge comes right before: one byte,
/// and a second if it came to nothing. The program itself does not get the descriptor.
pub fn become_program(command: &mut Command, tell: bool) -> std::io::Error {
    let sign = || {
        // SAFETY: a system call on a number and one byte; `tell` says that the judge put a pipe there.
        tell.then(|| unsafe { libc::write(STANDS, [b'.'].as_ptr().cast(), 1) })
    };
    sign();
    let error = command.exec();
    sign();
    error
}
