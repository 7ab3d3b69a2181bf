//! The sandbox in which submissions are compiled and run: bubblewrap, or what stands in for it where no
//! namespace can be made.
//!
//! Two hidden commands make it: `lab sandbox` stands outside and becomes bwrap; `lab confine`
//! stands inside, gives up root where there is any, takes the limits on itself, and becomes the
//! program. Limits on a user's processes do not bind root, and are counted for each user, so they
//! are set inside.
//!
//! - `walls`, `system`, `copies`: what is seen inside.
//! - `confine`, `limits`, `users`, `calls`: who a process is, what it may use, which system calls.
//! - `network`: the listener of a program that is a server and has a network of its own.
//! - `rules`, `keeper`: the walls without namespaces, and who ends what is inside them.

mod calls;
mod confine;
mod copies;
mod keeper;
mod limits;
mod network;
mod rules;
mod system;
mod users;
mod walls;

pub use confine::{ConfineOptions, confine};
pub use copies::Copies;
use limits::Counted;
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
/// Where a program hands over the other end of a connection, if it can make none by a socket's name.
const HANDED: i32 = 204;

/// What may be seen and used.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// What is shown inside, and where: FROM=TO
    #[arg(long, value_parser = shown)]
    show: Vec<(PathBuf, PathBuf)>,
    /// The judge's socket
    #[arg(long)]
    socket: Option<PathBuf>,
    /// The program is a server: make its listener, and give the judge sockets that reach it, unless
    /// it is handed one
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
    #[arg(long, conflicts_with = "landlock")]
    bare: bool,
    /// Without namespaces: Landlock and a shorter list of system calls
    #[arg(long)]
    landlock: bool,
    /// With --landlock: a folder that may be written to
    #[arg(long)]
    own: Option<PathBuf>,
    /// A judge waits for what is handed over; it has no socket with a name
    #[arg(long)]
    handed: bool,
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

/// `lab sandbox`: becomes bwrap, or keeps the program where there are no namespaces. Returns the exit
/// code of what it has kept.
///
/// # Errors
/// When the sandbox cannot be made.
pub fn enter(options: &Options) -> Result<i32> {
    for group in &options.group {
        std::fs::write(group, "0").context("the submission's control group cannot be entered")?;
    }
    let command: Vec<&String> = options.run.iter().chain(&options.command).collect();
    let [program, arguments @ ..] = &command[..] else {
        bail!("a program has to be named");
    };
    if options.landlock {
        return keeper::keep(behind_rules(options, &command)?);
    }
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
        options.limits.take_on(Counted::No)?;
        return Err(confine::become_program(&mut command, options.is_judged()))
            .context("the program cannot be started");
    }
    if users::has_to_give_up_root() {
        options.limits.become_user()?;
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
    bwrap.args(["--", CONFINE]);
    confined(&mut bwrap, options, Vec::new(), &command);
    Err(bwrap.exec()).context("bubblewrap (bwrap) cannot be started")
}

/// The same program, started by `lab confine` at once.
fn behind_rules(options: &Options, command: &[&String]) -> Result<Command> {
    let rules = rules::Rules::of(options)?;
    let mut confine = Command::new(std::env::current_exe()?);
    confine.env_clear().env("PATH", "/usr/bin:/bin");
    confine.env("HOME", "/").env("LANG", "C.UTF-8");
    confine.current_dir(options.own.as_deref().unwrap_or(Path::new("/")));
    if let Some(own) = &options.own {
        confine.env("TMPDIR", own);
        if let Some(user) = options.limits.user.filter(|_| Uid::effective().is_root()) {
            rules::give(own, user)?;
        }
    }
    if let Some(libraries) = &options.libraries {
        confine.env("LD_LIBRARY_PATH", libraries);
    }
    confined(&mut confine, options, rules.words(), command);
    Ok(confine)
}

/// `lab confine` and its words: what is taken on, then the program.
fn confined(to: &mut Command, options: &Options, rules: Vec<PathBuf>, program: &[&String]) {
    to.arg("confine").args(options.limits.words()).args(rules);
    for number in options.handed_over() {
        to.arg("--keep").arg(number.to_string());
    }
    to.args(options.listen.then_some("--listen"))
        .args(options.is_judged().then_some("--tell"))
        .args(options.compiler.then_some("--compiler"))
        .arg("--")
        .args(program);
}

impl Options {
    /// A compiler has no judge.
    fn is_judged(&self) -> bool {
        self.socket.is_some() || self.handed
    }

    /// The descriptors that the judge hands over.
    fn handed_over(&self) -> Vec<i32> {
        let judged = self.is_judged().then_some([QUESTIONS, ANSWERS]);
        let judged = judged.into_iter().flatten();
        let handed = self.handed.then_some(HANDED);
        judged
            .chain(self.listen.then_some(LISTENER))
            .chain(handed)
            .collect()
    }
}

/// What stands between a submission and the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walls {
    /// Bubblewrap's.
    Namespaces,
    /// What stands in for them; see `rules`.
    Landlock,
    /// The teacher trusts every submission.
    None,
}

impl Walls {
    /// What they do not hold, in words for the report.
    pub fn not_held(self) -> Vec<String> {
        match self {
            Walls::Landlock => rules::NOT_HELD.map(str::to_owned).into(),
            Walls::Namespaces | Walls::None => Vec::new(),
        }
    }
}

/// Whether a submission's own user reaches what it is shown by the usual ways: nobody mounts it elsewhere
/// as root.
pub fn is_reached_by_others(walls: Walls) -> bool {
    match walls {
        Walls::Namespaces => users::has_to_give_up_root(),
        Walls::Landlock => Uid::effective().is_root(),
        Walls::None => false,
    }
}

/// Finds out which sandbox can be had; installs bubblewrap where it is missing and may be.
///
/// # Errors
/// When there is none: in one sentence, with what to do.
pub fn require(log: &Path) -> Result<Walls> {
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
    let Err(why) = stands(&[], CONFINE) else {
        return Ok(Walls::Namespaces);
    };
    let instead = rules::can_stand_in(Uid::effective().is_root())
        .and_then(|()| stands(&["--landlock", "--compiler"], "/bin/true"));
    let Err(instead) = instead else {
        return Ok(Walls::Landlock);
    };
    let restricted = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
    let restricted = std::fs::read_to_string(restricted).is_ok_and(|on| on.trim() == "1");
    let container = ["/.dockerenv", "/run/.containerenv"];
    let container = container.iter().any(|file| Path::new(file).exists());
    bail!(
        "submissions are not graded without a sandbox, and bubblewrap cannot make one here ({why}), and {instead:#}: {}, or say --no-sandbox if you trust every submission",
        remedy(container, restricted)
    )
}

/// Tries a sandbox on a program.
fn stands(options: &[&str], program: &str) -> Result<()> {
    let mut probe = Command::new(std::env::current_exe()?);
    probe
        .arg("sandbox")
        .args(options)
        .args(Limits::of_a_program(next_user()?).words())
        .args(["--", program, "--version"]);
    let answer = probe.output().context("the sandbox cannot be tried")?;
    if !answer.status.success() {
        bail!(
            "{}",
            String::from_utf8_lossy(&answer.stderr)
                .trim()
                .replace('\n', " ")
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
