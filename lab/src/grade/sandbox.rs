//! The sandbox in which submissions are compiled and run: bubblewrap, as an ordinary user.
//!
//! Two hidden commands make it: `lab sandbox` stands outside and becomes bwrap; `lab confine`
//! stands inside, takes the limits on itself, gives up root where there is any, and becomes the
//! program. Limits on a user's processes do not bind root, and are counted for each user, so they
//! are set inside.

use anyhow::{Context, Result, bail};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};
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

/// What may be seen and used.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// What is shown inside, and where: FROM=TO
    #[arg(long, value_parser = shown)]
    show: Vec<(PathBuf, PathBuf)>,
    /// The judge's socket
    #[arg(long)]
    socket: Option<PathBuf>,
    /// Where the dynamic linker looks
    #[arg(long)]
    libraries: Option<String>,
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

/// What a process in the sandbox may use.
#[derive(Clone, Debug, clap::Args)]
pub struct Limits {
    /// The user inside, where the sandbox is started by root
    #[arg(long)]
    user: Option<u32>,
    /// Processes and threads at once
    #[arg(long)]
    processes: u64,
    /// Seconds of processor time for each process
    #[arg(long)]
    cpu: u64,
    /// Bytes of address space for each process
    #[arg(long)]
    address_space: u64,
    /// Bytes of a file
    #[arg(long)]
    file_size: u64,
}

#[derive(Clone, Debug, clap::Args)]
pub struct ConfineOptions {
    #[command(flatten)]
    limits: Limits,
    /// Leave the limit on processes alone: it would count those of the whole user
    #[arg(long)]
    bare: bool,
    #[arg(last = true, required = true)]
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
        let _ = std::fs::write(group, "0");
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
        limit(&options.limits, true)?;
        return Err(command.exec()).context("the program cannot be started");
    }
    let mut bwrap = Command::new("bwrap");
    // Its own command line is seen inside, by /proc/1: the host's paths come another way.
    let (reader, mut writer) = std::io::pipe().context("a pipe cannot be made")?;
    for word in walls(options)? {
        writer.write_all(word.as_bytes())?;
        writer.write_all(&[0])?;
    }
    drop(writer);
    let reader = ManuallyDrop::new(reader);
    fcntl(&*reader, FcntlArg::F_SETFD(FdFlag::empty())).context("a pipe cannot be kept")?;
    bwrap.arg("--args").arg(reader.as_raw_fd().to_string());
    bwrap
        .args(["--", CONFINE, "confine"])
        .args(options.limits.words())
        .arg("--")
        .args(&command);
    Err(bwrap.exec()).context("bubblewrap (bwrap) cannot be started: install it")
}

/// The arguments of bwrap that say what is seen inside: less than a pipe holds.
fn walls(options: &Options) -> Result<Vec<String>> {
    let mut walls: Vec<String> = Vec::new();
    let mut add = |words: &[&str]| walls.extend(words.iter().map(|word| (*word).to_owned()));
    let text = |path: &Path| path.to_string_lossy().into_owned();
    add(&[
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-uts",
    ]);
    add(&[
        "--unshare-cgroup-try",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
    ]);
    add(&["--hostname", "sandbox"]);
    if Uid::effective().is_root() {
        // Root needs no user namespace, and inside one its processes would count as root's, whom
        // no limit binds. It keeps what it takes to become somebody else, until it has.
        add(&[
            "--cap-drop",
            "ALL",
            "--cap-add",
            "CAP_SETUID",
            "--cap-add",
            "CAP_SETGID",
        ]);
    } else {
        add(&[
            "--unshare-user",
            "--disable-userns",
            "--uid",
            "1000",
            "--gid",
            "1000",
        ]);
    }
    add(&["--ro-bind", "/usr", "/usr"]);
    for folder in ["/bin", "/sbin", "/lib", "/lib32", "/lib64"] {
        match std::fs::read_link(folder) {
            Ok(target) => add(&["--symlink", &text(&target), folder]),
            Err(_) => add(&["--ro-bind-try", folder, folder]),
        }
    }
    // Folders on the way would otherwise be root's alone.
    for folder in ["/etc", "/run"] {
        add(&["--perms", "0755", "--dir", folder]);
    }
    // `cc` is a link through the one, and the other tells the linker where libraries are.
    for file in ["/etc/alternatives", "/etc/ld.so.cache"] {
        add(&["--ro-bind-try", file, file]);
    }
    add(&["--proc", "/proc", "--dev", "/dev"]);
    // All that can be written to has a size.
    let size = options.tmp.to_string();
    for folder in ["/tmp", "/dev/shm"] {
        add(&["--perms", "1777", "--size", &size, "--tmpfs", folder]);
    }
    let own = std::env::current_exe().context("this program's own file cannot be found")?;
    add(&["--ro-bind", &text(&own), CONFINE]);
    for (from, to) in &options.show {
        add(&["--ro-bind", &text(from), &text(to)]);
    }
    if let Some(socket) = &options.socket {
        add(&["--ro-bind", &text(socket), SOCKET]);
        add(&["--setenv", SOCKET_VARIABLE, SOCKET]);
    }
    add(&[
        "--remount-ro",
        "/dev",
        "--remount-ro",
        "/",
        "--chdir",
        "/tmp",
    ]);
    add(&[
        "--setenv",
        "PATH",
        "/usr/bin:/bin",
        "--setenv",
        "HOME",
        "/tmp",
    ]);
    add(&["--setenv", "TMPDIR", "/tmp", "--setenv", "LANG", "C.UTF-8"]);
    if let Some(libraries) = &options.libraries {
        add(&["--setenv", "LD_LIBRARY_PATH", libraries]);
    }
    Ok(walls)
}

