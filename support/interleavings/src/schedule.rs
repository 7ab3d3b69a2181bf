//! A schedule as text: "1 2 1x3" lets thread 1 take a step, then 2, then 1 three.
//!
//! A colon tells what else was chosen in the step: "2:1" is a load that reads one store before the
//! newest, or a notification that wakes the second of those who wait.

use std::fmt::Write as _;

/// One step of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    pub thread: usize,
    pub picks: Vec<usize>,
}

pub(super) fn write(turns: &[Turn]) -> String {
    let mut text = String::new();
    let mut rest = turns;
    while let Some(turn) = rest.first() {
        let same = rest.iter().take_while(|other| *other == turn).count();
        rest = &rest[same..];
        if !text.is_empty() {
            text.push(' ');
        }
        let _ = write!(text, "{}", turn.thread);
        for pick in &turn.picks {
            let _ = write!(text, ":{pick}");
        }
        if same > 1 {
            let _ = write!(text, "x{same}");
        }
    }
    text
}

/// The longest schedule that is read: one that never comes from a search with a sensible depth.
const LONGEST: usize = 1_000_000;

pub(super) fn read(text: &str) -> Result<Vec<Turn>, String> {
    let mut turns = Vec::new();
    for word in text.split_whitespace() {
        let wrong = || format!("{word:?} is no step of a schedule: write it as 1, 1x3 or 2:1");
        let (turn, times) = match word.split_once('x') {
            Some((turn, times)) => (turn, times.parse().map_err(|_| wrong())?),
            None => (word, 1),
        };
        let numbers: Result<Vec<usize>, _> = turn.split(':').map(str::parse).collect();
        let numbers = numbers.map_err(|_| wrong())?;
        if times > LONGEST - turns.len() {
            return Err(format!("a schedule has at most {LONGEST} steps"));
        }
        let turn = Turn {
            thread: numbers[0],
            picks: numbers[1..].to_vec(),
        };
        turns.extend(std::iter::repeat_n(turn, times));
    }
    Ok(turns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for text in ["", "1", "1x3 2 1", "2:1 2:1:0x2 0x10", "1:1x2 1"] {
            assert_eq!(write(&read(text).unwrap()), text);
        }
        assert_eq!(write(&read(" 1 1  1 2").unwrap()), "1x3 2");
    }

    #[test]
    fn what_is_no_schedule_is_named() {
        for text in ["a", "1x", "1:", "x3", "-1", "1x99999999999"] {
            let error = read(&format!("1 {text}")).unwrap_err();
            assert!(error.contains(text) || error.contains("at most"), "{error}");
        }
    }
}
