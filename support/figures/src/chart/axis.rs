//! An axis of a chart: where values stand, which of them bear a mark, and how they are written.

use std::ops::Range;

use plotters::coord::combinators::{IntoLogRange, LogCoord};
use plotters::coord::ranged1d::{
    BoldPoints, KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter,
};
use plotters::coord::types::RangedCoordf64;

use super::head::SMALL;
use crate::text::text_width;
use crate::units::{human_ns, mark};

/// What the values of an axis are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Plain,
    Seconds,
    /// Parts of one, written in percent.
    Part,
}

/// A coordinate of plotters', linear or logarithmic.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub from: f64,
    pub to: f64,
    pub log: bool,
    pub unit: Unit,
    /// The values that bear a mark, where they are not to be round ones.
    pub marks: Vec<f64>,
}

impl Axis {
    pub fn new(from: f64, to: f64, log: bool, unit: Unit) -> Axis {
        let marks = Vec::new();
        Axis {
            from,
            to,
            log,
            unit,
            marks,
        }
    }

    /// From zero to a little above the largest value; a logarithmic one from power to power.
    pub fn over(values: impl Iterator<Item = f64>, log: bool, unit: Unit) -> Axis {
        // No chart of times or counts has anything below zero, and a logarithm not even that.
        let values = values.filter(|v| v.is_finite() && (!log || *v > 0.0));
        let ends = values.fold(None, |ends: Option<(f64, f64)>, value| {
            let (low, high) = ends.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        });
        let (from, to) = match (ends, log) {
            (None, _) => (if log { 0.1 } else { 0.0 }, 1.0),
            (Some((low, high)), false) => (low.min(0.0), high.max(1e-9) * 1.05),
            (Some((low, high)), true) => {
                let (from, to) = (step_below(low), step_below(high * 1.000001) * 10.0);
                (from, above(from, to, high))
            }
        };
        Axis::new(from, to, log, unit)
    }

    /// From the first to the last of the values, as those of a parameter.
    pub fn between(values: impl Iterator<Item = f64> + Clone, log: bool, unit: Unit) -> Axis {
        let low = values.clone().fold(f64::INFINITY, f64::min);
        let high = values.fold(f64::NEG_INFINITY, f64::max);
        let (from, to) = match log {
            true => (low.max(1e-12) / 1.08, high.max(1e-12) * 1.08),
            false => (low - 0.03 * (high - low), high + 0.03 * (high - low)),
        };
        let (from, to) = if from.is_finite() && to.is_finite() && to > from {
            (from, to)
        } else if low.is_finite() {
            (low * 0.5, low * 1.5 + 1e-9)
        } else {
            (0.5, 1.5)
        };
        Axis::new(from, to, log, unit)
    }

    /// Where a value stands, from 0 to 1.
    pub fn part(&self, value: f64) -> f64 {
        f64::from(self.map(&value, (0, 1_000_000))) / 1e6
    }

    /// The value that stands at a part.
    pub fn value(&self, part: f64) -> f64 {
        match self.log {
            true => self.from * (self.to / self.from).powf(part),
            false => self.from + (self.to - self.from) * part,
        }
    }

    /// With marks at these values and no others, as far as their texts find room within `width`.
    pub fn marked(mut self, values: &[f64], width: f64) -> Axis {
        let mut free = f64::NEG_INFINITY;
        for value in values {
            let half = text_width(&self.format_ext(value), SMALL) / 2.0;
            let at = self.part(*value) * width;
            if at - half > free {
                self.marks.push(*value);
                free = at + half + 4.0;
            }
        }
        self
    }

    /// With as many round marks as find room within `width`, so that no two of them touch.
    pub fn apart(self, width: f64) -> Axis {
        let free = |marks: &[f64]| {
            let ends = marks.iter().map(|value| {
                let half = text_width(&self.format_ext(value), SMALL) / 2.0;
                let at = self.part(*value) * width;
                (at - half, at + half)
            });
            let ends: Vec<_> = ends.collect();
            ends.windows(2).all(|two| two[0].1 + 8.0 <= two[1].0)
        };
        let most = (width / 45.0) as usize;
        let marks = (2..=most).rev().map(|n| self.key_points(BoldPoints(n)));
        let marks = marks.into_iter().find(|marks| free(marks));
        let marks = marks.unwrap_or_default();
        Axis { marks, ..self }
    }

