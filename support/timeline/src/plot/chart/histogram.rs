//! How values are distributed: how many are about so long, or up to so long.

use std::fmt;
use std::time::Duration;

use plotters::style::RGBColor;

use super::super::canvas::{Align, Canvas};
use super::super::figure::Figure;
use super::super::layout::Area;
use super::super::palette::{INK, QUIET, colour};
use super::super::words::count as counted;
use super::axes::{ABOVE, Axes, BELOW, LEGEND, legend};
use super::scale::{Scale, Unit};
use super::{Chart, Head, MARGIN, NAME, SMALL, shared_methods};
use crate::plot::human;
use crate::timing::Timing;

const FIELD: f64 = 170.0;

/// Columns of a histogram.
const BINS: usize = 60;

/// Points of a cumulative line; more than the field has pixels would not be seen.
const STEPS: usize = 400;

/// The distribution of times, such as latencies: as a histogram, or cumulative.
///
/// ```
/// use std::time::Duration;
/// use timeline::plot::Histogram;
///
/// let times: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
/// let picture = Histogram::new().sample("answer", &times);
/// assert!(picture.text().contains("median 50 ms, 99 % within 99 ms, longest 100 ms"));
/// ```
#[derive(Clone, Default)]
pub struct Histogram {
    head: Head,
    samples: Vec<Timing>,
    cumulative: bool,
}

shared_methods!(Histogram, "timeline::plot::Histogram::new()");

impl Histogram {
    /// Without a sample yet.
    ///
    /// ```
    /// assert_eq!(timeline::plot::Histogram::new().text(), "Nothing was measured.");
    /// ```
    pub fn new() -> Histogram {
        Histogram::default()
    }

    /// With one more sample of times, in a colour of its own.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let times = [Duration::from_millis(1); 3];
    /// let picture = timeline::plot::Histogram::new().sample("one", &times);
    /// assert!(picture.text().contains("3 values"));
    /// ```
    pub fn sample(&self, name: &str, times: &[Duration]) -> Histogram {
        let mut same = self.clone();
        same.samples.push(Timing::new(name, times.to_vec()));
        same
    }

    /// Cumulative: for each time the part of all values that stayed within it.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let picture = timeline::plot::Histogram::new().sample("one", &[Duration::from_millis(1)]);
    /// assert_ne!(picture.cumulative().svg(), picture.svg());
    /// ```
    pub fn cumulative(&self) -> Histogram {
        let mut same = self.clone();
        same.cumulative = true;
        same
    }

    /// With a logarithmic axis of time, for values that differ by powers of ten.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let times = [1, 10, 1000].map(Duration::from_micros);
    /// let picture = timeline::plot::Histogram::new().sample("one", &times);
    /// assert_ne!(picture.log().svg(), picture.svg());
    /// ```
    pub fn log(&self) -> Histogram {
        let mut same = self.clone();
        same.head.log = true;
        same
    }

    fn scale(&self) -> Scale {
        let ends = self
            .samples
            .iter()
            .filter(|sample| !sample.samples().is_empty());
        let ends = ends.flat_map(|sample| [sample.min(), sample.max()]);
        let ends = ends.map(|time| time.as_secs_f64());
        let mut scale = Scale::between(ends.clone(), self.head.log, Unit::Seconds);
        let low = ends.fold(f64::INFINITY, f64::min);
        // Where zero is near, it belongs into the picture.
        if !self.head.log && low.is_finite() && low < 0.3 * scale.to {
            scale.from = 0.0;
        }
        scale.from = scale.from.max(if self.head.log { 1e-10 } else { 0.0 });
        scale
    }

    /// The part of a sample that falls into each bin.
    fn bins(&self, scale: &Scale, sample: &Timing) -> Vec<f64> {
        let mut bins = vec![0.0; BINS];
        for time in sample.samples() {
            let bin = scale.part(time.as_secs_f64()) * BINS as f64;
            bins[(bin as usize).min(BINS - 1)] += 1.0 / sample.samples().len() as f64;
        }
        bins
    }

