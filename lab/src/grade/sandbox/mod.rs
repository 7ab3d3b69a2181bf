//! The sandbox in which submissions are compiled and run: bubblewrap, as an ordinary user.
//!
//! Two hidden commands make it: `lab sandbox` stands outside and becomes bwrap; `lab confine`
//! stands inside, gives up root where there is any, takes the limits on itself, and becomes the
//! program. Limits on a user's processes do not bind root, and are counted for each user, so they
//! are set inside.
//!
//! - `walls`, `system`, `copies`: what is seen inside.
//! - `confine`, `limits`, `users`, `calls`: who a process is, what it may use, which system calls.
//! - `network`: the listener of a program that is a server.

mod calls;
mod confine;
mod copies;
mod limits;
mod network;
mod system;
mod users;
mod walls;

pub use confine::{ConfineOptions, confine};
pub use copies::Copies;
pub use limits::Limits;
pub use system::refuse_if_shown;
pub use users::next_user;

use anyhow::{Context, Result, bail};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::unistd::Uid;
use std::io::Write;
use std::mem::ManuallyDrop;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the sandbox shows this program.
const CONFINE: &str = "/run/lab";
const SOCKET: &str = "/run/socket";
/// Where a program looks for the judge's socket.
const SOCKET_VARIABLE: &str = "JUDGE_SOCKET";
/// Where a program looks for what the judge hands over: questions, answers, a listener. These, and
/// stdin, stdout and stderr, are all that enters; `judge/src/program.rs` has the same numbers.
const QUESTIONS: i32 = 200;
const ANSWERS: i32 = 201;
const LISTENER: i32 = 202;

/// What may be seen and used.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// What is shown inside, and where: FROM=TO
    #[arg(long, value_parser = shown)]
    show: Vec<(PathBuf, PathBuf)>,
    /// The judge's socket
    #[arg(long)]
    socket: Option<PathBuf>,
    /// Make a listener for the program, and give the judge sockets that reach it
    #[arg(long)]
    listen: bool,
    /// Where the dynamic linker looks
    #[arg(long)]
    libraries: Option<String>,
    /// Show what a compiler and a linker need, not only what a program does
    #[arg(long)]
    compiler: bool,
    /// Bytes that /tmp holds
    #[arg(long, default_value_t = 64 << 20)]
    tmp: u64,
    /// Without bubblewrap: the limits only
    #[arg(long)]
    bare: bool,
    /// Control groups to enter first
    #[arg(long)]
    group: Vec<PathBuf>,
    #[command(flatten)]
    limits: Limits,
    /// A program without arguments, in place of a command at the end
    #[arg(long)]
    run: Option<String>,
    #[arg(last = true)]
    command: Vec<String>,
}

fn shown(text: &str) -> Result<(PathBuf, PathBuf), String> {
    // Inner paths are ours and have no `=`; outer ones may.
    let (from, to) = text.rsplit_once('=').ok_or("FROM=TO is needed")?;
    Ok((from.into(), to.into()))
}

