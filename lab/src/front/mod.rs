//! The front: what Jupyter talks to when it talks to the kernel `rust`.
//!
//! ```text
//! Jupyter ◀─ five ports ─▶ front ◀─ five ports of its own ─▶ evcxr_jupyter ─▶ the cells' process
//!                            ▲                                                      │
//!                            └────────────── the direct line: text, pictures ───────┘
//! ```
//!
//! It passes on unchanged what stock evcxr gets right, and mends what it gets wrong: an error reply
//! says what happened ([`failure`]), cells queued behind it are aborted, counts start at 1, output
//! comes before the cell's end and in order, an interrupt ends whatever runs, and an evcxr that has
//! died or hangs is told of and replaced.
//!
//! One task, [`Front::handle`], has all the state; the sockets' tasks only send it what comes in.
//!
//! - [`message`]: frames and signatures; [`sockets`]: towards Jupyter; [`evcxr`]: towards evcxr;
//!   [`cells`]: the direct line.
//! - [`running`]: a cell from its request to its reply; [`interrupt`]; [`requests`]: what the front
//!   answers by itself, with [`history`] and [`complete`].
//! - [`warmth`]: what evcxr does before it is asked.
//! - [`text`]: streams; [`failure`], [`rustc`] and [`place`]: errors.

mod cells;
mod complete;
mod evcxr;
mod failure;
mod history;
mod interrupt;
pub mod limits;
pub mod message;
mod place;
mod requests;
mod running;
mod rustc;
mod sockets;
mod text;
mod warmth;

pub use cells::SOCKET;
pub use evcxr::Factory;
pub use warmth::COUNT as WARM_UP;

use self::cells::{Line, Report};
use self::evcxr::{Evcxr, News, Workplace};
use self::failure::Failure;
use self::history::History;
use self::limits::Patience;
use self::message::{Author, Key, Message};
use self::running::Running;
use self::sockets::{Channel, Jupyter};
use self::text::Text;
use anyhow::Result;
use jupyter_protocol::ConnectionInfo;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::{Instant, sleep_until, timeout};

/// After a socket's error, lest a broken one keep a processor busy.
const PAUSE: Duration = Duration::from_millis(50);

/// How often an evcxr that ends before it answers is tried again.
const ATTEMPTS: u32 = 3;

/// What comes in.
enum Event {
    Jupyter(Channel, Message),
    /// Of the evcxr with this number.
    Evcxr(u64, News),
}

type Events = Sender<Event>;

struct Front {
    author: Author,
    jupyter: Jupyter,
    factory: Arc<dyn Factory>,
    patience: Patience,
    events: Events,
    evcxr: Option<Evcxr>,
    /// Evcxrs started so far, and those of them that ended before they answered, in a row.
    generations: u64,
    attempts: u32,
    /// Why the evcxr that had run cells is gone, until a cell has been told.
    lost: Option<String>,
    /// The direct line to the cells' process, and its number, while that process lives.
    line: Option<(u64, Line)>,
    /// The cells' process ended when no cell ran.
    ended_idle: bool,
    queue: VecDeque<Message>,
    running: Option<Running>,
    /// The latest cell: what background threads print belongs to it.
    latest: Option<Message>,
    /// The number of the latest cell.
    count: u64,
    history: History,
    text: Text,
    to_end: bool,
}

/// Serves a kernel until it is to end: by request, or because `stop` is done.
///
/// # Errors
/// When a port cannot be opened.
pub async fn serve(
    info: &ConnectionInfo,
    factory: Arc<dyn Factory>,
    patience: Patience,
    stop: impl Future<Output = ()>,
) -> Result<()> {
    let key = Key::new(&info.key);
    let (events, mut inbox) = channel(256);
    let jupyter = Jupyter::open(info, &key, &events).await?;
    let mut front = Front {
        author: Author::new(key),
        jupyter,
        factory,
        patience,
        events,
        evcxr: None,
        generations: 0,
        attempts: 0,
        lost: None,
        line: None,
        ended_idle: false,
        queue: VecDeque::new(),
        running: None,
        latest: None,
        count: 0,
        history: History::default(),
        text: Text::default(),
        to_end: false,
    };
    front
        .publish(None, "status", &json!({"execution_state": "starting"}))
        .await;
    front.start_evcxr();
    tokio::pin!(stop);
    while !front.to_end {
        let (text_due, cell_due) = (
            front.text.due(),
            front.running.as_ref().and_then(|running| running.due),
        );
        let room = front.text.has_room();
        tokio::select! {
            Some(event) = inbox.recv() => front.handle(event).await,
            report = next_report(&mut front.evcxr), if room => front.hear(report).await,
            () = at(text_due) => front.send_text(false).await,
            () = at(cell_due) => front.look_after_cell().await,
            () = &mut stop => break,
        }
    }
    // What was said last has to leave first.
    tokio::time::sleep(Duration::from_millis(20)).await;
    if let Some(mut evcxr) = front.evcxr.take() {
        evcxr.stop("the kernel ends");
        let ended = async {
            while let Some(event) = inbox.recv().await {
                if matches!(event, Event::Evcxr(_, News::Ended(_) | News::Failed(_))) {
                    return;
                }
            }
        };
        timeout(limits::END * 2, ended).await.ok();
    }
    Ok(())
}

async fn next_report(evcxr: &mut Option<Evcxr>) -> Report {
    if let Some(workplace) = evcxr.as_mut().and_then(|evcxr| evcxr.workplace.as_mut())
        && let Some(report) = workplace.cells.recv().await
    {
        return report;
    }
    pending().await
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}

