//! Changes to a text that keep its lines.

use std::ops::Range;

/// Changes that wait until all are known.
#[derive(Debug, Default)]
pub struct Edits {
    changes: Vec<(Range<usize>, String)>,
    appended: String,
}

impl Edits {
    pub fn replace(&mut self, range: Range<usize>, text: impl Into<String>) {
        self.changes.push((range, text.into()));
    }

    pub fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(at..at, text);
    }

    /// Takes a part away and leaves its lines.
    pub fn blank(&mut self, range: Range<usize>, whole: &str) {
        let lines = whole[range.clone()].matches('\n').count();
        self.replace(range, "\n".repeat(lines));
    }

    /// Whether a place has been taken away.
    pub fn has_blanked(&self, at: usize) -> bool {
        self.changes.iter().any(|(range, _)| range.contains(&at))
    }

    /// Whether something in this part is changed.
    pub fn touches(&self, part: &Range<usize>) -> bool {
        let mut places = self.changes.iter().map(|(range, _)| range.start);
        places.any(|place| part.contains(&place))
    }

    /// Adds a line at the end.
    pub fn append(&mut self, line: &str) {
        if !line.is_empty() {
            self.appended.push_str(line);
            self.appended.push('\n');
        }
    }

    /// Changes within one that goes do not count.
    pub fn apply(mut self, whole: &str) -> String {
        // What is inserted at the same place stays in its order.
        self.changes.sort_by_key(|(range, _)| range.start);
        let mut text = String::with_capacity(whole.len() + 256);
        let mut done = 0;
        for (range, new) in self.changes {
            if range.start >= done {
                text.push_str(&whole[done..range.start]);
                text.push_str(&new);
                done = range.end;
            }
        }
        text.push_str(&whole[done..]);
        if !self.appended.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&self.appended);
        text
    }
}
