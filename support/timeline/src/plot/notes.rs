//! Draws the sentences that point at a moment, above the lanes.

use figures::{Align, Canvas, fitted, text_width};

use super::model::Bar;
use super::note::Note;
use super::palette::{INK, PAPER};
use super::panel::{PAD, Panel};

const FONT: f64 = 11.5;
const LINE: f64 = 17.0;

/// Where a note's text stands: its middle, and on which line, counted from below.
pub(super) struct Placed<'a> {
    pub note: &'a Note,
    pub middle: f64,
    pub line: usize,
}

impl Panel<'_> {
    /// The notes that are shown, on as few lines as they find room on.
    pub(super) fn notes(&self) -> Vec<Placed<'_>> {
        let (left, right) = self.sides();
        // Where each line's last text ends.
        let mut lines: Vec<f64> = Vec::new();
        let placed = self.timeline.shown_notes().map(|note| {
            let half = text_width(&note.text, FONT).min(right - left) / 2.0;
            let middle = self.at(note.at).clamp(left + half, right - half);
            let free = lines.iter().position(|end| *end + 12.0 <= middle - half);
            let line = free.unwrap_or(lines.len());
            lines.resize(lines.len().max(line + 1), 0.0);
            lines[line] = middle + half;
            Placed { note, middle, line }
        });
        placed.collect()
    }

    pub(super) fn notes_height(&self) -> f64 {
        let lines = self.notes().iter().map(|placed| placed.line + 1).max();
        lines.map_or(0.0, |lines| lines as f64 * LINE + 4.0)
    }

    /// The middle of a line of notes above lanes that begin at `top`.
    pub(super) fn note_at(top: f64, line: usize) -> f64 {
        top - 4.0 - (line as f64 + 0.5) * LINE
    }

    /// From each note down to `bottom`, where the last lane ends.
    pub(super) fn draw_note_lines(&self, canvas: &Canvas, top: f64, bottom: f64) {
        for Placed { note, line, .. } in self.notes() {
            let (x, y) = (self.at(note.at), Self::note_at(top, line));
            for (width, colour) in [(2.6, PAPER), (1.0, INK)] {
                canvas.dashed((x, y + LINE / 2.0), (x, bottom), colour, width);
            }
        }
    }

    /// The notes and where they point to; `tops` are the lanes' tops.
    pub(super) fn draw_notes(&self, canvas: &Canvas, top: f64, tops: &[f64]) {
        let (left, right) = self.sides();
        for Placed { note, middle, line } in self.notes() {
            let (x, y) = (self.at(note.at), Self::note_at(top, line));
            if let Some((lane, label)) = &note.lane {
                let middle = tops[*lane] + PAD + self.middle_of(*lane, label, note.at);
                canvas.ring((x, middle), (self.sizes.row * 0.45).max(4.0), INK);
            }
            let text = fitted(&note.text, FONT, right - left);
            canvas.bold(&text, (middle, y), FONT, Align::Center, INK);
        }
    }

    /// The middle of the row on which a bar of this label begins or ends at a time, within its lane.
    fn middle_of(&self, lane: usize, label: &str, at: u64) -> f64 {
        let lane = self.timeline.data.lanes().nth(lane);
        let mut rows = lane.into_iter().flat_map(|lane| self.rows_at(lane, 0.0));
        let has = |row: &[Bar]| {
            let mut own = row.iter().filter(|bar| bar.label == label);
            own.any(|bar| bar.start == at || bar.end == at)
        };
        let found = rows.find(|(row, ..)| has(row));
        found.map_or(self.sizes.row / 2.0, |(_, top, height)| top + height / 2.0)
    }
}
