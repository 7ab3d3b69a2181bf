//! A request's end: its reply, and what becomes of those behind it.

use super::failure::{Failure, Reached};
use super::history::Left;
use super::message::Message;
use super::phase::{Cell, Phase, Stage};
use super::place::Place;
use super::sockets::Channel;
use super::{Front, is_past, limits, unkept};
use crate::stock;
use serde_json::{Value, json};
use std::collections::VecDeque;

impl Front {
    /// Does what is due.
    pub(super) fn look_after(&mut self) {
        let cell = match &mut self.phase {
            Phase::Asks(_, until) if is_past(*until, self.now) => {
                return self.refuse(&Failure::unanswered());
            }
            Phase::Cell(cell) => cell,
            _ => return,
        };
        if is_past(cell.uncertain.as_ref().map(|it| it.until), self.now) {
            return self.panic_was_caught();
        }
        match cell.stage {
            Stage::Runs if is_past(cell.look, self.now) => self.look_whether_compiled(),
            Stage::Interrupted { again, .. } if again <= self.now => self.press(),
            Stage::Ends { until } if until <= self.now => {
                cell.idle = true;
                match cell.reply {
                    Some(_) => self.look_for_end(),
                    None => self.replace("evcxr ended the cell and did not say how"),
                }
            }
            Stage::LastWords { until } if until <= self.now => self.said_its_last(),
            Stage::Failed { until, .. } if until <= self.now => self.tell_failure(),
            _ => {}
        }
    }

    /// Whether evcxr has said all about the cell.
    pub(super) fn look_for_end(&mut self) {
        let Phase::Cell(cell) = &mut self.phase else {
            return;
        };
        let (Some(reply), true) = (&cell.reply, cell.idle) else {
            if matches!(cell.stage, Stage::Runs) && (cell.idle || cell.reply.is_some()) {
                let until = self.now + limits::OTHER_HALF;
                cell.stage = Stage::Ends { until };
            }
            return;
        };
        let until = self.now + limits::LAST_WORDS;
        match cell.stage {
            Stage::Waits | Stage::LastWords { .. } | Stage::Failed { .. } => {}
            _ if reply["status"] == "ok" => self.succeed(),
            _ if cell.end().is_some() && self.line.is_some() => {
                cell.stage = Stage::LastWords { until };
            }
            _ => self.end_failed(),
        }
    }

    fn end_failed(&mut self) {
        if !self.begins_again() {
            let failure = self.judge();
            self.fail(failure);
        }
    }

    /// Nothing can come from the process of the cells any more, or nothing does.
    pub(super) fn said_its_last(&mut self) {
        if let Phase::Cell(cell) = &self.phase
            && matches!(cell.stage, Stage::LastWords { .. })
        {
            self.end_failed();
        }
    }

    /// What the failed cell failed of.
    fn judge(&mut self) -> Failure {
        let Phase::Cell(cell) = &self.phase else {
            return Failure::told(&[], self.count);
        };
        if let Some(reached) = cell.interrupted {
            let ended = cell.end().is_some();
            self.panic_ended_the_cell();
            return Failure::interrupted(if ended { Reached::Run } else { reached });
        }
        let Some(how) = cell.end() else {
            return self.not_run(&cell.errors);
        };
        if let Some(panic) = cell.panic.clone().filter(|_| how == "exit status: 101") {
            self.panic_ended_the_cell();
            let source = self.source_of(panic.library);
            let generated = panic.file == stock::SOURCE;
            let place =
                Place::find(&source, panic.line as usize, &self.history).filter(|_| generated);
            return Failure::panic(&panic, place.as_ref());
        }
        Failure::ended(how, self.ended_idle)
    }

    /// Why the cell has not run: rustc's words are better than evcxr's `errors`.
    fn not_run(&self, errors: &[Value]) -> Failure {
        let said = self
            .workplace()
            .and_then(|workplace| std::fs::read_to_string(&workplace.compiler).ok())
            .unwrap_or_default();
        let told = errors.first().and_then(|it| it["evalue"].as_str());
        Failure::compiler(errors, &said, &self.generated_source(), &self.history)
            .or_else(|| unkept::explain(told?, &self.history))
            .unwrap_or_else(|| Failure::told(errors, self.count))
    }