    /// Powers of ten, with 2 and 5 where there is room for them. (plotters' own marks are powers
    /// alone, or ten for each: an axis from 1 to 8 has one mark or is full of them.)
    fn powers(&self, most: usize) -> Vec<f64> {
        let room = most as f64 / (self.to / self.from).log10();
        let factors: &[f64] = if room >= 3.0 {
            &[1.0, 2.0, 5.0]
        } else {
            &[1.0]
        };
        let powers = self.from.log10().floor() as i32..=self.to.log10().ceil() as i32;
        let marks = powers.flat_map(|power| factors.iter().map(move |f| f * 10f64.powi(power)));
        let inside = self.from * 0.999..=self.to * 1.001;
        let marks: Vec<f64> = marks.filter(|value| inside.contains(value)).collect();
        let step = marks.len().div_ceil(most.max(2)).max(1);
        marks.into_iter().step_by(step).collect()
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        // What lies outside is drawn at the edge; what is no number, at the beginning.
        let value = value.max(self.from).min(self.to);
        match self.log {
            true => LogCoord::from((self.from..self.to).log_scale()).map(&value, limit),
            false => RangedCoordf64::from(self.from..self.to).map(&value, limit),
        }
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() {
            Vec::new()
        } else if !self.marks.is_empty() {
            self.marks.clone()
        } else if self.log {
            self.powers(hint.bold_points())
        } else {
            RangedCoordf64::from(self.from..self.to).key_points(hint)
        }
    }

    fn range(&self) -> Range<f64> {
        self.from..self.to
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let ns = |seconds: f64| (seconds * 1e9).round() as u64;
        match self.unit {
            Unit::Seconds if !self.log => mark(ns(*value), ns(self.to - self.from)),
            unit => say(*value, unit),
        }
    }
}

/// A value as a person writes it.
pub(super) fn say(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Seconds => human_ns((value.max(0.0) * 1e9).round() as u64),
        Unit::Part => format!("{} %", plain(value * 100.0)),
        Unit::Plain => plain(value),
    }
}

/// Three digits at least, no more behind the point than they need, thousands apart.
fn plain(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    let (sign, text) = text
        .strip_prefix('-')
        .map_or(("", text), |text| ("-", text));
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let threes = whole.as_bytes().rchunks(3).rev();
    let threes: Vec<_> = threes.map(String::from_utf8_lossy).collect();
    format!("{sign}{}{rest}", threes.join(","))
}

fn step_below(value: f64) -> f64 {
    10f64.powf(value.log10().floor())
}

/// No further above the largest than the next round number.
fn above(from: f64, to: f64, largest: f64) -> f64 {
    let steps = [0.2, 0.5, 1.0].into_iter().map(|part| to * part);
    let to = steps
        .into_iter()
        .find(|step| *step >= largest)
        .unwrap_or(to);
    if to > from { to } else { from * 10.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis, most: usize) -> Vec<String> {
        let marks = axis.key_points(BoldPoints(most)).into_iter();
        marks.map(|value| axis.format_ext(&value)).collect()
    }

    #[test]
    fn marks_are_round_and_few() {
        let linear = Axis::over([0.3, 3.9].into_iter(), false, Unit::Plain);
        assert_eq!(texts(&linear, 5), ["0", "1", "2", "3", "4"]);
        let log = Axis::over([3e-6, 0.02].into_iter(), true, Unit::Seconds);
        assert_eq!(texts(&log, 6), ["1 µs", "10 µs", "100 µs", "1 ms", "10 ms"]);
        assert_eq!(log.part(log.from), 0.0);
        assert_eq!(log.part(log.to), 1.0);
    }

    #[test]
    fn marks_never_touch() {
        for (to, log, unit) in [
            (0.0123456, false, Unit::Seconds),
            (1_234_567.0, false, Unit::Plain),
            (2.5e-7, false, Unit::Seconds),
            (1e9, true, Unit::Plain),
        ] {
            for width in [90.0, 200.0, 430.0, 700.0] {
                let axis = Axis::over([to / 1e6, to].into_iter(), log, unit).apart(width);
                let wide = |value: &f64| text_width(&axis.format_ext(value), SMALL);
                let ends = axis.marks.windows(2).map(|two| {
                    let [a, b] = [two[0], two[1]].map(|value| axis.part(value) * width);
                    b - a - (wide(&two[0]) + wide(&two[1])) / 2.0
                });
                assert!(ends.clone().all(|gap| gap >= 7.9), "{axis:?}, {width}");
                assert!(width < 400.0 || axis.marks.len() > 2, "{axis:?}, {width}");
            }
        }
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (1.946, "1.95"),
            (12.34, "12.3"),
            (10_000.0, "10,000"),
            (1_234_567.0, "1,234,567"),
            (-2.5, "-2.5"),
            (0.05, "0.05"),
        ] {
            assert_eq!(plain(value), text);
        }
        assert_eq!(say(0.5, Unit::Part), "50 %");
        assert_eq!(say(0.0015, Unit::Seconds), "1.5 ms");
    }
}
