//! An evcxr that does what a test has it do, one step at a time.

use super::{Cell, Deed, End, Start};
use crate::front::cells::{Display, Panic, Process, Report, Word};
use crate::front::evcxr::{Channel, Family, Orders, Workplace, is_own};
use crate::front::message::{Author, Key, Message};
use crate::shims;
use crate::stock::ENDED;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// The process of the cells, as far as the front sees it.
#[derive(Default)]
struct Cells {
    number: u64,
    alive: bool,
    /// Whether it waits for a command, and how often it has.
    waits: bool,
    wait: u64,
    answered: Vec<[u8; 8]>,
    killed: bool,
    killed_while_it_waited: bool,
    compilers_ended: bool,
}

type Shared = Arc<Mutex<Cells>>;

fn look<T>(cells: &Shared, at: impl FnOnce(&mut Cells) -> T) -> T {
    at(&mut cells.lock().expect("no panic"))
}

/// Of the process with this number: another may have taken its place.
struct Handle(Shared, u64);

impl Process for Handle {
    fn answer(&mut self, sync: [u8; 8]) {
        look(&self.0, |cells| cells.answered.push(sync));
    }

    fn wait(&self) -> Option<u64> {
        look(&self.0, |cells| {
            (cells.number == self.1 && cells.alive && cells.waits).then_some(cells.wait)
        })
    }

    fn kill(&self) {
        look(&self.0, |cells| {
            if cells.number == self.1 && cells.alive {
                cells.killed_while_it_waited |= cells.waits;
                cells.killed = true;
            }
        });
    }
}

struct Below(Shared);

impl Family for Below {
    fn end_compilers(&self) {
        look(&self.0, |cells| cells.compilers_ended = true);
    }

    fn end_adopted(&self) {}
}

/// What evcxr is at.
pub enum Doing {
    Nothing,
    Small(Message),
    Compiles(Message),
    Runs(Message, VecDeque<Deed>),
    Asks(Message, VecDeque<Deed>),
    /// The cell has ended, and its output is on its way to the front.
    Syncs(Message, [u8; 8]),
    Deaf,
}

/// An evcxr, what it has been sent, and what it has said that is still under way.
pub struct Played {
    pub generation: u64,
    pub orders: Orders,
    pub start: Start,
    pub begun: bool,
    pub ready: bool,
    pub doing: Doing,
    inbox: VecDeque<Message>,
    answers: VecDeque<Message>,
    pub said: [VecDeque<Message>; 3],
    pub line: VecDeque<Report>,
    /// What it passes on of cargo's.
    pub log: VecDeque<String>,
    /// Where the shims leave word for the front, once they have.
    folder: PathBuf,
    /// The cell that began in another process.
    begun_again: Option<String>,
    /// The number of the connection to the cells' process.
    number: u64,
    cells: Shared,
    /// Whether a cell of its was interrupted.
    pub interrupted: bool,
}

impl Played {
    pub fn new(generation: u64, orders: Orders, start: Start) -> Played {
        Played {
            generation,
            orders,
            start,
            begun: false,
            ready: false,
            doing: Doing::Nothing,
            inbox: VecDeque::new(),
            answers: VecDeque::new(),
            said: Default::default(),
            line: VecDeque::new(),
            log: VecDeque::new(),
            folder: std::env::temp_dir().join(format!("front-tests-{}", uuid::Uuid::new_v4())),
            begun_again: None,
            number: 0,
            cells: Shared::default(),
            interrupted: false,
        }
    }

    pub fn workplace(&self) -> Workplace {
        let (_, cells) = tokio::sync::mpsc::channel(1);
        Workplace {
            cells,
            source: PathBuf::new(),
            compiler: self.folder.join("messages"),
            cell: PathBuf::new(),
            beginning: String::new(),
            family: Box::new(Below(self.cells.clone())),
        }
    }

    pub fn receive(&mut self) {
        while let Ok((channel, message)) = self.orders.outgoing.try_recv() {
            match channel {
                Channel::Stdin => self.answers.push_back(message),
                _ => self.inbox.push_back(message),
            }
        }
    }

