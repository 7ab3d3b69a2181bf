//! The kernel's front, before an evcxr that is played: what passes, what is mended, and what happens
//! when evcxr does not live up to its part.

use bytes::Bytes;
use jupyter_protocol::ConnectionInfo;
use lab::front::limits::Patience;
use lab::front::message::{Author, Key, Message};
use lab::front::{self, Factory};
use serde_json::{Value, json};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::process::Command;
use tokio::sync::oneshot;
use tokio::time::timeout;
use zeromq::{DealerSocket, ReqSocket, Socket, SocketRecv, SocketSend, SubSocket};

const LIMIT: Duration = Duration::from_secs(20);
const KEY: &str = "the clients' key";

/// Starts fake evcxrs: each in the next of the modes, the last of which stays.
struct Fakes {
    folder: tempfile::TempDir,
    modes: Vec<&'static str>,
    started: AtomicUsize,
    /// What is waited for, and said, before a directory is made.
    gate: Mutex<Option<Receiver<()>>>,
}

impl Fakes {
    fn new(modes: &[&'static str]) -> Fakes {
        Fakes {
            folder: tempfile::tempdir().expect("a folder"),
            modes: modes.to_vec(),
            started: AtomicUsize::new(0),
            gate: Mutex::new(None),
        }
    }
}

impl Factory for Fakes {
    fn directory(&self, say: &dyn Fn(&str)) -> anyhow::Result<(PathBuf, Vec<File>)> {
        if let Some(gate) = self.gate.lock().expect("no panic").take() {
            say("it is compiled first");
            // The end of a test that has failed opens it, too.
            let _ = gate.recv();
        }
        let number = self.started.load(Ordering::SeqCst);
        let directory = self.folder.path().join(number.to_string());
        std::fs::create_dir(&directory)?;
        Ok((directory, Vec::new()))
    }

