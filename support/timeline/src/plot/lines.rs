//! Draws the arrows between lanes.

use figures::Canvas;
use figures::palette::RGBColor;

use super::model::{Arrow, Sort};
use super::palette::{BREAK, FAINT, INK, PAPER, QUIET};
use super::panel::{PAD, Panel};

/// More than this would be a thicket, and a large file.
const MOST: usize = 240;

/// Locks that go from hand to hand more often than this are clear from the bars.
const MOST_HANDED: usize = 12;

/// An arrow on paper.
pub(super) struct Line {
    pub from: (f64, f64),
    pub to: (f64, f64),
    colour: RGBColor,
    dot: bool,
}

impl Panel<'_> {
    /// The arrows to draw, and how many of those in the window are left out for want of room.
    /// `tops` are the tops of all lanes.
    pub(super) fn lines(&self, tops: &[f64]) -> (Vec<Line>, usize) {
        let arrows = self.timeline.data.arrows.iter();
        let inside = arrows.filter(|it| self.timeline.shows(it.from.1, it.to.1));
        let mut all: Vec<&Arrow> = inside.collect();
        let is_handed = |arrow: &&Arrow| arrow.sort == Sort::Handed;
        if self.many || all.iter().filter(|it| is_handed(it)).count() > MOST_HANDED {
            all.retain(|arrow| !is_handed(arrow));
        }
        // Evenly over time, as arrows come in its order.
        let step = all.len().div_ceil(MOST).max(1);
        let drawn: Vec<Line> = all
            .iter()
            .step_by(step)
            .map(|it| self.line(it, tops))
            .collect();
        let left = all.len() - drawn.len();
        (drawn, left)
    }

    pub(super) fn draw_lines(&self, canvas: &Canvas, lines: &[Line]) {
        // A white edge sets a line off from the bars that it crosses; many lines do without.
        if lines.len() <= 40 {
            for line in lines {
                canvas.line(line.from, line.to, PAPER, 2.8);
            }
        }
        let (width, dot) = match lines.len() {
            0..=40 => (1.2, 2.2),
            _ => (0.8, 1.5),
        };
        // All lines of one colour are one element.
        let mut by_colour: Vec<&Line> = lines.iter().collect();
        by_colour.sort_by_key(|line| (line.colour.0, line.colour.1, line.colour.2));
        for line in by_colour {
            canvas.shaft(line.from, line.to, line.colour, width);
        }
        for line in lines {
            canvas.head(line.from, line.to, line.colour, width);
            if line.dot {
                canvas.dot(line.from, dot, line.colour);
            }
        }
    }

    fn line(&self, arrow: &Arrow, tops: &[f64]) -> Line {
        let (source, target) = (tops[arrow.from.0], tops[arrow.to.0]);
        let middle = source + PAD + self.sizes.row / 2.0;
        // It ends at the side of the row that it comes from.
        let end = if target > source {
            target + PAD
        } else if target < source {
            target + PAD + self.sizes.row
        } else {
            middle
        };
        let (colour, dot) = match &arrow.sort {
            // Of many lanes the starts and ends would hide the rest.
            Sort::Start | Sort::End if self.many => (FAINT, false),
            Sort::Start => (INK, true),
            Sort::End | Sort::Handed => (QUIET, false),
            Sort::Waits => (BREAK, true),
            Sort::Message(label) => (self.frame.message(label), true),
        };
        Line {
            from: (self.at(arrow.from.1), middle),
            to: (self.at(arrow.to.1), end),
            colour,
            dot,
        }
    }
}

impl Line {
    /// Where it crosses a lane, if it does.
    pub fn crosses(&self, top: f64, bottom: f64) -> Option<f64> {
        let (high, low) = if self.from.1 <= self.to.1 {
            (self.from, self.to)
        } else {
            (self.to, self.from)
        };
        (high.1 < bottom && low.1 > top).then(|| {
            let along = ((top - high.1) / (low.1 - high.1).max(1e-9)).clamp(0.0, 1.0);
            high.0 + along * (low.0 - high.0)
        })
    }
}