    fn succeed(&mut self) {
        self.untell();
        self.panic_was_caught();
        let Phase::Cell(cell) = &self.phase else {
            return;
        };
        if cell.interrupted == Some(Reached::Question) {
            return self.fail(Failure::interrupted(Reached::Question));
        }
        if cell.question_mark {
            let text = String::from_utf8_lossy(&cell.stderr).into_owned();
            return self.fail(Failure::question_mark(&text));
        }
        let names = cell
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
        if cell.is_kept() {
            self.history.ended(Left::All);
        }
        self.advise();
        self.answer(&content);
    }

    /// The cell has failed. It is told at once, or, where those behind it are to be aborted, when they
    /// must have come.
    pub(super) fn fail(&mut self, failure: Failure) {
        self.ended_idle &= !self.phase.is_running();
        if let Phase::Cell(cell) = &mut self.phase {
            let stops = cell.stop_on_error;
            cell.asks = false;
            cell.stage = Stage::Failed {
                failure,
                until: self.now + limits::ABORT,
            };
            if !stops {
                self.tell_failure();
            }
        }
    }

    /// Answers the cell with its error and, if it asked for that, aborts those behind it.
    fn tell_failure(&mut self) {
        self.untell();
        self.panic_was_caught();
        self.send_text(true);
        let Phase::Cell(cell) = &self.phase else {
            return;
        };
        let Stage::Failed { failure, .. } = &cell.stage else {
            return;
        };
        let (mut content, stops) = (failure.fields(), cell.stop_on_error);
        let left = failure.left.clone();
        if cell.is_kept() || matches!(left, Left::None(_)) {
            self.history.ended(left);
        }
        self.publish_for_cell("error", &content);
        content["status"] = "error".into();
        content["execution_count"] = self.count.into();
        content["user_expressions"] = json!({});
        content["payload"] = json!([]);
        self.answer(&content);
        if stops {
            self.abort_queued();
        }
    }

    /// Answers whoever waits for evcxr that there will be no other answer.
    pub(super) fn refuse(&mut self, failure: &Failure) {
        match &self.phase {
            Phase::Cell(cell) if !matches!(cell.stage, Stage::Failed { .. }) => {
                self.fail(failure.clone());
            }
            Phase::Asks(..) => {
                let mut content = failure.fields();
                content["status"] = "error".into();
                self.answer(&content);
            }
            _ => {}
        }
    }

    /// Evcxr is of no use any more: another takes its place, and nobody waits for its end.
    pub(super) fn replace(&mut self, why: &str) {
        if let Some(evcxr) = &mut self.evcxr {
            evcxr.give_up(why);
        }
        self.refuse(&Failure::evcxr(why));
    }

    /// The reply, and then that the kernel is idle.
    pub(super) fn answer(&mut self, content: &Value) {
        self.send_text(true);
        if let Some(request) = self.phase.request()
            && request.header.msg_type.ends_with("_request")
        {
            let reply = self.author.reply(request, content);
            self.send(Channel::Shell, reply);
        }
        self.idle();
    }

    pub(super) fn idle(&mut self) {
        let before = std::mem::replace(&mut self.phase, Phase::Idle);
        if let Some(request) = before.request() {
            self.status(request, "idle");
        }
    }

    fn abort_queued(&mut self) {
        let (cells, others): (VecDeque<Message>, _) = std::mem::take(&mut self.queue)
            .into_iter()
            .partition(|request| request.header.msg_type == "execute_request");
        self.queue = others;
        for request in cells {
            self.status(&request, "busy");
            self.phase = Phase::Cell(Box::new(Cell::new(request)));
            // No number: it has not run.
            self.answer(&json!({"status": "aborted"}));
        }
    }

    /// The kernel is to end: whoever waits is told.
    pub(super) fn end(&mut self) {
        self.refuse(&Failure::kernel_ends());
        self.tell_failure();
        self.abort_queued();
        for request in std::mem::take(&mut self.queue) {
            self.begin(request);
            self.refuse(&Failure::kernel_ends());
        }
        self.to_end = true;
    }
}
