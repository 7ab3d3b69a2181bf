//! What evcxr does before it is asked.
//!
//! The first cell that uses `support`, and the first `let`, have rust-analyzer read and resolve the
//! sources of both it and the standard library: seconds, which pass while the reader reads. So an evcxr
//! that has nothing to do is asked where a few expressions lead. That is what a front end asks when the
//! reader wants to know of a name; it changes no state, and nobody sees the answer. The questions are
//! small ones, and a request that comes meanwhile is the next.

use super::commands;
use super::evcxr::Evcxr;
use super::message::Message;
use crate::{kernelspec, stock};
use serde_json::{Value, json};

/// How many questions an evcxr is warmed up by.
pub const COUNT: u64 = 4;

/// Each ends in a variable, whose type is asked for.
const QUESTIONS: [&str; COUNT as usize] = [
    "let a = 1; a",
    "let a = vec![1].iter().map(|n| n + 1).collect::<Vec<i32>>(); a",
    "let a = std::thread::spawn(|| 1).join().unwrap(); a",
    "use support::prelude::*; let a = Trace::new(); a",
];

/// The next request that warms it up, which has been sent.
pub fn next(evcxr: &mut Evcxr) -> Option<Message> {
    let code = QUESTIONS.get(evcxr.warmed)?;
    evcxr.warmed += 1;
    let content = json!({"code": code, "cursor_pos": code.len(), "detail_level": 0});
    Some(evcxr.ask("inspect_request", &content))
}

/// Before a cell, which evcxr is to get as `asked`: what compiles it finds it like that. If the reader chooses a
/// format for results there, evcxr follows it only where a result cannot show itself.
pub fn prepare(evcxr: &Evcxr, request: &Message, asked: &Message) {
    let content: Value = request.content();
    let code = content["code"].as_str().unwrap_or_default();
    if let Some(workplace) = &evcxr.workplace {
        let asked = asked.content();
        let code = asked["code"].as_str().unwrap_or_default();
        // Without it, nothing of a cell that is run again begins anew.
        let _ = std::fs::write(&workplace.cell, code);
    }
    commands::clear(evcxr, code);
    if code.lines().any(stock::chooses_format) {
        let code = kernelspec::SHOWN_AS_CHOSEN;
        let content = json!({"code": code, "silent": true, "store_history": false});
        evcxr.ask("execute_request", &content);
    }
}
