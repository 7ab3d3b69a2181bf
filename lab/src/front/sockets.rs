//! The sockets towards Jupyter: five ports on the loopback interface, as the connection file says.

use super::message::{Key, Message};
use super::{Event, Events};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use jupyter_protocol::ConnectionInfo;
use jupyter_protocol::connection_info::Transport;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout};
use zeromq::{PubSocket, RepSocket, RouterSocket, Socket, SocketRecv, SocketSend, ZmqMessage};

/// Where a client's requests come from, and where it hears of what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Shell,
    Control,
    Stdin,
    Iopub,
}

/// What is to go out on a channel. Sending never blocks: a client that does not read what it asked
/// for keeps only its own answers waiting.
type Outbox = UnboundedSender<ZmqMessage>;

pub struct Jupyter {
    unsent: Arc<Unsent>,
    shell: Outbox,
    control: Outbox,
    stdin: Outbox,
    iopub: PubSocket,
}

impl Jupyter {
    /// Opens the ports and has what comes in sent to `events`.
    ///
    /// # Errors
    /// When a port is in use, or is not to be on the loopback interface.
    pub async fn open(info: &ConnectionInfo, key: &Key, events: &Events) -> Result<Jupyter> {
        let loopback = info.ip == "localhost"
            || info
                .ip
                .parse::<std::net::IpAddr>()
                .is_ok_and(|ip| ip.is_loopback());
        ensure!(
            info.transport == Transport::TCP && loopback,
            "the connection file asks for {:?} on {}: this kernel listens only by TCP on 127.0.0.1",
            info.transport,
            info.ip
        );
        let router = async |port, channel| {
            let mut socket = RouterSocket::new();
            bind(&mut socket, port).await?;
            anyhow::Ok(serve(socket, channel, key.clone(), events.clone()))
        };
        let shell = router(info.shell_port, Channel::Shell).await?;
        let control = router(info.control_port, Channel::Control).await?;
        let stdin = router(info.stdin_port, Channel::Stdin).await?;
        let mut heartbeat = RepSocket::new();
        bind(&mut heartbeat, info.hb_port).await?;
        tokio::spawn(beat(heartbeat));
        let mut iopub = PubSocket::new();
        bind(&mut iopub, info.iopub_port).await?;
        Ok(Jupyter {
            unsent: Arc::default(),
            shell,
            control,
            stdin,
            iopub,
        })
    }

    pub async fn send(&mut self, channel: Channel, message: Message) {
        let is_output = OUTPUT.contains(&message.header.msg_type.as_str());
        if is_output && !self.has_room() && self.unsent.is_stuck() {
            return;
        }
        let frames = message
            .with_content_in(|content| self.unsent.hold(content))
            .into_frames();
        let outbox = match channel {
            Channel::Shell => &self.shell,
            Channel::Control => &self.control,
            Channel::Stdin => &self.stdin,
            Channel::Iopub => {
                // A subscriber that has gone is no concern of the others'.
                let _ = self.iopub.send(frames).await;
                return;
            }
        };
        // The writer ends only with the front.
        let _ = outbox.send(frames);
    }

    /// Whether there is room for more of what cells write. A client that reads nothing has it wait, but
    /// not for long: it is no concern of the others'.
    pub fn has_room(&self) -> bool {
        self.unsent.bytes.load(SeqCst) < ROOM
    }

    /// Done when there is room, or no sense in waiting for it.
    pub async fn room(&self) {
        while !self.has_room() && !self.unsent.is_stuck() {
            timeout(super::PAUSE, self.unsent.moved.notified())
                .await
                .ok();
        }
    }

    /// Done when all has left, or does not for a second.
    pub async fn flush(&self) {
        let left = async {
            while self.unsent.bytes.load(SeqCst) > 0 {
                self.unsent.moved.notified().await;
            }
        };
        timeout(LAST, left).await.ok();
    }
}

/// What a cell may write without end: of this, a client that does not read misses what has no room.
const OUTPUT: [&str; 4] = [
    "stream",
    "display_data",
    "update_display_data",
    "execute_result",
];
/// Bytes that have not left the front, at which it listens to no cell.
const ROOM: usize = 16 << 20;
/// So long nothing leaves before a client counts as one that does not read.
const STUCK: Duration = Duration::from_secs(5);
/// How long what was said last may take.
const LAST: Duration = Duration::from_secs(1);

/// What has been sent and not left yet.
#[derive(Default)]
struct Unsent {
    bytes: AtomicUsize,
    moved: Notify,
    last: Mutex<Option<Instant>>,
}

impl Unsent {
    /// The content, counted until it has left.
    fn hold(self: &Arc<Unsent>, content: Bytes) -> Bytes {
        // Of none, nothing is kept.
        let length = content.len() + 1;
        if self.bytes.fetch_add(length, SeqCst) == 0 {
            self.moves();
        }
        Bytes::from_owner(Held(content, self.clone()))
    }

    fn moves(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.moved.notify_one();
    }

    fn is_stuck(&self) -> bool {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|last| last.elapsed() > STUCK)
    }
}

/// A message's content, kept by the socket until the operating system has taken it from all who are to
/// get it.
struct Held(Bytes, Arc<Unsent>);

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.1.bytes.fetch_sub(self.0.len() + 1, SeqCst);
        self.1.moves();
    }
}

async fn bind(socket: &mut impl Socket, port: u16) -> Result<()> {
    let bound = socket.bind(&format!("tcp://127.0.0.1:{port}")).await;
    bound.map(drop).with_context(|| {
        format!("port {port} cannot be opened, perhaps it is in use: start the kernel once more")
    })
}

fn serve(socket: RouterSocket, channel: Channel, key: Key, events: Events) -> Outbox {
    let (mut sender, mut receiver) = socket.split();
    let (outbox, mut outgoing) = unbounded_channel();
    tokio::spawn(async move {
        while let Some(message) = outgoing.recv().await {
            // A client that has gone does not want its answer any more.
            let _ = sender.send(message).await;
        }
    });
    tokio::spawn(async move {
        loop {
            let Ok(frames) = receiver.recv().await else {
                tokio::time::sleep(super::PAUSE).await;
                continue;
            };
            if let Some(message) = Message::read(frames, &key)
                && events.send(Event::Jupyter(channel, message)).await.is_err()
            {
                return;
            }
        }
    });
    outbox
}

/// The front's own heart: a cell that computes, or an evcxr that has died, does not stop it.
async fn beat(mut socket: RepSocket) {
    loop {
        match socket.recv().await {
            Ok(beat) => drop(socket.send(beat).await),
            Err(_) => tokio::time::sleep(super::PAUSE).await,
        }
    }
}
