//! The launcher's own part: directory, warden, and the watch over both ends.

use super::{family, workplace};
use crate::home::Home;
use crate::installed::Installed;
use crate::template::Template;
use anyhow::{Context, Result};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::SignalFd;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

/// What the kernelspec passes.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// The notebooks' repository
    #[arg(long)]
    root: PathBuf,
    /// Where Jupyter wrote the ports and the key
    connection_file: PathBuf,
}

/// Runs a kernel until it ends or is to end; returns its exit code.
///
/// # Errors
/// When the set-up is not complete or the kernel cannot be started.
pub fn launch(options: &Options) -> Result<i32> {
    // Before anything is started, so that no signal is missed. An interrupt comes to a kernel as
    // a message; the signal, from a terminal's Ctrl-C, is for others.
    let signals = take_signals(&[
        Signal::SIGTERM,
        Signal::SIGHUP,
        Signal::SIGQUIT,
        Signal::SIGCHLD,
        Signal::SIGINT,
    ])?;
    family::adopt_orphans();
    let parent = parent_process();
    let home = Home::at(&options.root)?;
    let installed = Installed::read(&home)?;
    crate::evcxr::require(&installed.evcxr)?;
    let template = Template::current(&home, &installed)?;
    let (folder, lock) = workplace::make(&template)?;
    drop(template);
    let mut warden = start_warden(&home, &installed, options, &folder)?;
    let status = wait(&mut warden, &signals, parent.as_ref());
    // Mostly there is nothing left to do: the warden has seen to it, unless it was killed.
    family::end();
    let _ = std::fs::remove_dir_all(&folder);
    drop(lock);
    let status = status?;
    Ok(status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0)))
}

fn start_warden(
    home: &Home,
    installed: &Installed,
    options: &Options,
    folder: &std::path::Path,
) -> Result<Child> {
    let build = folder.join("build");
    let mut path = folder.join("bin").into_os_string();
    path.push(":");
    path.push(installed.toolchain.bin());
    if let Some(rest) = std::env::var_os("PATH") {
        path.push(":");
        path.push(rest);
    }
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("warden")
        .arg("--folder")
        .arg(folder)
        .arg("--evcxr")
        .arg(&installed.evcxr);
    command.arg(std::path::absolute(&options.connection_file)?);
    command
        .env("PATH", path)
        .env("EVCXR_TMPDIR", &build)
        .env("EVCXR_CONFIG_DIR", home.state().join("config"))
        .env("RUST_SRC_PATH", &installed.rust_src)
        // See `shims`.
        .env(
            "NOTEBOOK_CARGO_HOME",
            std::env::var_os("CARGO_HOME").unwrap_or_default(),
        )
        .env("CARGO_HOME", folder)
        .stdin(Stdio::piped());
    crate::template::without_callers_cargo(&mut command);
    for name in ["RUSTFLAGS", "CARGO_TARGET_DIR", "CARGO_BUILD_BUILD_DIR"] {
        command.env_remove(name);
    }
    // The notebook's `../support` must lead to support: where it does not, evcxr starts in the
    // notebooks' folder, and `support` takes the cells back to where they were to run.
    let here = std::env::current_dir()?;
    if !here
        .join("../support")
        .canonicalize()
        .is_ok_and(|support| support == home.root.join("support"))
    {
        command
            .env("NOTEBOOK_DIRECTORY", here)
            .current_dir(home.notebooks());
    }
    // SAFETY: `setsid` and the signal mask's call are safe between fork and exec.
    unsafe {
        command.pre_exec(|| {
            nix::unistd::setsid()?;
            hear_all_signals()
        });
    }
    command
        .spawn()
        .context("the kernel's warden cannot be started")
}

/// Waits for the warden. A signal to end, or the end of the process that wanted the kernel, closes
/// the warden's stdin, which has it end the kernel.
fn wait(warden: &mut Child, signals: &SignalFd, parent: Option<&OwnedFd>) -> Result<ExitStatus> {
    let mut parent = parent;
    loop {
        let mut events = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        events.extend(parent.map(|parent| PollFd::new(parent.as_fd(), PollFlags::POLLIN)));
        poll(&mut events, PollTimeout::NONE).or_else(ignore_interruption)?;
        let parent_ended = events.get(1).is_some_and(|event| event.any() == Some(true));
        if parent_ended {
            parent = None;
            warden.stdin = None;
        }
        while let Ok(Some(signal)) = signals.read_signal() {
            let signal = Signal::try_from(signal.ssi_signo as i32);
            if matches!(
                signal,
                Ok(Signal::SIGTERM | Signal::SIGHUP | Signal::SIGQUIT)
            ) {
                warden.stdin = None;
            }
        }
        if let Some(status) = warden.try_wait()? {
            return Ok(status);
        }
    }
}

/// Blocks signals for the ordinary way and makes them readable instead.
pub(super) fn take_signals(signals: &[Signal]) -> Result<SignalFd> {
    use nix::sys::signalfd::SfdFlags;
    let set: SigSet = signals.iter().copied().collect();
    set.thread_block()?;
    Ok(SignalFd::with_flags(
        &set,
        SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC,
    )?)
}

/// Undoes [`take_signals`] in a process about to be started: it would inherit the blocked signals,
/// and so would the cells' children, which could then not be terminated.
pub(super) fn hear_all_signals() -> std::io::Result<()> {
    Ok(SigSet::empty().thread_set_mask()?)
}

pub(super) fn ignore_interruption(errno: nix::Error) -> nix::Result<i32> {
    if errno == nix::Error::EINTR {
        Ok(0)
    } else {
        Err(errno)
    }
}

/// The process that wanted the kernel: Jupyter says which it is. When it ends without ending the
/// kernel, killed perhaps, the kernel ends too.
fn parent_process() -> Option<OwnedFd> {
    let named = std::env::var("JPY_PARENT_PID")
        .ok()
        .and_then(|pid| pid.parse().ok());
    open_process(named.unwrap_or_else(|| nix::unistd::getppid().as_raw()))
}

/// A descriptor that becomes readable when the process ends.
pub(super) fn open_process(pid: i32) -> Option<OwnedFd> {
    // SAFETY: the call returns a new descriptor, owned by nobody else, or an error.
    unsafe {
        let descriptor = libc::syscall(libc::SYS_pidfd_open, pid, 0);
        (descriptor >= 0).then(|| OwnedFd::from_raw_fd(descriptor as i32))
    }
}