    /// Whether it does something by itself.
    pub fn is_busy(&self) -> bool {
        let can_end = look(&self.cells, |cells| cells.killed);
        match &self.doing {
            _ if !self.ready || !self.orders.stopped.is_empty() => true,
            Doing::Nothing => !self.inbox.is_empty() || !self.orders.outgoing.is_empty(),
            Doing::Small(_) | Doing::Compiles(_) | Doing::Syncs(..) => true,
            Doing::Runs(_, deeds) => !deeds.is_empty() || can_end,
            Doing::Asks(..) => !self.orders.outgoing.is_empty() || !self.answers.is_empty(),
            Doing::Deaf => false,
        }
    }

    pub fn asks(&self) -> bool {
        matches!(self.doing, Doing::Asks(..))
    }

    pub fn has_said(&self) -> bool {
        let said = self.said.iter().any(|said| !said.is_empty());
        said || !self.line.is_empty() || !self.log.is_empty()
    }

    /// Starts the process of the cells.
    pub fn open(&mut self) {
        self.number += 1;
        look(&self.cells, |cells| {
            cells.number = self.number;
            cells.alive = true;
            cells.waits = true;
            cells.wait += 1;
            cells.killed = false;
        });
        let process = Box::new(Handle(self.cells.clone(), self.number));
        self.line.push_back(Report::Opened(self.number, process));
    }

    pub fn process_dies(&mut self) {
        if look(&self.cells, |cells| std::mem::take(&mut cells.alive)) {
            self.line.push_back(Report::Closed(self.number));
        }
    }

    fn publish(&mut self, request: &Message, kind: &str, content: &Value) {
        let message = Author::new(Key::new("")).about(Some(request), kind, content);
        self.said[Channel::Iopub as usize].push_back(message);
    }

    fn ends(&mut self, request: &Message, status: &str) {
        let author = Author::new(Key::new(""));
        let reply = author.reply(request, &json!({"status": status, "execution_count": 77}));
        self.said[Channel::Shell as usize].push_back(reply);
        self.publish(request, "status", &json!({"execution_state": "idle"}));
        self.doing = Doing::Nothing;
    }

    fn fails(&mut self, request: &Message, evalue: &str) {
        self.publish(
            request,
            "error",
            &json!({"evalue": evalue, "traceback": []}),
        );
        self.ends(request, "error");
    }

    /// The process has ended, and is started again.
    fn terminated(&mut self, request: &Message, how: &str) {
        self.process_dies();
        self.fails(request, &format!("{ENDED}{how}"));
        self.open();
    }

