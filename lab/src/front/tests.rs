//! Random interleavings: requests, what evcxr says on each of its ways, deaths, interrupts and time in
//! any order, before an evcxr that is played here. No socket, no process and no clock takes part: time
//! is what a test lets pass.
//!
//! What is asked for: each request gets one reply; what is published about it begins with `busy` and
//! ends with `idle`, and a cell's output lies between; counts have no gap; what was sent before an
//! error was told is aborted; an interrupt ends a cell within two seconds, and ends no process that
//! runs none; an answer to a question comes from whom was asked; at the end nobody waits.

mod played;

use self::played::{Doing, Played};
use super::cells::{Report, Stream, Word};
use super::evcxr::{self, Evcxr, News, Orders};
use super::message::{Author, Key, Message};
use super::phase::{Phase, Stage};
use super::sockets::Channel;
use super::{Event, Front};
use bytes::Bytes;
use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// More by `PROPTEST_CASES`.
const CASES: u32 = 1000;

/// Nothing is longer under way between two processes of one machine.
const UNDER_WAY: Duration = Duration::from_millis(20);

/// What happens next.
#[derive(Clone, Debug)]
enum Action {
    Run(Cell),
    /// Another request, which evcxr may be deaf to.
    Ask(&'static str, bool),
    Interrupt,
    /// A client answers a question, whether it was asked one or not.
    Input,
    /// evcxr goes on.
    Step,
    Deliver(Way),
    Pass(u64),
    EvcxrDies,
    /// The cells' process ends by itself.
    ProcessDies,
}

#[derive(Clone, Copy, Debug)]
enum Way {
    Client,
    Shell,
    Iopub,
    Stdin,
    Line,
    Log,
}

#[derive(Clone, Debug)]
struct Cell {
    deeds: Vec<Deed>,
    end: End,
    silent: bool,
    stop_on_error: bool,
    /// It has `support` compiled again, and begins in another process.
    again: bool,
}

#[derive(Clone, Copy, Debug)]
enum Deed {
    Say(Stream),
    Show,
    /// Which is caught.
    Panic,
    Ask,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Nothing,
    Result,
    QuestionMark,
    CompileError,
    Panic,
    Exit,
    /// It runs on.
    Never,
    /// evcxr dies of it.
    Death,
    /// evcxr does nothing any more.
    Deaf,
}

/// How an evcxr begins.
#[derive(Clone, Copy, Debug)]
enum Start {
    Works,
    /// Something else is done before.
    Waits,
    /// There is no directory for it.
    Fails,
    Ends,
    /// It hangs in the first question that the front has of its own.
    Dreams,
}

fn cell() -> impl Strategy<Value = Cell> {
    let deed = prop_oneof![
        3 => Just(Deed::Say(Stream::Stdout)),
        1 => Just(Deed::Say(Stream::Stderr)),
        1 => Just(Deed::Show),
        1 => Just(Deed::Panic),
        1 => Just(Deed::Ask),
    ];
    let end = prop_oneof![
        5 => Just(End::Nothing),
        1 => Just(End::Result),
        1 => Just(End::QuestionMark),
        2 => Just(End::CompileError),
        2 => Just(End::Panic),
        1 => Just(End::Exit),
        2 => Just(End::Never),
        1 => Just(End::Death),
        1 => Just(End::Deaf),
    ];
    let deeds = prop::collection::vec(deed, 0..4);
    (
        deeds,
        end,
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.8),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(deeds, end, silent, stop_on_error, again)| Cell {
            deeds,
            end,
            silent,
            stop_on_error,
            again,
        })
}

fn action() -> impl Strategy<Value = Action> {
    let kind = prop::sample::select(vec![
        "complete_request",
        "inspect_request",
        "odd_request",
        "kernel_info_request",
        "history_request",
        "is_complete_request",
        "comm_info_request",
    ]);
    let way = prop::sample::select(vec![
        Way::Client,
        Way::Client,
        Way::Shell,
        Way::Iopub,
        Way::Iopub,
        Way::Stdin,
        Way::Line,
        Way::Line,
        Way::Log,
    ]);
    let time = prop_oneof![4 => 1u64..30, 2 => 30u64..700, 1 => 700u64..40_000];
    prop_oneof![
        5 => cell().prop_map(Action::Run),
        2 => (kind, prop::bool::weighted(0.1)).prop_map(|(kind, deaf)| Action::Ask(kind, deaf)),
        2 => Just(Action::Interrupt),
        1 => Just(Action::Input),
        14 => Just(Action::Step),
        20 => way.prop_map(Action::Deliver),
        4 => time.prop_map(Action::Pass),
        1 => Just(Action::EvcxrDies),
        1 => Just(Action::ProcessDies),
    ]
}

