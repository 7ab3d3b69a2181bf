//! The stock kernel behind the front: started, listened to, watched, and ended.

mod process;
mod talk;

use super::cells::Report;
use super::limits::Patience;
use super::message::{Author, Key, Message};
use super::{Event, Events};
use anyhow::Result;
use process::{Begun, Log, watch};
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use talk::Conversation;
use tokio::process::Command;
use tokio::sync::mpsc::{Receiver, UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

/// The ids of requests that the front itself makes begin with this.
const OWN: &str = "front-ask-";

/// How an evcxr is started: the launcher knows.
pub trait Factory: Send + Sync {
    /// A directory of its own, filled from the template, and what keeps it from being swept away. What
    /// takes long about it, the factory can `say`.
    ///
    /// # Errors
    /// When there is no disk for it.
    fn directory(&self, say: &dyn Fn(&str)) -> Result<(PathBuf, Vec<File>)>;
    /// The program that runs evcxr on the connection file in that directory, and ends it with all
    /// that is below it when its stdin closes.
    ///
    /// # Errors
    /// When it cannot be found.
    fn program(&self, directory: &Path, connection_file: &Path) -> Result<Command>;
    /// What evcxr runs at its start, to be run again where it has been cleared.
    fn beginning(&self) -> String {
        String::new()
    }
    /// Ends what that program may have left running, if it was killed itself.
    fn end_all(&self) {}
}

/// Which of evcxr's channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Shell,
    Iopub,
    Stdin,
}

/// What an evcxr does.
pub enum News {
    /// It cannot begin before something else is done, which takes a while: what that is, in a sentence.
    Waits(String),
    /// It has a directory, and its warden runs.
    Begun(Workplace),
    /// It answers, and nothing it publishes can be missed any more.
    Ready,
    Said(Channel, Message),
    /// cargo compiles this crate for it, in the words of [`stock::COMPILING`](crate::stock::COMPILING).
    Compiles(String),
    /// There is no directory for it, or no process, or it hangs as it starts: trying again at once would
    /// not help.
    Failed(String),
    /// It is gone with all that was below it; why, in a clause.
    Ended(String),
}

pub struct Evcxr {
    /// Which of the session's evcxrs: news of an earlier one is old.
    pub generation: u64,
    pub ready: bool,
    /// Of the requests by which it is warmed up, how many it has got.
    pub warmed: usize,
    pub workplace: Option<Workplace>,
    /// What has to be done before it can begin.
    pub waits: Option<String>,
    /// Whether it has been given a cell.
    pub used: bool,
    /// What it still does that no client waits for, by its id, and until when that is waited for.
    pub asked: Option<(String, tokio::time::Instant)>,
    given_up: bool,
    author: Author,
    outbox: UnboundedSender<(Channel, Message)>,
    stop: Option<oneshot::Sender<String>>,
}

/// Where it works, and what its cells say.
pub struct Workplace {
    pub cells: Receiver<Report>,
    /// The source that it compiles, and what the compiler said of it.
    pub source: PathBuf,
    pub compiler: PathBuf,
    /// Where the cell that it is given is kept as it gets it.
    pub cell: PathBuf,
    /// What it runs at its start.
    pub beginning: String,
    pub family: Box<dyn Family>,
}

/// The processes below it.
pub trait Family: Send {
    /// Ends the compilers, and so what they compile.
    fn end_compilers(&self);
    /// Ends what a cell's process has left behind: a program that it started, for one.
    fn end_adopted(&self);
}

/// The other end of an [`Evcxr`]: what it is sent, and when it is to end.
pub struct Orders {
    pub outgoing: UnboundedReceiver<(Channel, Message)>,
    pub stopped: oneshot::Receiver<String>,
}

