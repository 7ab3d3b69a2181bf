//! The kernel's process: started in a session of its own, and gone on every way out.

use std::fs::File;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use jupyter_protocol::{ConnectionInfo, InterruptRequest, ShutdownRequest};
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

use super::client::Client;
use super::folder::Folder;
use super::kernelspec::Kernelspec;
use super::ports;
use super::processes::{reap_group, signal_group, signal_session};
use super::stop::Stop;

/// How long the kernel may take over each step of its end: to answer a shutdown request, and to
/// end after SIGTERM. Its launcher needs that time to clean up what is beneath it.
const PATIENCE: Duration = Duration::from_secs(2);
/// After Ctrl-C the whole run has two seconds.
const HURRY: Duration = Duration::from_millis(1200);

/// A running kernel. Dropping it ends the process and removes its folder.
pub struct Kernel {
    child: Child,
    /// Also the number of its process group and of its session.
    pub pid: Pid,
    /// Held open for as long as we live: a launcher may take its closing as the end of its parent.
    _stdin: Option<ChildStdin>,
    pub info: ConnectionInfo,
    folder: Folder,
    interrupt_by_signal: bool,
    ended: Option<ExitStatus>,
}

impl Kernel {
    /// Starts a kernel whose working directory is `directory`.
    pub async fn start(spec: &Kernelspec, directory: &Path) -> anyhow::Result<Kernel> {
        let folder = Folder::new().context("cannot create a temporary folder")?;
        let info = ports::connection_info().await?;
        let connection_file = folder
            .write_connection(&serde_json::to_vec(&info)?)
            .context("cannot write the connection file")?;
        let log = File::create(folder.log())?;

        let argv = spec.arguments(&connection_file);
        let mut command = Command::new(&argv[0]);
        command
            .args(&argv[1..])
            .current_dir(directory)
            .env("TMPDIR", folder.temporary())
            .env("JPY_PARENT_PID", std::process::id().to_string())
            .envs(spec.environment())
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log);
        let parent = std::process::id();
        // SAFETY: between fork and exec only async-signal-safe system calls are made.
        unsafe { command.pre_exec(move || become_session_leader(parent)) };
        let mut child = command
            .spawn()
            .with_context(|| format!("the kernel's program {} cannot be started", argv[0]))?;
        let pid = child.id().context("the kernel ended at once")?;
        Ok(Kernel {
            pid: Pid::from_raw(pid.cast_signed()),
            _stdin: child.stdin.take(),
            child,
            info,
            folder,
            interrupt_by_signal: spec.spec.interrupt_mode.as_deref() != Some("message"),
            ended: None,
        })
    }

    /// Waits for the end of the process. Dropping the future is harmless.
    pub async fn ended(&mut self) -> ExitStatus {
        loop {
            if let Some(status) = self.ended {
                return status;
            }
            // An error means that there is no such child any more.
            self.ended = Some(self.child.wait().await.unwrap_or_default());
        }
    }

    /// How the process ended, if it has ended by now.
    pub fn ended_by_now(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().ok().flatten();
        }
        self.ended
    }

    /// Whether the cells have left alone what is not theirs among the temporary files.
    pub fn others_files_are_left(&self) -> bool {
        self.folder.others_are_left()
    }

    /// The last lines that the kernel wrote about itself.
    pub fn log(&self) -> String {
        let text = std::fs::read(self.folder.log()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        // evcxr's own backtrace tells its authors something, but no reader of a notebook.
        let text = text
            .split("\nStack backtrace:")
            .next()
            .unwrap_or_default()
            .trim();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Asks the kernel to stop the cell that it runs.
    pub async fn interrupt(&mut self, client: &mut Client) {
        if self.interrupt_by_signal {
            signal_group(self.pid, Signal::SIGINT);
        } else {
            let request = client.control(InterruptRequest {});
            timeout(PATIENCE, request).await.ok();
        }
    }

    /// Ends the kernel: by request, then by SIGTERM, then by SIGKILL, with a bounded wait behind
    /// each. Once the run has been asked to stop, SIGTERM comes at once.
    pub async fn stop(mut self, client: Option<Client>, stop: &mut Stop) {
        if let (Some(mut client), None) = (client, self.ended) {
            let asked = async {
                let sent = client.control(ShutdownRequest { restart: false }).await;
                if sent.is_ok() {
                    self.ended().await;
                }
            };
            tokio::select! {
                biased;
                () = stop.requested() => {}
                _ = timeout(PATIENCE, asked) => {}
            }
        }
        if self.ended.is_none() {
            signal_group(self.pid, Signal::SIGTERM);
            let wait = if stop.is_requested() { HURRY } else { PATIENCE };
            timeout(wait, self.ended()).await.ok();
        }
        if self.ended.is_none() {
            signal_group(self.pid, Signal::SIGKILL);
            timeout(PATIENCE, self.ended()).await.ok();
        }
        self.kill_rest();
    }

    /// Kills whatever is left of the group and of the session. Harmless when nothing is.
    fn kill_rest(&self) {
        signal_group(self.pid, Signal::SIGKILL);
        signal_session(self.pid, Signal::SIGKILL);
        reap_group(self.pid);
    }
}

/// The last resort, for panics and for futures dropped half-way; it may block for a moment.
impl Drop for Kernel {
    fn drop(&mut self) {
        if self.ended.is_some() {
            return;
        }
        signal_group(self.pid, Signal::SIGTERM);
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        self.kill_rest();
        self.child.try_wait().ok();
    }
}

/// How a process ended, in words.
pub fn describe(status: ExitStatus) -> String {
    let by_signal = |number: i32| match Signal::try_from(number) {
        Ok(signal) => format!("killed by signal {number}, {signal}"),
        Err(_) => format!("killed by signal {number}"),
    };
    match (status.code(), status.signal()) {
        // A launcher passes on the end of the kernel beneath it as shells do.
        (Some(code @ 129..=159), _) => {
            format!("it exited with status {code} ({})", by_signal(code - 128))
        }
        (Some(code), _) => format!("it exited with status {code}"),
        (None, Some(number)) => format!("it was {}", by_signal(number)),
        (None, None) => format!("it ended with {status}"),
    }
}

/// Runs in the child before exec. A session of its own keeps the terminal's Ctrl-C away (the run
/// decides what a Ctrl-C ends) and lets one signal reach all that the kernel starts. And the
/// kernel dies with us even when SIGKILL leaves us no time to end it.
fn become_session_leader(parent: u32) -> io::Result<()> {
    // SAFETY: plain system calls without pointers.
    unsafe {
        if libc::setsid() < 0 || libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM) < 0 {
            return Err(io::Error::last_os_error());
        }
        // The parent may have died before the line above.
        if libc::getppid().cast_unsigned() != parent {
            libc::_exit(1);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
