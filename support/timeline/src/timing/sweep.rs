//! One thing measured for several values of a parameter.

use std::fmt;

use super::Timing;
use crate::cell::debug_as_picture;
use crate::plot::Lines;

/// A timing for each value of a parameter; made by [`Rounds::sweep`](super::Rounds::sweep).
///
/// ```
/// let sweep = timeline::timing::rounds(3).sweep("n", &[1, 2], &mut |_| ());
/// assert!(sweep.lines().svg().starts_with("<svg"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Sweep {
    parameter: String,
    timings: Vec<(usize, Timing)>,
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
    /// let sweep = timeline::timing::rounds(3).sweep("n", &[1, 2], &mut |_| ());
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
    /// let sweep = timeline::timing::rounds(3).sweep("n", &[1, 2], &mut |_| ());
    /// assert_eq!(sweep.speed_up(1), 1.0);
    /// ```
    pub fn speed_up(&self, value: usize) -> f64 {
        let median = |timing: &Timing| timing.median().as_secs_f64().max(1e-9);
        median(&self.timings[0].1) / median(self.of(value))
    }

    /// Median times over the parameter, with the shortest and the longest.
    ///
    /// ```
    /// let sweep = timeline::timing::rounds(3).sweep("n", &[1, 2], &mut |_| ());
    /// assert!(sweep.lines().text().contains("time over n"));
    /// ```
    pub fn lines(&self) -> Lines {
        let points = self.timings.iter().map(|(value, timing)| {
            let [low, middle, high] =
                [timing.min(), timing.median(), timing.max()].map(|time| time.as_secs_f64());
            (*value as f64, low, middle, high)
        });
        let points: Vec<_> = points.collect();
        Lines::new(&self.parameter, "time")
            .seconds()
            .spread("measured", &points)
    }

    /// How much faster than at the first value, beside the ideal: twice the workers, half the time.
    ///
    /// The spread is that of the runs, each against the first value's median.
    ///
    /// ```
    /// let sweep = timeline::timing::rounds(3).sweep("workers", &[1, 2], &mut |_| ());
    /// assert!(sweep.speed_up_lines().text().contains("ideal"));
    /// ```
    pub fn speed_up_lines(&self) -> Lines {
        let Some((base, first)) = self.timings.first() else {
            return Lines::new(&self.parameter, "speed-up");
        };
        let one = first.median().as_secs_f64().max(1e-9);
        let points = self.timings.iter().map(|(value, timing)| {
            let [high, middle, low] = [timing.min(), timing.median(), timing.max()]
                .map(|time| one / time.as_secs_f64().max(1e-9));
            (*value as f64, low, middle, high)
        });
        let points: Vec<_> = points.collect();
        let ideal = self.timings.iter().map(|(value, _)| *value as f64);
        let ideal: Vec<_> = ideal.map(|x| (x, x / (*base).max(1) as f64)).collect();
        Lines::new(&self.parameter, "speed-up")
            .ideal("ideal", &ideal)
            .spread("measured", &points)
    }

    /// Shows the times as a cell's result.
    ///
    /// ```
    /// timeline::timing::rounds(3).sweep("n", &[1, 2], &mut |_| ()).evcxr_display();
    /// ```
    pub fn evcxr_display(&self) {
        self.lines().evcxr_display();
    }
}

debug_as_picture!(Sweep, Sweep::to_string);

/// A line for each value.
impl fmt::Display for Sweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (_, timing) in &self.timings {
            writeln!(f, "{} {timing}", self.parameter)?;
        }
        Ok(())
    }
}
