//! The last step before the program: inside, and already alone.

use super::limits::{Counted, Limits};
use super::rules::Rules;
use super::{calls, network, users};
use crate::launcher::end_with_parent;
use anyhow::{Context, Result};
use nix::unistd::Uid;
use std::os::unix::process::CommandExt;
use std::process::Command;

#[derive(Clone, Debug, clap::Args)]
pub struct ConfineOptions {
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    rules: Rules,
    /// Say to the judge that the sandbox stands
    #[arg(long)]
    tell: bool,
    /// It starts programs, as a compiler does
    #[arg(long)]
    compiler: bool,
    /// A descriptor that the program is given
    #[arg(long)]
    keep: Vec<i32>,
    /// The program is a server: make its listener, and give the judge sockets that reach it; without
    /// namespaces, let it accept
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
    let alone = options.rules.are_given();
    // With no network of its own, it is handed a listener.
    network::prepare(options.listen && !alone, &options.keep)?;
    let has_own_user = Uid::effective().is_root();
    if alone {
        // Where memory runs out, this ends before what grades it.
        std::fs::write("/proc/self/oom_score_adj", "1000").context("/proc is missing")?;
    }
    options.limits.become_user()?;
    if alone {
        // Another user's process has forgotten it.
        end_with_parent()?;
    }
    options.limits.take_on(match alone && !has_own_user {
        true => Counted::WithOthers(users::threads_of(Uid::effective())),
        false => Counted::Alone,
    })?;
    if alone {
        options.rules.take_on(has_own_user)?;
    }
    let mut command = Command::new(&options.command[0]);
    command.args(&options.command[1..]);
    // The last thing: it forbids some of what was needed until here.
    calls::filter(&calls::Filtered {
        alone,
        starts_programs: options.compiler,
        serves: options.listen,
    })?;
    Err(become_program(&mut command, options.tell)).context("the program cannot be started")
}

/// Where the judge looks for a sign that the sandbox stands; `judge/src/program.rs` has the number.
pub const STANDS: i32 = 203;

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
