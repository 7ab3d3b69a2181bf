//! One thing measured for several values of a parameter.

use std::fmt;

use super::Timing;

/// A timing for each value of a parameter; made by [`Rounds::sweep`](super::Rounds::sweep).
///
/// ```
/// let sweep = figures::timing::rounds(3).sweep("n", &[1, 2], &mut |_| ());
/// assert!(sweep.lines().svg().starts_with("<svg"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Sweep {
    pub(crate) parameter: String,
    pub(crate) timings: Vec<(usize, Timing)>,
}

impl Sweep {
    pub(super) fn new(parameter: &str, timings: Vec<(usize, Timing)>) -> Sweep {
        let parameter = parameter.to_string();
        Sweep { parameter, timings }
    }

    /// The timing for this value.
    ///
    /// # Panics
    ///
    /// If the value was not among those swept.
    ///
    /// ```
    /// let sweep = figures::timing::rounds(3).sweep("n", &[1, 2], &mut |_| ());
    /// assert_eq!(sweep.of(2).name(), "2");
    /// ```
    pub fn of(&self, value: usize) -> &Timing {
        let found = self.timings.iter().find(|(other, _)| *other == value);
        &found
            .unwrap_or_else(|| panic!("{} {value} was not measured", self.parameter))
            .1
    }

    /// How many times as fast as at the first value it is at `value`, by the medians.
    ///
    /// # Panics
    ///
    /// If the value was not among those swept.
    ///
    /// ```
    /// let sweep = figures::timing::rounds(3).sweep("n", &[1, 2], &mut |_| ());
    /// assert_eq!(sweep.speed_up(1), 1.0);
    /// ```
    pub fn speed_up(&self, value: usize) -> f64 {
        let median = |timing: &Timing| timing.median().as_secs_f64().max(1e-9);
        median(&self.timings[0].1) / median(self.of(value))
    }
}

/// A line for each value.
impl fmt::Display for Sweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (_, timing) in &self.timings {
            writeln!(f, "{} {timing}", self.parameter)?;
        }
        Ok(())
    }
}
