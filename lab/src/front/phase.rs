//! What the front is at: a request on its way, and how far it has come.

use super::builds::Builds;
use super::cells::{Panic, Process};
use super::failure::{Failure, Reached};
use super::limits;
use super::message::Message;
use super::text::Pieces;
use crate::stock;
use serde_json::Value;
use tokio::time::Instant;

/// What the front is at: one request at a time.
pub enum Phase {
    Idle,
    /// A completion or another small request, which is passed on; until when its answer is waited for,
    /// once evcxr has it.
    Asks(Message, Option<Instant>),
    Cell(Box<Cell>),
}

/// A cell that a client waits for.
pub struct Cell {
    pub request: Message,
    pub silent: bool,
    pub stop_on_error: bool,
    pub user_expressions: Value,
    pub stage: Stage,
    /// How far an interrupt has found it.
    pub interrupted: Option<Reached>,
    /// Its client has been shown what it waits for.
    pub told: bool,
    /// It has put something out, which would go with what is told: nothing more is.
    pub shown: bool,
    pub builds: Builds,
    /// When to look whether it is compiled still.
    pub look: Option<Instant>,
    /// It asks the reader something.
    pub asks: bool,
    /// evcxr's reply, and whether it has said that it is idle again.
    pub reply: Option<Value>,
    pub idle: bool,
    /// What evcxr says of its errors, held back until all is known.
    pub errors: Vec<Value>,
    /// The latest panic of the cells' own thread.
    pub panic: Option<Panic>,
    pub uncertain: Option<Uncertain>,
    pub question_mark: bool,
    /// What was last written to stderr.
    pub stderr: Vec<u8>,
    /// The connection to the process that is to run it, and which wait for a command that was in.
    began: Option<(u64, Option<u64>)>,
}

/// Where a cell is on its way. Each wait has an end, but for that of the cell itself.
pub enum Stage {
    /// evcxr starts, or does something else.
    Waits,
    /// evcxr compiles it, or it runs.
    Runs,
    /// When it was interrupted, and when to do more about it.
    Interrupted { since: Instant, again: Instant },
    /// evcxr has sent its reply or is idle: until when the other of the two is waited for.
    Ends { until: Instant },
    /// Its process has ended: until when the last words of that are waited for.
    LastWords { until: Instant },
    /// Until when it is kept from the client, lest what was sent before comes after.
    Failed { failure: Failure, until: Instant },
}

/// A panic's line and the text behind it, until it is known whether the panic was caught: of one that
/// ends the cell the error tells.
pub struct Uncertain {
    pub line: String,
    pub behind: Pieces,
    pub until: Instant,
}

impl Phase {
    pub fn due(&self) -> Option<Instant> {
        let cell = match self {
            Phase::Idle => return None,
            Phase::Asks(_, until) => return *until,
            Phase::Cell(cell) => cell,
        };
        let stage = match cell.stage {
            Stage::Waits => None,
            Stage::Runs => cell.look,
            Stage::Interrupted { again, .. } => Some(again),
            Stage::Ends { until } | Stage::LastWords { until } | Stage::Failed { until, .. } => {
                Some(until)
            }
        };
        let uncertain = cell.uncertain.as_ref().map(|it| it.until);
        stage.into_iter().chain(uncertain).min()
    }

    /// The request that a client waits for.
    pub fn request(&self) -> Option<&Message> {
        match self {
            Phase::Idle => None,
            Phase::Asks(request, _) => Some(request),
            Phase::Cell(cell) => Some(&cell.request),
        }
    }

    /// Whether nothing that evcxr has been given is at stake.
    pub fn waits_for_evcxr(&self) -> bool {
        match self {
            Phase::Idle => true,
            Phase::Asks(_, until) => until.is_none(),
            Phase::Cell(cell) => matches!(cell.stage, Stage::Waits | Stage::Failed { .. }),
        }
    }

    /// Whether evcxr has got a cell and not finished it.
    pub fn is_running(&self) -> bool {
        matches!(self, Phase::Cell(_)) && !self.waits_for_evcxr()
    }
}

impl Cell {
    pub fn new(request: Message) -> Cell {
        let content = request.content();
        Cell {
            request,
            silent: content["silent"] == true,
            stop_on_error: content["stop_on_error"] != false,
            user_expressions: content["user_expressions"].clone(),
            stage: Stage::Waits,
            interrupted: None,
            told: false,
            shown: false,
            builds: Builds::default(),
            look: None,
            asks: false,
            reply: None,
            idle: false,
            errors: Vec::new(),
            panic: None,
            uncertain: None,
            question_mark: false,
            stderr: Vec::new(),
            began: None,
        }
    }

    /// Whether it is in the history.
    pub fn is_kept(&self) -> bool {
        !self.silent && self.request.content()["store_history"] != false
    }

    pub fn waits(&self) -> bool {
        matches!(self.stage, Stage::Waits)
    }

    /// Whether evcxr has it, and has not said how it ended.
    pub fn is_given(&self) -> bool {
        matches!(self.stage, Stage::Runs | Stage::Interrupted { .. })
    }

    /// evcxr has it.
    pub fn sent(&mut self, line: Option<&(u64, Box<dyn Process>)>, now: Instant) {
        self.stage = Stage::Runs;
        self.look = Some(now + limits::SLOW);
        self.opened(line);
    }

    /// The process that is to run it may be known only now.
    pub fn opened(&mut self, line: Option<&(u64, Box<dyn Process>)>) {
        if self.began.is_none() && !self.waits() {
            self.began = line.map(|(number, process)| (*number, process.wait()));
        }
    }

    /// Whether it runs in that process. One that waits for a command does not: it is compiled still, or
    /// its end is on the way here. One that is still in such a later wait when `looked` at again reads
    /// stdin itself.
    pub fn runs_in(&mut self, number: u64, process: &dyn Process, looked: bool) -> bool {
        let Some(now) = process.wait() else {
            return true;
        };
        let (its, wait) = self.began.get_or_insert((number, None));
        looked && *its == number && *wait.get_or_insert(now) != now
    }

    /// How the process of the cells ended, in evcxr's words, if it did.
    pub fn end(&self) -> Option<&str> {
        let said = self.errors.first()?["evalue"].as_str()?;
        let (_, how) = said.split_once(stock::ENDED)?;
        Some(how)
    }
}