impl Evcxr {
    /// One that is about to be started, and what it is told.
    pub fn new(generation: u64, evcxrs: Key) -> (Evcxr, Orders) {
        let (outbox, outgoing) = unbounded_channel();
        let (stop, stopped) = oneshot::channel();
        let evcxr = Evcxr {
            generation,
            ready: false,
            warmed: 0,
            workplace: None,
            waits: None,
            used: false,
            asked: None,
            given_up: false,
            author: Author::new(evcxrs),
            outbox,
            stop: Some(stop),
        };
        (evcxr, Orders { outgoing, stopped })
    }

    /// What the compiler says from here on is about what is sent next.
    pub fn forget_compiler(&self) {
        if let Some(workplace) = &self.workplace {
            // Where there is none, it has said nothing.
            let _ = std::fs::remove_file(&workplace.compiler);
        }
    }

    /// Starts one; its news goes to `events`. What takes time, the copy of the template above all, is
    /// done beside the caller.
    pub fn start(
        factory: Arc<dyn Factory>,
        generation: u64,
        patience: Patience,
        key: &Key,
        events: &Events,
    ) -> Evcxr {
        let secret = uuid::Uuid::new_v4().to_string();
        let evcxrs = Key::new(&secret);
        let (evcxr, orders) = Evcxr::new(generation, evcxrs.clone());
        let news = Newsagent {
            generation,
            events: events.clone(),
        };
        let clients = key.clone();
        tokio::spawn(async move {
            let begun = match Begun::new(&factory, &secret, news.clone()).await {
                Ok(begun) => begun,
                Err(error) => return news.tell(News::Failed(format!("{error:#}"))).await,
            };
            let Begun {
                directory,
                locks,
                info,
                mut warden,
                workplace,
            } = begun;
            news.tell(News::Begun(workplace)).await;
            let log = Log::of(warden.stderr.take(), news.clone());
            let conversation = Conversation {
                info,
                evcxrs,
                clients,
                news: news.clone(),
                outgoing: orders.outgoing,
                patience,
            };
            let end = watch(&mut warden, conversation.hold(), orders.stopped, log).await;
            tokio::task::spawn_blocking(move || factory.end_all())
                .await
                .ok();
            let _ = std::fs::remove_dir_all(&directory);
            drop(locks);
            news.tell(end).await;
        });
        evcxr
    }

    /// Has it do something for the front itself; returns the request.
    pub fn ask(&self, kind: &str, content: &Value) -> Message {
        let request = self.author.about(None, kind, content);
        let id = format!("{OWN}{}", uuid::Uuid::new_v4());
        let request = request.with_id(&id, &self.author.key);
        self.send(Channel::Shell, request.clone());
        request
    }

    /// Passes a message on.
    pub fn send(&self, channel: Channel, message: Message) {
        // It may just have ended: then its last news says so.
        let _ = self.outbox.send((channel, message));
    }

    /// Whether it takes what it is asked at once.
    pub fn is_free(&self) -> bool {
        self.ready && self.asked.is_none()
    }

    /// Has it ended, and gives it nothing more to do.
    pub fn give_up(&mut self, why: &str) {
        self.stop(why);
        self.ready = false;
        self.given_up = true;
    }

    /// Whether somebody has been told already that it has come to its end.
    pub fn is_given_up(&self) -> bool {
        self.given_up
    }

    /// Has it ended; the last of its news will give `why`.
    pub fn stop(&mut self, why: &str) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(why.to_owned());
        }
    }
}

/// Whether a request with this id is the front's own.
pub fn is_own(id: &str) -> bool {
    id.starts_with(OWN)
}

#[derive(Clone)]
struct Newsagent {
    generation: u64,
    events: Events,
}

impl Newsagent {
    async fn tell(&self, news: News) {
        let _ = self.events.send(Event::Evcxr(self.generation, news)).await;
    }

    /// From a thread of its own.
    fn tell_from_elsewhere(&self, news: News) {
        let _ = self
            .events
            .blocking_send(Event::Evcxr(self.generation, news));
    }
}