fn start() -> impl Strategy<Value = Start> {
    prop_oneof![
        6 => Just(Start::Works),
        1 => Just(Start::Waits),
        1 => Just(Start::Fails),
        1 => Just(Start::Ends),
        1 => Just(Start::Dreams),
    ]
}

/// What was asked, and when.
struct Asked {
    message: Message,
    cell: Option<Cell>,
    at: Instant,
    delivered: bool,
}

/// What was heard, and when.
struct Heard {
    channel: Channel,
    parent: String,
    kind: String,
    content: Value,
    at: Instant,
}

impl Heard {
    fn is(&self, state: &str) -> bool {
        self.content["execution_state"] == state
    }
}

struct Session {
    front: Front,
    author: Author,
    started: Arc<Mutex<VecDeque<(u64, Orders)>>>,
    starts: VecDeque<Start>,
    evcxr: Option<Played>,
    /// Requests under way, with when they were sent.
    under_way: VecDeque<(Instant, usize)>,
    asked: Vec<Asked>,
    heard: Vec<Heard>,
    /// Text that the front got while its cell ran, with the cell's id.
    said: Vec<(String, String)>,
    /// Interrupts that met a cell: when, and which.
    interrupts: Vec<(Instant, String)>,
    /// When it was known of a cell that it had failed.
    failures: HashMap<String, Instant>,
    texts: u64,
    now: Instant,
    /// How often in a row something stayed due that was dealt with.
    spins: u32,
    ended: bool,
}

impl Session {
    fn new(starts: Vec<Start>) -> Session {
        let now = Instant::now();
        let started: Arc<Mutex<VecDeque<(u64, Orders)>>> = Arc::default();
        let handed = started.clone();
        let start = Box::new(move |generation| {
            let (evcxr, orders) = Evcxr::new(generation, Key::new(""));
            handed
                .lock()
                .expect("no panic")
                .push_back((generation, orders));
            evcxr
        });
        let mut session = Session {
            front: Front::new(Key::new(""), start, now),
            author: Author::new(Key::new("")),
            started,
            starts: starts.into(),
            evcxr: None,
            under_way: VecDeque::new(),
            asked: Vec::new(),
            heard: Vec::new(),
            said: Vec::new(),
            interrupts: Vec::new(),
            failures: HashMap::new(),
            texts: 0,
            now,
            spins: 0,
            ended: false,
        };
        session.listen();
        session
    }

    fn handle(&mut self, event: Event) {
        if !self.ended {
            self.front.handle(event, self.now);
            self.listen();
        }
    }

    /// Hears what the front sends out, and meets the evcxr that it has started.
    fn listen(&mut self) {
        for (channel, message) in std::mem::take(&mut self.front.outbox) {
            self.heard.push(Heard {
                channel,
                parent: message.parent(),
                kind: message.header.msg_type.clone(),
                content: message.content(),
                at: self.now,
            });
        }
        if let Phase::Cell(cell) = &self.front.phase
            && matches!(cell.stage, Stage::Failed { .. })
        {
            let id = cell.request.header.msg_id.clone();
            self.failures.entry(id).or_insert(self.now);
        }
        self.ended = self.front.to_end;
        while let Some((generation, orders)) = self.started.lock().expect("no panic").pop_front() {
            let start = self.starts.pop_front().unwrap_or(Start::Works);
            self.evcxr = Some(Played::new(generation, orders, start));
        }
    }

    fn act(&mut self, action: &Action) {
        match action {
            Action::Run(cell) => {
                let number = self.asked.len();
                let content = json!({
                    "code": number.to_string(),
                    "silent": cell.silent,
                    "stop_on_error": cell.stop_on_error,
                });
                self.ask("execute_request", &content, Some(cell.clone()));
            }
            Action::Ask(kind, deaf) => self.ask(kind, &json!({"code": "x", "deaf": deaf}), None),
            Action::Interrupt => self.interrupt(),
            Action::Input => {
                let reply = self
                    .author
                    .about(None, "input_reply", &json!({"value": "x"}));
                self.handle(Event::Jupyter(Channel::Stdin, reply));
            }
            Action::Step => self.step(),
            Action::Deliver(way) => drop(self.deliver(*way)),
            Action::Pass(time) => self.pass(Duration::from_millis(*time)),
            Action::EvcxrDies => self.evcxr_ends("evcxr was killed"),
            Action::ProcessDies => {
                if let Some(evcxr) = &mut self.evcxr {
                    evcxr.process_dies();
                }
            }
        }
    }

