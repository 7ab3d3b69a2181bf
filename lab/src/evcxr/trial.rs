//! Whether a program is the kernel that it should be: it is started, and asked what it is.

use super::{Tools, VERSION};
use crate::progress::Supervised;
use crate::run::client::{Channel, Client};
use crate::run::ports;
use crate::stock;
use crate::toolchain::Toolchain;
use anyhow::{Context, Result, bail};
use jupyter_protocol::{ConnectionInfo, KernelInfoRequest};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Starts it as Jupyter does, and asks for its `kernel_info`.
///
/// # Errors
/// Why it is not to be used, in a clause.
pub(super) fn run(program: &Path, toolchain: &Toolchain, tools: &Tools) -> Result<()> {
    can_start(program)?;
    let folder = tempfile::tempdir().context("no temporary folder can be made")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let info = runtime.block_on(async {
        let info = ports::connection_info().await?;
        let file = folder.path().join("connection.json");
        std::fs::write(&file, serde_json::to_vec(&info)?)
            .with_context(|| format!("{} cannot be written", file.display()))?;
        let mut kernel = start(program, toolchain, tools, folder.path(), &file)?;
        let died = async {
            while kernel.is_running()? {
                sleep(Duration::from_millis(20)).await;
            }
            anyhow::Ok(())
        };
        let asked = tokio::select! {
            asked = timeout(tools.patience, ask(&info)) => Some(asked),
            died = died => died.map(|()| None)?,
        };
        match asked {
            Some(Ok(answer)) => answer,
            Some(Err(_)) => bail!("it did not answer within {} s", tools.patience.as_secs()),
            None => bail!("it ended instead of answering{}", last_words(&mut kernel)?),
        }
    })?;
    let says = |name: &str| info[name].as_str().unwrap_or("nothing").to_owned();
    let (name, version) = (says("implementation"), says("implementation_version"));
    if (name.as_str(), version.as_str()) != ("evcxr_jupyter", VERSION) {
        bail!("it says that it is {name} {version}, not evcxr_jupyter {VERSION}");
    }
    Ok(())
}

/// A program for another machine is not started at all; a shell would take it for a script.
fn can_start(program: &Path) -> Result<()> {
    let mut command = Command::new(program);
    command.arg("--help").stdin(Stdio::null());
    let started = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = started.context("it cannot be started")?;
    // How that ends is of no interest.
    let _ = child.kill();
    child.wait()?;
    Ok(())
}

fn start(
    program: &Path,
    toolchain: &Toolchain,
    tools: &Tools,
    folder: &Path,
    connection_file: &Path,
) -> Result<Supervised> {
    // What it would read of the standard library at its start does not matter here.
    let sources = folder.join("no-src");
    for folder in [
        &folder.join("build"),
        &folder.join("config"),
        &sources.join("core"),
    ] {
        std::fs::create_dir_all(folder)?;
    }
    let mut path = toolchain.bin().into_os_string();
    path.push(":");
    path.push(&tools.path);
    let mut command = Command::new(program);
    command
        .arg(stock::CONNECTION)
        .arg(connection_file)
        .current_dir(folder)
        .env("PATH", path)
        .env(stock::variables::BUILD, folder.join("build"))
        .env(stock::variables::SETTINGS, folder.join("config"))
        .env(stock::variables::RUST_SRC, sources)
        // Else it would look for a kernelspec of its own, and write it anew.
        .env("JUPYTER_PATH", folder.join("jupyter"));
    crate::template::without_callers_cargo(&mut command);
    for name in ["RUSTFLAGS", "CARGO_TARGET_DIR", "CARGO_BUILD_BUILD_DIR"] {
        command.env_remove(name);
    }
    Supervised::start(&command)
}

async fn ask(info: &ConnectionInfo) -> Result<Value> {
    let mut client = Client::connect(info).await?;
    let id = client.request(KernelInfoRequest {}).await?;
    loop {
        let message = client.next().await;
        if message.channel == Channel::Shell && message.parent == id {
            return Ok(message.content);
        }
    }
}

/// The last line that it wrote.
fn last_words(kernel: &mut Supervised) -> Result<String> {
    let mut last = String::new();
    kernel.wait(Duration::from_secs(5), |line| {
        if !line.is_empty() {
            last = format!(": {line}");
        }
    })?;
    Ok(last)
}
