//! The stock kernel behind the front: started, listened to, watched, and ended.

use super::cells::{self, Report};
use super::limits::{self, Patience};
use super::message::{Author, Key, Message};
use super::{Event, Events, PAUSE};
use crate::stock;
use anyhow::{Context, Result};
use jupyter_protocol::connection_info::{ConnectionInfo, Transport};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::mpsc::{Receiver, UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use zeromq::util::PeerIdentity;
use zeromq::{DealerSocket, ReqSocket, Socket, SocketOptions, SocketRecv, SocketSend, SubSocket};

/// The ids of requests that the front itself makes begin with this: of those by which it finds out
/// that evcxr answers, and of all others.
const HELLO: &str = "front-hello-";
const OWN: &str = "front-ask-";

/// Linux hands out 32768 to 60999, unless told otherwise.
const PORTS: std::ops::Range<u16> = 20_000..32_768;

/// Between two beats of the heart.
const BEAT: Duration = Duration::from_secs(2);

/// How an evcxr is started: the launcher knows.
pub trait Factory: Send + Sync {
    /// A directory of its own, filled from the template, and what keeps it from being swept away.
    ///
    /// # Errors
    /// When there is no disk for it.
    fn directory(&self) -> Result<(PathBuf, Vec<File>)>;
    /// The program that runs evcxr on the connection file in that directory, and ends it with all
    /// that is below it when its stdin closes.
    ///
    /// # Errors
    /// When it cannot be found.
    fn program(&self, directory: &Path, connection_file: &Path) -> Result<Command>;
    /// Ends what that program may have left running, if it was killed itself.
    fn end_all(&self) {}
}

/// Which of evcxr's channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Shell,
    Iopub,
    Stdin,
}

/// What an evcxr does.
pub enum News {
    /// It has a directory, and its warden runs.
    Begun(Workplace),
    /// It answers, and nothing it publishes can be missed any more.
    Ready,
    Said(Channel, Message),
    /// There is no directory for it, or no process: trying again at once would not help.
    Failed(String),
    /// It is gone with all that was below it; why, in a clause.
    Ended(String),
}

pub struct Evcxr {
    /// Which of the session's evcxrs: news of an earlier one is old.
    pub generation: u64,
    pub ready: bool,
    /// Of the requests by which it is warmed up, how many it has got.
    pub warmed: usize,
    pub workplace: Option<Workplace>,
    given_up: bool,
    author: Author,
    outbox: UnboundedSender<(Channel, Message)>,
    stop: Option<oneshot::Sender<String>>,
}

/// Where it works, and what its cells say.
pub struct Workplace {
    pub cells: Receiver<Report>,
    /// The source that it compiles, and what the compiler said of it.
    pub source: PathBuf,
    pub compiler: PathBuf,
    pub warden: Option<u32>,
}

impl Evcxr {
    /// Starts one; its news goes to `events`. What takes time, the copy of the template above all, is
    /// done beside the caller.
    pub fn start(
        factory: Arc<dyn Factory>,
        generation: u64,
        patience: Patience,
        key: &Key,
        events: &Events,
    ) -> Evcxr {
        let secret = uuid::Uuid::new_v4().to_string();
        let evcxrs = Key::new(&secret);
        let (outbox, outgoing) = unbounded_channel();
        let (stop, stopped) = oneshot::channel();
        let evcxr = Evcxr {
            generation,
            ready: false,
            warmed: 0,
            workplace: None,
            given_up: false,
            author: Author::new(evcxrs.clone()),
            outbox,
            stop: Some(stop),
        };
        let news = Newsagent {
            generation,
            events: events.clone(),
        };
        let clients = key.clone();
        tokio::spawn(async move {
            let begun = match Begun::new(&factory, &secret).await {
                Ok(begun) => begun,
                Err(error) => return news.tell(News::Failed(format!("{error:#}"))).await,
            };
            let Begun {
                directory,
                locks,
                info,
                mut warden,
                workplace,
            } = begun;
            news.tell(News::Begun(workplace)).await;
            let log = Log::of(warden.stderr.take());
            let conversation = Conversation {
                info,
                evcxrs,
                clients,
                news: news.clone(),
                outgoing,
                patience,
            };
            let why = watch(&mut warden, conversation, stopped, &log).await;
            tokio::task::spawn_blocking(move || factory.end_all())
                .await
                .ok();
            let _ = std::fs::remove_dir_all(&directory);
            drop(locks);
            news.tell(News::Ended(why)).await;
        });
        evcxr
    }

    /// Has it do something for the front itself; returns the request.
    pub fn ask(&self, kind: &str, content: &Value) -> Message {
        let request = self.author.about(None, kind, content);
        let id = format!("{OWN}{}", uuid::Uuid::new_v4());
        let request = request.with_id(&id, &self.author.key);
        self.send(Channel::Shell, request.clone());
        request
    }

