//! What evcxr says of the request that it has.

use super::evcxr::{self, is_own};
use super::failure::Failure;
use super::message::Message;
use super::phase::{Cell, Phase, Stage};
use super::place::Place;
use super::sockets::Channel;
use super::{Front, help, keywords, limits};
use crate::stock;
use serde_json::json;

impl Front {
    /// Begins a request: from here on the kernel is busy, and it is answered in any case.
    pub(super) fn begin(&mut self, request: Message) {
        self.send_text(true);
        self.status(&request, "busy");
        if request.header.msg_type != "execute_request" {
            self.phase = Phase::Asks(request, None);
            return;
        }
        let cell = Cell::new(request.clone());
        let content = request.content();
        let code = content["code"].as_str().unwrap_or_default().to_owned();
        if !cell.silent {
            if cell.is_kept() {
                self.count += 1;
                self.history.add(self.count, &code);
            }
            let input = json!({"code": code, "execution_count": self.count});
            self.publish(Some(&request), "execute_input", &input);
            self.latest = Some(request);
        }
        self.phase = Phase::Cell(Box::new(cell));
        self.quit_if_asked(&code);
        self.refuse_misnamed(&code);
    }

    /// Tells of a name that is none, of which evcxr would say nothing.
    fn refuse_misnamed(&mut self, code: &str) {
        if let (Phase::Cell(cell), Some((at, what))) = (&self.phase, keywords::as_name(code))
            && cell.waits()
        {
            let place = Place::at(self.count, code, at, 0);
            self.fail(Failure::at("Error", what, Some(&place)));
        }
    }

    /// What evcxr said on one of its channels.
    pub(super) fn evcxr_said(&mut self, channel: evcxr::Channel, message: Message) {
        let parent = message.parent();
        let is_idle =
            channel == evcxr::Channel::Iopub && message.content()["execution_state"] == "idle";
        if let Some(evcxr) = &mut self.evcxr {
            evcxr
                .asked
                .take_if(|(asked, _)| is_idle && *asked == parent);
        }
        let current = self.phase.request();
        let is_current = current.is_some_and(|request| request.header.msg_id == parent);
        match channel {
            _ if is_own(&parent) => {}
            evcxr::Channel::Stdin => self.evcxr_asks(message, is_current),
            evcxr::Channel::Shell if is_current => self.evcxr_replied(message),
            // To one that has been answered without it.
            evcxr::Channel::Shell => {}
            evcxr::Channel::Iopub => match &mut self.phase {
                Phase::Cell(cell) if is_current => {
                    cell.idle |= is_idle;
                    self.evcxr_published(message);
                }
                Phase::Asks(request, until) if is_current && is_idle => {
                    if request.header.msg_type.ends_with("_request") {
                        *until = Some(self.now + limits::LAST_WORDS);
                    } else {
                        self.idle();
                    }
                }
                // What it is at, the front has told or will tell.
                _ if message.header.msg_type == "status" => {}
                _ => {
                    self.send_text(false);
                    self.send(Channel::Iopub, message);
                }
            },
        }
    }

    fn evcxr_replied(&mut self, reply: Message) {
        match &mut self.phase {
            Phase::Cell(cell) => {
                cell.reply = Some(reply.content());
                self.look_for_end();
            }
            Phase::Asks(..) if stock::is_of_panic(&reply.content()) => self.breaks_down(),
            Phase::Asks(request, _) => {
                let reply = help::for_reader(request, reply, &self.history, &self.author.key);
                self.send(Channel::Shell, reply);
                self.idle();
            }
            // Nothing is current then.
            Phase::Idle => {}
        }
    }

    /// Its rust-analyzer has panicked over a question: nothing that evcxr keeps can be reached any more, the
    /// variables neither. The next cell is told of that; questions are answered as soon as another has begun.
    fn breaks_down(&mut self) {
        const WHY: &str = "rust-analyzer, which answers questions about names, has broken down, and evcxr with it";
        self.refuse(&Failure::evcxr(WHY));
        if let Some(evcxr) = &mut self.evcxr {
            evcxr.stop(WHY);
            evcxr.ready = false;
        }
    }

    /// What evcxr published about the cell.
    fn evcxr_published(&mut self, message: Message) {
        let Phase::Cell(cell) = &mut self.phase else {
            return;
        };
        match message.header.msg_type.as_str() {
            "status" => self.look_for_end(),
            "execute_input" => {}
            "error" => cell.errors.push(message.content()),
            "execute_result" => {
                let mut content = message.content();
                // A statement's value is nothing to show: `println!` without its semicolon.
                let nothing = content["data"] == json!({"text/plain": stock::NOTHING});
                if cell.silent || nothing {
                    return;
                }
                content["execution_count"] = self.count.into();
                self.shows();
                self.send_text(true);
                let message = message.with_content(&content, &self.author.key);
                self.send(Channel::Iopub, message);
            }
            _ => {
                self.shows();
                self.send_text(true);
                self.send(Channel::Iopub, message);
            }
        }
    }

    /// A cell asks the reader something; one that is to end goes without an answer.
    fn evcxr_asks(&mut self, question: Message, is_current: bool) {
        match &mut self.phase {
            Phase::Cell(cell) if is_current && matches!(cell.stage, Stage::Runs) => {
                cell.asks = true;
                self.shows();
                self.send_text(true);
                self.send(Channel::Stdin, question);
            }
            _ => self.answer_with_nothing(),
        }
    }

    /// A client's answer: it is for the question that was asked, or for none.
    pub(super) fn input(&mut self, answer: Message) {
        if let Phase::Cell(cell) = &mut self.phase
            && std::mem::take(&mut cell.asks)
            && let Some(evcxr) = &self.evcxr
        {
            evcxr.send(evcxr::Channel::Stdin, answer);
        }
    }
}
