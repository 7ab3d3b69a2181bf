//! Every outcome of a program, how many schedules lead to it, and one of them.

use std::fmt;

use super::outcome::Outcome;
use super::report::{Report, grouped};

/// How a program can end: what it returned, or why it failed; for each how many schedules there are and
/// one of them. See [`outcomes`](super::outcomes()).
///
/// As a cell's last expression it is shown as a table with a bar for each.
#[derive(Clone, Default)]
pub struct Outcomes {
    pub(super) rows: Vec<Outcome>,
    pub(super) report: Report,
}

impl Outcomes {
    /// The outcomes, the most frequent first; then those of [`Outcomes::among`] that never came.
    ///
    /// ```
    /// let outcomes = interleavings::outcomes(|| 5).among([5, 6]);
    /// let values: Vec<&str> = outcomes.rows().iter().map(|row| row.value()).collect();
    /// assert_eq!(values, ["5", "6"]);
    /// ```
    pub fn rows(&self) -> &[Outcome] {
        &self.rows
    }

    /// Shows these, too, if they never came.
    ///
    /// ```
    /// let text = interleavings::outcomes(|| 5).among([5, 6]).to_string();
    /// assert!(text.lines().last().unwrap().starts_with("6"), "{text}");
    /// assert!(text.ends_with("never"), "{text}");
    /// ```
    pub fn among<T: fmt::Debug>(mut self, values: impl IntoIterator<Item = T>) -> Outcomes {
        for value in values {
            let value = format!("{value:?}");
            if self.rows.iter().all(|row| row.value != value) {
                self.rows.push(Outcome {
                    value,
                    schedules: 0,
                    schedule: None,
                });
            }
        }
        self
    }

    /// Whether a schedule leads to this.
    ///
    /// ```
    /// let outcomes = interleavings::outcomes(|| (1, "one"));
    /// assert!(outcomes.has(&(1, "one")) && !outcomes.has(&(2, "two")));
    /// ```
    pub fn has<T: fmt::Debug>(&self, value: &T) -> bool {
        let value = format!("{value:?}");
        let mut came = self.rows.iter().filter(|row| row.schedules > 0);
        came.any(|row| row.value == value)
    }

    /// The search that found them: whether it tried every schedule, for one.
    ///
    /// ```
    /// assert!(interleavings::outcomes(|| 5).report().passed());
    /// ```
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What was tried, in a sentence.
    pub(super) fn head(&self) -> String {
        let head = self.report.tried();
        match self.rows.iter().filter(|row| row.schedules > 0).count() {
            1 => format!("{head}: 1 outcome"),
            n => format!("{head}: {n} outcomes"),
        }
    }

    pub(super) fn most(&self) -> u128 {
        let most = self.rows.iter().map(|row| row.schedules).max();
        most.unwrap_or(0).max(1)
    }
}

/// The table, with bars.
impl fmt::Display for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const BAR: u128 = 30;
        let wide = |text: fn(&Outcome) -> String, least: usize| {
            let widths = self.rows.iter().map(|row| text(row).chars().count());
            widths.max().unwrap_or(0).max(least)
        };
        let value = wide(|row| row.value.clone(), "outcome".len());
        let count = wide(|row| grouped(row.schedules), "schedules".len());
        writeln!(f, "{}", self.head())?;
        write!(
            f,
            "{:value$}  {:>count$}  {:30}  one of them",
            "outcome", "schedules", ""
        )?;
        for row in &self.rows {
            let name = &row.value;
            match &row.schedule {
                None => write!(f, "\n{name:value$}  {:>count$}", "never")?,
                Some(schedule) => {
                    let bar = (row.schedules.saturating_mul(BAR) / self.most()).max(1);
                    let bar = "█".repeat(bar as usize);
                    let number = grouped(row.schedules);
                    write!(
                        f,
                        "\n{name:value$}  {number:>count$}  {bar:30}  {schedule:?}"
                    )?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(not(feature = "pictures"))]
impl fmt::Debug for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
