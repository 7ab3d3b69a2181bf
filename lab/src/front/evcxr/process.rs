//! The process of an evcxr, under its warden: started, watched, and ended.

use super::{Factory, Family, News, Newsagent, Workplace};
use crate::front::{cells, limits};
use crate::{launcher, stock};
use anyhow::{Context, Result};
use jupyter_protocol::connection_info::{ConnectionInfo, Transport};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::VecDeque;
use std::fs::File;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStderr};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Linux hands out 32768 to 60999, unless told otherwise.
const PORTS: std::ops::Range<u16> = 20_000..32_768;

/// One that has been started.
pub struct Begun {
    pub directory: PathBuf,
    pub locks: Vec<File>,
    pub info: ConnectionInfo,
    pub warden: Child,
    pub workplace: Workplace,
}

impl Begun {
    pub async fn new(factory: &Arc<dyn Factory>, secret: &str, news: Newsagent) -> Result<Begun> {
        let maker = factory.clone();
        let say = move |what: &str| news.tell_from_elsewhere(News::Waits(what.to_owned()));
        let made = tokio::task::spawn_blocking(move || maker.directory(&say));
        let (directory, locks) = made.await??;
        let cells = cells::listen(&directory)?;
        let info = ports(secret);
        let file = directory.join("connection.json");
        std::fs::write(&file, serde_json::to_vec(&info)?)
            .with_context(|| format!("{} cannot be written", file.display()))?;
        let mut warden = factory.program(&directory, &file)?;
        warden
            .stdin(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let warden = warden
            .spawn()
            .context("the kernel's warden cannot be started")?;
        let workplace = Workplace {
            cells,
            source: directory.join("build").join(stock::SOURCE),
            compiler: directory.join(crate::shims::MESSAGES),
            beginning: factory.beginning(),
            cell: directory.join(crate::shims::CELL),
            family: Box::new(Below(warden.id())),
        };
        Ok(Begun {
            directory,
            locks,
            info,
            warden,
            workplace,
        })
    }
}

/// Waits until evcxr has ended, by itself or because it must; returns the last of its news.
pub async fn watch(
    warden: &mut Child,
    talk: impl Future<Output = (fn(String) -> News, String)>,
    stopped: oneshot::Receiver<String>,
    log: Log,
) -> News {
    // Waiting for a child closes its stdin, which would have this one end everything.
    let lifeline = warden.stdin.take();
    let end = tokio::select! {
        status = warden.wait() => return ended(status, log).await,
        (news, why) = talk => {
            // A broken connection is often the first that is seen of its end.
            if let Ok(status) = timeout(limits::LAST_WORDS, warden.wait()).await {
                return ended(status, log).await;
            }
            news(format!("{why}{}", log.tail()))
        }
        // Where the front itself has gone, nobody asks why.
        why = stopped => News::Ended(why.unwrap_or_default()),
    };
    drop(lifeline);
    if timeout(limits::END, warden.wait()).await.is_err() {
        let _ = warden.kill().await;
    }
    end
}

async fn ended(status: std::io::Result<ExitStatus>, mut log: Log) -> News {
    let how = status.map_or_else(|error| error.to_string(), describe);
    log.finish().await;
    News::Ended(format!("evcxr {how}{}", log.tail()))
}

/// The warden ends with evcxr's own exit code, and with 128 and the signal's number if one ended it.
fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    let signal = status.signal().or_else(|| {
        status
            .code()
            .filter(|code| *code > 128)
            .map(|code| code - 128)
    });
    match signal.and_then(|signal| nix::sys::signal::Signal::try_from(signal).ok()) {
        Some(signal) => format!("was killed by {}", signal.as_str()),
        None => format!(
            "ended by itself with exit code {}",
            status.code().unwrap_or(0)
        ),
    }
}

/// The last lines of what evcxr complained about.
pub struct Log {
    lines: Arc<Mutex<VecDeque<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Log {
    const LINES: usize = 8;

    pub fn of(stderr: Option<ChildStderr>, news: Newsagent) -> Log {
        let lines = Arc::new(Mutex::new(VecDeque::new()));
        let kept = lines.clone();
        let reader = stderr.map(|stderr| {
            tokio::spawn(async move {
                let mut reader = BufReader::new(stderr).lines();
                while let Ok(Some(line)) = reader.next_line().await {
                    // Also where Jupyter keeps its log.
                    eprintln!("{line}");
                    if let Some(what) = line.trim_start().strip_prefix(stock::COMPILING) {
                        news.tell(News::Compiles(what.to_owned())).await;
                    }
                    let mut kept = kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                    kept.push_back(line);
                    if kept.len() > Log::LINES {
                        kept.pop_front();
                    }
                }
            })
        });
        Log { lines, reader }
    }

    /// Reads to the end, for the process has ended: what it said last may come to be read later than
    /// its end is seen. Somebody else may have kept the other end of the pipe.
    async fn finish(&mut self) {
        if let Some(reader) = self.reader.take() {
            let _ = timeout(limits::LAST_WORDS, reader).await;
        }
    }

    fn tail(&self) -> String {
        let lines = self
            .lines
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        lines.iter().map(|line| format!("\n{line}")).collect()
    }
}

/// Ports of its own, from below the range that the system hands out to whoever asks for any port:
/// evcxr opens them a moment later, and until then nobody gets them by chance. Where somebody does,
/// evcxr ends, and another is started on other ports.
fn ports(key: &str) -> ConnectionInfo {
    let mut taken = Vec::new();
    let mut port = || {
        // Not tried by opening it: a process that is started meanwhile would keep it open.
        let is_free = |port| std::net::TcpStream::connect(("127.0.0.1", port)).is_err();
        let random = || PORTS.start + (uuid::Uuid::new_v4().as_u128() % PORTS.len() as u128) as u16;
        let found =
            std::iter::repeat_with(random).find(|port| !taken.contains(port) && is_free(*port));
        taken.extend(found);
        found.unwrap_or_default()
    };
    ConnectionInfo {
        ip: "127.0.0.1".to_owned(),
        transport: Transport::TCP,
        shell_port: port(),
        iopub_port: port(),
        stdin_port: port(),
        control_port: port(),
        hb_port: port(),
        key: key.to_owned(),
        signature_scheme: "hmac-sha256".to_owned(),
        kernel_name: None,
    }
}

/// By the number of the warden, where there is one.
struct Below(Option<u32>);

impl Family for Below {
    fn end_compilers(&self) {
        kill_all(self.0.map(launcher::compilers_below));
    }

    fn end_adopted(&self) {
        kill_all(self.0.map(launcher::adopted_by));
    }
}

fn kill_all(processes: Option<Vec<Pid>>) {
    for process in processes.unwrap_or_default() {
        // It may have ended by itself.
        let _ = kill(process, Signal::SIGKILL);
    }
}
