//! A kernel, started from the kernelspec and spoken to over Jupyter's protocol.

use crate::processes::{kernel_folders, wait_until, with_variable};
use jupyter_protocol::connection_info::{ConnectionInfo, Transport};
use jupyter_protocol::{
    ExecuteRequest, InterruptRequest, JupyterMessageContent, KernelInfoRequest, ShutdownRequest,
};
use lab::run::client::{Channel, Client, Message};
use lab::{shims, stock};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::time::timeout;

/// The longest that a test waits for one cell.
const CELL: Duration = Duration::from_secs(120);

pub struct Kernel {
    runtime: Runtime,
    client: Client,
    /// The launcher.
    pub process: Child,
    /// The folder for the kernel's temporary files, named in its environment.
    pub folder: tempfile::TempDir,
    /// Whether the front stands before evcxr.
    front: bool,
}

/// What a cell answered.
#[derive(Debug, Default)]
pub struct Reply {
    pub status: String,
    pub stdout: String,
    pub stderr: String,
    /// The result by MIME type.
    pub result: BTreeMap<String, String>,
    /// What is published as an error: `ename`, `evalue`, `traceback`.
    pub errors: Vec<Value>,
    /// The content of the reply.
    pub reply: Value,
    /// What is shown while the cell runs: displays and their updates, in order.
    pub shown: Vec<(String, Value)>,
    pub took: Duration,
}

impl Reply {
    /// A field of the reply, such as `ename`.
    pub fn field(&self, name: &str) -> String {
        text(&self.reply[name])
    }

    /// The traceback without its colours.
    pub fn traceback(&self) -> String {
        let lines = self.reply["traceback"].as_array().into_iter().flatten();
        let lines: Vec<String> = lines.map(text).collect();
        lab::run::plain(&lines.join("\n"))
    }

    pub fn text(&self) -> &str {
        self.result.get("text/plain").map_or("", String::as_str)
    }

    /// # Panics
    /// When the cell failed, with all that it said.
    pub fn ok(self) -> Reply {
        assert_eq!(self.status, "ok", "{self:#?}");
        self
    }

    /// # Panics
    /// When the cell did not fail.
    pub fn error(self) -> Reply {
        assert_eq!(self.status, "error", "{self:#?}");
        self
    }
}

impl Kernel {
    /// A kernel in the notebooks' folder.
    pub fn start() -> Kernel {
        Kernel::start_in(&crate::repository().join("notebooks"))
    }

    /// With variables in its environment.
    pub fn start_with(variables: &[(&str, &str)]) -> Kernel {
        Kernel::launch(&crate::repository().join("notebooks"), variables)
    }

    pub fn start_in(directory: &Path) -> Kernel {
        Kernel::launch(directory, &[])
    }

    /// With its temporary files below `place`.
    pub fn start_with_files_in(place: &Path) -> Kernel {
        let folder = tempfile::tempdir_in(place).expect("a writable folder");
        let notebooks = crate::repository().join("notebooks");
        Kernel::launch_by(folder, &notebooks, |file, _| {
            let mut command = command(file);
            command.stdin(Stdio::null());
            command
        })
    }

    /// The stock kernel, on a copy of the template so that it need not compile `support` first, and
    /// ended like ours.
    pub fn start_without_front() -> Kernel {
        Kernel::start_stock(&[])
    }

    /// The same with no settings of ours, and cells compiled by cargo as they stand: what who has evcxr
    /// alone has.
    pub fn start_alone() -> Kernel {
        let none = tempfile::tempdir().expect("a temporary folder");
        let always = (shims::ALWAYS, Path::new("1"));
        Kernel::start_stock(&[(stock::variables::SETTINGS, none.path()), always])
    }