impl Front {
    async fn handle(&mut self, event: Event) {
        match event {
            Event::Jupyter(Channel::Shell, request) => self.shell(request).await,
            Event::Jupyter(Channel::Control, request) => self.control(request).await,
            Event::Jupyter(Channel::Stdin, reply) => {
                if let Some(evcxr) = &self.evcxr {
                    evcxr.send(evcxr::Channel::Stdin, reply);
                }
            }
            Event::Evcxr(generation, news) => {
                if self
                    .evcxr
                    .as_ref()
                    .is_some_and(|evcxr| evcxr.generation == generation)
                {
                    self.evcxr_news(news).await;
                }
            }
        }
        self.advance().await;
    }

    async fn evcxr_news(&mut self, news: News) {
        match news {
            News::Begun(workplace) => {
                if let Some(evcxr) = &mut self.evcxr {
                    evcxr.workplace = Some(workplace);
                }
            }
            News::Ready => {
                self.attempts = 0;
                if let Some(evcxr) = &mut self.evcxr {
                    evcxr.ready = true;
                }
            }
            News::Said(channel, message) => self.evcxr_said(channel, message).await,
            News::Failed(why) => {
                self.evcxr = None;
                self.attempts = ATTEMPTS;
                self.refuse_all(&why).await;
            }
            News::Ended(why) => self.evcxr_ended(why).await,
        }
    }

    fn start_evcxr(&mut self) {
        self.generations += 1;
        let (factory, number) = (self.factory.clone(), self.generations);
        let key = &self.author.key;
        self.evcxr = Some(Evcxr::start(
            factory,
            number,
            self.patience,
            key,
            &self.events,
        ));
    }

    /// Tells of it and starts another.
    async fn evcxr_ended(&mut self, why: String) {
        let evcxr = self.evcxr.take();
        let was_told = evcxr.as_ref().is_some_and(Evcxr::is_given_up);
        let was_ready = evcxr.is_some_and(|evcxr| evcxr.ready);
        self.line = None;
        self.ended_idle = false;
        // What it was asked that was no cell has no answer.
        self.running.take_if(|running| !running.is_cell());
        if was_told {
            self.attempts = 0;
        } else if !was_ready {
            self.attempts += 1;
            if self.attempts >= ATTEMPTS {
                self.refuse_all(&why).await;
                return;
            }
        } else if self.running.is_some() {
            self.fail(Failure::evcxr(&why)).await;
        } else if self.count > 0 {
            self.lost = Some(why);
        }
        self.start_evcxr();
    }

    /// Answers every waiting cell that there is no evcxr.
    async fn refuse_all(&mut self, why: &str) {
        for request in std::mem::take(&mut self.queue) {
            if request.header.msg_type == "execute_request" {
                self.begin(request).await;
                self.fail(Failure::no_evcxr(why)).await;
            }
        }
    }

    /// Starts whatever can be started.
    async fn advance(&mut self) {
        while self.running.is_none() && !self.queue.is_empty() {
            match &self.evcxr {
                Some(evcxr) if evcxr.ready => {}
                Some(_) => return,
                None => {
                    self.attempts = 0;
                    self.start_evcxr();
                    return;
                }
            }
            let Some(request) = self.queue.pop_front() else {
                return;
            };
            if request.header.msg_type == "execute_request" {
                self.begin(request).await;
                if let Some(why) = self.lost.take() {
                    self.fail(Failure::evcxr(&why)).await;
                    continue;
                }
            } else {
                self.running = Some(Running::other(&request));
            }
            if let (Some(evcxr), Some(running)) = (&self.evcxr, &self.running) {
                warmth::prepare(evcxr, &running.request);
                evcxr.send(evcxr::Channel::Shell, running.request.clone());
            }
        }
        if self.running.is_none()
            && let Some(evcxr) = self.evcxr.as_mut().filter(|evcxr| evcxr.ready)
        {
            // Nobody waits.
            self.running = warmth::next(evcxr).map(|request| Running::other(&request));
        }
    }

    /// What came over the direct line.
    async fn hear(&mut self, report: Report) {
        match report {
            Report::Opened(number, line) => {
                self.line = Some((number, line));
                self.ended_idle = false;
            }
            Report::Said(number, word) => self.cell_said(number, word).await,
            Report::Closed(number) => {
                if self.line.as_ref().is_some_and(|(open, _)| *open == number) {
                    self.line = None;
                    self.ended_idle = self.running.is_none();
                    self.end_adopted();
                    self.look_after_cell().await;
                    self.advance().await;
                }
            }
        }
    }

    fn workplace(&self) -> Option<&Workplace> {
        self.evcxr.as_ref()?.workplace.as_ref()
    }

    /// Ends what the cells' process has left behind: a program that it started, for one.
    fn end_adopted(&self) {
        let warden = self.workplace().and_then(|workplace| workplace.warden);
        for process in warden.map(crate::launcher::adopted_by).unwrap_or_default() {
            // It may have ended by itself.
            let _ = nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGKILL);
        }
    }

    /// Sends the text that waits.
    async fn send_text(&mut self, last: bool) {
        for (stream, text) in self.text.take(last) {
            let content = json!({"name": stream.name(), "text": text});
            self.publish_for_cell("stream", &content).await;
        }
    }

    /// Publishes what belongs to the cell that runs, or ran last.
    async fn publish_for_cell(&mut self, kind: &str, content: &Value) {
        if self.running.as_ref().is_some_and(|running| running.silent) {
            return;
        }
        let message = self.author.about(self.latest.as_ref(), kind, content);
        self.jupyter.publish(message).await;
    }

    async fn publish(&mut self, request: Option<&Message>, kind: &str, content: &Value) {
        let message = self.author.about(request, kind, content);
        self.jupyter.publish(message).await;
    }

    async fn status(&mut self, request: &Message, state: &str) {
        self.publish(Some(request), "status", &json!({"execution_state": state}))
            .await;
    }
}