/// `lab sandbox`: becomes bwrap.
///
/// # Errors
/// When bwrap cannot be started.
pub fn enter(options: &Options) -> Result<()> {
    for group in &options.group {
        std::fs::write(group, "0").context("the submission's control group cannot be entered")?;
    }
    let command: Vec<&String> = options.run.iter().chain(&options.command).collect();
    let [program, arguments @ ..] = &command[..] else {
        bail!("a program has to be named");
    };
    if options.bare {
        let mut command = Command::new(program);
        command.args(arguments);
        if let Some(libraries) = &options.libraries {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        if let Some(socket) = &options.socket {
            command.env(SOCKET_VARIABLE, socket);
        }
        network::prepare(options.listen, &options.handed_over())?;
        options.limits.take_on(true)?;
        return Err(confine::become_program(
            &mut command,
            options.socket.is_some(),
        ))
        .context("the program cannot be started");
    }
    let bwrap = crate::setup::find_program("bwrap");
    let mut bwrap = Command::new(bwrap.context("bubblewrap (bwrap) is missing: install it")?);
    // Its environment and its command line are seen inside, by /proc/1: the one stays outside, and
    // the host's paths come another way.
    bwrap.env_clear();
    let (reader, mut writer) = std::io::pipe().context("a pipe cannot be made")?;
    for word in walls::walls(options)? {
        writer.write_all(word.as_bytes())?;
        writer.write_all(&[0])?;
    }
    drop(writer);
    let reader = ManuallyDrop::new(reader);
    fcntl(&*reader, FcntlArg::F_SETFD(FdFlag::empty())).context("a pipe cannot be kept")?;
    bwrap.arg("--args").arg(reader.as_raw_fd().to_string());
    bwrap
        .args(["--", CONFINE, "confine"])
        .args(options.limits.words());
    for number in options.handed_over() {
        bwrap.arg("--keep").arg(number.to_string());
    }
    bwrap
        .args(options.listen.then_some("--listen"))
        .args(options.socket.as_ref().map(|_| "--tell"))
        .arg("--")
        .args(&command);
    Err(bwrap.exec()).context("bubblewrap (bwrap) cannot be started")
}

impl Options {
    /// The descriptors that the judge hands over; a compiler has no judge.
    fn handed_over(&self) -> Vec<i32> {
        let judged = self.socket.iter().flat_map(|_| [QUESTIONS, ANSWERS]);
        judged.chain(self.listen.then_some(LISTENER)).collect()
    }
}

/// Finds out whether the sandbox can be had; installs bubblewrap where it is missing and may be.
///
/// # Errors
/// In one sentence, with what to do.
pub fn require(log: &Path) -> Result<()> {
    if crate::setup::find_program("bwrap").is_none()
        && Uid::effective().is_root()
        && crate::setup::find_program("apt-get").is_some()
    {
        let mut install = Command::new("apt-get");
        install.args(["install", "-y", "--no-install-recommends", "bubblewrap"]);
        // What matters is whether it is there afterwards.
        let _ = crate::progress::run("bubblewrap, for the sandbox", &mut install, log);
    }
    if crate::setup::find_program("bwrap").is_none() {
        bail!(
            "submissions are not graded without a sandbox, and bubblewrap is missing: install it (Debian and Ubuntu: apt-get install bubblewrap), or say --no-sandbox if you trust every submission"
        );
    }
    let mut probe = Command::new(std::env::current_exe()?);
    probe
        .arg("sandbox")
        .args(Limits::of_a_program(next_user()?).words())
        .args(["--", CONFINE, "--version"]);
    let answer = probe.output().context("the sandbox cannot be tried")?;
    if !answer.status.success() {
        let restricted = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
        let restricted = std::fs::read_to_string(restricted).is_ok_and(|on| on.trim() == "1");
        let container = ["/.dockerenv", "/run/.containerenv"];
        let container = container.iter().any(|file| Path::new(file).exists());
        bail!(
            "submissions are not graded without a sandbox, and bubblewrap cannot make one here ({}): {}, or say --no-sandbox if you trust every submission",
            String::from_utf8_lossy(&answer.stderr)
                .trim()
                .replace('\n', " "),
            remedy(container, restricted)
        );
    }
    Ok(())
}

/// What to do where bubblewrap may make no namespaces, by who forbids it: a container's runtime,
/// AppArmor as in Ubuntu since 23.10, or the kernel's settings.
fn remedy(container: bool, restricted: bool) -> &'static str {
    match (container, restricted) {
        (true, _) => {
            "start the container with --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined (in a devcontainer.json, as runArgs)"
        }
        (_, true) => {
            "allow it by `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`, in a file of /etc/sysctl.d to keep it"
        }
        _ => {
            "allow user namespaces for ordinary users (`sudo sysctl -w user.max_user_namespaces=10000`)"
        }
    }
}