    fn start_stock(variables: &[(&str, &Path)]) -> Kernel {
        let notebooks = crate::repository().join("notebooks");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut kernel = Kernel::launch_by(folder, &notebooks, |file, folder| {
            let home = lab::home::Home::at(&crate::repository()).expect("the repository");
            let installed = lab::installed::Installed::read(&home).expect("a set-up");
            let template = lab::template::Template::current(&home, &installed);
            let build = folder.join("tmp/build");
            std::fs::create_dir(&build).expect("a writable folder");
            template
                .and_then(|template| template.copy_to(&build))
                .expect("a template");
            let warden = lab::launcher::warden(&home, &installed, &build, file).expect("a command");
            // Without the session of its own that the launcher gives it: it has a group already.
            let mut command = Command::new(warden.get_program());
            command.args(warden.get_args());
            for (name, value) in warden.get_envs() {
                match value {
                    Some(value) => command.env(name, value),
                    None => command.env_remove(name),
                };
            }
            command
                .envs(variables.iter().copied())
                .stdin(Stdio::piped());
            command
        });
        kernel.front = false;
        kernel
    }

    fn launch(directory: &Path, variables: &[(&str, &str)]) -> Kernel {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Kernel::launch_by(folder, directory, |file, _| {
            let mut command = command(file);
            command.envs(variables.iter().copied()).stdin(Stdio::null());
            command
        })
    }

