//! From a value to a place on paper, on a linear or a logarithmic scale.

use super::super::axis;

/// What the values of an axis are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Plain,
    Seconds,
    /// Parts of one, written in percent.
    Part,
}

#[derive(Clone, Debug)]
pub(super) struct Scale {
    pub from: f64,
    pub to: f64,
    pub log: bool,
    pub unit: Unit,
}

impl Scale {
    /// From zero to a little above the largest value; a logarithmic one from power to power.
    pub fn over(values: impl Iterator<Item = f64>, log: bool, unit: Unit) -> Scale {
        // No chart of times or counts has anything below zero, and a logarithm not even that.
        let values: Vec<f64> = values
            .filter(|v| v.is_finite() && (!log || *v > 0.0))
            .collect();
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let (from, to) = match (values.is_empty(), log) {
            (true, _) => (if log { 0.1 } else { 0.0 }, 1.0),
            (_, false) => (smallest.min(0.0), largest.max(1e-9) * 1.05),
            (_, true) => (step_below(smallest), step_below(largest * 1.000001) * 10.0),
        };
        let to = if log { above(from, to, largest) } else { to };
        Scale {
            from,
            to,
            log,
            unit,
        }
    }

    /// From the first to the last of the values, as those of a parameter.
    pub fn between(values: impl Iterator<Item = f64> + Clone, log: bool, unit: Unit) -> Scale {
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
        Scale {
            from,
            to,
            log,
            unit,
        }
    }

    /// Where a value stands, from 0 to 1.
    pub fn part(&self, value: f64) -> f64 {
        let part = if self.log {
            (value.max(1e-300) / self.from).ln() / (self.to / self.from).ln()
        } else {
            (value - self.from) / (self.to - self.from)
        };
        part.clamp(0.0, 1.0)
    }

    pub fn say(&self, value: f64) -> String {
        say(value, self.unit)
    }

    /// Marks for an axis, at most `most`.
    pub fn marks(&self, most: usize) -> Vec<(f64, String)> {
        if self.log {
            return self.powers(most);
        }
        if self.unit == Unit::Seconds {
            let ns = |seconds: f64| (seconds * 1e9) as u64;
            let marks = axis::marks(ns(self.from), ns(self.to), most).into_iter();
            return marks.map(|(at, text)| (at as f64 / 1e9, text)).collect();
        }
        let step = nice((self.to - self.from) / most.max(2) as f64);
        let first = (self.from / step - 1e-9).ceil() as i64;
        let last = (self.to / step + 1e-9).floor() as i64;
        let at = |n: i64| n as f64 * step;
        (first..=last).map(|n| (at(n), self.say(at(n)))).collect()
    }

    /// Powers of ten, with 2 and 5 where there is room for them.
    fn powers(&self, most: usize) -> Vec<(f64, String)> {
        let decades = (self.to / self.from).log10();
        let factors: &[f64] = match most as f64 / decades {
            room if room >= 3.0 => &[1.0, 2.0, 5.0],
            _ => &[1.0],
        };
        let mut marks = Vec::new();
        let first = self.from.log10().floor() as i32;
        for power in first..=self.to.log10().ceil() as i32 {
            for factor in factors {
                let value = factor * 10f64.powi(power);
                if value >= self.from * 0.999 && value <= self.to * 1.001 {
                    marks.push((value, self.say(value)));
                }
            }
        }
        let step = marks.len().div_ceil(most.max(2));
        marks.into_iter().step_by(step.max(1)).collect()
    }
}

/// A value as a person writes it.
pub(super) fn say(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Seconds => axis::human((value.max(0.0) * 1e9).round() as u64),
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
    let mut out = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    format!("{sign}{out}{rest}")
}

/// The next of 1, 2, 5, 10, … times a power of ten.
fn nice(step: f64) -> f64 {
    let power = 10f64.powf(step.max(1e-12).log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|f| f * power >= step * 0.999);
    factor.unwrap_or(10.0) * power
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

    fn texts(scale: &Scale, most: usize) -> Vec<String> {
        scale
            .marks(most)
            .into_iter()
            .map(|(_, text)| text)
            .collect()
    }

    #[test]
    fn marks_are_round_and_few() {
        let linear = Scale::over([0.3, 3.9].into_iter(), false, Unit::Plain);
        assert_eq!(texts(&linear, 5), ["0", "1", "2", "3", "4"]);
        let log = Scale::over([3e-6, 0.02].into_iter(), true, Unit::Seconds);
        assert_eq!(texts(&log, 6), ["1 µs", "10 µs", "100 µs", "1 ms", "10 ms"]);
        assert_eq!(log.part(log.from), 0.0);
        assert_eq!(log.part(log.to), 1.0);
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
