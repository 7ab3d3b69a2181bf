//! A cell, from its request to its reply.

use super::cells::{Panic, Stream, Word};
use super::evcxr::{Channel, is_own};
use super::failure::Failure;
use super::message::Message;
use super::place::Place;
use super::sockets::Channel as Jupyters;
use super::text::Pieces;
use super::{Front, limits};
use crate::launcher::wait_for_stdin;
use crate::stock;
use serde_json::{Value, json};
use tokio::time::Instant;

/// The request that evcxr is working on.
pub struct Running {
    pub request: Message,
    /// Whether it is a cell: of other requests nothing is changed.
    cell: bool,
    pub silent: bool,
    stop_on_error: bool,
    user_expressions: Value,
    /// evcxr's reply, and whether it has said that it is idle again.
    reply: Option<Value>,
    idle: bool,
    /// What evcxr says of its errors, held back until all is known.
    errors: Vec<Value>,
    /// The latest panic of the cells' own thread.
    panic: Option<Panic>,
    /// Its line and the text behind it, until it is known whether the panic was caught: of one that
    /// ends the cell the error tells.
    uncertain: Option<(String, Pieces)>,
    question_mark: bool,
    /// What was last written to stderr.
    stderr: Vec<u8>,
    /// Which wait for a command the cells' process was in when the request began.
    wait: Option<u64>,
    /// When it was interrupted, and whether it was running by then, not being compiled.
    pub interrupted: Option<Instant>,
    pub ran: bool,
    /// Until when the last words of its process are waited for.
    last_words: Option<Instant>,
    /// When to look after it.
    pub due: Option<Instant>,
}

/// Bytes kept of what a cell wrote to stderr.
const KEPT: usize = 4096;
/// Pieces of text held back behind a panic: a cell that goes on writing has caught it.
const HELD: usize = 100;

impl Running {
    fn new(request: Message, cell: bool) -> Running {
        let content = if cell { request.content() } else { Value::Null };
        Running {
            request,
            cell,
            silent: content["silent"] == true,
            stop_on_error: content["stop_on_error"] != false,
            user_expressions: content["user_expressions"].clone(),
            reply: None,
            idle: false,
            errors: Vec::new(),
            panic: None,
            uncertain: None,
            question_mark: false,
            stderr: Vec::new(),
            wait: None,
            interrupted: None,
            ran: false,
            last_words: None,
            due: None,
        }
    }

    /// A request that is only passed on.
    pub fn other(request: &Message) -> Running {
        let mut running = Running::new(request.clone(), false);
        running.due = Some(Instant::now() + limits::SMALL);
        running
    }

    pub fn is_cell(&self) -> bool {
        self.cell
    }

    /// Whether a client asked for it.
    pub fn is_clients(&self) -> bool {
        !is_own(&self.request.header.msg_id)
    }

    /// Whether the cells' process still waits for the command to run this cell: in the same `wait` as
    /// at the beginning. Otherwise the cell runs, or has read stdin itself.
    pub fn is_waited_for(&self, wait: Option<u64>) -> bool {
        wait.is_some() && wait == self.wait
    }

    /// How the process of the cells ended, in evcxr's words, if it did.
    fn end(&self) -> Option<&str> {
        let said = self.errors.first()?["evalue"].as_str()?;
        let (_, how) = said.split_once(stock::ENDED)?;
        Some(how)
    }
}

impl Front {
    /// Begins a cell: from here on it is answered in any case.
    pub(super) async fn begin(&mut self, request: Message) {
        self.send_text(true).await;
        let mut running = Running::new(request.clone(), true);
        running.wait = self
            .line
            .as_ref()
            .and_then(|(_, line)| wait_for_stdin(line.pid));
        let content = request.content();
        let code = content["code"].as_str().unwrap_or_default();
        self.status(&request, "busy").await;
        if !running.silent {
            if content["store_history"] != false {
                self.count += 1;
                self.history.add(self.count, code);
            }
            let input = json!({"code": code, "execution_count": self.count});
            self.publish(Some(&request), "execute_input", &input).await;
            self.latest = Some(request);
        }
        self.running = Some(running);
    }

    /// What evcxr said on one of its channels.
    pub(super) async fn evcxr_said(&mut self, channel: Channel, message: Message) {
        let about_running = self
            .running
            .as_ref()
            .filter(|running| message.parent() == running.request.header.msg_id);
        let is_cell = about_running.map(Running::is_cell);
        if is_own(&message.parent()) {
            let ends = channel == Channel::Iopub && message.content()["execution_state"] == "idle";
            if is_cell.is_some() && ends {
                self.running = None;
            }
            return;
        }
        match (channel, is_cell) {
            (Channel::Shell, Some(true)) => {
                if let Some(running) = &mut self.running {
                    running.reply = Some(message.content());
                }
                self.look_after_cell().await;
            }
            (Channel::Shell, _) => self.jupyter.send(Jupyters::Shell, message),
            (Channel::Stdin, _) => {
                self.send_text(true).await;
                self.jupyter.send(Jupyters::Stdin, message);
            }
            (Channel::Iopub, Some(true)) => self.evcxr_published(message).await,
            (Channel::Iopub, other) => {
                let ends = other.is_some() && message.content()["execution_state"] == "idle";
                self.send_text(false).await;
                self.jupyter.publish(message).await;
                if ends {
                    self.running = None;
                }
            }
        }
    }