    fn ask(&mut self, kind: &str, content: &Value, cell: Option<Cell>) {
        let mut message = self.author.about(None, kind, content);
        message.identities = vec![Bytes::from_static(b"client")];
        self.under_way.push_back((self.now, self.asked.len()));
        self.asked.push(Asked {
            message,
            cell,
            at: self.now,
            delivered: false,
        });
    }

    fn control(&mut self, kind: &str) {
        let mut message = self.author.about(None, kind, &json!({}));
        message.identities = vec![Bytes::from_static(b"client")];
        self.asked.push(Asked {
            message: message.clone(),
            cell: None,
            at: self.now,
            delivered: true,
        });
        self.handle(Event::Jupyter(Channel::Control, message));
    }

    fn interrupt(&mut self) {
        if let Some(cell) = self.cell_that_runs() {
            self.interrupts.push((self.now, cell));
            if let Some(evcxr) = &mut self.evcxr {
                evcxr.interrupted = true;
            }
        }
        self.control("interrupt_request");
    }

    /// A cell that is busy and not idle yet.
    fn cell_that_runs(&self) -> Option<String> {
        let state = |state: &str, id: &str| {
            self.heard
                .iter()
                .any(|heard| heard.parent == id && heard.is(state))
        };
        let cells = self.asked.iter().filter(|asked| asked.cell.is_some());
        let mut ids = cells.map(|asked| &asked.message.header.msg_id);
        ids.find(|id| state("busy", id) && !state("idle", id))
            .cloned()
    }

    /// Whether there was something to deliver.
    fn deliver(&mut self, way: Way) -> bool {
        let channel = match way {
            Way::Client => {
                let Some((_, number)) = self.under_way.pop_front() else {
                    return false;
                };
                self.asked[number].delivered = true;
                let message = self.asked[number].message.clone();
                self.handle(Event::Jupyter(Channel::Shell, message));
                return true;
            }
            Way::Line => {
                let Some(report) = self.evcxr.as_mut().and_then(|it| it.line.pop_front()) else {
                    return false;
                };
                if let Report::Said(_, Word::Text(_, text)) = &report
                    && let Some(cell) = self.cell_that_runs()
                {
                    let text = String::from_utf8_lossy(text).into_owned();
                    self.said.push((text, cell));
                }
                self.handle(Event::Cells(report));
                return true;
            }
            Way::Log => {
                let Some(evcxr) = &mut self.evcxr else {
                    return false;
                };
                let Some(what) = evcxr.log.pop_front() else {
                    return false;
                };
                let generation = evcxr.generation;
                self.handle(Event::Evcxr(generation, News::Compiles(what)));
                return true;
            }
            Way::Shell => evcxr::Channel::Shell,
            Way::Iopub => evcxr::Channel::Iopub,
            Way::Stdin => evcxr::Channel::Stdin,
        };
        let Some(evcxr) = &mut self.evcxr else {
            return false;
        };
        let Some(message) = evcxr.said[channel as usize].pop_front() else {
            return false;
        };
        let generation = evcxr.generation;
        self.handle(Event::Evcxr(generation, News::Said(channel, message)));
        true
    }

    fn deliver_all(&mut self) -> bool {
        let mut any = false;
        for way in [
            Way::Client,
            Way::Log,
            Way::Line,
            Way::Stdin,
            Way::Iopub,
            Way::Shell,
        ] {
            while self.deliver(way) {
                any = true;
            }
        }
        any
    }

