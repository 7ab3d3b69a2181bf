//! A command that ends with this process, with all that it started.

use super::team::{self, Lifeline};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, PipeReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Runs its arguments as a command in a process group of their own, and kills the group when stdin
/// closes: when this process wants it, or has itself ended, killed or not. (A signal from the
/// kernel at the parent's death would reach cargo, and not the compilers that it started.)
const SUPERVISOR: &str = r#"exec 3<&0 </dev/null
"$@" 3<&- &
command=$!
{ read -r nothing <&3; kill -KILL 0; } &
wait "$command"
status=$?
trap '' TERM
kill -TERM 0
exit "$status"
"#;

/// How long output may go on after the group was killed: something has left the group then.
const GRACE: Duration = Duration::from_secs(5);

/// A command that runs. Dropping it ends it.
pub struct Supervised {
    supervisor: Child,
    lifeline: Lifeline,
    lines: Receiver<String>,
}

impl Supervised {
    /// Starts `command`, with an empty stdin.
    ///
    /// # Errors
    /// When the shell cannot be started, or another step has failed and ended the commands of all.
    pub fn start(command: &Command) -> Result<Supervised> {
        if team::has_ended() {
            bail!("another step has failed");
        }
        let (reader, writer) = std::io::pipe()?;
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", SUPERVISOR, "sh"])
            .arg(command.get_program())
            .args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            shell.current_dir(folder);
        }
        let mut supervisor = shell
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .spawn()
            .context("/bin/sh cannot be started")?;
        // The shell holds the writing ends now; closing ours lets the reader end with it.
        drop(shell);
        let stdin = supervisor.stdin.take().context("a pipe")?;
        let Some(lifeline) = team::hold(stdin) else {
            let _ = supervisor.wait();
            bail!("another step has failed");
        };
        Ok(Supervised {
            supervisor,
            lifeline,
            lines: read(reader),
        })
    }

    /// Waits until it has ended, passing on each line that it says. `None`: it took longer than
    /// `limit` and was ended.
    ///
    /// # Errors
    /// When it could not be started.
    pub fn wait(
        &mut self,
        limit: Duration,
        mut heard: impl FnMut(&str),
    ) -> Result<Option<ExitStatus>> {
        let mut until = Instant::now() + limit;
        let mut too_long = false;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => heard(&line),
                Err(RecvTimeoutError::Timeout) if !too_long => {
                    too_long = true;
                    self.lifeline.cut();
                    until = Instant::now() + GRACE;
                }
                Err(_) => break,
            }
        }
        let status = self.supervisor.wait()?;
        Ok((!too_long).then_some(status))
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// When the operating system does not tell.
    pub fn is_running(&mut self) -> Result<bool> {
        Ok(self.supervisor.try_wait()?.is_none())
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.lifeline.cut();
        let _ = self.supervisor.wait();
    }
}

fn read(reader: PipeReader) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(reader).split(b'\n') {
            let Ok(line) = line else { return };
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::errno::Errno;
    use nix::sys::signal::kill;
    use nix::unistd::Pid;

    fn sh(script: &str) -> Supervised {
        Supervised::start(Command::new("sh").args(["-c", script])).unwrap()
    }

    fn is_gone(pid: &str) -> bool {
        let pid = Pid::from_raw(pid.parse().unwrap());
        let started = Instant::now();
        // Killed, a process is there until init has taken note.
        while kill(pid, None) != Err(Errno::ESRCH) {
            if crate::proc::process(pid.as_raw()).is_some_and(|stat| stat.state == 'Z') {
                return true;
            }
            if started.elapsed() > GRACE {
                return false;
            }
            std::thread::yield_now();
        }
        true
    }

    #[test]
    fn passes_on_lines_and_the_exit_code() {
        let mut said = Vec::new();
        let status = sh("echo one; echo two >&2; exit 3")
            .wait(GRACE, |line| said.push(line.to_owned()))
            .unwrap();
        assert_eq!(status.unwrap().code(), Some(3));
        assert_eq!(said, ["one", "two"]);
    }

    #[test]
    fn its_stdin_is_empty() {
        let status = sh("! read -r line").wait(GRACE, |_| ()).unwrap();
        assert!(status.unwrap().success());
    }

    #[test]
    fn a_limit_ends_it_with_its_children() {
        let mut pids = Vec::new();
        let status = sh("sleep 600 & echo $!; echo $$; wait")
            .wait(Duration::from_millis(300), |line| {
                pids.push(line.to_owned())
            })
            .unwrap();
        assert!(status.is_none());
        assert_eq!(pids.len(), 2);
        assert!(pids.iter().all(|pid| is_gone(pid)), "{pids:?}");
    }

    #[test]
    fn what_it_leaves_in_the_background_ends_with_it() {
        let mut pids = Vec::new();
        let status = sh("sleep 600 & echo $!")
            .wait(GRACE, |line| pids.push(line.to_owned()))
            .unwrap();
        assert!(status.unwrap().success());
        assert!(is_gone(&pids[0]));
    }

    #[test]
    fn dropped_it_ends() {
        let running = sh("sleep 600 & echo $!; wait");
        let pid = running.lines.recv_timeout(GRACE).unwrap();
        drop(running);
        assert!(is_gone(&pid));
    }

    #[test]
    #[ignore = "the process that the next test kills"]
    fn waits_for_its_command() {
        let status = sh("sleep 600 & echo \"pid $!\"; wait").wait(LONG, |line| println!("{line}"));
        panic!("not killed: {status:?}");
    }

    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn a_command_ends_with_a_process_that_is_killed() {
        let name = "progress::command::tests::waits_for_its_command";
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", name, "--nocapture"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(process.stdout.take().unwrap()).lines();
        // The test harness may have begun the line.
        let mut pids = said.filter_map(|line| Some(line.unwrap().split_once("pid ")?.1.to_owned()));
        let pid = pids.next().expect("its command runs");
        process.kill().unwrap();
        process.wait().unwrap();
        assert!(is_gone(&pid));
    }
}
