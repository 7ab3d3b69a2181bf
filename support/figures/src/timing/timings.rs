//! What was measured.

use std::fmt;
use std::time::Duration;

use crate::units::{human, times};

/// All runs of one thing.
///
/// ```
/// use std::time::Duration;
/// use figures::timing::Timing;
///
/// let timing = Timing::new("three", vec![Duration::from_millis(1); 3]);
/// assert_eq!(timing.median(), Duration::from_millis(1));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    name: String,
    samples: Vec<Duration>,
    sorted: Vec<Duration>,
}

impl Timing {
    /// Of samples that were taken elsewhere, such as latencies that a client noted.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let timing = figures::timing::Timing::new("none", vec![]);
    /// assert_eq!(timing.max(), Duration::ZERO);
    /// ```
    pub fn new(name: &str, samples: Vec<Duration>) -> Timing {
        let mut sorted = samples.clone();
        sorted.sort_unstable();
        Timing {
            name: name.to_string(),
            samples,
            sorted,
        }
    }

    /// What was measured.
    ///
    /// ```
    /// assert_eq!(figures::timing::Timing::new("sum", vec![]).name(), "sum");
    /// ```
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All samples, in the order in which they were taken.
    ///
    /// ```
    /// let timing = figures::timing::rounds(4).time("nothing", &mut || ());
    /// assert_eq!(timing.samples().len(), 4);
    /// ```
    pub fn samples(&self) -> &[Duration] {
        &self.samples
    }

    /// The time that `part` (from 0 to 1) of all samples stayed within: 0.99 for "99 % within".
    ///
    /// Always one of the samples; zero if there are none.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let times = (1..=100).map(Duration::from_millis).collect();
    /// let timing = figures::timing::Timing::new("even", times);
    /// assert_eq!(timing.quantile(0.99), Duration::from_millis(99));
    /// ```
    pub fn quantile(&self, part: f64) -> Duration {
        let count = (part.clamp(0.0, 1.0) * self.sorted.len() as f64).ceil() as usize;
        let place = count.max(1) - 1;
        self.sorted.get(place).copied().unwrap_or_default()
    }

    /// The shortest; zero if there are no samples.
    ///
    /// ```
    /// let timing = figures::timing::rounds(3).time("nothing", &mut || ());
    /// assert!(timing.min() <= timing.max());
    /// ```
    pub fn min(&self) -> Duration {
        self.quantile(0.0)
    }

    /// The one in the middle: half of the samples are shorter, half longer. Zero if there are
    /// none. Of an even number the shorter of the two in the middle.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let times = [1, 9, 2].map(Duration::from_millis).to_vec();
    /// let timing = figures::timing::Timing::new("three", times);
    /// assert_eq!(timing.median(), Duration::from_millis(2));
    /// ```
    pub fn median(&self) -> Duration {
        self.quantile(0.5)
    }

    /// The longest; zero if there are no samples.
    ///
    /// ```
    /// let timing = figures::timing::rounds(3).time("nothing", &mut || ());
    /// assert!(timing.max() >= timing.median());
    /// ```
    pub fn max(&self) -> Duration {
        self.quantile(1.0)
    }
}

/// "sum: 1.2 ms (1.1 ms to 1.5 ms, 11 runs)".
impl fmt::Display for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [min, median, max] = [self.min(), self.median(), self.max()].map(human);
        let runs = self.samples.len();
        write!(f, "{}: {median} ({min} to {max}, {runs} runs)", self.name)
    }
}

/// What several contenders took; made by [`compare`](super::compare).
///
/// As a cell's last expression it shows itself as bars.
///
/// ```
/// let timings = figures::timing::compare(&mut [("nothing", &mut || ())]);
/// assert!(timings.to_string().starts_with("nothing: "));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Timings {
    timings: Vec<Timing>,
}

impl Timings {
    /// Of timings that were made one by one.
    ///
    /// ```
    /// use figures::timing::{Timings, rounds};
    ///
    /// let timings = Timings::new(vec![rounds(3).time("nothing", &mut || ())]);
    /// assert_eq!(timings.list().len(), 1);
    /// ```
    pub fn new(timings: Vec<Timing>) -> Timings {
        Timings { timings }
    }

    /// All of them, in the order in which they were given.
    ///
    /// ```
    /// let timings = figures::timing::compare(&mut [("nothing", &mut || ())]);
    /// assert_eq!(timings.list()[0].name(), "nothing");
    /// ```
    pub fn list(&self) -> &[Timing] {
        &self.timings
    }

    /// The one of this name.
    ///
    /// # Panics
    ///
    /// If there is none.
    ///
    /// ```
    /// let timings = figures::timing::compare(&mut [("nothing", &mut || ())]);
    /// println!("{}", timings.of("nothing"));
    /// ```
    pub fn of(&self, name: &str) -> &Timing {
        let found = self.timings.iter().find(|timing| timing.name == name);
        found.unwrap_or_else(|| {
            let names: Vec<&str> = self.timings.iter().map(Timing::name).collect();
            panic!("nothing was timed under the name {name:?}, only {names:?}")
        })
    }

    /// How many times as long as `other` the one named `name` takes, by their medians.
    ///
    /// # Panics
    ///
    /// If there is none of that name.
    ///
    /// ```
    /// let timings = figures::timing::compare(&mut [("one", &mut || ()), ("two", &mut || ())]);
    /// println!("one takes {:.1} times as long as two", timings.ratio("one", "two"));
    /// ```
    pub fn ratio(&self, name: &str, other: &str) -> f64 {
        let [time, other] = [name, other].map(|name| self.of(name).median().as_secs_f64());
        // The clock has a step; what takes none of it takes at most one.
        time.max(1e-9) / other.max(1e-9)
    }
}

/// A line for each, and how the slowest compares with the fastest.
impl fmt::Display for Timings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for timing in &self.timings {
            writeln!(f, "{timing}")?;
        }
        let by_median = |timing: &&Timing| timing.median();
        let slow = self.timings.iter().max_by_key(by_median);
        if let (Some(slow), Some(fast)) = (slow, self.timings.iter().min_by_key(by_median))
            && slow.name != fast.name
        {
            let ratio = self.ratio(&slow.name, &fast.name);
            writeln!(
                f,
                "{} takes {} times as long as {}",
                slow.name,
                times(ratio),
                fast.name
            )?;
        }
        Ok(())
    }
}
