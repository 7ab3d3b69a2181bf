//! Brings a kernel to the point where no message can be lost any more.

use std::path::Path;
use std::time::Duration;

use jupyter_protocol::{ConnectionInfo, ExecuteRequest, KernelInfoRequest};
use serde_json::Value;
use tokio::time::timeout;

use super::client::{Channel, Client};
use super::kernel::{Kernel, describe};
use super::kernelspec::Kernelspec;
use super::stop::Stop;

/// A kernel is ready after seconds; where its launcher has to compile something first, on a loaded
/// machine, it may take minutes.
const START: Duration = Duration::from_secs(300);

/// Why there is no kernel to talk to.
pub enum NotStarted {
    Interrupted,
    /// One sentence, and behind it what the kernel itself wrote.
    Failed(String),
}

/// A kernel that answers.
pub struct Started {
    pub kernel: Kernel,
    pub client: Client,
    /// What it says of its language.
    pub language_info: Value,
}

/// Starts a kernel in `directory` and waits until it answers.
pub async fn start(
    spec: &Kernelspec,
    directory: &Path,
    stop: &mut Stop,
) -> Result<Started, NotStarted> {
    let mut attempts = 3;
    loop {
        attempts -= 1;
        let started = Kernel::start(spec, directory).await;
        let mut kernel = started.map_err(|error| NotStarted::Failed(format!("{error:#}")))?;
        let opened = tokio::select! {
            biased;
            () = stop.requested() => None,
            opened = open(&mut kernel) => Some(opened),
        };
        let problem = match opened {
            Some(Ok((client, language_info))) => {
                return Ok(Started {
                    kernel,
                    client,
                    language_info,
                });
            }
            Some(Err(problem)) => problem,
            None => {
                kernel.stop(None, stop).await;
                return Err(NotStarted::Interrupted);
            }
        };
        let log = kernel.log();
        kernel.stop(None, stop).await;
        // Another program was quicker to take one of the ports: others may still be free.
        if attempts > 0 && log.contains("in use") {
            continue;
        }
        let explained = if log.is_empty() {
            String::new()
        } else {
            format!("\n{log}")
        };
        return Err(NotStarted::Failed(format!("{problem}{explained}")));
    }
}

async fn open(kernel: &mut Kernel) -> Result<(Client, Value), String> {
    let info = kernel.info.clone();
    tokio::select! {
        status = kernel.ended() => {
            Err(format!("the kernel did not start: {}", describe(status)))
        }
        client = timeout(START, shake_hands(&info)) => match client {
            Ok(opened) => opened.map_err(|error| format!("{error:#}")),
            Err(_) => Err(format!("the kernel did not answer within {} s", START.as_secs())),
        },
    }
}

/// Asks each second until both an answer and an iopub message have been seen. A subscription takes
/// effect some time after it was made, and what is published before that is lost.
async fn shake_hands(info: &ConnectionInfo) -> anyhow::Result<(Client, Value)> {
    let mut client = Client::connect(info).await?;
    let (mut answer, mut heard) = (None, false);
    while answer.is_none() || !heard {
        client.request(KernelInfoRequest {}).await?;
        let listen = async {
            while answer.is_none() || !heard {
                let message = client.next().await;
                heard |= message.channel == Channel::Iopub;
                if message.kind == "kernel_info_reply" {
                    answer = Some(message.content);
                }
            }
        };
        timeout(Duration::from_secs(1), listen).await.ok();
    }
    warm_up(&mut client).await?;
    let language_info = answer.unwrap_or_default()["language_info"].take();
    Ok((client, language_info))
}

/// Waits until the kernel has run a cell with nothing in it. One that answers before it can run
/// anything would otherwise have its start counted against the first cell's time limit.
async fn warm_up(client: &mut Client) -> anyhow::Result<()> {
    let nothing = ExecuteRequest {
        silent: true,
        store_history: false,
        allow_stdin: false,
        ..ExecuteRequest::new(String::new())
    };
    let id = client.request(nothing).await?;
    loop {
        let message = client.next().await;
        if message.channel == Channel::Shell && message.parent == id {
            return Ok(());
        }
    }
}
