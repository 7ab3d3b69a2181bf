//! Numbers as a person writes them: times with their units, ratios, counts.

use std::time::Duration;

/// A unit and its length in ns.
const UNITS: [(&str, u64); 4] = [
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("µs", 1_000),
    ("ns", 1),
];

/// A time with its unit, to two or three digits: "9.8 ms", "22 ms", "150 µs".
///
/// ```
/// use std::time::Duration;
///
/// assert_eq!(figures::units::human(Duration::from_micros(1500)), "1.5 ms");
/// ```
pub fn human(time: Duration) -> String {
    human_ns(time.as_nanos() as u64)
}

/// The same of nanoseconds.
///
/// ```
/// assert_eq!(figures::units::human_ns(22_000_000), "22 ms");
/// ```
pub fn human_ns(ns: u64) -> String {
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

/// How many times: "1.9", "12". More digits would promise more than was measured.
pub(crate) fn times(ratio: f64) -> String {
    if ratio < 9.95 {
        format!("{ratio:.1}")
    } else {
        format!("{ratio:.0}")
    }
}

/// How many there are: "1 span", "3 spans".
///
/// ```
/// assert_eq!(figures::units::count(2, "lane", "lanes"), "2 lanes");
/// ```
pub fn count(n: usize, one: &str, many: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{n} {many}")
    }
}

/// What an axis writes at a time, in ns, if it is `range` ns long: all of its marks are in one unit.
///
/// ```
/// use figures::units::mark;
///
/// assert_eq!([0, 500_000, 1_000_000].map(|ns| mark(ns, 1_500_000)), ["0", "500 µs", "1000 µs"]);
/// ```
pub fn mark(time: u64, range: u64) -> String {
    let mut units = UNITS.into_iter();
    let (unit, length) = units
        .find(|(_, length)| range >= 2 * length)
        .unwrap_or(UNITS[3]);
    match time {
        0 => "0".to_string(),
        _ => format!("{} {unit}", trimmed(time as f64 / length as f64, 3)),
    }
}

/// Without zeros at the end.
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
            assert_eq!(human_ns(ns), text);
        }
    }
}
