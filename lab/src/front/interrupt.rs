//! An interrupt ends the cell, whatever it runs.
//!
//! A cell that computes, waits or holds a lock hears nothing: its process is killed, and evcxr
//! starts another, in which functions are known but variables are not. A cell that is still being
//! compiled loses its compiler instead, and one that asks the reader something is given an empty
//! line: neither loses a variable.

use super::failure::{Failure, Reached};
use super::phase::{Phase, Stage};
use super::{Front, evcxr, limits};
use serde_json::json;

impl Front {
    pub(super) fn interrupt(&mut self) {
        if let Phase::Asks(request, until) = &self.phase {
            // evcxr goes on with it, but nobody waits for that.
            let left = until.map(|until| (request.header.msg_id.clone(), until));
            if let Some(evcxr) = self.evcxr.as_mut().filter(|_| left.is_some()) {
                evcxr.asked = left;
            }
            self.refuse(&Failure::interrupted(Reached::Nothing));
            // A cell behind it is what the reader sees.
            self.advance();
        }
        let since = self.now;
        match &mut self.phase {
            Phase::Cell(cell) if cell.waits() => {
                self.fail(Failure::interrupted(Reached::Nothing));
            }
            Phase::Cell(cell) if matches!(cell.stage, Stage::Runs) => {
                cell.stage = Stage::Interrupted {
                    since,
                    again: since,
                };
                self.press();
            }
            // Its end is on the way here, and perhaps it begins again.
            Phase::Cell(cell) => cell.builds.unwanted = true,
            Phase::Idle | Phase::Asks(..) => {}
        }
    }

    /// Does what can be done now to end the interrupted cell; comes back until it has ended.
    pub(super) fn press(&mut self) {
        let Phase::Cell(cell) = &mut self.phase else {
            return;
        };
        let Stage::Interrupted { since, again } = &mut cell.stage else {
            return;
        };
        if self.now - *since > limits::INTERRUPT {
            return self.replace("evcxr did not react to the interrupt");
        }
        let looked = self.now > *since;
        *again = self.now + limits::AGAIN;
        if cell.asks {
            return self.answer_with_nothing();
        }
        match &self.line {
            Some((number, process)) if cell.runs_in(*number, process.as_ref(), looked) => {
                cell.interrupted = Some(Reached::Run);
                process.kill();
            }
            _ => {
                cell.interrupted = cell.interrupted.max(Some(Reached::Nothing));
                if let Some(workplace) = self.workplace() {
                    workplace.family.end_compilers();
                }
            }
        }
    }

    /// To a question of a cell that has been interrupted: it may end by itself then.
    pub(super) fn answer_with_nothing(&mut self) {
        let nothing = json!({"value": ""});
        let answer = self.author.about(None, "input_reply", &nothing);
        if let Some(evcxr) = &self.evcxr {
            evcxr.send(evcxr::Channel::Stdin, answer);
        }
        if let Phase::Cell(cell) = &mut self.phase
            && let Stage::Interrupted { again, .. } = &mut cell.stage
        {
            *again = self.now + limits::ANSWERED;
            cell.asks = false;
            cell.interrupted = cell.interrupted.max(Some(Reached::Question));
        }
    }
}
