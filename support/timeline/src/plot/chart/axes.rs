//! A pair of axes with a grid, and places between them.

use plotters::style::RGBColor;

use super::super::canvas::{Align, Canvas, text_width};
use super::super::palette::{GRID, INK, QUIET};
use super::scale::Scale;
use super::{MARGIN, SMALL};

pub(super) struct Axes {
    pub x: Scale,
    pub y: Scale,
    /// Left, top, right, bottom of the field.
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

/// The height of a line of a legend.
pub(super) const LEGEND: f64 = 19.0;

/// Above the field: the name of the y axis.
pub(super) const ABOVE: f64 = 24.0;

/// Below the field: the numbers and the name of the axis.
pub(super) const BELOW: f64 = 36.0;

impl Axes {
    /// A field `height` high at `top`, between `left` and `right` of the figure.
    pub fn new(x: Scale, y: Scale, (left, right): (f64, f64), top: f64, height: f64) -> Axes {
        let marks = y.marks(6);
        let wide = marks.iter().map(|(_, text)| text_width(text, SMALL));
        Axes {
            left: left + MARGIN + wide.fold(20.0, f64::max) + 6.0,
            right: right - MARGIN,
            top,
            bottom: top + height,
            x,
            y,
        }
    }

    pub fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (
            self.left + self.x.part(x) * (self.right - self.left),
            self.bottom - self.y.part(y) * (self.bottom - self.top),
        )
    }

    /// Grid and numbers. `values` are those of the x axis that have to be marked, if there are
    /// few; else it has round ones.
    pub fn draw(&self, canvas: &Canvas, values: &[f64], x_name: &str) {
        for (value, text) in self.y.marks(6) {
            let (_, y) = self.at(self.x.from, value);
            canvas.line((self.left, y), (self.right, y), GRID, 1.0);
            canvas.text(&text, (self.left - 6.0, y), SMALL, Align::Right, QUIET);
        }
        let marks: Vec<(f64, String)> = match values.len() {
            1..=12 => values.iter().map(|v| (*v, self.x.say(*v))).collect(),
            _ => self.x.marks(((self.right - self.left) / 70.0) as usize),
        };
        let mut free = f64::NEG_INFINITY;
        for (value, text) in marks {
            let (x, _) = self.at(value, self.y.from);
            canvas.line((x, self.bottom), (x, self.bottom + 3.0), QUIET, 1.0);
            let half = text_width(&text, SMALL) / 2.0;
            // Values need not be evenly spread.
            if x - half > free {
                let inside = x.min(self.right + MARGIN - 3.0 - half);
                canvas.text(
                    &text,
                    (inside, self.bottom + 11.0),
                    SMALL,
                    Align::Middle,
                    QUIET,
                );
                free = x + half + 4.0;
            }
        }
        canvas.line(
            (self.left, self.bottom),
            (self.right, self.bottom),
            QUIET,
            1.0,
        );
        let middle = ((self.left + self.right) / 2.0, self.bottom + 26.0);
        canvas.text(x_name, middle, SMALL + 1.0, Align::Middle, INK);
    }
}

/// One line of names with their colours; `dashed` for an ideal.
pub(super) fn legend(canvas: &Canvas, mut at: (f64, f64), entries: &[(String, RGBColor, bool)]) {
    for (name, colour, dashed) in entries {
        if *dashed {
            dashes(canvas, &[at, (at.0 + 18.0, at.1)], *colour);
        } else {
            canvas.rect((at.0, at.1 - 3.0), (at.0 + 16.0, at.1 + 3.0), *colour, 1.0);
        }
        canvas.text(name, (at.0 + 23.0, at.1), 11.0, Align::Left, INK);
        at.0 += 23.0 + text_width(name, 11.0) + 16.0;
    }
}

/// A dashed line through points.
pub(super) fn dashes(canvas: &Canvas, points: &[(f64, f64)], colour: RGBColor) {
    const DASH: f64 = 5.0;
    let mut phase = 0.0;
    for pair in points.windows(2) {
        let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        let length = dx.hypot(dy);
        let along = |t: f64| (pair[0].0 + dx * t / length, pair[0].1 + dy * t / length);
        let mut at = -phase;
        while at < length {
            let (from, to) = (at.max(0.0), (at + DASH).min(length));
            if to > from {
                canvas.line(along(from), along(to), colour, 1.5);
            }
            at += 2.0 * DASH;
        }
        phase = length - (at - 2.0 * DASH);
    }
}
