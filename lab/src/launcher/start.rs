//! The launcher's own part: the front, and how wardens are started for it.

use super::{family, workplace};
use crate::front::limits::Patience;
use crate::front::{self, Factory};
use crate::home::Home;
use crate::installed::Installed;
use crate::template::Template;
use crate::{shims, stock};
use anyhow::{Context, Result};
use jupyter_protocol::ConnectionInfo;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::SignalFd;
use std::fs::File;
use std::future::pending;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{SignalKind, signal};

/// What the kernelspec passes.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// The notebooks' repository
    #[arg(long)]
    root: PathBuf,
    /// Where Jupyter wrote the ports and the key
    connection_file: PathBuf,
    /// What Jupyter adds of its own, such as the file that `jupyter run` is to run: not for a kernel
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _of_jupyter: Vec<String>,
}

/// Runs a kernel until it is to end; returns its exit code.
///
/// # Errors
/// When the set-up is not complete or the kernel cannot be started.
pub fn launch(options: &Options) -> Result<i32> {
    family::adopt_orphans();
    let parent = parent_process();
    let home = Home::at(&options.root)?;
    let installed = Installed::read(&home)?;
    crate::evcxr::require(&installed.evcxr)?;
    let info = read_connection_file(&options.connection_file)?;
    let wardens = Arc::new(Wardens { home, installed });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the kernel's front cannot be started")?;
    let served = runtime.block_on(async {
        let stop = told_to_end(parent)?;
        front::serve(&info, wardens, Patience::of_environment(), stop).await
    });
    // Mostly there is nothing left to do: the warden has seen to it, unless it was killed or was still
    // to be started.
    family::end();
    runtime.shutdown_timeout(Duration::from_secs(1));
    served.map(|()| 0)
}

fn read_connection_file(file: &Path) -> Result<ConnectionInfo> {
    let text = std::fs::read(file)
        .with_context(|| format!("the connection file {} cannot be read", file.display()))?;
    serde_json::from_slice(&text)
        .with_context(|| format!("{} is no connection file", file.display()))
}

/// Done when a signal says so, or when the process that wanted the kernel has ended.
fn told_to_end(parent: Option<OwnedFd>) -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut quit = signal(SignalKind::quit())?;
    // An interrupt comes to a kernel as a message; the signal, from a terminal's Ctrl-C, is for
    // others. Heard and forgotten, it does not end this process.
    drop(signal(SignalKind::interrupt())?);
    // SAFETY: a descriptor that is owned stays open for as long as it is registered.
    let parent = parent
        .map(|parent| unsafe { AsyncFd::register(parent) })
        .transpose()?;
    Ok(async move {
        let orphaned = async {
            match &parent {
                Some(parent) => drop(parent.readable().await),
                None => pending().await,
            }
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
            _ = quit.recv() => {}
            () = orphaned => {}
        }
    })
}

/// Starts wardens, each with a build directory and an evcxr of its own.
struct Wardens {
    home: Home,
    installed: Installed,
}

impl Factory for Wardens {
    fn directory(&self, say: &dyn Fn(&str)) -> Result<(PathBuf, Vec<File>)> {
        let template = Template::waited_for(&self.home, &self.installed, || {
            say(
                "The kernel waits for `support`, which has changed and is compiled first: that takes a minute or two.",
            );
        })?;
        let (folder, lock) = workplace::make(&template)?;
        Ok((folder, [lock].into_iter().chain(template.kept()).collect()))
    }

    fn program(&self, directory: &Path, connection_file: &Path) -> Result<tokio::process::Command> {
        let mut command = warden(&self.home, &self.installed, directory, connection_file)?;
        // See `front::cells`.
        command.env("NOTEBOOK_FRONT", directory.join(front::SOCKET));
        Ok(command.into())
    }

    fn beginning(&self) -> String {
        let file = self.home.state().join("config").join(stock::START);
        std::fs::read_to_string(file).unwrap_or_default()
    }

    fn end_all(&self) {
        family::end();
    }
}

/// The command that runs evcxr in `folder`, a copy of the template, and ends with its stdin. Without
/// the front before it, this is stock evcxr on a warm build directory.
///
/// # Errors
/// When this program's own file has gone.
pub fn warden(
    home: &Home,
    installed: &Installed,
    folder: &Path,
    connection_file: &Path,
) -> Result<Command> {
    let build = folder.join("build");
    let mut path = folder.join("bin").into_os_string();
    path.push(":");
    path.push(installed.toolchain.bin());
    if let Some(rest) = std::env::var_os("PATH") {
        path.push(":");
        path.push(rest);
    }
    let (first, second) = installed.cargo_homes();
    let mut command = Command::new(&installed.launcher);
    command
        .arg("warden")
        .arg("--folder")
        .arg(folder)
        .arg("--evcxr")
        .arg(&installed.evcxr);
    command.arg(connection_file);
    command
        .env("PATH", path)
        .env(stock::variables::BUILD, &build)
        .env(stock::variables::SETTINGS, home.state().join("config"))
        .env(stock::variables::RUST_SRC, folder.join(shims::RUST_SRC))
        // See `shims`.
        .env(shims::CARGO_HOME, first.unwrap_or_default())
        .env(shims::READERS_CARGO_HOME, second.unwrap_or_default())
        .env("CARGO_HOME", folder)
        .envs(stock::THRIFT);
    if !installed.python.as_os_str().is_empty() {
        command.env("NOTEBOOK_PYTHON", &installed.python);
    }
    crate::template::without_callers_cargo(&mut command);
    command.env("LD_LIBRARY_PATH", installed.toolchain.libraries());
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
    Ok(command)
}

/// Blocks signals for the ordinary way and makes them readable instead.
pub fn take_signals(signals: &[Signal]) -> Result<SignalFd> {
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
pub fn hear_all_signals() -> std::io::Result<()> {
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
    family::open_process(named.unwrap_or_else(|| nix::unistd::getppid().as_raw()))
}