    fn program(&self, _: &Path, connection_file: &Path) -> anyhow::Result<Command> {
        let number = self.started.fetch_add(1, Ordering::SeqCst);
        let mode = self
            .modes
            .get(number)
            .or(self.modes.last())
            .expect("a mode");
        let mut command = Command::new(env!("CARGO_BIN_EXE_fake-evcxr"));
        command.arg(mode).arg(connection_file).kill_on_drop(true);
        Ok(command)
    }
}

struct Session {
    info: ConnectionInfo,
    author: Author,
    shell: DealerSocket,
    control: DealerSocket,
    iopub: SubSocket,
    fakes: Arc<Fakes>,
    stop: Option<oneshot::Sender<()>>,
    served: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Session {
    async fn start(modes: &[&'static str]) -> Session {
        Session::start_with(modes, Patience::default()).await
    }

    async fn start_with(modes: &[&'static str], patience: Patience) -> Session {
        Session::start_of(Fakes::new(modes), patience).await
    }

    async fn start_of(fakes: Fakes, patience: Patience) -> Session {
        let fakes = Arc::new(fakes);
        let info = connection();
        let (stop, stopped) = oneshot::channel::<()>();
        let (served_info, factory) = (info.clone(), fakes.clone());
        let served = tokio::spawn(async move {
            front::serve(&served_info, factory, patience, async {
                drop(stopped.await)
            })
            .await
        });
        let mut session = Session {
            author: Author::new(Key::new(KEY)),
            shell: DealerSocket::new(),
            control: DealerSocket::new(),
            iopub: SubSocket::new(),
            info,
            fakes,
            stop: Some(stop),
            served,
        };
        let address = |port: u16| format!("tcp://127.0.0.1:{port}");
        session
            .iopub
            .connect(&address(session.info.iopub_port))
            .await
            .expect("iopub");
        session.iopub.subscribe("").await.expect("iopub");
        session
            .shell
            .connect(&address(session.info.shell_port))
            .await
            .expect("shell");
        session
            .control
            .connect(&address(session.info.control_port))
            .await
            .expect("control");
        session.listen().await;
        session
    }

    /// Asks until something is heard on iopub too: a subscription takes effect a moment later.
    async fn listen(&mut self) {
        loop {
            let id = self
                .send("kernel_info_request", &json!({}))
                .await
                .header
                .msg_id;
            self.reply(&id).await;
            if timeout(Duration::from_millis(100), self.until_idle(&id))
                .await
                .is_ok()
            {
                return;
            }
        }
    }

    async fn send(&mut self, kind: &str, content: &Value) -> Message {
        let message = self.author.about(None, kind, content);
        self.shell
            .send(message.clone().into_frames())
            .await
            .expect("shell");
        message
    }

    async fn reply(&mut self, id: &str) -> Message {
        let wait = async {
            loop {
                let frames = self.shell.recv().await.expect("shell");
                let message = Message::read(frames, &Key::new(KEY)).expect("a signed message");
                if message.parent() == id {
                    return message;
                }
            }
        };
        timeout(LIMIT, wait).await.expect("a reply")
    }

    /// What is published about a request, up to its end.
    async fn until_idle(&mut self, id: &str) -> Vec<(String, Value)> {
        let mut heard = Vec::new();
        loop {
            let frames = self.iopub.recv().await.expect("iopub");
            let message = Message::read(frames, &Key::new(KEY)).expect("a signed message");
            if message.parent() == id {
                let content = message.content();
                let idle = content["execution_state"] == "idle";
                heard.push((message.header.msg_type.clone(), content));
                if idle {
                    return heard;
                }
            }
        }
    }

    async fn run(&mut self, code: &str) -> (Value, Vec<(String, Value)>) {
        let id = self
            .send("execute_request", &json!({"code": code}))
            .await
            .header
            .msg_id;
        let reply = self.reply(&id).await.content();
        let heard = timeout(LIMIT, self.until_idle(&id)).await.expect("it ends");
        (reply, heard)
    }

    /// Sends a cell and waits until the front has received it: the answer to a later request tells.
    async fn begin(&mut self, code: &str) -> String {
        let cell = self.send("execute_request", &json!({"code": code})).await;
        let asked = self.send("kernel_info_request", &json!({})).await;
        self.reply(&asked.header.msg_id).await;
        cell.header.msg_id
    }

    async fn expect_cells_work(&mut self) {
        let (reply, _) = self.run("x").await;
        assert_eq!(reply["status"], "ok", "{reply}");
    }

    async fn control(&mut self, kind: &str) -> Value {
        let message = self.author.about(None, kind, &json!({}));
        self.control
            .send(message.into_frames())
            .await
            .expect("control");
        let frames = timeout(LIMIT, self.control.recv())
            .await
            .expect("a reply")
            .expect("control");
        Message::read(frames, &Key::new(KEY))
            .expect("a signed message")
            .content()
    }

    async fn end(mut self) {
        drop(self.stop.take());
        let served = timeout(LIMIT, &mut self.served)
            .await
            .expect("the front ends");
        served.expect("no panic").expect("no error");
        let left = std::fs::read_dir(self.fakes.folder.path())
            .expect("a folder")
            .count();
        assert_eq!(left, 0, "no directory is left");
    }
}

/// Ports that nobody else gets: see the same in `end_to_end::kernel`.
fn connection() -> ConnectionInfo {
    ConnectionInfo {
        key: KEY.into(),
        ..end_to_end::kernel::connection()
    }
}

#[tokio::test]
async fn an_unknown_request_passes_with_its_buffers_and_so_does_its_answer() {
    let mut session = Session::start(&["echo"]).await;
    let content = json!({"any": ["thing", 1.0, null]});
    let request = session.author.about(None, "odd_request", &content);
    let buffers = [
        Bytes::from_static(b"\xff\x00"),
        Bytes::from(vec![7; 100_000]),
    ];
    let request = request.with_buffers(buffers.clone());
    session
        .shell
        .send(request.clone().into_frames())
        .await
        .expect("shell");
    let reply = session.reply(&request.header.msg_id).await;
    assert_eq!(reply.header.msg_type, "odd_reply");
    assert_eq!(reply.content()["seen"], content);
    assert_eq!(reply.frames()[4..], buffers);
    assert_eq!(
        reply.frames()[1],
        request.frames()[0],
        "the parent header is the request's, byte for byte"
    );
    session.end().await;
}

#[tokio::test]
async fn a_message_with_a_bad_signature_is_dropped_and_nothing_else_is() {
    let mut session = Session::start(&["echo"]).await;
    let forged =
        Author::new(Key::new("wrong")).about(None, "execute_request", &json!({"code": "die"}));
    session
        .shell
        .send(forged.into_frames())
        .await
        .expect("shell");
    session
        .shell
        .send(b"rubbish".to_vec().into())
        .await
        .expect("shell");
    session.expect_cells_work().await;
    assert_eq!(session.fakes.started.load(Ordering::SeqCst), 1);
    session.end().await;
}

#[tokio::test]
async fn counts_start_at_one_and_the_protocols_order_is_kept() {
    let mut session = Session::start(&["echo"]).await;
    for expected in 1..=3 {
        let (reply, heard) = session.run("x").await;
        assert_eq!(reply["execution_count"], expected);
        let kinds: Vec<&str> = heard.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, ["status", "execute_input", "status"]);
        assert_eq!(heard[1].1["execution_count"], expected);
    }
    let silent = json!({"code": "x", "silent": true, "store_history": true});
    let id = session.send("execute_request", &silent).await.header.msg_id;
    assert_eq!(session.reply(&id).await.content()["execution_count"], 3);
    let history = session
        .send(
            "history_request",
            &json!({"hist_access_type": "tail", "n": 9}),
        )
        .await;
    let history = session.reply(&history.header.msg_id).await.content();
    assert_eq!(history["history"].as_array().map(Vec::len), Some(3));
    session.end().await;
}

/// Asks until evcxr was asked `looks` times of a name; returns whether anything was published meanwhile
/// that answers nothing of ours.
async fn until_looked(session: &mut Session, looks: u64) {
    let wait = async {
        loop {
            let asked = session.send("odd_request", &json!({})).await.header.msg_id;
            if session.reply(&asked).await.content()["looks"] == looks {
                return;
            }
        }
    };
    timeout(LIMIT, wait).await.expect("evcxr is warmed up");
}

#[tokio::test]
async fn an_idle_evcxr_is_warmed_up_and_nobody_sees_it() {
    let mut session = Session::start(&["echo"]).await;
    until_looked(&mut session, front::WARM_UP).await;
    // A client's own question passes as ever.
    let asked = session.send("inspect_request", &json!({"code": "x"})).await;
    let answer = session.reply(&asked.header.msg_id).await.content();
    assert_eq!(answer["looks"], front::WARM_UP + 1);
    let (reply, _) = session.run("x").await;
    assert_eq!(reply["execution_count"], 1);
    // What was published about what nobody but us asked: the last is about the cell.
    let history = session
        .send(
            "history_request",
            &json!({"hist_access_type": "tail", "n": 9}),
        )
        .await;
    let history = session.reply(&history.header.msg_id).await.content();
    assert_eq!(history["history"].as_array().map(Vec::len), Some(1));
    session.end().await;
}

#[tokio::test]
async fn after_a_panic_of_rust_analyzer_another_evcxr_answers_and_the_next_cell_is_told() {
    let mut session = Session::start(&["echo"]).await;
    for has_run_a_cell in [false, true] {
        if has_run_a_cell {
            assert_eq!(session.run("let a = 1;").await.0["status"], "ok");
        }
        let mut complete = async |code: &str| {
            let content = json!({"code": code, "cursor_pos": code.len()});
            let asked = session.send("complete_request", &content).await;
            session.reply(&asked.header.msg_id).await.content()
        };
        let broken = complete("panic").await;
        assert_eq!(broken["ename"], "KernelRestarted", "{broken}");
        let why = broken["evalue"].as_str().unwrap_or_default();
        assert!(why.contains("rust-analyzer"), "{why}");
        assert_eq!(complete("a.").await["status"], "ok");
        let (reply, _) = session.run("a").await;
        if has_run_a_cell {
            // Its variables are gone, and it may need them.
            assert_eq!(reply["ename"], "KernelRestarted", "{reply}");
            assert_eq!(reply["evalue"], broken["evalue"]);
            assert_eq!(session.run("a").await.0["status"], "ok");
        } else {
            assert_eq!(reply["status"], "ok", "{reply}");
        }
    }
    assert_eq!(session.fakes.started.load(Ordering::SeqCst), 3);
    session.end().await;
}

#[tokio::test]
async fn evcxr_is_asked_what_it_can_answer() {
    let mut session = Session::start(&["echo"]).await;
    let mut seen = async |kind, code: &str, cursor: usize| {
        let content = json!({"code": code, "cursor_pos": cursor});
        let asked = session.send(kind, &content).await;
        let answer = session.reply(&asked.header.msg_id).await.content();
        answer["seen"]["code"].clone()
    };
    let code = "println!(\"{}\", wor";
    let asked = seen("complete_request", code, code.len()).await;
    assert_eq!(asked, "               wor");
    let code = "thread::spawn(|| 1)";
    let asked = seen("inspect_request", code, 10).await;
    assert_eq!(asked, "thread::spawn");
    // The crates on this machine are no question for evcxr.
    assert_eq!(seen("complete_request", ":dep ser", 8).await, Value::Null);
    session.end().await;
}

#[tokio::test]
async fn nothing_of_the_warm_up_is_published() {
    let mut session = Session::start(&["echo"]).await;
    let mut ours = Vec::new();
    let mut published = Vec::new();
    loop {
        let asked = session.send("odd_request", &json!({})).await.header.msg_id;
        ours.push(asked.clone());
        let looks = session.reply(&asked).await.content()["looks"].clone();
        let until_idle = async {
            loop {
                let frames = session.iopub.recv().await.expect("iopub");
                let message = Message::read(frames, &Key::new(KEY)).expect("a signed message");
                published.push(message.parent());
                if message.parent() == asked && message.content()["execution_state"] == "idle" {
                    return;
                }
            }
        };
        timeout(LIMIT, until_idle).await.expect("it ends");
        if looks == front::WARM_UP {
            break;
        }
    }
    // `listen` asked for the kernel's info; each of these came with what we have sent.
    let others = published
        .iter()
        .filter(|parent| parent.starts_with("front-"));
    assert_eq!(others.count(), 0, "{published:?}");
    session.end().await;
}

#[tokio::test]
async fn an_interrupt_is_obeyed_while_evcxr_does_something_of_its_own() {
    let mut session = Session::start(&["dream"]).await;
    let dreaming = session.fakes.folder.path().join("0/dreaming");
    let begun = async {
        while !dreaming.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LIMIT, begun).await.expect("it is asked of a name");
    let cell = session.begin("x").await;
    let asked = Instant::now();
    assert_eq!(session.control("interrupt_request").await["status"], "ok");
    let reply = session.reply(&cell).await.content();
    assert_eq!(reply["ename"], "Interrupted");
    assert!(
        asked.elapsed() < Duration::from_secs(2),
        "{:?}",
        asked.elapsed()
    );
    // Nothing was replaced for it: it is still the first, which does not answer.
    assert_eq!(session.fakes.started.load(Ordering::SeqCst), 1);
    session.end().await;
}

#[tokio::test]
async fn a_format_of_the_readers_own_is_told_before_the_cell() {
    let mut session = Session::start(&["echo"]).await;
    let (reply, heard) = session.run(":fmt {:#?}\n1").await;
    assert_eq!(reply["execution_count"], 1);
    let kinds: Vec<&str> = heard.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["status", "execute_input", "status"]);
    session.expect_cells_work().await;
    session.end().await;
}

#[tokio::test]
async fn the_heart_beats_while_a_cell_runs_and_the_state_stays_busy() {
    let mut session = Session::start(&["echo"]).await;
    let cell = session
        .send("execute_request", &json!({"code": "never"}))
        .await;
    let mut heart = ReqSocket::new();
    heart
        .connect(&format!("tcp://127.0.0.1:{}", session.info.hb_port))
        .await
        .expect("heart");
    heart.send(b"beat".to_vec().into()).await.expect("heart");
    let beat = timeout(LIMIT, heart.recv())
        .await
        .expect("a beat")
        .expect("heart");
    assert_eq!(beat.get(0).map(|frame| &frame[..]), Some(&b"beat"[..]));
    // Wait for the cell to have begun.
    let begun = async {
        loop {
            let message = Message::read(session.iopub.recv().await.expect("iopub"), &Key::new(KEY));
            if message.is_some_and(|message| message.parent() == cell.header.msg_id) {
                return;
            }
        }
    };
    timeout(LIMIT, begun).await.expect("it begins");
    let asked = session.send("kernel_info_request", &json!({})).await;
    session.reply(&asked.header.msg_id).await;
    let last_state = async {
        let mut idle = false;
        loop {
            let message = Message::read(session.iopub.recv().await.expect("iopub"), &Key::new(KEY))
                .expect("signed");
            let state = message.content()["execution_state"].clone();
            if idle && message.parent() == cell.header.msg_id {
                return state;
            }
            idle |= state == "idle" && message.parent() == asked.header.msg_id;
        }
    };
    assert_eq!(timeout(LIMIT, last_state).await.expect("a state"), "busy");
    session.end().await;
}

#[tokio::test]
async fn an_evcxr_that_dies_in_a_cell_is_told_of_and_replaced_and_queued_cells_are_aborted() {
    let mut session = Session::start(&["echo"]).await;
    let mut ids = Vec::new();
    for code in ["die", "x", "x"] {
        ids.push(
            session
                .send("execute_request", &json!({"code": code}))
                .await
                .header
                .msg_id,
        );
    }
    let reply = session.reply(&ids[0]).await.content();
    assert_eq!(reply["ename"], "KernelRestarted", "{reply}");
    assert!(
        reply["evalue"]
            .as_str()
            .is_some_and(|text| text.contains("exit code 7")),
        "{reply}"
    );
    for id in &ids[1..] {
        assert_eq!(session.reply(id).await.content()["status"], "aborted");
    }
    session.expect_cells_work().await;
    session.end().await;
}

#[tokio::test]
async fn without_stop_on_error_the_queue_goes_on() {
    let mut session = Session::start(&["echo"]).await;
    let first = json!({"code": "die", "stop_on_error": false});
    let first = session.send("execute_request", &first).await.header.msg_id;
    let second = session
        .send("execute_request", &json!({"code": "x"}))
        .await
        .header
        .msg_id;
    assert_eq!(session.reply(&first).await.content()["status"], "error");
    let reply = session.reply(&second).await.content();
    assert_eq!(reply["status"], "ok", "{reply}");
    session.end().await;
}

#[tokio::test]
async fn an_evcxr_that_ends_at_its_start_is_tried_again() {
    let mut session = Session::start(&["exit", "exit", "echo"]).await;
    session.expect_cells_work().await;
    session.end().await;
}

#[tokio::test]
async fn an_evcxr_that_never_starts_is_told_of_with_its_own_words() {
    let mut session = Session::start(&["exit"]).await;
    let (reply, heard) = session.run("x").await;
    assert_eq!(reply["ename"], "KernelNotStarted", "{reply}");
    assert!(
        reply["traceback"].to_string().contains("fake: no disk"),
        "{reply}"
    );
    assert!(heard.iter().any(|(kind, _)| kind == "error"));
    session.end().await;
}

#[tokio::test]
async fn an_evcxr_that_goes_silent_is_told_of_and_replaced() {
    let patience = Patience {
        silence: Duration::from_secs(2),
        ..Patience::default()
    };
    let mut session = Session::start_with(&["echo"], patience).await;
    let (reply, _) = session.run("stop").await;
    assert!(
        reply["evalue"]
            .as_str()
            .is_some_and(|text| text.contains("silent")),
        "{reply}"
    );
    session.expect_cells_work().await;
    session.end().await;
}

#[tokio::test]
async fn a_kernel_that_must_be_compiled_first_answers_says_so_and_is_busy() {
    let (open, gate) = channel();
    let fakes = Fakes::new(&["echo"]);
    *fakes.gate.lock().expect("no panic") = Some(gate);
    // It answers already: that is how a session starts.
    let mut session = Session::start_of(fakes, Patience::default()).await;
    let id = session.begin("x").await;
    let said = async {
        loop {
            let message = Message::read(session.iopub.recv().await.expect("iopub"), &Key::new(KEY));
            let message = message.expect("signed");
            if message.parent() == id && message.header.msg_type == "display_data" {
                return message.content()["data"]["text/plain"].clone();
            }
        }
    };
    let said = timeout(LIMIT, said).await.expect("it says so");
    assert_eq!(said, "it is compiled first");
    let asked = session.send("kernel_info_request", &json!({})).await;
    session.reply(&asked.header.msg_id).await;
    open.send(()).expect("it waits");
    assert_eq!(session.reply(&id).await.content()["status"], "ok");
    let heard = timeout(LIMIT, session.until_idle(&id))
        .await
        .expect("it ends");
    // The other request was answered meanwhile, and the kernel is still busy.
    assert_eq!(heard[0].1["execution_state"], "busy");
    let kinds: Vec<&str> = heard.iter().map(|(kind, _)| kind.as_str()).collect();
    assert!(kinds.ends_with(&["clear_output", "status"]), "{kinds:?}");
    session.end().await;
}

#[tokio::test]
async fn an_evcxr_that_never_opens_its_ports_is_waited_for_as_long_as_was_said() {
    let patience = Patience {
        start: Duration::from_secs(1),
        ..Patience::default()
    };
    let mut session = Session::start_with(&["hang"], patience).await;
    let (reply, _) = session.run("x").await;
    assert_eq!(reply["ename"], "KernelNotStarted", "{reply}");
    let said = reply["evalue"].as_str().unwrap_or_default();
    assert!(said.contains("did not answer within 1 s"), "{reply}");
    session.end().await;
}

#[tokio::test]
async fn an_evcxr_that_hangs_at_its_start_is_interrupted_away() {
    let mut session = Session::start(&["hang"]).await;
    let id = session.begin("x").await;
    assert_eq!(session.control("interrupt_request").await["status"], "ok");
    assert_eq!(session.reply(&id).await.content()["ename"], "Interrupted");
    session.end().await;
}

#[tokio::test]
async fn a_cell_that_evcxr_never_answers_ends_within_two_seconds_of_an_interrupt() {
    let mut session = Session::start(&["echo"]).await;
    // It is free to take the cell at once.
    until_looked(&mut session, front::WARM_UP).await;
    let id = session.begin("never").await;
    let began = Instant::now();
    session.control("interrupt_request").await;
    let reply = session.reply(&id).await.content();
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(reply["ename"], "KernelRestarted", "{reply}");
    session.expect_cells_work().await;
    session.end().await;
}

#[tokio::test]
async fn an_interrupt_of_nothing_does_nothing() {
    let mut session = Session::start(&["echo"]).await;
    session.run("x").await;
    assert_eq!(session.control("interrupt_request").await["status"], "ok");
    session.expect_cells_work().await;
    assert_eq!(session.fakes.started.load(Ordering::SeqCst), 1);
    session.end().await;
}

#[tokio::test]
async fn a_port_in_use_is_one_sentence() {
    let info = connection();
    let _held = std::net::TcpListener::bind(("127.0.0.1", info.control_port)).expect("a port");
    let fakes = Fakes::new(&["echo"]);
    let error = front::serve(
        &info,
        Arc::new(fakes),
        Patience::default(),
        std::future::pending(),
    )
    .await;
    let error = format!("{:#}", error.expect_err("the port is taken"));
    assert!(
        error.starts_with(&format!("port {} cannot be opened", info.control_port)),
        "{error}"
    );
}

#[tokio::test]
async fn only_the_loopback_interface_is_listened_on() {
    let info = ConnectionInfo {
        ip: "0.0.0.0".into(),
        ..connection()
    };
    let fakes = Fakes::new(&["echo"]);
    let error = front::serve(
        &info,
        Arc::new(fakes),
        Patience::default(),
        std::future::pending(),
    )
    .await;
    assert!(
        error
            .expect_err("not there")
            .to_string()
            .contains("only by TCP on 127.0.0.1")
    );
}

#[test]
fn a_thousand_cells_leave_no_memory_behind() {
    alone("a_thousand_cells_leave_no_memory_behind", thousand_cells);
}

#[test]
fn a_client_that_does_not_read_costs_no_memory_and_stops_nobody() {
    let name = "a_client_that_does_not_read_costs_no_memory_and_stops_nobody";
    alone(name, flood_for_nobody);
}

/// In a process of its own: the memory of other tests is no business of this one.
fn alone(name: &str, test: fn()) {
    const ALONE: &str = "FRONT_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return test();
    }
    let mut alone = std::process::Command::new(std::env::current_exe().expect("this program"));
    alone.args(["--exact", name]).env(ALONE, "1");
    let ran = end_to_end::commands::run(&mut alone, "");
    assert!(ran.passed && ran.said.contains("1 passed"), "{}", ran.said);
}

#[tokio::main(flavor = "current_thread")]
async fn flood_for_nobody() {
    const MEGABYTES: usize = 100;
    let mut session = Session::start(&["echo"]).await;
    session.expect_cells_work().await;
    let before = resident();
    // As the process of the cells connects to the front: `front::cells` tells of its frames.
    let line = session.fakes.folder.path().join("0").join(front::SOCKET);
    let mut line = UnixStream::connect(line).await.expect("the direct line");
    let text = [b'x'; 1 << 16];
    let mut frame = vec![b'O'];
    frame.extend((text.len() as u32).to_le_bytes());
    frame.extend(text);
    let flood = async {
        for _ in 0..MEGABYTES << 4 {
            line.write_all(&frame).await.expect("the front listens");
        }
    };
    // Nobody reads iopub meanwhile.
    timeout(LIMIT * 3, flood)
        .await
        .expect("the cell is not stopped for ever");
    let grown = resident().saturating_sub(before);
    assert!(grown < 60 << 20, "{} MB more", grown >> 20);
    let cell = session.send("execute_request", &json!({"code": "x"})).await;
    assert_eq!(
        session.reply(&cell.header.msg_id).await.content()["status"],
        "ok"
    );
    session.end().await;
}

#[tokio::main(flavor = "current_thread")]
async fn thousand_cells() {
    let mut session = Session::start(&["echo"]).await;
    let code = format!("// {}", "x".repeat(2000));
    for _ in 0..1100 {
        session.run(&code).await;
    }
    let before = resident();
    for _ in 0..1000 {
        session.run(&code).await;
    }
    let grown = resident().saturating_sub(before);
    // The history keeps the latest thousand cells, which the first round has filled.
    assert!(grown < 2 << 20, "{grown} bytes more after a thousand cells");
    session.end().await;
}

fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").expect("/proc");
    let pages: usize = status
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .expect("a number");
    pages * 4096
}
