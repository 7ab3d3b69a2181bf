//! Requests that the front answers by itself, at once: evcxr answers some of them not at all, and
//! none while a cell runs.

use super::message::Message;
use super::sockets::Channel;
use super::{Front, complete, help};
use serde_json::{Value, json};

impl Front {
    pub(super) fn shell(&mut self, request: Message) {
        match self.own_answer(&request) {
            Some(content) => self.answer_at_once(Channel::Shell, &request, &content),
            None => self.queue.push_back(request),
        }
    }

    pub(super) fn control(&mut self, request: &Message) {
        let mut content = json!({"status": "ok"});
        match request.header.msg_type.as_str() {
            "interrupt_request" => self.interrupt(),
            "shutdown_request" => {
                content["restart"] = request.content()["restart"]
                    .as_bool()
                    .unwrap_or(false)
                    .into();
                self.end();
            }
            "kernel_info_request" => content = kernel_info(),
            kind => {
                let evalue = format!("this kernel knows no {kind} on its control channel");
                content = json!({"status": "error", "ename": "Unsupported", "evalue": evalue, "traceback": []});
            }
        }
        self.answer_at_once(Channel::Control, request, &content);
    }

    fn own_answer(&self, request: &Message) -> Option<Value> {
        Some(match request.header.msg_type.as_str() {
            "kernel_info_request" => kernel_info(),
            "is_complete_request" => {
                complete::answer(request.content()["code"].as_str().unwrap_or_default())
            }
            "complete_request" => return help::dependencies(&request.content()),
            "history_request" => self.history.answer(&request.content()),
            "comm_info_request" => json!({"status": "ok", "comms": {}}),
            _ => return None,
        })
    }

    fn answer_at_once(&mut self, channel: Channel, request: &Message, content: &Value) {
        self.status(request, "busy");
        let reply = self.author.reply(request, content);
        if self.to_end {
            // Other clients want to know, too.
            self.publish(Some(request), &reply.header.msg_type, content);
        }
        self.send(channel, reply);
        self.status(request, "idle");
        // A cell that runs meanwhile still runs: clients show the state that they heard last.
        if let Some(running) = self.phase.request().cloned() {
            self.status(&running, "busy");
        }
    }
}

fn kernel_info() -> Value {
    let evcxr = crate::evcxr::VERSION;
    json!({
        "status": "ok",
        "protocol_version": "5.4",
        "implementation": "evcxr_jupyter",
        "implementation_version": evcxr,
        "language_info": crate::kernelspec::language_info(),
        "banner": format!("Rust {} by evcxr {evcxr}, with `support` loaded", crate::toolchain::VERSION),
        "help_links": [
            {"text": "Rust's standard library", "url": "https://doc.rust-lang.org/std/"},
            {"text": "The Rust Book", "url": "https://doc.rust-lang.org/book/"},
        ],
        "debugger": false,
        "supported_features": [],
    })
}
