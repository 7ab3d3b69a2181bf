//! The channels to a kernel.
//!
//! Requests are typed; what the kernel says is read as plain JSON. Stock evcxr leaves out fields
//! that the protocol demands (an error reply has no `ename`), and a typed reader would drop just
//! those messages that tell of a failure.

use std::time::Duration;

use anyhow::Context;
use jupyter_protocol::{ConnectionInfo, JupyterMessage, JupyterMessageContent};
use jupyter_zmq_client::{
    ClientControlConnection, ClientIoPubConnection, ClientShellConnection, Connection, RawMessage,
    RuntimeError,
};
use serde_json::Value;
use tokio::time::{sleep, timeout};

/// Shell, control and iopub of one kernel.
pub struct Client {
    shell: ClientShellConnection,
    control: ClientControlConnection,
    iopub: ClientIoPubConnection,
}

/// Where a message came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    Shell,
    Iopub,
}

/// A message of the kernel.
#[derive(Debug)]
pub struct Message {
    pub channel: Channel,
    /// The message's type, such as `stream`.
    pub kind: String,
    /// The id of the request that it belongs to.
    pub parent: String,
    pub content: Value,
}

impl Client {
    /// Connects all channels, waiting for as long as the kernel has not opened its ports.
    pub async fn connect(info: &ConnectionInfo) -> anyhow::Result<Client> {
        use jupyter_zmq_client as zmq;
        let session = uuid::Uuid::new_v4().to_string();
        let identity = zmq::peer_identity_for_session(&session)?;
        // iopub first: the earlier the subscription, the less can be missed.
        let iopub = persist(async || zmq::create_client_iopub_connection(info, "", &session).await);
        let iopub = iopub.await;
        let shell = persist(async || {
            zmq::create_client_shell_connection_with_identity(info, &session, identity.clone())
                .await
        });
        let shell = shell.await;
        let control =
            persist(async || zmq::create_client_control_connection(info, &session).await).await;
        Ok(Client {
            shell,
            control,
            iopub,
        })
    }

    /// Sends a request on the shell channel and returns its id.
    pub async fn request(
        &mut self,
        content: impl Into<JupyterMessageContent>,
    ) -> anyhow::Result<String> {
        let message = JupyterMessage::new(content, None);
        let id = message.header.msg_id.clone();
        let sent = self.shell.send(message).await;
        sent.context("the kernel takes no requests")?;
        Ok(id)
    }

    /// Sends a request on the control channel. Its reply is of no interest: what matters is
    /// whether the cell or the kernel then ends.
    pub async fn control(
        &mut self,
        content: impl Into<JupyterMessageContent>,
    ) -> anyhow::Result<()> {
        let sent = self.control.send(JupyterMessage::new(content, None)).await;
        sent.context("the kernel takes no control requests")
    }

    /// The next message on shell or iopub. Dropping the future loses no message.
    pub async fn next(&mut self) -> Message {
        tokio::select! {
            message = read(&mut self.iopub, Channel::Iopub) => message,
            message = read(&mut self.shell, Channel::Shell) => message,
        }
    }
}

/// Tries again each second, for as long as the caller waits. The library's own waits double without
/// bound to speak of, so that a kernel which opens its ports after four seconds would be found only
/// after six. And until the kernel has its ports, somebody else may answer there and go away.
async fn persist<T>(connect: impl AsyncFn() -> Result<T, RuntimeError>) -> T {
    loop {
        match timeout(Duration::from_secs(1), connect()).await {
            Ok(Ok(connection)) => return connection,
            Ok(Err(_)) => sleep(Duration::from_millis(100)).await,
            Err(_) => {}
        }
    }
}

async fn read<S: zeromq::SocketRecv>(connection: &mut Connection<S>, channel: Channel) -> Message {
    loop {
        let Ok(parts) = connection.socket.recv().await else {
            // The peer is gone. Whether it comes back is seen by whoever watches the process.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        // What is unsigned or garbled does not come from our kernel.
        if let Ok(raw) = RawMessage::from_multipart(parts, &connection.mac)
            && let Some(message) = parse(&raw, channel)
        {
            return message;
        }
    }
}

fn parse(raw: &RawMessage, channel: Channel) -> Option<Message> {
    let part = |index: usize| serde_json::from_slice::<Value>(raw.jparts.get(index)?).ok();
    let header = part(0)?;
    let parent = part(1)?;
    Some(Message {
        channel,
        kind: header["msg_type"].as_str()?.to_owned(),
        parent: parent["msg_id"].as_str().unwrap_or_default().to_owned(),
        content: part(3)?,
    })
}
