//! The talk with an evcxr that has been started: its sockets, and its heart.

use super::{Channel, News, Newsagent};
use crate::front::PAUSE;
use crate::front::limits::Patience;
use crate::front::message::{Author, Key, Message};
use anyhow::Result;
use jupyter_protocol::ConnectionInfo;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use zeromq::util::PeerIdentity;
use zeromq::{DealerSocket, ReqSocket, Socket, SocketOptions, SocketRecv, SocketSend, SubSocket};

/// The ids of the requests by which it is found out whether evcxr answers begin with this.
const HELLO: &str = "front-hello-";

/// Between two beats of the heart.
const BEAT: Duration = Duration::from_secs(2);

/// The talk with one evcxr.
pub struct Conversation {
    pub info: ConnectionInfo,
    /// Two keys: whoever knows Jupyter's must not be able to go round the front.
    pub evcxrs: Key,
    pub clients: Key,
    pub news: Newsagent,
    pub outgoing: UnboundedReceiver<(Channel, Message)>,
    pub patience: Patience,
}

impl Conversation {
    /// Talks until evcxr is silent; says how it was, and which news that is.
    pub async fn hold(mut self) -> (fn(String) -> News, String) {
        match timeout(self.patience.start, self.connect()).await {
            Ok(Ok(talk)) => (News::Ended, self.go_on(talk).await),
            Ok(Err(error)) => (News::Ended, format!("evcxr cannot be reached: {error:#}")),
            Err(_) => {
                let limit = self.patience.start.as_secs();
                let why = format!("evcxr did not answer within {limit} s of its start");
                (News::Failed, why)
            }
        }
    }

    async fn connect(&mut self) -> Result<Talk> {
        let iopub = ("127.0.0.1", self.info.iopub_port);
        // The last port that it opens. The library's own attempts come at growing intervals.
        while tokio::net::TcpStream::connect(iopub).await.is_err() {
            sleep(Duration::from_millis(5)).await;
        }
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