    /// What evcxr published about the cell.
    async fn evcxr_published(&mut self, message: Message) {
        let Some(running) = &mut self.running else {
            return;
        };
        match message.header.msg_type.as_str() {
            "status" => {
                running.idle |= message.content()["execution_state"] == "idle";
                self.look_after_cell().await;
            }
            "execute_input" => {}
            "error" => running.errors.push(message.content()),
            "execute_result" => {
                let content = message.content();
                // A statement's value is nothing to show: `println!` without its semicolon.
                let nothing = content["data"] == json!({"text/plain": stock::NOTHING});
                if running.silent || nothing {
                    return;
                }
                let mut content = content;
                content["execution_count"] = self.count.into();
                self.send_text(true).await;
                self.jupyter
                    .publish(message.with_content(&content, &self.author.key))
                    .await;
            }
            _ => {
                self.send_text(true).await;
                self.jupyter.publish(message).await;
            }
        }
    }

    /// What the cells' process said over the direct line.
    pub(super) async fn cell_said(&mut self, line: u64, word: Word) {
        if let Word::Panic(panic) = word {
            return self.panicked(panic);
        }
        if let Word::Text(stream, text) = word {
            return self.cell_wrote(stream, text);
        }
        self.panic_was_caught();
        match word {
            Word::Display(display) => {
                let kind = if display.update {
                    "update_display_data"
                } else {
                    "display_data"
                };
                let transient = match &display.display_id {
                    Some(id) => json!({"display_id": id}),
                    None => json!({}),
                };
                let metadata = if display.metadata.is_object() {
                    display.metadata
                } else {
                    json!({})
                };
                let content =
                    json!({"data": display.data, "metadata": metadata, "transient": transient});
                self.send_text(true).await;
                self.publish_for_cell(kind, &content).await;
            }
            Word::QuestionMark => {
                if let Some(running) = &mut self.running {
                    running.question_mark = true;
                }
            }
            Word::Sync(number) => {
                if let Some((open, end)) = &mut self.line
                    && *open == line
                {
                    end.answer(number).await;
                }
            }
            Word::Text(..) | Word::Panic(_) => {}
        }
    }

    fn cell_wrote(&mut self, stream: Stream, mut text: Vec<u8>) {
        if stream == Stream::Stderr
            && let Some(told) = self.panic_in_cells_words(&text)
        {
            text = told;
        }
        if let Some(running) = &mut self.running {
            if stream == Stream::Stderr {
                running.stderr.extend_from_slice(&text);
                let old = running.stderr.len().saturating_sub(KEPT);
                running.stderr.drain(..old);
            }
            if let Some((_, behind)) = &mut running.uncertain {
                behind.push((stream, text));
                if behind.len() > HELD {
                    self.panic_was_caught();
                }
                return;
            }
        }
        self.text.add(stream, text);
    }

    /// What evcxr compiles, or compiled last; empty where there is nothing to read.
    fn generated_source(&self) -> String {
        let file = self.workplace().map(|workplace| &workplace.source);
        file.and_then(|file| std::fs::read_to_string(file).ok())
            .unwrap_or_default()
    }

