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
//! [`Front`] has all the state. It gets what comes in, an event at a time ([`Front::handle`]), and leaves
//! what is to go out in its outbox: it waits for nothing, and asks nobody for the time. [`serve`] does
//! that for it.
//!
//! - [`message`]: frames and signatures; [`sockets`]: towards Jupyter; [`evcxr`]: towards evcxr;
//!   [`cells`]: the direct line.
//! - [`phase`]: what the front is at; [`running`]: what evcxr says of it; [`output`]: what the cells
//!   say; [`ending`]: how it is answered; [`interrupt`]; [`requests`]: what the front answers by itself,
//!   with [`history`] and [`complete`], or in its own way, [`commands`]; [`help`]: completion and
//!   inspection; [`builds`] and [`paths`]: the crates that a cell asks for.
//! - [`warmth`]: what evcxr does before it is asked.
//! - [`text`]: streams; [`tokens`], [`threads`] and [`keywords`]: what a cell says; [`failure`], [`rustc`], [`span`], [`place`], [`words`],
//!   [`lost`], [`unfinished`], [`unkept`] and [`lines`]: errors.

mod builds;
mod cells;
mod commands;
mod complete;
mod ending;
mod evcxr;
mod failure;
mod help;
mod history;
mod interrupt;
mod keywords;
pub mod limits;
mod lines;
mod lost;
pub mod message;
mod output;
mod paths;
mod phase;
mod place;
mod requests;
mod running;
mod rustc;
mod sockets;
mod span;
#[cfg(test)]
mod tests;
mod text;
mod threads;
mod tokens;
mod unfinished;
mod unkept;
mod warmth;
mod words;

pub use cells::SOCKET;
pub use evcxr::Factory;
pub use warmth::COUNT as WARM_UP;

use self::cells::{Process, Report};
use self::evcxr::{Evcxr, News, Workplace};
use self::failure::Failure;
use self::history::History;
use self::limits::Patience;
use self::message::{Author, Key, Message};
use self::phase::Phase;
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
    Cells(Report),
    /// Nothing but the time.
    Due,
    /// The kernel is to end.
    End,
}

type Events = Sender<Event>;

type Starter = Box<dyn FnMut(u64) -> Evcxr + Send>;

