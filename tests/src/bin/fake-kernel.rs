//! Plays evcxr_jupyter for the tests of the set-up: says what it is, and nothing else.
//!
//! `fake-kernel NAME VERSION ARGUMENT…`, with the arguments that evcxr_jupyter gets.

use jupyter_protocol::ConnectionInfo;
use lab::front::message::{Author, Key, Message};
use serde_json::json;
use zeromq::{PubSocket, RouterSocket, Socket, SocketRecv, SocketSend};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, name, version, option, file] = &arguments[..] else {
        return;
    };
    assert_eq!(option, "--control_file");
    let info = std::fs::read(file).expect("a connection file");
    let info = serde_json::from_slice(&info).expect("a connection file");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(answer(&info, name, version));
}

async fn answer(info: &ConnectionInfo, name: &str, version: &str) {
    let (mut shell, mut control) = (RouterSocket::new(), RouterSocket::new());
    let mut iopub = PubSocket::new();
    bind(&mut control, info.control_port).await;
    bind(&mut iopub, info.iopub_port).await;
    bind(&mut shell, info.shell_port).await;
    let author = Author::new(Key::new(&info.key));
    while let Ok(frames) = shell.recv().await {
        let request = Message::read(frames, &Key::new(&info.key)).expect("a signed message");
        let content = json!({"implementation": name, "implementation_version": version});
        let reply = author.reply(&request, &content).into_frames();
        shell.send(reply).await.expect("a client");
    }
}

async fn bind(socket: &mut impl Socket, port: u16) {
    socket
        .bind(&format!("tcp://127.0.0.1:{port}"))
        .await
        .expect("a free port");
}