/// `lab confine`: takes the limits on itself and becomes the program.
///
/// # Errors
/// When a limit cannot be set, or the program cannot be started.
pub fn confine(options: &ConfineOptions) -> Result<()> {
    if let Some(user) = options.limits.user.filter(|_| Uid::effective().is_root()) {
        let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(user));
        setgroups(&[]).context("the groups cannot be left")?;
        setresgid(gid, gid, gid).context("the group cannot be changed")?;
        setresuid(uid, uid, uid).context("the user cannot be changed")?;
    }
    limit(&options.limits, options.bare)?;
    let mut command = Command::new(&options.command[0]);
    Err(command.args(&options.command[1..]).exec()).context("the program cannot be started")
}

/// What the judge hands over; `judge/src/program.rs` has the numbers.
const HANDED_OVER: std::ops::RangeInclusive<i32> = 200..=202;

/// Sees to it that the program gets the judge's descriptors and no others: whoever started the
/// grading may have left something open.
fn keep_only_what_was_handed_over() -> Result<()> {
    let open = std::fs::read_dir("/proc/self/fd").context("/proc is missing")?;
    let numbers: Vec<i32> = open
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    for number in numbers {
        if number > 2 && !HANDED_OVER.contains(&number) {
            // SAFETY: a system call on a number; one that is no longer open is an error, and fine.
            unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
        }
    }
    Ok(())
}

fn limit(limits: &Limits, bare: bool) -> Result<()> {
    keep_only_what_was_handed_over()?;
    let set = |resource, soft: u64, hard: u64| {
        setrlimit(resource, soft, hard).with_context(|| format!("{resource:?} cannot be limited"))
    };
    // A second between the signal that has a name in reports and the one that cannot be ignored.
    set(Resource::RLIMIT_CPU, limits.cpu, limits.cpu + 1)?;
    set(
        Resource::RLIMIT_AS,
        limits.address_space,
        limits.address_space,
    )?;
    set(Resource::RLIMIT_FSIZE, limits.file_size, limits.file_size)?;
    set(Resource::RLIMIT_CORE, 0, 0)?;
    set(Resource::RLIMIT_NOFILE, 1024, 1024)?;
    if !bare {
        set(Resource::RLIMIT_NPROC, limits.processes, limits.processes)?;
    }
    Ok(())
}

impl Limits {
    /// For a solution's program: room for a lesson's threads and processes, none for a bomb.
    pub fn of_a_program(user: u32) -> Limits {
        Limits {
            user: Some(user),
            processes: 128,
            cpu: 3,
            address_space: 8 << 30,
            file_size: 32 << 20,
        }
    }

    /// For rustc and the linker.
    pub fn of_a_compiler(user: u32) -> Limits {
        Limits {
            user: Some(user),
            processes: 64,
            cpu: 10,
            address_space: 8 << 30,
            file_size: 64 << 20,
        }
    }

    /// As arguments of the hidden commands.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let numbers = [
            ("--processes", self.processes),
            ("--cpu", self.cpu),
            ("--address-space", self.address_space),
            ("--file-size", self.file_size),
        ];
        if let Some(user) = self.user {
            words.extend(["--user".to_owned(), user.to_string()]);
        }
        for (name, number) in numbers {
            words.extend([name.to_owned(), number.to_string()]);
        }
        words
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
        .args(Limits::of_a_program(free_user(0)).words())
        .args(["--", "/usr/bin/env", "true"]);
    let answer = probe.output().context("the sandbox cannot be tried")?;
    if !answer.status.success() {
        bail!(
            "submissions are not graded without a sandbox, and bubblewrap cannot make one here ({}): allow user namespaces for ordinary users, or say --no-sandbox if you trust every submission",
            String::from_utf8_lossy(&answer.stderr)
                .trim()
                .replace('\n', " ")
        );
    }
    Ok(())
}

/// A user whom nobody else is: limits on processes are counted for each user.
pub fn free_user(place: usize) -> u32 {
    20_000 + (std::process::id() * 16 + place as u32) % 30_000
}
