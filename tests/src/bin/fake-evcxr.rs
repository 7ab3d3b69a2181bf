//! Plays evcxr_jupyter for the tests of the front: quick, and as ill-behaved as a test wants.
//!
//! `fake-evcxr MODE CONNECTION_FILE`. The mode `exit` ends at once, with a complaint; `hang` opens
//! no port; `echo` answers, and takes a cell's code for what to do: `die`, `stop` (go silent),
//! `never` (no answer), or else succeed; each answer tells how often it was asked of a name. A
//! completion of `panic` breaks it down, as rust-analyzer's panic does evcxr. `dream` is
//! the same, but for a question of a name it has no answer: beside its connection file, `dreaming` tells
//! that it was asked. It ends when its stdin closes, like the warden it stands for.

use bytes::Bytes;
use jupyter_protocol::ConnectionInfo;
use lab::front::message::{Author, Key, Message};
use serde_json::json;
use std::io::Read;
use zeromq::{PubSocket, RepSocket, RouterSocket, Socket, SocketRecv, SocketSend};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    match arguments[1].as_str() {
        "exit" => {
            eprintln!("fake: no disk");
            std::process::exit(3);
        }
        "hang" => loop {
            std::thread::park();
        },
        _ => {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let info = std::fs::read(&arguments[2]).expect("a connection file");
            let info = serde_json::from_slice(&info).expect("a connection file");
            let dreams = arguments[1] == "dream";
            let dreaming = std::path::Path::new(&arguments[2]).with_file_name("dreaming");
            runtime
                .expect("a runtime")
                .block_on(echo(&info, dreams.then_some(dreaming)));
        }
    }
}

async fn echo(info: &ConnectionInfo, dreaming: Option<std::path::PathBuf>) {
    let mut heart = RepSocket::new();
    let mut shell = RouterSocket::new();
    let mut stdin = RouterSocket::new();
    let mut iopub = PubSocket::new();
    bind(&mut heart, info.hb_port).await;
    bind(&mut shell, info.shell_port).await;
    bind(&mut stdin, info.stdin_port).await;
    bind(&mut iopub, info.iopub_port).await;
    tokio::spawn(async move {
        while let Ok(beat) = heart.recv().await {
            let _ = heart.send(beat).await;
        }
    });
    let author = Author::new(Key::new(&info.key));
    let mut looks = 0;
    let mut broken = false;
    while let Ok(frames) = shell.recv().await {
        // Its signature is not looked at: evcxr counts buffers among what is signed.
        let Some(request) = Message::read(frames, &Key::new("")) else {
            continue;
        };
        let mut publish = async |kind, content| {
            let message = author.about(Some(&request), kind, &content);
            iopub.send(message.into_frames()).await.expect("iopub");
        };
        publish("status", json!({"execution_state": "busy"})).await;
        let of_name = request.header.msg_type == "inspect_request";
        looks += u32::from(of_name);
        let dreams = dreaming.as_ref().filter(|_| of_name);
        if let Some(file) = dreams {
            std::fs::write(file, "").expect("a writable folder");
        }
        let content = request.content();
        broken |= request.header.msg_type == "complete_request" && content["code"] == "panic";
        let content = match broken {
            true => {
                json!({"status": "error", "ename": "task 34 panicked with message \"PoisonError\"", "evalue": ""})
            }
            false => json!({"status": "ok", "execution_count": 7, "seen": content, "looks": looks}),
        };
        let mut answer = dreams.is_none().then_some(content);
        if request.header.msg_type == "execute_request" {
            publish("execute_input", json!({"code": "", "execution_count": 7})).await;
            match request.content()["code"].as_str().unwrap_or_default() {
                "die" => std::process::exit(7),
                "stop" => {
                    nix::sys::signal::raise(nix::sys::signal::Signal::SIGSTOP).expect("a signal");
                }
                "never" => answer = None,
                _ => {}
            }
        }
        if let Some(content) = answer {
            let buffers: Vec<Bytes> = request.frames()[4..].to_vec();
            let reply = author.reply(&request, &content).with_buffers(buffers);
            let _ = shell.send(reply.into_frames()).await;
            publish("status", json!({"execution_state": "idle"})).await;
        }
    }
}

async fn bind(socket: &mut impl Socket, port: u16) {
    socket
        .bind(&format!("tcp://127.0.0.1:{port}"))
        .await
        .expect("a free port");
}
