//! Runs the cells of one notebook through one kernel.

use std::collections::HashMap;
use std::process::ExitStatus;
use std::time::Duration;

use jupyter_protocol::ExecuteRequest;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::ansi::{Keep, strip};
use super::claims::{self, Broken};
use super::client::{Channel, Client, Message};
use super::kernel::{Kernel, describe};
use super::notebook::Notebook;
use super::options::Limits;
use super::outputs::CellOutputs;
use super::quiet::Load;
use super::result::Why;
use super::stop::Stop;

/// evcxr passes on what a cell writes by another way than its answer, so text may come behind
/// "idle". A cell counts as done once nothing has come for this long.
const QUIET: Duration = Duration::from_millis(30);
/// Behind an error more is to come: the text of a panic passes through a dying process, and must
/// not land in the next cell.
const QUIET_AFTER_ERROR: Duration = Duration::from_millis(200);
/// A thread that prints without end must not keep a finished cell open.
const LONGEST_QUIET: Duration = Duration::from_secs(1);
/// The most time for the claims of a cell, which compute what is there already.
const CLAIMS: Duration = Duration::from_secs(60);
/// How long to wait for the rest of a conversation: for "idle" behind a reply, for the answer to
/// an interrupted cell.
const GRACE: Duration = Duration::from_secs(2);

/// A notebook being run.
pub struct Session<'a> {
    notebook: &'a Notebook,
    limits: Limits,
    kernel: Kernel,
    client: Client,
    /// Whether to check what the cells' texts say of their runs.
    check: bool,
    /// One for each code cell, and one behind them for what is asked about claims.
    outputs: Vec<CellOutputs>,
    /// The claims that do not hold.
    broken: Vec<Broken>,
    /// The most that others had of a core while one of the cells ran.
    others: f64,
    /// Which code cells were answered, and whether by an error.
    answers: Vec<Option<bool>>,
    /// The code cell of each request, by the request's id.
    requests: HashMap<String, usize>,
}

/// Why the cells did not all succeed.
#[derive(Debug)]
pub struct CellFailure {
    /// Index among the code cells.
    pub cell: usize,
    pub why: Why,
    pub reason: String,
    /// What the kernel wrote about itself, where that explains its death.
    pub log: String,
}

impl CellFailure {
    fn new(cell: usize, why: Why, reason: String) -> CellFailure {
        CellFailure {
            cell,
            why,
            reason,
            log: String::new(),
        }
    }
}

/// How the wait for a cell ended.
enum Answer {
    Replied,
    /// Its output went past this limit.
    Flooded(String),
    Late,
}

/// Whether to stop listening to a cell that puts out too much.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patience {
    WithinLimits,
    /// It has been interrupted already: only its end is waited for.
    ToTheEnd,
}

impl<'a> Session<'a> {
    pub fn new(
        notebook: &'a Notebook,
        (limits, check): (Limits, bool),
        kernel: Kernel,
        client: Client,
    ) -> Self {
        let cells = notebook.cells.len();
        Session {
            notebook,
            limits,
            check,
            broken: Vec::new(),
            others: 0.0,
            kernel,
            client,
            outputs: std::iter::repeat_with(CellOutputs::default)
                .take(cells + 1)
                .collect(),
            answers: vec![None; cells + 1],
            requests: HashMap::new(),
        }
    }

    /// Runs every cell up to the first that fails, and calls `before` with the index of each.
    pub async fn run(&mut self, mut before: impl FnMut(usize)) -> Result<(), CellFailure> {
        for cell in 0..self.notebook.cells.len() {
            if self.notebook.cells[cell].runs() {
                before(cell);
                let load = self.check.then(|| Load::now(self.kernel.pid));
                self.run_cell(cell).await?;
                if let Some(load) = load {
                    self.others = self.others.max(load.others());
                }
                self.check(cell).await?;
            }
        }
        Ok(())
    }

    /// Ends the kernel and hands back the outputs, and the claims that do not hold.
    pub async fn close(mut self, stop: &mut Stop) -> (Vec<CellOutputs>, Vec<Broken>) {
        self.kernel.stop(Some(self.client), stop).await;
        self.outputs.truncate(self.notebook.cells.len());
        (self.outputs, self.broken)
    }

    async fn run_cell(&mut self, cell: usize) -> Result<(), CellFailure> {
        let request = ExecuteRequest {
            allow_stdin: false, // nobody is there to type
            stop_on_error: true,
            store_history: true,
            ..ExecuteRequest::new(self.notebook.cells[cell].source.clone())
        };
        let own = self.notebook.cells[cell].timeout.or(self.notebook.timeout);
        let limit = own.unwrap_or(self.limits.time);
        let (why, reason) = match self.execute(cell, cell, request, limit).await? {
            Answer::Replied if self.kernel.others_files_are_left() => return self.judge(cell),
            Answer::Replied => (
                Why::Cell,
                "the cell removed other programs' files from the folder for temporary files"
                    .to_owned(),
            ),
            Answer::Flooded(limit) => (
                Why::Limit,
                format!("the cell's output went past the limit of {limit}"),
            ),
            Answer::Late => (
                Why::Limit,
                format!(
                    "the cell ran past its time limit of {} s",
                    limit.as_secs_f64()
                ),
            ),
        };
        Err(CellFailure::new(cell, why, reason))
    }