struct Front {
    author: Author,
    /// What is to go out.
    outbox: VecDeque<(Channel, Message)>,
    /// Starts the evcxr with the given number.
    start: Starter,
    now: Instant,
    /// There is none where none could be started; the next cell has it tried again.
    evcxr: Option<Evcxr>,
    /// Evcxrs started so far, and those of them that ended before they answered, in a row.
    generations: u64,
    attempts: u32,
    /// Why the evcxr that had run cells is gone, until a cell has been told.
    lost: Option<String>,
    /// The direct line to the cells' process, and its number, while that process lives.
    line: Option<(u64, Box<dyn Process>)>,
    /// The cells' process ended when no cell ran.
    ended_idle: bool,
    queue: VecDeque<Message>,
    phase: Phase,
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
    let mut jupyter = Jupyter::open(info, &key, &events).await?;
    let clients = key.clone();
    let start =
        Box::new(move |number| Evcxr::start(factory.clone(), number, patience, &clients, &events));
    let mut front = Front::new(key, start, Instant::now());
    tokio::pin!(stop);
    loop {
        for (channel, message) in std::mem::take(&mut front.outbox) {
            jupyter.send(channel, message).await;
        }
        if front.to_end {
            break;
        }
        let due = front.due();
        let room = front.text.has_room();
        let report = async {
            jupyter.room().await;
            next_report(&mut front.evcxr).await
        };
        let event = tokio::select! {
            Some(event) = inbox.recv() => event,
            report = report, if room => Event::Cells(report),
            () = at(due) => Event::Due,
            () = &mut stop => Event::End,
        };
        front.handle(event, Instant::now());
    }
    jupyter.flush().await;
    // One that has not begun has nothing to end: the launcher ends what fills its directory.
    if let Some(mut evcxr) = front.evcxr.take_if(|evcxr| evcxr.workplace.is_some()) {
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
    fn new(key: Key, start: Starter, now: Instant) -> Front {
        let mut front = Front {
            author: Author::new(key),
            outbox: VecDeque::new(),
            start,
            now,
            evcxr: None,
            generations: 0,
            attempts: 0,
            lost: None,
            line: None,
            ended_idle: false,
            queue: VecDeque::new(),
            phase: Phase::Idle,
            latest: None,
            count: 0,
            history: History::default(),
            text: Text::default(),
            to_end: false,
        };
        front.publish(None, "status", &json!({"execution_state": "starting"}));
        front.start_evcxr();
        front
    }

    /// Deals with what has come in, and with what is due by now.
    fn handle(&mut self, event: Event, now: Instant) {
        self.now = now;
        match event {
            Event::Jupyter(Channel::Shell, request) => self.shell(request),
            Event::Jupyter(Channel::Control, request) => self.control(&request),
            Event::Jupyter(Channel::Stdin | Channel::Iopub, answer) => self.input(answer),
            Event::Evcxr(generation, news) => self.evcxr_news(generation, news),
            Event::Cells(report) => self.hear(report),
            Event::End => self.end(),
            Event::Due => {
                if is_past(self.text.due(now), now) {
                    self.send_text(false);
                }
                if let Some(evcxr) = &mut self.evcxr {
                    // It does not answer: what is asked next may fare better.
                    evcxr.asked.take_if(|(_, until)| *until <= now);
                }
                self.look_after();
            }
        }
        self.advance();
    }

    /// When to be told of the time.
    fn due(&self) -> Option<Instant> {
        let evcxr = self.evcxr.as_ref().and_then(|evcxr| evcxr.asked.as_ref());
        [
            self.text.due(self.now),
            evcxr.map(|(_, until)| *until),
            self.phase.due(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn evcxr_news(&mut self, generation: u64, news: News) {
        // That of an earlier one is old.
        let current = self.evcxr.as_mut().filter(|it| it.generation == generation);
        let Some(evcxr) = current else {
            return;
        };
        match news {
            News::Waits(what) => evcxr.waits = Some(what),
            News::Begun(workplace) => {
                evcxr.waits = None;
                evcxr.workplace = Some(workplace);
            }
            News::Ready => {
                evcxr.ready = true;
                self.attempts = 0;
            }
            News::Said(channel, message) => self.evcxr_said(channel, message),
            News::Compiles(what) => self.compiles(&what),
            News::Failed(why) => {
                self.evcxr = None;
                self.refuse(&Failure::no_evcxr(&why));
            }
            News::Ended(why) => self.evcxr_ended(&why),
        }
    }

    fn start_evcxr(&mut self) {
        self.generations += 1;
        self.evcxr = Some((self.start)(self.generations));
    }

    /// Tells of it and starts another.
    fn evcxr_ended(&mut self, why: &str) {
        let Some(evcxr) = self.evcxr.take() else {
            return;
        };
        self.line = None;
        self.ended_idle = false;
        let waits = self.phase.waits_for_evcxr();
        if evcxr.is_given_up() || evcxr.ready {
            self.attempts = 0;
        } else {
            self.attempts += 1;
        }
        if self.attempts >= ATTEMPTS {
            self.attempts = 0;
            return self.refuse(&Failure::no_evcxr(why));
        }
        if !waits {
            // A cell that has failed already stays as it is.
            self.refuse(&Failure::evcxr(why));
        } else if evcxr.used && !evcxr.is_given_up() {
            self.lost = Some(why.to_owned());
        }
        self.start_evcxr();
    }

    /// Starts whatever can be started.
    fn advance(&mut self) {
        while !self.to_end {
            match &mut self.phase {
                Phase::Idle => match self.queue.pop_front() {
                    Some(request) => self.begin(request),
                    None => return self.warm_up(),
                },
                Phase::Cell(cell) if cell.waits() => {
                    if let Some(why) = self.lost.take() {
                        self.fail(Failure::evcxr(&why));
                        continue;
                    }
                    match &mut self.evcxr {
                        Some(evcxr) if evcxr.is_free() => {
                            let asked = help::for_evcxr(&cell.request, &self.author.key);
                            let asked = paths::from_notebook(asked, &self.author.key);
                            warmth::prepare(evcxr, &cell.request, &asked);
                            evcxr.used = true;
                            evcxr.forget_compiler();
                            evcxr.send(evcxr::Channel::Shell, asked);
                            cell.sent(self.line.as_ref(), self.now);
                            self.untell();
                        }
                        Some(evcxr) => {
                            match evcxr.waits.clone().filter(|_| !cell.told && !cell.shown) {
                                Some(what) => self.tell(&what),
                                None => return,
                            }
                        }
                        None => return self.start_evcxr(),
                    }
                }
                Phase::Asks(request, until @ None) => match &self.evcxr {
                    Some(evcxr) if evcxr.is_free() => {
                        let asked = help::for_evcxr(request, &self.author.key);
                        evcxr.send(evcxr::Channel::Shell, asked);
                        *until = Some(self.now + limits::SMALL);
                    }
                    Some(_) => return,
                    None => self.refuse(&Failure::no_evcxr("there is no evcxr")),
                },
                _ => return,
            }
        }
    }

    /// Shows at the cell what it waits for, until it begins.
    fn tell(&mut self, what: &str) {
        if let Phase::Cell(cell) = &mut self.phase
            && !cell.shown
        {
            let kind = match std::mem::replace(&mut cell.told, true) {
                true => "update_display_data",
                false => "display_data",
            };
            let transient = json!({"display_id": format!("waits-{}", cell.request.header.msg_id)});
            let content =
                json!({"data": {"text/plain": what}, "metadata": {}, "transient": transient});
            self.publish_of_cell(kind, &content);
        }
    }

    /// Takes that back.
    fn untell(&mut self) {
        if let Phase::Cell(cell) = &mut self.phase
            && std::mem::take(&mut cell.told)
        {
            self.publish_of_cell("clear_output", &json!({"wait": false}));
        }
    }

    /// Nobody waits: evcxr may do something of its own.
    fn warm_up(&mut self) {
        if let Some(evcxr) = self.evcxr.as_mut().filter(|evcxr| evcxr.is_free())
            && let Some(request) = warmth::next(evcxr)
        {
            evcxr.asked = Some((request.header.msg_id, self.now + limits::SMALL));
        }
    }

    /// What came over the direct line.
    fn hear(&mut self, report: Report) {
        match report {
            Report::Opened(number, process) => {
                self.line = Some((number, process));
                self.ended_idle = false;
                if let Phase::Cell(cell) = &mut self.phase {
                    cell.opened(self.line.as_ref());
                }
            }
            Report::Said(number, word) => self.cell_said(number, word),
            Report::Closed(number) => {
                if self.line.take_if(|(open, _)| *open == number).is_some() {
                    self.ended_idle = !self.phase.is_running();
                    if let Some(workplace) = self.workplace() {
                        workplace.family.end_adopted();
                    }
                    self.said_its_last();
                }
            }
        }
    }

    fn workplace(&self) -> Option<&Workplace> {
        self.evcxr.as_ref()?.workplace.as_ref()
    }

    /// Sends the text that waits.
    fn send_text(&mut self, last: bool) {
        for (stream, text) in self.text.take(last, self.now) {
            let content = json!({"name": stream.name(), "text": text});
            self.publish_for_cell("stream", &content);
        }
    }

    /// Publishes what belongs to the cell that runs, or ran last.
    fn publish_for_cell(&mut self, kind: &str, content: &Value) {
        self.shows();
        self.publish_of_cell(kind, content);
    }

    /// The cell, or a thread of an earlier one, is about to put something out.
    fn shows(&mut self) {
        self.untell();
        if let Phase::Cell(cell) = &mut self.phase {
            cell.shown = true;
        }
    }

    fn publish_of_cell(&mut self, kind: &str, content: &Value) {
        if matches!(&self.phase, Phase::Cell(cell) if cell.silent) {
            return;
        }
        let message = self.author.about(self.latest.as_ref(), kind, content);
        self.send(Channel::Iopub, message);
    }

    fn publish(&mut self, request: Option<&Message>, kind: &str, content: &Value) {
        let message = self.author.about(request, kind, content);
        self.send(Channel::Iopub, message);
    }

    fn status(&mut self, request: &Message, state: &str) {
        self.publish(Some(request), "status", &json!({"execution_state": state}));
    }

    fn send(&mut self, channel: Channel, message: Message) {
        self.outbox.push_back((channel, message));
    }
}

fn is_past(due: Option<Instant>, now: Instant) -> bool {
    due.is_some_and(|due| due <= now)
}
