//! Pictures of what was measured.

use crate::cell::debug_as_picture;
use crate::chart::{Bars, Histogram, Lines};
use crate::timing::{Sweep, Timing, Timings};

impl Timing {
    /// How the samples are distributed, as a picture.
    ///
    /// ```
    /// let timing = figures::timing::rounds(20).time("nothing", &mut || ());
    /// assert!(timing.histogram().text().contains("20 values"));
    /// ```
    pub fn histogram(&self) -> Histogram {
        Histogram::new().sample(self.name(), self.samples())
    }
}

impl Timings {
    /// A bar for each median, with the shortest and the longest run.
    ///
    /// ```
    /// let timings = figures::timing::compare(&mut [("nothing", &mut || ())]);
    /// assert!(timings.bars().title("Nothing at all").svg().starts_with("<svg"));
    /// ```
    pub fn bars(&self) -> Bars {
        self.list()
            .iter()
            .fold(Bars::new(), |bars, timing| bars.bar(timing))
    }

    /// Shows the bars as a cell's result.
    ///
    /// ```
    /// figures::timing::compare(&mut [("nothing", &mut || ())]).evcxr_display();
    /// ```
    pub fn evcxr_display(&self) {
        self.bars().evcxr_display();
    }
}

debug_as_picture!(Timings, Timings::to_string);

impl Sweep {
    /// Median times over the parameter, with the shortest and the longest.
    ///
    /// ```
    /// let sweep = figures::timing::rounds(3).sweep("n", &[1, 2], &mut |_| ());
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
    /// let sweep = figures::timing::rounds(3).sweep("workers", &[1, 2], &mut |_| ());
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
    /// figures::timing::rounds(3).sweep("n", &[1, 2], &mut |_| ()).evcxr_display();
    /// ```
    pub fn evcxr_display(&self) {
        self.lines().evcxr_display();
    }
}

debug_as_picture!(Sweep, Sweep::to_string);
