//! Time on paper: units, round numbers, where the marks of an axis stand.

/// A unit and its length in ns.
const UNITS: [(&str, u64); 4] = [
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("µs", 1_000),
    ("ns", 1),
];

/// The length of a step on an axis that counts steps, in ns.
pub const STEP: u64 = 1000;

/// A number of steps: "6 steps".
pub(super) fn human_steps(ns: u64) -> String {
    match ns / STEP {
        1 => "1 step".to_string(),
        n => format!("{n} steps"),
    }
}

/// The marks of an axis of steps: each stands in the middle of its step, with the step's number.
pub(super) fn step_marks(from: u64, to: u64, most: usize) -> Vec<(u64, String)> {
    let apart = step((to.saturating_sub(from) / STEP).max(1), most.max(2));
    let steps = from / STEP + 1..=to / STEP;
    let shown = steps.filter(|number| *number % apart == 0 || *number == 1);
    let marks = shown.map(|number| (number * STEP - STEP / 2, number));
    let mut marks: Vec<_> = marks
        .map(|(time, number)| (time, number.to_string()))
        .collect();
    if let Some(first) = marks.first_mut() {
        first.1 = format!("step {}", first.1);
    }
    marks
}

/// A time with its unit, to two or three digits: "9.8 ms", "22 ms", "150 µs".
pub(super) fn human(ns: u64) -> String {
    let (unit, length) = UNITS
        .into_iter()
        .find(|(_, length)| ns >= *length)
        .unwrap_or(UNITS[3]);
    let value = ns as f64 / length as f64;
    // 9.96 would round to "10.0".
    if value < 9.95 && length > 1 {
        format!("{} {unit}", trimmed(value, 1))
    } else {
        format!("{value:.0} {unit}")
    }
}

/// The marks of an axis from `from` to `to` (in ns), at most `most` of them.
///
/// The last bears the unit; all are in the same one.
pub(super) fn marks(from: u64, to: u64, most: usize) -> Vec<(u64, String)> {
    let range = to.saturating_sub(from).max(1);
    let step = step(range, most.max(2));
    let (unit, length) = UNITS
        .into_iter()
        .find(|(_, length)| range >= 2 * length)
        .unwrap_or(UNITS[3]);
    let first = from.div_ceil(step) * step;
    (first..=to)
        .step_by(step as usize)
        .map(|time| {
            let text = trimmed(time as f64 / length as f64, 3);
            let text = if time == 0 {
                text
            } else {
                format!("{text} {unit}")
            };
            (time, text)
        })
        .collect()
}

/// The smallest of 1, 2, 5, 10, 20, … ns that fits `range` into `most` steps.
fn step(range: u64, most: usize) -> u64 {
    let mut power = 1;
    loop {
        for factor in [1, 2, 5] {
            if range / (factor * power) < most as u64 {
                return factor * power;
            }
        }
        power *= 10;
    }
}

fn trimmed(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_their_unit() {
        for (ns, text) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_500, "1.5 µs"),
            (9_960, "10 µs"),
            (150_000, "150 µs"),
            (9_800_000, "9.8 ms"),
            (4_000_000, "4 ms"),
            (2_250_000_000, "2.2 s"),
        ] {
            assert_eq!(human(ns), text);
        }
    }

    #[test]
    fn steps_are_counted_from_one_and_marked_in_their_middle() {
        assert_eq!(
            (human_steps(STEP), human_steps(6 * STEP)),
            ("1 step".into(), "6 steps".into())
        );
        let marks = |steps, most| step_marks(0, steps * STEP, most);
        let three = [(500, "step 1"), (1500, "2"), (2500, "3")];
        assert_eq!(marks(3, 8), three.map(|(at, text)| (at, text.to_string())));
        let texts: Vec<String> = marks(40, 6).into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, ["step 1", "10", "20", "30", "40"]);
    }

    #[test]
    fn marks_are_round_and_few() {
        let texts = |from, to, most| -> Vec<String> {
            marks(from, to, most)
                .into_iter()
                .map(|(_, text)| text)
                .collect()
        };
        assert_eq!(
            texts(0, 22_300_000, 6),
            ["0", "5 ms", "10 ms", "15 ms", "20 ms"]
        );
        assert_eq!(
            texts(0, 1_500_000, 4),
            ["0", "500 µs", "1000 µs", "1500 µs"]
        );
        assert_eq!(
            texts(2_300_000, 3_100_000, 5),
            ["2400 µs", "2600 µs", "2800 µs", "3000 µs"]
        );
        assert_eq!(texts(0, 0, 5), ["0"]);
    }
}
