//! A timeline in characters, for terminals and tests.

use std::fmt;

use figures::Picture;

use super::model::{Bar, LaneData};
use super::palette::state_name;
use super::timeline::Timeline;
use crate::trace::Kind;

const COLUMNS: usize = 64;
const INSTANT: char = '◆';
const RUNNING: char = '#';
const BREAK: char = '✕';

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
        writeln!(f, "{}", signs.legend(self))?;
        self.shown_notes()
            .try_for_each(|note| writeln!(f, "{}", self.note_said(note)))
    }

    fn column(&self, time: u64) -> usize {
        let (from, to) = self.window();
        let part = (time.clamp(from, to) - from) as u128 * COLUMNS as u128;
        (part / u128::from(to - from)).min(COLUMNS as u128 - 1) as usize
    }

    /// What a lane did in each column: the innermost span that reaches into it.
    fn columns(&self, lane: &LaneData, signs: &Signs) -> Vec<char> {
        let mut line = vec![' '; COLUMNS];
        let mut fill = |bar: &Bar, sign: char| {
            if !self.shows(bar.start, bar.end) {
                return;
            }
            let (first, last) = (self.column(bar.start), self.column(bar.end));
            // The last column only if the bar is nowhere else: a neighbour begins there.
            line[first..last.max(first + 1)].fill(sign);
        };
        let by_cpu = self.coloured_by_cpu();
        let rows = self.rows(lane);
        if rows.is_empty() {
            lane.running
                .iter()
                .for_each(|bar| fill(bar, if by_cpu { digit(bar.cpu) } else { RUNNING }));
        }
        for bar in rows.iter().flatten() {
            // One line has no room for locks beside the states.
            if !(signs.by_state && bar.kind == Kind::Holding) {
                fill(bar, signs.of(bar));
            }
        }
        for (marks, sign) in [(&lane.marks, INSTANT), (&lane.breaks, BREAK)] {
            for mark in marks.iter().filter(|mark| self.shows(mark.at, mark.at)) {
                line[self.column(mark.at)] = sign;
            }
        }
        line
    }

    fn draw_scale(&self, f: &mut fmt::Formatter<'_>, indent: usize) -> fmt::Result {
        let (from, to) = self.window();
        let mut line = String::new();
        for (time, text) in self.axis_marks(from, to, 6) {
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

/// A letter for each label: one of its own where there is one left. What is no work has a sign
/// that is no letter.
struct Signs {
    labels: Vec<(char, String)>,
    states: Vec<(char, String)>,
    by_state: bool,
}

impl Signs {
    fn new(timeline: &Timeline) -> Signs {
        let mut signs = Signs {
            labels: Vec::new(),
            states: Vec::new(),
            by_state: timeline.coloured_by_state(),
        };
        for lane in timeline.data.lanes() {
            let mut bars: Vec<&Bar> = timeline.rows(lane).iter().flatten().collect();
            bars.sort_by_key(|bar| bar.start);
            bars.into_iter().for_each(|bar| signs.add(bar));
        }
        signs
    }

    fn add(&mut self, bar: &Bar) {
        let fixed = state_sign(bar.kind, self.by_state);
        let known = match fixed {
            Some(sign) => self.states.iter().any(|(other, _)| *other == sign),
            None => self.labels.iter().any(|(_, label)| *label == bar.label),
        };
        match fixed {
            _ if known => {}
            Some(sign) => self.states.push((sign, state_name(bar.kind).to_string())),
            None => {
                let own = bar.label.chars().filter(|c| c.is_alphanumeric());
                let own = own.flat_map(char::to_lowercase);
                let sign = own
                    .chain('a'..='z')
                    .chain('A'..='Z')
                    .find(|c| self.labels.iter().all(|(sign, _)| sign != c));
                self.labels.push((sign.unwrap_or('?'), bar.label.clone()));
            }
        }
    }

    fn of(&self, bar: &Bar) -> char {
        let own = || self.labels.iter().find(|(_, label)| *label == bar.label);
        state_sign(bar.kind, self.by_state).unwrap_or_else(|| own().map_or('?', |(sign, _)| *sign))
    }

    fn legend(&self, timeline: &Timeline) -> String {
        let signs = self.labels.iter().chain(&self.states);
        let mut parts: Vec<String> = signs.map(|(sign, name)| format!("{sign} {name}")).collect();
        let lanes = || timeline.data.lanes();
        if lanes().any(|lane| timeline.rows(lane).is_empty() && !lane.running.is_empty()) {
            parts.push(match timeline.coloured_by_cpu() {
                true => "0, 1, … running on that CPU".to_string(),
                false => format!("{RUNNING} running"),
            });
        }
        for sign in [INSTANT, BREAK] {
            let mut names: Vec<&str> = Vec::new();
            let marks = lanes().flat_map(|lane| match sign {
                INSTANT => &lane.marks,
                _ => &lane.breaks,
            });
            for mark in marks {
                if !names.contains(&mark.label.as_str()) {
                    names.push(&mark.label);
                }
            }
            if !names.is_empty() {
                parts.push(format!("{sign} {}", names.join(", ")));
            }
        }
        parts.join("   ")
    }
}

/// The sign of a bar in which a lane does not run; of any bar where states are shown.
fn state_sign(kind: Kind, all: bool) -> Option<char> {
    match kind {
        Kind::Waiting => Some('.'),
        Kind::Sleeping => Some('-'),
        Kind::Blocked => Some('~'),
        _ => all.then_some(RUNNING),
    }
}