    fn draw_bins(&self, canvas: &Canvas, axes: &Axes, bins: &[f64], colour: RGBColor) {
        let width = (axes.right - axes.left) / BINS as f64;
        // Of several samples the one in front leaves the others visible.
        let opacity = if self.samples.len() > 1 { 0.6 } else { 1.0 };
        for (place, part) in bins.iter().enumerate().filter(|(_, part)| **part > 0.0) {
            let left = axes.left + place as f64 * width;
            let (_, top) = axes.at(axes.x.from, *part);
            // A bin of few is seen, too.
            let top = top.min(axes.bottom - 1.5);
            canvas.rect(
                (left + 0.5, top),
                (left + width - 0.5, axes.bottom),
                colour,
                opacity,
            );
        }
    }

    fn draw_cumulative(&self, canvas: &Canvas, axes: &Axes, sample: &Timing, colour: RGBColor) {
        let count = sample.samples().len();
        let steps = count.min(STEPS);
        let mut points = vec![axes.at(axes.x.from, 0.0)];
        for step in 0..=steps {
            let part = step as f64 / steps.max(1) as f64;
            let time = sample.quantile(part).as_secs_f64();
            let (_, before) = points[points.len() - 1];
            let (x, y) = axes.at(time, part);
            points.push((x, before));
            points.push((x, y));
        }
        points.push(axes.at(axes.x.to, 1.0));
        points.dedup();
        canvas.path(&points, colour, 2.0);
    }
}

impl Chart for Histogram {
    fn head(&self) -> &Head {
        &self.head
    }

    fn height(&self) -> f64 {
        LEGEND + ABOVE + FIELD + BELOW
    }

    fn draw(&self, canvas: &Canvas, area: Area) {
        let named = self.samples.iter().enumerate();
        let entries =
            named.map(|(place, sample)| (sample.name().to_string(), colour(place), false));
        let entries: Vec<_> = entries.collect();
        legend(canvas, (area.x + MARGIN, area.y + 8.0), &entries);
        let x = self.scale();
        let bins: Vec<Vec<f64>> = self.samples.iter().map(|s| self.bins(&x, s)).collect();
        let y = match self.cumulative {
            true => Scale {
                from: 0.0,
                to: 1.0,
                log: false,
                unit: Unit::Part,
            },
            false => Scale::over(bins.iter().flatten().copied(), false, Unit::Part),
        };
        let top = area.y + LEGEND + ABOVE;
        let axes = Axes::new(x, y, (area.x, area.x + area.width), top, FIELD);
        let name = if self.cumulative {
            "part within this time"
        } else {
            "part of all values"
        };
        let at = (area.x + MARGIN, area.y + LEGEND + 6.0);
        canvas.text(name, at, SMALL + 1.0, Align::Left, INK);
        axes.draw(canvas, &[], "time");
        for (place, sample) in self.samples.iter().enumerate() {
            if self.cumulative {
                self.draw_cumulative(canvas, &axes, sample, colour(place));
            } else {
                self.draw_bins(canvas, &axes, &bins[place], colour(place));
            }
            // The median, as a mark below the axis.
            let (x, _) = axes.at(sample.median().as_secs_f64(), 0.0);
            canvas.marker((x, axes.bottom), 4.0, 2, colour(place));
        }
        if self.samples.is_empty() {
            let middle = (
                (axes.left + axes.right) / 2.0,
                (axes.top + axes.bottom) / 2.0,
            );
            canvas.text("Nothing was measured.", middle, NAME, Align::Middle, QUIET);
        }
    }

    fn words(&self) -> String {
        let each = self.samples.iter().map(|sample| {
            let count = sample.samples().len();
            let [median, most, longest] =
                [sample.median(), sample.quantile(0.99), sample.max()].map(human);
            format!(
                "{}, {}: median {median}, 99 % within {most}, longest {longest}",
                sample.name(),
                counted(count, "value", "values")
            )
        });
        let each: Vec<String> = each.collect();
        match each.is_empty() {
            true => "Nothing was measured.".to_string(),
            false => each.join("; ") + ".",
        }
    }

    fn characters(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LEVELS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        let scale = self.scale();
        for sample in &self.samples {
            let bins = self.bins(&scale, sample);
            let most = bins.iter().copied().fold(1e-9, f64::max);
            let level = |part: &f64| LEVELS[(part / most * 8.0).ceil() as usize];
            let line: String = bins.iter().map(level).collect();
            writeln!(f, "{} │{line}│", sample.name())?;
        }
        let ends = [scale.from, scale.to].map(|end| scale.say(end));
        writeln!(f, "from {} to {}", ends[0], ends[1])
    }
}
