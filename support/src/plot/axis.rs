//! Time on paper: units, round numbers, where the marks of an axis stand.

/// A unit and its length in ns.
const UNITS: [(&str, u64); 4] = [
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("µs", 1_000),
    ("ns", 1),
];

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
