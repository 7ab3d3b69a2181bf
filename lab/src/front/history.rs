//! What was executed, for `history_request`: the arrow keys of a console.

use glob::Pattern;
use serde_json::{Value, json};
use std::collections::VecDeque;

/// Cells remembered.
const ROOM: usize = 1000;

/// The code of this session's cells, the numbers under which they ran, and how they ended.
#[derive(Default)]
pub struct History(VecDeque<Entry>);

pub struct Entry {
    pub number: u64,
    pub code: String,
    pub left: Left,
}

/// What a cell has left of variables.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Left {
    /// Those that were there before it: nothing of it has run.
    #[default]
    Old,
    /// The same, and the functions and types of its own: a `?` ended it.
    Items,
    /// All but what it moved.
    All,
    /// None, its own and earlier ones: what has become of it.
    None(String),
}

impl History {
    pub fn add(&mut self, number: u64, code: &str) {
        if self.0.len() == ROOM {
            self.0.pop_front();
        }
        self.0.push_back(Entry {
            number,
            code: code.to_owned(),
            left: Left::Old,
        });
    }

    /// The latest cell has ended.
    pub fn ended(&mut self, left: Left) {
        if let Some(latest) = self.0.back_mut() {
            latest.left = left;
        }
    }

    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.0.iter()
    }

    /// Cells from the newest to the oldest.
    pub fn newest_first(&self) -> impl Iterator<Item = (u64, &str)> {
        let entries = self.0.iter().rev();
        entries.map(|entry| (entry.number, entry.code.as_str()))
    }

    /// The cells of which something stands in what evcxr compiles, from the newest to the oldest.
    pub fn in_source(&self) -> impl Iterator<Item = (u64, &str)> {
        let latest = self.0.len().saturating_sub(1);
        let entries = self.0.iter().enumerate().rev();
        entries
            .filter(move |(index, entry)| {
                *index == latest || matches!(entry.left, Left::All | Left::Items)
            })
            .map(|(_, entry)| (entry.number, entry.code.as_str()))
    }

    /// The content of a `history_reply`. Outputs are not kept: asked for, they are null.
    pub fn answer(&self, request: &Value) -> Value {
        let wanted = |name: &str| {
            request[name]
                .as_u64()
                .map(|n| usize::try_from(n).unwrap_or(usize::MAX))
        };
        let all = self.0.iter().map(|it| (it.number, it.code.as_str()));
        let mut found: Vec<_> = match request["hist_access_type"].as_str() {
            Some("range") => {
                // Sessions are counted back from this one, 0; there are no others.
                let (start, stop) = (
                    wanted("start").unwrap_or(0),
                    wanted("stop").unwrap_or(usize::MAX),
                );
                let this = request["session"].as_i64().unwrap_or(0) == 0;
                all.filter(|(number, _)| this && (start..stop).contains(&(*number as usize)))
                    .collect()
            }
            Some("search") => {
                let pattern = Pattern::new(request["pattern"].as_str().unwrap_or("*"));
                all.filter(|(_, code)| pattern.as_ref().is_ok_and(|pattern| pattern.matches(code)))
                    .collect()
            }
            _ => all.collect(),
        };
        if request["unique"] == true {
            let mut seen = std::collections::HashSet::new();
            found.reverse();
            found.retain(|(_, code)| seen.insert(*code));
            found.reverse();
        }
        let skip = found
            .len()
            .saturating_sub(wanted("n").unwrap_or(usize::MAX));
        let with_output = request["output"] == true;
        let entries = found[skip..]
            .iter()
            .map(|(number, code)| match with_output {
                true => json!([0, number, [code, null]]),
                false => json!([0, number, code]),
            });
        json!({"status": "ok", "history": entries.collect::<Vec<_>>()})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> History {
        let mut history = History::default();
        for (number, code) in ["let a = 1;", "a + 1", "let b = 2;", "a + 1"]
            .iter()
            .enumerate()
        {
            history.add(number as u64 + 1, code);
        }
        history
    }

    #[test]
    fn the_tail_is_the_last_n() {
        let request = json!({"hist_access_type": "tail", "n": 2, "output": false, "raw": true});
        let expected = json!([[0, 3, "let b = 2;"], [0, 4, "a + 1"]]);
        assert_eq!(history().answer(&request)["history"], expected);
    }

    #[test]
    fn a_range_ends_before_its_stop_and_may_carry_outputs() {
        let request = json!({"hist_access_type": "range", "session": 0, "start": 1, "stop": 2, "output": true});
        assert_eq!(
            history().answer(&request)["history"],
            json!([[0, 1, ["let a = 1;", null]]])
        );
    }

    #[test]
    fn a_search_takes_a_pattern_and_may_leave_out_repetitions() {
        let request = json!({"hist_access_type": "search", "pattern": "*a*", "unique": true});
        assert_eq!(
            history().answer(&request)["history"],
            json!([[0, 1, "let a = 1;"], [0, 4, "a + 1"]])
        );
    }

    #[test]
    fn old_cells_are_forgotten() {
        let mut history = History::default();
        for number in 0..3000 {
            history.add(number, "x");
        }
        assert_eq!(history.newest_first().count(), ROOM);
    }
}
