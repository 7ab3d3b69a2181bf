//! Time on paper: round numbers, and where the marks of an axis stand.

use figures::units::mark;

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
    let (first, last) = (from / STEP + 1, to / STEP);
    let one = Some(1).filter(|_| first == 1 && apart > 1 && last > 0);
    let round = (first.next_multiple_of(apart)..=last).step_by(apart as usize);
    let shown = one.into_iter().chain(round);
    let marks = shown.map(|number| (number * STEP - STEP / 2, number));
    let mut marks: Vec<_> = marks
        .map(|(time, number)| (time, number.to_string()))
        .collect();
    if let Some(first) = marks.first_mut() {
        first.1 = format!("step {}", first.1);
    }
    marks
}

/// The marks of an axis from `from` to `to` (in ns), at most `most` of them.
///
/// All are in the same unit.
pub(super) fn marks(from: u64, to: u64, most: usize) -> Vec<(u64, String)> {
    let range = to.saturating_sub(from).max(1);
    let step = step(range, most.max(2));
    let first = from.div_ceil(step) * step;
    let times = (first..=to).step_by(step as usize);
    times.map(|time| (time, mark(time, range))).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

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
        // Only those that are shown are looked at.
        assert!(marks(u64::MAX / STEP, 6).len() <= 7);
        assert_eq!(marks(0, 6), []);
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