    /// One step; whether it dies of it.
    pub fn step(&mut self, cell: impl Fn(&Message) -> Option<Cell>, texts: &mut u64) -> bool {
        let (alive, killed) = look(&self.cells, |cells| (cells.alive, cells.killed));
        if killed && alive {
            self.process_dies();
        }
        let alive = alive && !killed;
        match std::mem::replace(&mut self.doing, Doing::Nothing) {
            Doing::Deaf => self.doing = Doing::Deaf,
            Doing::Nothing => {
                let Some(request) = self.inbox.pop_front() else {
                    return false;
                };
                self.publish(&request, "status", &json!({"execution_state": "busy"}));
                let of_the_front = is_own(&request.header.msg_id);
                let dreams = of_the_front && matches!(self.start, Start::Dreams);
                if dreams || request.content()["deaf"] == true {
                    self.doing = Doing::Deaf;
                } else if request.header.msg_type == "execute_request" {
                    let input = json!({"code": "", "execution_count": 77});
                    self.publish(&request, "execute_input", &input);
                    look(&self.cells, |cells| cells.compilers_ended = false);
                    self.doing = Doing::Compiles(request);
                } else {
                    self.doing = Doing::Small(request);
                }
            }
            Doing::Small(request) => {
                if request.header.msg_type == "odd_request" {
                    self.publish(&request, "status", &json!({"execution_state": "idle"}));
                } else {
                    self.ends(&request, "ok");
                }
            }
            Doing::Compiles(request) => {
                let Some(cell) = cell(&request) else {
                    self.ends(&request, "ok");
                    return false;
                };
                let id = Some(request.header.msg_id.clone());
                if look(&self.cells, |cells| cells.compilers_ended) {
                    self.fails(&request, "the compiler was killed");
                } else if cell.again && self.begun_again != id {
                    self.begun_again = id;
                    self.log.push_back("nix v0.31.3".to_owned());
                    self.log.push_back(format!("{}it is another", shims::WHY));
                    self.log.push_back("support v0.1.0 (/a/support)".to_owned());
                    self.log
                        .extend((!cell.silent).then(|| shims::DONE.to_owned()));
                    std::fs::create_dir_all(&self.folder).expect("a writable folder");
                    std::fs::write(self.folder.join(shims::ENDED), "").expect("disk space");
                    self.terminated(&request, "signal: 9 (SIGKILL)");
                } else if cell.end == End::CompileError {
                    self.fails(&request, "mismatched types");
                } else if !alive {
                    self.terminated(&request, "exit status: 1");
                } else {
                    look(&self.cells, |cells| cells.waits = false);
                    self.doing = Doing::Runs(request, cell.deeds.clone().into());
                }
            }
            Doing::Runs(request, mut deeds) => {
                if !alive {
                    self.terminated(&request, "signal: 9 (SIGKILL)");
                    return false;
                }
                let mut said = Vec::new();
                let mut text = || {
                    *texts += 1;
                    format!("text {texts}\n")
                };
                self.doing = match deeds.pop_front() {
                    Some(Deed::Say(stream)) => {
                        said.push(Word::Text(stream, text().into()));
                        Doing::Runs(request, deeds)
                    }
                    Some(Deed::Show) => {
                        said.push(Word::Display(Display::default()));
                        Doing::Runs(request, deeds)
                    }
                    Some(Deed::Panic) => {
                        said.push(Word::Panic(panic(text())));
                        Doing::Runs(request, deeds)
                    }
                    Some(Deed::Ask) => {
                        // What it has not asked for would be the answer.
                        assert!(self.answers.is_empty(), "an answer to no question");
                        let author = Author::new(Key::new(""));
                        let asks = author.about(Some(&request), "input_request", &json!({}));
                        self.said[Channel::Stdin as usize].push_back(asks);
                        Doing::Asks(request, deeds)
                    }
                    None => match cell(&request).map_or(End::Nothing, |cell| cell.end) {
                        End::Never => Doing::Runs(request, deeds),
                        End::Deaf => Doing::Deaf,
                        End::Death => return true,
                        End::Exit => {
                            self.terminated(&request, "exit status: 3");
                            return false;
                        }
                        End::Panic => {
                            let word = Word::Panic(panic(text()));
                            self.line.push_back(Report::Said(self.number, word));
                            self.terminated(&request, "exit status: 101");
                            return false;
                        }
                        end => {
                            if end == End::QuestionMark {
                                said.push(Word::QuestionMark);
                            }
                            *texts += 1;
                            said.push(Word::Sync(texts.to_le_bytes()));
                            Doing::Syncs(request, texts.to_le_bytes())
                        }
                    },
                };
                for word in said {
                    self.line.push_back(Report::Said(self.number, word));
                }
            }
            Doing::Asks(request, deeds) => {
                self.doing = match self.answers.pop_front() {
                    Some(_) => Doing::Runs(request, deeds),
                    None => Doing::Asks(request, deeds),
                };
            }
            Doing::Syncs(request, number) => {
                if !alive {
                    self.terminated(&request, "signal: 9 (SIGKILL)");
                } else if look(&self.cells, |cells| cells.answered.contains(&number)) {
                    look(&self.cells, |cells| {
                        cells.waits = true;
                        cells.wait += 1;
                    });
                    if cell(&request).is_some_and(|cell| cell.end == End::Result) {
                        let result = json!({"data": {"text/plain": "7"}, "execution_count": 77});
                        self.publish(&request, "execute_result", &result);
                    }
                    self.ends(&request, "ok");
                } else {
                    self.doing = Doing::Syncs(request, number);
                }
            }
        }
        assert!(
            !look(&self.cells, |cells| cells.killed_while_it_waited),
            "a process that ran nothing was killed"
        );
        false
    }
}

impl Drop for Played {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn panic(text: String) -> Panic {
    Panic {
        message: "oh".to_owned(),
        main: true,
        text,
        ..Panic::default()
    }
}