    fn launch_by(
        folder: tempfile::TempDir,
        directory: &Path,
        command: impl FnOnce(&Path, &Path) -> Command,
    ) -> Kernel {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let temporary = folder.path().join("tmp");
        std::fs::create_dir(&temporary).expect("a writable folder");
        let info = connection();
        let file = folder.path().join("connection.json");
        std::fs::write(&file, serde_json::to_vec(&info).expect("json")).expect("a writable folder");
        let mut command = command(&file, folder.path());
        // A group of its own, as Jupyter gives it.
        command
            .current_dir(directory)
            .env("TMPDIR", &temporary)
            .process_group(0);
        let mut process = command.spawn().expect("the launcher starts");
        let client = runtime.block_on(async {
            let died = async {
                while process.try_wait().expect("a child").is_none() {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            };
            tokio::select! {
                client = timeout(CELL, connect(&info)) => client.expect("the kernel answers"),
                () = died => panic!("the kernel ended before it answered"),
            }
        });
        Kernel {
            runtime,
            client,
            process,
            folder,
            front: true,
        }
    }

    /// Runs a cell.
    pub fn run(&mut self, code: &str) -> Reply {
        let id = self.begin(code);
        self.finish(&id)
    }

    /// Runs a cell whose reply has all its text when this holds of it.
    ///
    /// With the front it is whole when the cell ends. evcxr alone carries the text and the end on
    /// different ways, and now and then the end is the first to arrive: then the text is waited for.
    pub fn run_saying(&mut self, code: &str, whole: impl Fn(&Reply) -> bool) -> Reply {
        let mut reply = self.run(code);
        let Kernel {
            runtime,
            client,
            front,
            ..
        } = self;
        let late = async {
            while !(*front || whole(&reply)) {
                let message = client.next().await;
                hear(&mut reply, &message, &message.parent);
            }
        };
        // What never comes is missed by the test.
        let _ = runtime.block_on(async { timeout(Duration::from_secs(10), late).await });
        reply
    }

    /// Sends a cell and does not wait for it.
    pub fn begin(&mut self, code: &str) -> String {
        self.send(ExecuteRequest::new(code.to_owned()))
    }

    /// Sends any request and does not wait for its reply.
    pub fn send(&mut self, request: impl Into<JupyterMessageContent>) -> String {
        self.runtime
            .block_on(self.client.request(request))
            .expect("the kernel takes requests")
    }

    /// Waits for a cell that was sent.
    ///
    /// # Panics
    /// When it does not end in time.
    pub fn finish(&mut self, id: &str) -> Reply {
        self.finish_within(id, CELL)
    }

    /// The same, for one that takes longer than others.
    ///
    /// # Panics
    /// When it does not end in time.
    pub fn finish_within(&mut self, id: &str, limit: Duration) -> Reply {
        let Kernel {
            runtime, client, ..
        } = self;
        let ended =
            runtime.block_on(async { timeout(limit, collect(client, id, |_| false)).await });
        ended.expect("the cell ends")
    }

    /// Waits for several cells that were sent, and returns how each was answered.
    pub fn statuses(&mut self, ids: &[String]) -> Vec<String> {
        let mut answers = BTreeMap::new();
        let Kernel {
            runtime, client, ..
        } = self;
        runtime.block_on(async {
            while answers.len() < ids.len() {
                let message = timeout(CELL, client.next())
                    .await
                    .expect("each cell is answered");
                if message.kind == "execute_reply" {
                    answers.insert(message.parent, text(&message.content["status"]));
                }
            }
        });
        ids.iter()
            .map(|id| answers.get(id).cloned().unwrap_or_default())
            .collect()
    }

    /// Waits until a cell that was sent has begun.
    pub fn wait_for_start(&mut self, id: &str) {
        let Kernel {
            runtime, client, ..
        } = self;
        let begun = async {
            loop {
                let message = client.next().await;
                if message.parent == id && message.kind == "execute_input" {
                    return;
                }
            }
        };
        runtime
            .block_on(async { timeout(CELL, begun).await })
            .expect("the cell begins");
    }

    /// Waits until a running cell has said `text`.
    pub fn wait_for(&mut self, id: &str, text: &str) -> Reply {
        let Kernel {
            runtime, client, ..
        } = self;
        let heard = collect(client, id, |reply| reply.stdout.contains(text));
        runtime
            .block_on(async { timeout(CELL, heard).await })
            .expect("the cell says so")
    }

    /// Sends any request and waits for its reply.
    pub fn ask(&mut self, request: impl Into<JupyterMessageContent>) -> Value {
        let Kernel {
            runtime, client, ..
        } = self;
        runtime.block_on(async {
            let id = client
                .request(request)
                .await
                .expect("the kernel takes requests");
            let answer = async {
                loop {
                    let message = client.next().await;
                    if message.channel == Channel::Shell && message.parent == id {
                        return message.content;
                    }
                }
            };
            timeout(CELL, answer).await.expect("a reply")
        })
    }

    pub fn interrupt(&mut self) {
        self.runtime
            .block_on(self.client.control(InterruptRequest {}))
            .expect("the kernel takes requests");
    }

    /// Asks the kernel to end and checks that nothing is left.
    pub fn shut_down(mut self) {
        let request = ShutdownRequest { restart: false };
        self.runtime
            .block_on(self.client.control(request))
            .expect("the kernel takes requests");
        // A client has to listen until the end: evcxr waits for its last messages to be taken.
        let Kernel {
            runtime,
            client,
            process,
            ..
        } = &mut self;
        drop(process.stdin.take());
        let ended = async {
            while process.try_wait().expect("a child").is_none() {
                let _ = timeout(Duration::from_millis(20), client.next()).await;
            }
        };
        let ended = runtime.block_on(async { timeout(Duration::from_secs(10), ended).await });
        ended.expect("the launcher ends within 10 s of a shutdown request");
        self.expect_gone();
    }

    /// Kills the launcher, which leaves it no time for anything.
    pub fn kill(mut self) {
        self.process.kill().expect("the launcher runs");
        self.expect_gone();
    }

    /// # Panics
    /// When a process or a directory of this kernel is still there after ten seconds.
    pub fn expect_gone(&mut self) {
        let temporary = self.temporary();
        wait_until("the launcher has ended", || {
            self.process.try_wait().expect("a child").is_some()
        });
        wait_until("no process is left", || self.processes().is_empty());
        wait_until("no directory is left", || kernel_folders(&temporary) == 0);
    }

    /// Bytes that the launcher, and so the front, holds in memory.
    pub fn memory(&self) -> usize {
        let pages = std::fs::read_to_string(format!("/proc/{}/statm", self.process.id()));
        let pages = pages.expect("the launcher runs");
        pages
            .split(' ')
            .nth(1)
            .and_then(|pages| pages.parse::<usize>().ok())
            .expect("a number")
            * 4096
    }

    /// All processes of this kernel, its launcher's and cells' children too.
    pub fn processes(&self) -> Vec<i32> {
        with_variable("TMPDIR", &self.temporary().to_string_lossy())
    }

    pub fn temporary(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }
}

impl Drop for Kernel {
    /// A test that failed leaves nothing behind either.
    fn drop(&mut self) {
        let pid = nix::unistd::Pid::from_raw(self.process.id() as i32);
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(6)
            && self.process.try_wait().is_ok_and(|s| s.is_none())
        {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The kernelspec's command.
fn argv() -> Vec<String> {
    let home = lab::home::Home::at(&crate::repository()).expect("the repository");
    let environment = lab::environment::Environment::existing(&home);
    let spec =
        std::fs::read(environment.kernels().join("rust/kernel.json")).expect("the kernelspec");
    let spec: Value = serde_json::from_slice(&spec).expect("the kernelspec is JSON");
    serde_json::from_value(spec["argv"].clone()).expect("argv")
}

fn command(connection_file: &Path) -> Command {
    let arguments = argv();
    let mut command = Command::new(&arguments[0]);
    for argument in &arguments[1..] {
        command.arg(argument.replace("{connection_file}", &connection_file.to_string_lossy()));
    }
    command
}

/// Ports for a kernel. Not from the range in which the operating system hands out ports, and none
/// twice in this program: the kernel takes them seconds later, and until then they are nobody's.
pub fn connection() -> ConnectionInfo {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let ip = Ipv4Addr::LOCALHOST;
    // Tried by connecting, not by opening: a process that is started meanwhile would keep it open.
    let mut ports = std::iter::repeat_with(|| {
        let number = std::process::id() as u16 % 997 * 11 + NEXT.fetch_add(1, Ordering::Relaxed);
        10_000 + number % 10_000
    })
    .filter(|port| std::net::TcpStream::connect((ip, *port)).is_err());
    let mut port = || ports.next().expect("a free port");
    ConnectionInfo {
        transport: Transport::TCP,
        ip: ip.to_string(),
        stdin_port: port(),
        control_port: port(),
        hb_port: port(),
        shell_port: port(),
        iopub_port: port(),
        signature_scheme: "hmac-sha256".into(),
        key: "a key for this test".into(),
        kernel_name: Some("rust".into()),
    }
}

/// Connects, and repeats a question until an answer has come on both channels: what is published
/// before a subscription takes effect is lost.
async fn connect(info: &ConnectionInfo) -> Client {
    let mut client = Client::connect(info)
        .await
        .expect("the kernel opens its ports");
    let (mut answered, mut heard) = (false, false);
    while !(answered && heard) {
        client
            .request(KernelInfoRequest {})
            .await
            .expect("the kernel takes requests");
        let listen = async {
            while !(answered && heard) {
                let message = client.next().await;
                answered |= message.kind == "kernel_info_reply";
                heard |= message.channel == Channel::Iopub;
            }
        };
        let _ = timeout(Duration::from_secs(1), listen).await;
    }
    client
}

/// Gathers what a cell says until it has ended or `enough` is said.
async fn collect(client: &mut Client, id: &str, enough: impl Fn(&Reply) -> bool) -> Reply {
    let started = Instant::now();
    let mut reply = Reply::default();
    let (mut replied, mut idle) = (false, false);
    while !(enough(&reply) || replied && idle) {
        let message = client.next().await;
        if message.parent != id {
            continue;
        }
        let content = &message.content;
        match message.kind.as_str() {
            "execute_reply" => {
                reply.status = text(&content["status"]);
                reply.reply = content.clone();
                reply.took = started.elapsed();
                replied = true;
            }
            "status" => idle |= content["execution_state"] == "idle",
            "stream" => hear(&mut reply, &message, id),
            "error" => reply.errors.push(content.clone()),
            "update_display_data" | "clear_output" => {
                reply.shown.push((message.kind.clone(), content.clone()))
            }
            "execute_result" | "display_data" => {
                if message.kind == "display_data" {
                    reply.shown.push((message.kind.clone(), content.clone()));
                }
                for (mime, data) in content["data"].as_object().into_iter().flatten() {
                    reply.result.insert(mime.clone(), text(data));
                }
            }
            _ => {}
        }
    }
    reply
}

/// Adds what a message says of a cell's streams.
fn hear(reply: &mut Reply, message: &Message, id: &str) {
    if message.parent == id && message.kind == "stream" {
        let stream = if message.content["name"] == "stdout" {
            &mut reply.stdout
        } else {
            &mut reply.stderr
        };
        *stream += &text(&message.content["text"]);
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