    /// Passes a message on.
    pub fn send(&self, channel: Channel, message: Message) {
        // It may just have ended: then its last news says so.
        let _ = self.outbox.send((channel, message));
    }

    /// Has it ended, and gives it nothing more to do.
    pub fn give_up(&mut self, why: &str) {
        self.stop(why);
        self.ready = false;
        self.given_up = true;
    }

    /// Whether somebody has been told already that it has come to its end.
    pub fn is_given_up(&self) -> bool {
        self.given_up
    }

    /// Has it ended; the last of its news will give `why`.
    pub fn stop(&mut self, why: &str) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(why.to_owned());
        }
    }
}

/// Whether a request with this id is the front's own.
pub fn is_own(id: &str) -> bool {
    id.starts_with(OWN)
}

/// One that has been started.
struct Begun {
    directory: PathBuf,
    locks: Vec<File>,
    info: ConnectionInfo,
    warden: Child,
    workplace: Workplace,
}

impl Begun {
    async fn new(factory: &Arc<dyn Factory>, secret: &str) -> Result<Begun> {
        let maker = factory.clone();
        let (directory, locks) = tokio::task::spawn_blocking(move || maker.directory()).await??;
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
            warden: warden.id(),
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

#[derive(Clone)]
struct Newsagent {
    generation: u64,
    events: Events,
}

impl Newsagent {
    async fn tell(&self, news: News) {
        let _ = self.events.send(Event::Evcxr(self.generation, news)).await;
    }
}

/// Waits until evcxr has ended, by itself or because it must; says why.
async fn watch(
    warden: &mut Child,
    conversation: Conversation,
    stopped: oneshot::Receiver<String>,
    log: &Log,
) -> String {
    // Waiting for a child closes its stdin, which would have this one end everything.
    let lifeline = warden.stdin.take();
    let ended = |status: std::io::Result<ExitStatus>| {
        let how = status.map_or_else(|error| error.to_string(), describe);
        format!("evcxr {how}{}", log.tail())
    };
    let why = tokio::select! {
        status = warden.wait() => return ended(status),
        why = conversation.hold() => {
            // A broken connection is often the first that is seen of its end.
            if let Ok(status) = timeout(limits::LAST_WORDS, warden.wait()).await {
                return ended(status);
            }
            format!("{why}{}", log.tail())
        }
        // Where the front itself has gone, nobody asks why.
        why = stopped => why.unwrap_or_default(),
    };
    drop(lifeline);
    if timeout(limits::END, warden.wait()).await.is_err() {
        let _ = warden.kill().await;
    }
    why
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
struct Log(Arc<Mutex<VecDeque<String>>>);

impl Log {
    const LINES: usize = 8;

    fn of(stderr: Option<ChildStderr>) -> Log {
        let lines = Arc::new(Mutex::new(VecDeque::new()));
        let kept = lines.clone();
        if let Some(stderr) = stderr {
            tokio::spawn(async move {
                let mut reader = BufReader::new(stderr).lines();
                while let Ok(Some(line)) = reader.next_line().await {
                    // Also where Jupyter keeps its log.
                    eprintln!("{line}");
                    let mut kept = kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                    kept.push_back(line);
                    if kept.len() > Log::LINES {
                        kept.pop_front();
                    }
                }
            });
        }
        Log(lines)
    }

    fn tail(&self) -> String {
        let lines = self
            .0
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

/// The talk with one evcxr.
struct Conversation {
    info: ConnectionInfo,
    /// Two keys: whoever knows Jupyter's must not be able to go round the front.
    evcxrs: Key,
    clients: Key,
    news: Newsagent,
    outgoing: UnboundedReceiver<(Channel, Message)>,
    patience: Patience,
}

impl Conversation {
    /// Talks until evcxr is silent; says how it was.
    async fn hold(mut self) -> String {
        let iopub = ("127.0.0.1", self.info.iopub_port);
        // The last port that it opens. The library's own attempts come at growing intervals.
        while tokio::net::TcpStream::connect(iopub).await.is_err() {
            sleep(Duration::from_millis(5)).await;
        }
        match timeout(self.patience.start, self.connect()).await {
            Ok(Ok(talk)) => self.go_on(talk).await,
            Ok(Err(error)) => format!("evcxr cannot be reached: {error:#}"),
            Err(_) => {
                let limit = self.patience.start.as_secs();
                format!("evcxr did not answer within {limit} s of its start")
            }
        }
    }

    async fn connect(&mut self) -> Result<Talk> {
        // evcxr addresses what it asks on stdin to the identity that sent the cell on shell.
        let identity = PeerIdentity::new();
        let dealer = async |port| {
            let mut options = SocketOptions::default();
            options.peer_identity(identity.clone());
            let mut socket = DealerSocket::with_options(options);
            socket.connect(&format!("tcp://127.0.0.1:{port}")).await?;
            anyhow::Ok(socket)
        };
        let mut iopub = SubSocket::new();
        iopub
            .connect(&format!("tcp://127.0.0.1:{}", self.info.iopub_port))
            .await?;
        iopub.subscribe("").await?;
        let mut talk = Talk {
            iopub,
            shell: dealer(self.info.shell_port).await?,
            stdin: dealer(self.info.stdin_port).await?,
        };
        self.shake_hands(&mut talk).await?;
        Ok(talk)
    }

    /// Asks until both an answer and something on iopub have been heard: a subscription takes effect
    /// some time after it was made. evcxr's heart is listened to meanwhile, as it may hang here.
    async fn shake_hands(&self, talk: &mut Talk) -> Result<()> {
        let author = Author::new(self.evcxrs.clone());
        let (mut answered, mut heard) = (false, false);
        let beats = beat(self.info.hb_port, self.patience.silence);
        tokio::pin!(beats);
        while !(answered && heard) {
            let request = author.about(None, "kernel_info_request", &json!({}));
            let request =
                request.with_id(&format!("{HELLO}{}", uuid::Uuid::new_v4()), &self.evcxrs);
            talk.shell.send(request.into_frames()).await?;
            let pause = sleep(Duration::from_millis(200));
            tokio::pin!(pause);
            loop {
                tokio::select! {
                    message = talk.shell.recv() => { message?; answered = true; }
                    message = talk.iopub.recv() => { message?; heard = true; }
                    () = &mut pause => break,
                    () = &mut beats => anyhow::bail!("it has been silent for {} s", self.patience.silence.as_secs()),
                }
                if answered && heard {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn go_on(self, talk: Talk) -> String {
        let Talk {
            iopub,
            shell,
            stdin,
        } = talk;
        let Conversation {
            info,
            evcxrs,
            clients,
            news,
            mut outgoing,
            patience,
        } = self;
        news.tell(News::Ready).await;
        let (mut shell, from_shell) = shell.split();
        let (mut stdin, from_stdin) = stdin.split();
        let mut readers = JoinSet::new();
        let relay = Relay {
            evcxrs: evcxrs.clone(),
            clients,
            news,
        };
        readers.spawn(relay.clone().read(Channel::Shell, from_shell));
        readers.spawn(relay.clone().read(Channel::Stdin, from_stdin));
        readers.spawn(relay.read(Channel::Iopub, iopub));
        let write = async {
            while let Some((channel, message)) = outgoing.recv().await {
                let message = message.signed_for_evcxr(&evcxrs).into_frames();
                let sent = match channel {
                    Channel::Shell => shell.send(message).await,
                    _ => stdin.send(message).await,
                };
                if sent.is_err() {
                    return "evcxr takes no requests any more".to_owned();
                }
            }
            String::new()
        };
        tokio::select! {
            why = write => why,
            () = beat(info.hb_port, patience.silence) => {
                format!("evcxr has been silent for {} s", patience.silence.as_secs())
            }
        }
    }
}

struct Talk {
    shell: DealerSocket,
    stdin: DealerSocket,
    iopub: SubSocket,
}

/// Listens to evcxr's heart on `port` for as long as it beats.
async fn beat(port: u16, silence: Duration) {
    let mut last = Instant::now();
    loop {
        let mut heart = ReqSocket::new();
        let beats = async {
            let address = format!("tcp://127.0.0.1:{port}");
            timeout(silence, heart.connect(&address)).await.ok()?.ok()?;
            loop {
                heart.send(b"beat".to_vec().into()).await.ok()?;
                timeout(silence, heart.recv()).await.ok()?.ok()?;
                last = Instant::now();
                sleep(BEAT).await;
            }
        };
        // A broken connection is made anew; silence counts from the last beat all the same.
        let _: Option<()> = beats.await;
        if last.elapsed() >= silence {
            return;
        }
        sleep(PAUSE).await;
    }
}

#[derive(Clone)]
struct Relay {
    evcxrs: Key,
    clients: Key,
    news: Newsagent,
}

impl Relay {
    async fn read(self, channel: Channel, mut socket: impl SocketRecv) {
        loop {
            let Ok(frames) = socket.recv().await else {
                sleep(PAUSE).await;
                continue;
            };
            if let Some(message) = Message::read(frames, &self.evcxrs)
                // Late answers to the handshake.
                && !message.parent().starts_with(HELLO)
            {
                let message = message.signed(&self.clients);
                self.news.tell(News::Said(channel, message)).await;
            }
        }
    }
}
