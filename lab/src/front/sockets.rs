//! The sockets towards Jupyter: five ports on the loopback interface, as the connection file says.

use super::message::{Key, Message};
use super::{Event, Events};
use anyhow::{Context, Result, ensure};
use jupyter_protocol::ConnectionInfo;
use jupyter_protocol::connection_info::Transport;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use zeromq::{PubSocket, RepSocket, RouterSocket, Socket, SocketRecv, SocketSend, ZmqMessage};

/// Where a client's requests come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Shell,
    Control,
    Stdin,
}

/// What is to go out on a channel. Sending never blocks: a client that does not read what it asked
/// for keeps only its own answers waiting.
type Outbox = UnboundedSender<ZmqMessage>;

pub struct Jupyter {
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
            shell,
            control,
            stdin,
            iopub,
        })
    }

    pub fn send(&self, channel: Channel, message: Message) {
        let outbox = match channel {
            Channel::Shell => &self.shell,
            Channel::Control => &self.control,
            Channel::Stdin => &self.stdin,
        };
        // The writer ends only with the front.
        let _ = outbox.send(message.into_frames());
    }

    pub async fn publish(&mut self, message: Message) {
        // A subscriber that has gone is no concern of the others'.
        let _ = self.iopub.send(message.into_frames()).await;
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