    /// Lets time pass, but not so that anything is longer under way than it can be.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end && !self.ended {
            if time >= UNDER_WAY {
                self.deliver_all();
            }
            let arrival = |sent: Instant| sent + UNDER_WAY;
            let oldest = self.under_way.front().map(|(sent, _)| arrival(*sent));
            if oldest.is_some_and(|arrives| arrives <= self.now) {
                self.deliver(Way::Client);
                continue;
            }
            let next = [oldest, self.front.due()].into_iter().flatten().min();
            let next = next.unwrap_or(end).min(end);
            self.now = self.now.max(next);
            if self.front.due().is_some_and(|due| due <= self.now) {
                self.handle(Event::Due);
                let again = self.front.due().is_some_and(|due| due <= self.now);
                self.spins = if again { self.spins + 1 } else { 0 };
                assert!(self.spins < 10, "what is due stays due for ever");
            }
        }
    }

    /// evcxr goes on by one step; whether it has.
    fn step(&mut self) {
        let Some(evcxr) = &mut self.evcxr else {
            return;
        };
        evcxr.receive();
        let generation = evcxr.generation;
        if let Ok(why) = evcxr.orders.stopped.try_recv() {
            let deaf = matches!(evcxr.doing, Doing::Deaf);
            assert!(deaf || evcxr.interrupted, "an evcxr was replaced: {why}");
            self.evcxr_ends(&why);
        } else if !evcxr.begun {
            if matches!(evcxr.start, Start::Fails) {
                self.evcxr = None;
                let news = News::Failed("there is no disk".to_owned());
                return self.handle(Event::Evcxr(generation, news));
            }
            if matches!(evcxr.start, Start::Waits) {
                evcxr.start = Start::Works;
                let news = News::Waits("it is compiled first".to_owned());
                return self.handle(Event::Evcxr(generation, news));
            }
            evcxr.begun = true;
            let workplace = evcxr.workplace();
            self.handle(Event::Evcxr(generation, News::Begun(workplace)));
        } else if !evcxr.ready {
            if matches!(evcxr.start, Start::Ends) {
                return self.evcxr_ends("evcxr ended by itself");
            }
            evcxr.ready = true;
            evcxr.open();
            self.handle(Event::Evcxr(generation, News::Ready));
        } else {
            let cell = |request: &Message| {
                let number = request.content()["code"].as_str()?.parse::<usize>().ok()?;
                self.asked.get(number)?.cell.clone()
            };
            if evcxr.step(cell, &mut self.texts) {
                self.evcxr_ends("evcxr was killed by SIGSEGV");
            }
        }
    }

    fn evcxr_ends(&mut self, why: &str) {
        if let Some(evcxr) = self.evcxr.take_if(|evcxr| evcxr.begun) {
            let news = News::Ended(why.to_owned());
            self.handle(Event::Evcxr(evcxr.generation, news));
        }
    }

    /// Goes on until nothing is left to do; cells that run on are interrupted.
    fn settle(&mut self) {
        let mut looks = 0;
        for _ in 0..400 {
            while self.deliver_all() {}
            self.step();
            let busy = self.evcxr.as_ref().is_some_and(Played::is_busy);
            let under_way = self.evcxr.as_ref().is_some_and(Played::has_said);
            if under_way || busy {
                continue;
            }
            if self.evcxr.as_ref().is_some_and(Played::asks) {
                self.act(&Action::Input);
                continue;
            }
            // Of a cell that runs for ever, the front may look for ever whether it is compiled.
            looks += u32::from(self.cell_that_runs().is_some());
            if let Some(due) = self.front.due().filter(|_| looks % 10 != 9) {
                self.pass(due.saturating_duration_since(self.now).max(UNDER_WAY));
            } else if self.cell_that_runs().is_some() {
                self.interrupt();
            } else if self.asked.iter().all(|asked| self.has_reply(asked)) {
                return;
            }
        }
    }

    fn has_reply(&self, asked: &Asked) -> bool {
        let id = &asked.message.header.msg_id;
        let mut heard = self.heard.iter();
        heard.any(|heard| heard.channel != Channel::Iopub && heard.parent == *id)
    }

    /// What is wrong, if anything is.
    fn check(&self) -> Result<(), TestCaseError> {
        let mut count = 0;
        for (number, asked) in self.asked.iter().enumerate() {
            let id = &asked.message.header.msg_id;
            let kind = &asked.message.header.msg_type;
            let is_about = |heard: &&Heard| heard.parent == *id;
            let replies: Vec<_> = self
                .heard
                .iter()
                .filter(|heard| heard.parent == *id && heard.kind.ends_with("_reply"))
                .filter(|heard| heard.channel != Channel::Iopub)
                .collect();
            if !asked.delivered {
                continue;
            }
            prop_assert_eq!(replies.len(), 1, "replies to {} {}", kind, number);
            let reply = replies[0];
            prop_assert_eq!(&reply.kind, &kind.replace("_request", "_reply"));
            let published: Vec<&Heard> = self
                .heard
                .iter()
                .filter(is_about)
                .filter(|heard| heard.channel == Channel::Iopub)
                .collect();
            prop_assert!(
                published.first().is_some_and(|first| first.is("busy")),
                "{} {} begins busy: {:?}",
                kind,
                number,
                published.iter().map(|it| &it.kind).collect::<Vec<_>>()
            );
            let idle = published.iter().filter(|heard| heard.is("idle"));
            prop_assert_eq!(idle.count(), 1, "idle after {} {}", kind, number);
            let Some(cell) = &asked.cell else {
                continue;
            };
            let status = &reply.content["status"];
            let input = published.iter().find(|heard| heard.kind == "execute_input");
            if status == "aborted" {
                prop_assert!(input.is_none(), "{} was aborted and ran", number);
                continue;
            }
            if !cell.silent {
                count += 1;
                let counted = input.map(|input| &input.content["execution_count"]);
                prop_assert_eq!(counted, Some(&json!(count)));
                prop_assert_eq!(&reply.content["execution_count"], &json!(count));
            }
            let end = published.iter().position(|heard| heard.is("idle"));
            let last = |is: &dyn Fn(&Heard) -> bool| published.iter().rposition(|heard| is(heard));
            let told = last(&|heard| heard.content["transient"]["display_id"].is_string());
            let taken_back = last(&|heard| heard.kind == "clear_output");
            prop_assert!(
                told <= taken_back,
                "{} is told for ever what it waits for",
                number
            );
            let own = ["stream", "execute_result", "error"];
            let shown = published
                .iter()
                .position(|heard| own.contains(&&*heard.kind));
            prop_assert!(
                shown.is_none_or(|shown| taken_back < Some(shown)),
                "{}'s output is taken away",
                number
            );
            let text: String = published[..end.unwrap_or_default()]
                .iter()
                .filter(|heard| heard.kind == "stream")
                .filter_map(|heard| heard.content["text"].as_str())
                .collect();
            for (said, _) in self.said.iter().filter(|(_, cell)| cell == id) {
                prop_assert!(cell.silent || text.contains(said), "{}'s {}", number, said);
            }
            if let Some(failed) = self.failures.get(id).filter(|_| cell.stop_on_error) {
                for later in &self.asked[number + 1..] {
                    if later.cell.is_none() || later.at > *failed || !later.delivered {
                        continue;
                    }
                    let id = &later.message.header.msg_id;
                    let status = self
                        .heard
                        .iter()
                        .find(|heard| heard.channel == Channel::Shell && heard.parent == *id)
                        .map(|heard| &heard.content["status"]);
                    prop_assert_eq!(status, Some(&json!("aborted")), "sent before the error");
                }
            }
        }
        for (at, id) in &self.interrupts {
            let reply = self
                .heard
                .iter()
                .find(|heard| heard.channel == Channel::Shell && heard.parent == *id);
            let took = reply.map(|reply| reply.at.saturating_duration_since(*at));
            prop_assert!(
                took.is_some_and(|took| took <= Duration::from_secs(2)),
                "the interrupt took {:?}",
                took
            );
        }
        Ok(())
    }
}

/// Any order of events; then what was begun is brought to its end, or the kernel is.
fn play(starts: Vec<Start>, actions: &[Action], shut_down: bool) -> Result<(), TestCaseError> {
    let mut session = Session::new(starts);
    for action in actions {
        session.act(action);
    }
    if shut_down {
        session.control("shutdown_request");
        prop_assert!(session.ended);
        let request = session.asked.last().map(|asked| &asked.message);
        let last = session.heard.last().filter(|last| last.is("idle"));
        prop_assert_eq!(
            last.map(|last| &last.parent),
            request.map(|request| &request.header.msg_id),
            "what is said last is that the kernel has ended"
        );
    } else {
        session.settle();
    }
    session.check()
}

proptest! {
    #![proptest_config(Config {
        failure_persistence: None,
        max_shrink_time: 30_000,
        cases: CASES,
        ..Config::default()
    })]

    #[test]
    fn every_order_of_events_keeps_the_protocol(
        starts in prop::collection::vec(start(), 0..4),
        actions in prop::collection::vec(action(), 0..120),
        shut_down in prop::bool::weighted(0.2),
    ) {
        play(starts, &actions, shut_down)?;
    }
}
