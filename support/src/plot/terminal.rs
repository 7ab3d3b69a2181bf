//! A timeline in characters, for terminals and tests.

use std::fmt;

use super::axis;
use super::model::{Bar, LaneData};
use super::timeline::Timeline;

const COLUMNS: usize = 64;
const INSTANT: char = '◆';
const RUNNING: char = '#';

impl Timeline {
    pub(super) fn draw_terminal(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.sentence())?;
        if self.data.processes.is_empty() {
            return Ok(());
        }
        let signs = Signs::new(self);
        let head = |lane: &LaneData| (lane.name.clone(), format!("{}/{}", lane.pid, lane.tid));
        let heads: Vec<_> = self.data.lanes().map(head).collect();
        let names = heads.iter().map(|(name, _)| name.chars().count()).max();
        let ids = heads.iter().map(|(_, id)| id.len()).max();
        let (names, ids) = (names.unwrap_or(0), ids.unwrap_or(0));
        for (lane, (name, id)) in self.data.lanes().zip(&heads) {
            let line: String = self.columns(lane, &signs).into_iter().collect();
            writeln!(f, "{name:names$} {id:ids$} │{line}│")?;
        }
        self.draw_scale(f, names + ids + 3)?;
        writeln!(f, "{}", signs.legend(self))
    }

    fn column(&self, time: u64) -> usize {
        let (from, to) = self.window();
        let part = (time.clamp(from, to) - from) as u128 * COLUMNS as u128;
        (part / u128::from(to - from)).min(COLUMNS as u128 - 1) as usize
    }

    /// What a lane did in each column: the innermost span that reaches into it.
    fn columns(&self, lane: &LaneData, signs: &Signs) -> Vec<char> {
        let (from, to) = self.window();
        let mut line = vec![' '; COLUMNS];
        let mut fill = |bar: &Bar, sign: char| {
            if bar.start > to || bar.end < from {
                return;
            }
            let (first, last) = (self.column(bar.start), self.column(bar.end));
            // The last column only if the bar is nowhere else: a neighbour begins there.
            line[first..last.max(first + 1)].fill(sign);
        };
        let by_cpu = self.coloured_by_cpu();
        if lane.rows.is_empty() {
            lane.running
                .iter()
                .for_each(|bar| fill(bar, if by_cpu { digit(bar.cpu) } else { RUNNING }));
        }
        for bar in lane.rows.iter().flatten() {
            fill(bar, signs.of(&bar.label));
        }
        for mark in &lane.marks {
            if (from..=to).contains(&mark.at) {
                line[self.column(mark.at)] = INSTANT;
            }
        }
        line
    }

    fn draw_scale(&self, f: &mut fmt::Formatter<'_>, indent: usize) -> fmt::Result {
        let (from, to) = self.window();
        let mut line = String::new();
        for (time, text) in axis::marks(from, to, 6) {
            let column = self.column(time);
            let so_far = line.chars().count();
            if so_far == 0 || so_far < column {
                line.extend(std::iter::repeat_n(' ', column - so_far));
                line += &text;
            }
        }
        writeln!(f, "{:indent$}{line}", "")
    }
}

fn digit(cpu: usize) -> char {
    char::from_digit((cpu % 36) as u32, 36).unwrap_or(RUNNING)
}

/// A letter for each label: one of its own where there is one left.
struct Signs(Vec<(String, char)>);

impl Signs {
    fn new(timeline: &Timeline) -> Signs {
        let mut signs: Vec<(String, char)> = Vec::new();
        let mut spans: Vec<&Bar> = timeline.data.spans().map(|(_, bar)| bar).collect();
        spans.sort_by_key(|bar| bar.start);
        for bar in spans {
            if signs.iter().any(|(label, _)| *label == bar.label) {
                continue;
            }
            let own = bar.label.chars().filter(|c| c.is_alphanumeric());
            let own = own.flat_map(char::to_lowercase);
            let sign = own
                .chain('a'..='z')
                .chain('A'..='Z')
                .find(|c| signs.iter().all(|(_, sign)| sign != c))
                .unwrap_or('?');
            signs.push((bar.label.clone(), sign));
        }
        Signs(signs)
    }

    fn of(&self, label: &str) -> char {
        let own = self.0.iter().find(|(other, _)| other == label);
        own.map_or('?', |(_, sign)| *sign)
    }

    fn legend(&self, timeline: &Timeline) -> String {
        let mut parts: Vec<String> = self.0.iter().map(|(l, c)| format!("{c} {l}")).collect();
        let lanes = || timeline.data.lanes();
        if lanes().any(|lane| lane.rows.is_empty() && !lane.running.is_empty()) {
            parts.push(if timeline.coloured_by_cpu() {
                "0, 1, … running on that CPU".to_string()
            } else {
                format!("{RUNNING} running")
            });
        }
        let mut marks: Vec<&str> = Vec::new();
        for mark in lanes().flat_map(|lane| &lane.marks) {
            if !marks.contains(&mark.label.as_str()) {
                marks.push(&mark.label);
            }
        }
        if !marks.is_empty() {
            parts.push(format!("{INSTANT} {}", marks.join(", ")));
        }
        parts.join("   ")
    }
}
