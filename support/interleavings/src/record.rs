//! What one execution did, step by step: kept only of the one that is reported.

use super::schedule::Turn;

/// A stretch of steps during which a thread held or waited for something.
#[cfg_attr(
    not(feature = "pictures"),
    expect(dead_code, reason = "only pictures show when it began")
)]
pub(super) struct Stretch {
    pub thread: usize,
    pub what: String,
    pub from: usize,
    pub to: Option<usize>,
}

pub(super) struct Row {
    pub thread: usize,
    /// The step's number, counted from 1.
    pub step: usize,
    /// What it did, short enough for a picture.
    pub label: String,
    /// The rest of it.
    pub detail: String,
    /// It took a lock: the picture shows how long it was held.
    pub took: bool,
    /// Each shared value after it, by name.
    pub values: Vec<(String, String)>,
}

#[derive(Default)]
pub(super) struct Record {
    pub turns: Vec<Turn>,
    pub rows: Vec<Row>,
    pub held: Vec<Stretch>,
    pub waits: Vec<Stretch>,
    /// For each thread who started it, and after how many steps.
    pub began: Vec<(usize, usize)>,
    pub ended: Vec<Option<usize>>,
}

impl Record {
    pub fn turn(&mut self, thread: usize) {
        let picks = Vec::new();
        self.turns.push(Turn { thread, picks });
    }

    pub fn pick(&mut self, pick: usize) {
        if let Some(turn) = self.turns.last_mut() {
            turn.picks.push(pick);
        }
    }

    pub fn did(&mut self, thread: usize, step: usize, label: String, detail: String) {
        self.rows.push(Row {
            thread,
            step,
            label,
            detail,
            took: false,
            values: Vec::new(),
        });
    }

    pub fn values(&mut self, values: Vec<(String, String)>) {
        if let Some(row) = self.rows.last_mut() {
            row.values = values;
        }
    }

    /// `thread` cannot go on between `step` and the next.
    pub fn blocked(&mut self, thread: usize, step: usize, what: String) {
        let mut own = self.waits.iter_mut().rev();
        let last = own.find(|stretch| stretch.thread == thread);
        match last {
            Some(last) if last.to == Some(step) && last.what == what => last.to = Some(step + 1),
            _ => self.waits.push(Stretch {
                thread,
                what,
                from: step,
                to: Some(step + 1),
            }),
        }
    }

    /// `thread` took a lock in this step.
    pub fn took(&mut self, thread: usize, step: usize, what: &str) {
        if let Some(row) = self.rows.last_mut() {
            row.took = true;
        }
        self.held.push(Stretch {
            thread,
            what: what.to_string(),
            from: step.saturating_sub(1),
            to: None,
        });
    }

    /// `thread` lets go of it after this step.
    pub fn let_go(&mut self, thread: usize, step: usize, what: &str) {
        let mut held = self.held.iter_mut().rev();
        let open = |s: &&mut Stretch| s.thread == thread && s.what == what && s.to.is_none();
        if let Some(stretch) = held.find(open) {
            stretch.to = Some(step);
        }
    }
}