    /// The line that `support` writes of a thread's, a task's or a child's panic, with the cell's line in the
    /// place of the generated file's.
    fn panic_in_cells_words(&self, text: &[u8]) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(text).ok()?;
        let (said, place) = text.strip_suffix(")\n")?.rsplit_once(" (src/lib.rs:")?;
        let of_thread = said.contains("thread '") && said.contains("' panicked: ");
        let of_process = said.starts_with("process '") && said.contains(") panicked: ");
        // A task's, which may have no name: "task 'a' panicked", "an unnamed task panicked".
        let of_task = said.starts_with("task '") || said.contains("an unnamed task panicked: ");
        let of_task = of_task && said.contains(" panicked: ");
        let is_ours = of_thread || of_process || of_task;
        let source = is_ours.then(|| self.generated_source())?;
        let place = Place::find(&source, place.parse().ok()?, &self.history)?;
        Some(format!("{said} (cell [{}], line {})\n", place.cell, place.line).into())
    }

    fn panicked(&mut self, panic: Panic) {
        self.panic_was_caught();
        let line = format!("{}\n", panic.text.trim_end());
        let told = self.panic_in_cells_words(line.as_bytes());
        let line = told.map_or(line, |told| String::from_utf8_lossy(&told).into_owned());
        match &mut self.running {
            Some(running) if panic.main => {
                running.uncertain = Some((line, Vec::new()));
                running.panic = Some(panic);
                running.due = Some(Instant::now() + limits::CAUGHT);
            }
            _ => self.text.add(Stream::Stderr, line.into()),
        }
    }

    fn panic_was_caught(&mut self) {
        if let Some((line, behind)) = self
            .running
            .as_mut()
            .and_then(|running| running.uncertain.take())
        {
            self.text.add(Stream::Stderr, line.into());
            for (stream, text) in behind {
                self.text.add(stream, text);
            }
        }
    }

    /// The error tells of the panic: only the text behind it is passed on.
    fn panic_ended_the_cell(&mut self) {
        let uncertain = self
            .running
            .as_mut()
            .and_then(|running| running.uncertain.take());
        for (stream, text) in uncertain.into_iter().flat_map(|(_, behind)| behind) {
            self.text.add(stream, text);
        }
    }

    /// Looks whether the running request has ended, or has to be helped to an end.
    pub(super) async fn look_after_cell(&mut self) {
        let Some(running) = &mut self.running else {
            return;
        };
        let now = Instant::now();
        let due = running.due.is_some_and(|due| due <= now);
        if !running.cell {
            if due {
                // evcxr does not answer it: the next one may fare better.
                self.running = None;
                self.advance().await;
            }
            return;
        }
        let (Some(reply), true) = (&running.reply, running.idle) else {
            if running.interrupted.is_some() {
                self.press().await;
            } else if due {
                running.due = None;
                self.panic_was_caught();
            }
            return;
        };
        if reply["status"] == "ok" {
            return self.succeed().await;
        }
        if running.end().is_some() && self.line.is_some() {
            // Its last words are still on their way.
            let limit = *running.last_words.get_or_insert(now + limits::LAST_WORDS);
            if now < limit {
                running.due = Some(limit);
                return;
            }
        }
        let failure = self.judge();
        self.fail(failure).await;
    }

    /// What the failed cell failed of.
    fn judge(&mut self) -> Failure {
        let Some(running) = &self.running else {
            return Failure::told(&[], self.count);
        };
        if running.interrupted.is_some() {
            let ran = running.ran;
            self.panic_ended_the_cell();
            return Failure::interrupted(ran);
        }
        let source = self.generated_source();
        let Some(how) = running.end() else {
            let said = self
                .workplace()
                .and_then(|workplace| std::fs::read_to_string(&workplace.compiler).ok());
            return Failure::compiler(
                &running.errors,
                &said.unwrap_or_default(),
                &source,
                &self.history,
            )
            .unwrap_or_else(|| Failure::told(&running.errors, self.count));
        };
        if let Some(panic) = running.panic.clone().filter(|_| how == "exit status: 101") {
            self.panic_ended_the_cell();
            let generated = panic.file == stock::SOURCE;
            let place =
                Place::find(&source, panic.line as usize, &self.history).filter(|_| generated);
            return Failure::panic(&panic, place.as_ref());
        }
        Failure::ended(how, self.ended_idle)
    }

    async fn succeed(&mut self) {
        self.panic_was_caught();
        if let Some(running) = self
            .running
            .as_ref()
            .filter(|running| running.question_mark)
        {
            let text = String::from_utf8_lossy(&running.stderr).into_owned();
            return self.fail(Failure::question_mark(&text)).await;
        }
        self.send_text(true).await;
        let Some(running) = self.running.take() else {
            return;
        };
        let names = running
            .user_expressions
            .as_object()
            .into_iter()
            .flat_map(|map| map.keys());
        let unknown = json!({"status": "error", "ename": "Unsupported", "evalue": "Rust cells have no user expressions", "traceback": []});
        let expressions: serde_json::Map<_, _> =
            names.map(|name| (name.clone(), unknown.clone())).collect();
        let content = json!({
            "status": "ok",
            "execution_count": self.count,
            "user_expressions": expressions,
            "payload": [],
        });
        self.answer(&running.request, &content).await;
        self.advance().await;
    }

    /// Answers the running cell with an error and, if it asked for that, aborts those behind it.
    pub(super) async fn fail(&mut self, failure: Failure) {
        self.panic_was_caught();
        self.send_text(true).await;
        self.ended_idle = false;
        self.publish_for_cell("error", &failure.fields()).await;
        let Some(running) = self.running.take() else {
            return;
        };
        let mut content = failure.fields();
        content["status"] = "error".into();
        content["execution_count"] = self.count.into();
        content["user_expressions"] = json!({});
        content["payload"] = json!([]);
        self.answer(&running.request, &content).await;
        if running.stop_on_error {
            self.abort_queued().await;
        }
    }

    /// The reply, and then that the kernel is idle.
    pub(super) async fn answer(&mut self, request: &Message, content: &Value) {
        let reply = self.author.reply(request, content);
        self.jupyter.send(Jupyters::Shell, reply);
        self.status(request, "idle").await;
    }

    async fn abort_queued(&mut self) {
        for request in std::mem::take(&mut self.queue) {
            if request.header.msg_type == "execute_request" {
                self.status(&request, "busy").await;
                // No number: it has not run.
                let content = json!({"status": "aborted"});
                self.answer(&request, &content).await;
            } else {
                self.queue.push_back(request);
            }
        }
    }
}
