//! Times as a person writes them.

use std::time::Duration;

/// To two digits or more, with its unit: "9.8 ms", "22 ms", "150 µs".
pub(crate) fn human(time: Duration) -> String {
    let ns = time.as_nanos() as f64;
    let units = [("s", 1e9), ("ms", 1e6), ("µs", 1e3)];
    let (unit, length) = units
        .into_iter()
        .find(|(_, length)| ns >= *length)
        .unwrap_or(("ns", 1.0));
    let value = ns / length;
    // 9.96 would round to "10.0".
    let digits = usize::from(value < 9.95 && length > 1.0);
    format!("{value:.digits$} {unit}")
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
            (2_250_000_000, "2.2 s"),
        ] {
            assert_eq!(human(Duration::from_nanos(ns)), text);
        }
    }
}