    /// Has the kernel run what belongs to this cell, and files what comes under `place`. What does not
    /// come to its end within the limits is interrupted.
    async fn execute(
        &mut self,
        cell: usize,
        place: usize,
        request: ExecuteRequest,
        limit: Duration,
    ) -> Result<Answer, CellFailure> {
        let sent = self.client.request(request).await;
        let id = sent.map_err(|error| CellFailure::new(cell, Why::Died, format!("{error:#}")))?;
        self.requests.insert(id.clone(), place);
        self.outputs[place].sent = true;
        let answer = timeout(limit, self.answer(place, &id, Patience::WithinLimits)).await;
        let answer = match answer.unwrap_or(Ok(Answer::Late)) {
            Ok(answer) => answer,
            Err(status) => return Err(self.death(cell, status).await),
        };
        if !matches!(answer, Answer::Replied) {
            self.kernel.interrupt(&mut self.client).await;
            let rest = self.answer(place, &id, Patience::ToTheEnd);
            timeout(GRACE, rest).await.ok(); // a moment for what it still has to say
        }
        Ok(answer)
    }

    /// Collects messages until the cell is answered and quiet. The error is the kernel's end.
    async fn answer(
        &mut self,
        cell: usize,
        id: &str,
        patience: Patience,
    ) -> Result<Answer, ExitStatus> {
        let mut idle = false;
        while !(idle && self.answers[cell].is_some()) {
            let message = tokio::select! {
                status = self.kernel.ended() => return Err(status),
                message = self.client.next() => message,
                // iopub promises no delivery: after a reply, do not wait for "idle" for ever.
                () = sleep(GRACE), if self.answers[cell].is_some() => break,
            };
            idle |= message.parent == id
                && message.kind == "status"
                && message.content["execution_state"] == "idle";
            self.take(message);
            if let (Patience::WithinLimits, Some(limit)) = (patience, &self.outputs[cell].flood) {
                return Ok(Answer::Flooded(limit.clone()));
            }
        }
        let quiet = match self.answers[cell] {
            Some(true) => QUIET_AFTER_ERROR,
            _ => QUIET,
        };
        timeout(LONGEST_QUIET, self.drain(quiet)).await.ok();
        match (&self.outputs[cell].flood, self.kernel.ended_by_now()) {
            (Some(limit), _) => Ok(Answer::Flooded(limit.clone())),
            (None, Some(status)) => Err(status),
            (None, None) => Ok(Answer::Replied),
        }
    }

    /// Files a message under the cell that it belongs to, which may be an earlier one.
    fn take(&mut self, message: Message) {
        let Some(&cell) = self.requests.get(&message.parent) else {
            return; // answers to the handshake
        };
        match (message.channel, message.kind.as_str()) {
            (Channel::Shell, "execute_reply") => {
                // "aborted" is no success either.
                self.answers[cell] = Some(message.content["status"] != "ok");
            }
            (Channel::Shell, _) => {}
            // A display may be updated from a later cell.
            (Channel::Iopub, "update_display_data") => {
                for outputs in &mut self.outputs {
                    outputs.update(&message.content);
                }
            }
            (Channel::Iopub, kind) => {
                self.outputs[cell].take(kind, &message.content, &self.limits);
            }
        }
    }

    /// Takes messages until none has come for `quiet`.
    async fn drain(&mut self, quiet: Duration) {
        while let Ok(message) = timeout(quiet, self.client.next()).await {
            self.take(message);
        }
    }

    /// Judges by the tags all cells so far: text that comes late may fail an earlier cell.
    fn judge(&self, last: usize) -> Result<(), CellFailure> {
        for cell in 0..=last {
            let Some(refused) = self.answers[cell] else {
                continue;
            };
            let tags = self.notebook.cells[cell].tags;
            if let Some(reason) = tags.verdict(refused, self.outputs[cell].stderr) {
                return Err(CellFailure::new(cell, Why::Cell, reason));
            }
        }
        Ok(())
    }

    /// Asks the kernel whether what the cell's text says is so.
    async fn check(&mut self, cell: usize) -> Result<(), CellFailure> {
        let claims = &self.notebook.cells[cell].claims;
        if !self.check || claims.is_empty() {
            return Ok(());
        }
        let mark = format!("claim-{}", Uuid::new_v4().simple());
        let printed = strip(&self.outputs[cell].text(), Keep::Nothing);
        let request = ExecuteRequest {
            allow_stdin: false,
            store_history: false,
            ..ExecuteRequest::new(claims::cell(claims, &mark, &printed))
        };
        let place = self.notebook.cells.len();
        self.outputs[place] = CellOutputs::default();
        self.answers[place] = None;
        let limit = CLAIMS.min(self.limits.time);
        let wrong = match self.execute(cell, place, request, limit).await? {
            Answer::Replied if self.answers[place] == Some(false) => None,
            Answer::Replied => {
                let said = self.outputs[place].error().unwrap_or_default();
                Some(format!("a claim of the cell cannot be evaluated: {said}"))
            }
            Answer::Flooded(limit) => {
                Some(format!("a claim of the cell printed more than {limit}"))
            }
            Answer::Late => Some(format!(
                "the claims of the cell took more than {} s",
                limit.as_secs()
            )),
        };
        if let Some(wrong) = wrong {
            return Err(CellFailure::new(cell, Why::Claim, wrong));
        }
        let answers = claims::answers(claims.len(), &mark, &self.outputs[place].text());
        for (claim, came) in claims.iter().zip(answers) {
            if let Some(came) = came {
                self.broken.push(Broken {
                    cell: cell + 1,
                    id: self.notebook.cells[cell].id.clone(),
                    claim: claim.clone(),
                    came,
                    others: self.others,
                });
            }
        }
        Ok(())
    }

    async fn death(&mut self, cell: usize, status: ExitStatus) -> CellFailure {
        timeout(LONGEST_QUIET, self.drain(QUIET)).await.ok();
        CellFailure {
            cell,
            why: Why::Died,
            reason: format!("the kernel died: {}", describe(status)),
            log: self.kernel.log(),
        }
    }
}
