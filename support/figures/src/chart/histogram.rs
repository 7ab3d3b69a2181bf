//! How values are distributed: how many are about so long, or up to so long.

use std::time::Duration;

use plotters::prelude::*;

use super::axis::{Axis, Unit};
use super::field::{Field, field, with_names};
use super::head::Head;
use super::shared::{shared_methods, told_by_head};
use crate::canvas::Canvas;
use crate::palette::{Given, darker};
use crate::picture::{Area, Picture};
use crate::svg::{FINE, fine};
use crate::timing::Timing;
use crate::units::{count as counted, human};

const FIELD: f64 = 170.0;

/// Columns of a histogram.
const BINS: usize = 60;

/// The distribution of times, such as latencies.
///
/// ```
/// use std::time::Duration;
/// use figures::Histogram;
///
/// let times: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
/// let picture = Histogram::new().sample("answer", &times);
/// assert!(picture.text().contains("median 50 ms, 99 % within 99 ms, longest 100 ms"));
/// ```
#[derive(Clone, Default)]
pub struct Histogram {
    head: Head,
    samples: Vec<Timing>,
}

shared_methods!(Histogram, "figures::Histogram::new()");

impl Histogram {
    /// Without a sample yet.
    ///
    /// ```
    /// assert_eq!(figures::Histogram::new().text(), "Nothing was measured.");
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
    /// let picture = figures::Histogram::new().sample("one", &times);
    /// assert!(picture.text().contains("3 values"));
    /// ```
    pub fn sample(&self, name: &str, times: &[Duration]) -> Histogram {
        self.with(|same| same.samples.push(Timing::new(name, times.to_vec())))
    }

    /// With a logarithmic axis of time, for values that differ by powers of ten.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let times = [1, 10, 1000].map(Duration::from_micros);
    /// let picture = figures::Histogram::new().sample("one", &times);
    /// assert_ne!(picture.log().svg(), picture.svg());
    /// ```
    pub fn log(&self) -> Histogram {
        self.with(|same| same.head.log = true)
    }

    fn axis(&self) -> Axis {
        let samples = self
            .samples
            .iter()
            .filter(|sample| !sample.samples().is_empty());
        let ends = samples.flat_map(|sample| [sample.min(), sample.max()]);
        let ends = ends.map(|time| time.as_secs_f64());
        let mut axis = Axis::between(ends.clone(), self.head.log, Unit::Seconds);
        let low = ends.fold(f64::INFINITY, f64::min);
        // Where zero is near, it belongs into the picture.
        if !self.head.log && low.is_finite() && low < 0.3 * axis.to {
            axis.from = 0.0;
        }
        axis.from = axis.from.max(if self.head.log { 1e-10 } else { 0.0 });
        axis
    }

    /// The part of a sample that falls into each bin.
    fn bins(&self, axis: &Axis, sample: &Timing) -> Vec<f64> {
        let mut bins = vec![0.0; BINS];
        for time in sample.samples() {
            let bin = axis.part(time.as_secs_f64()) * BINS as f64;
            bins[(bin as usize).min(BINS - 1)] += 1.0 / sample.samples().len() as f64;
        }
        bins
    }

    /// Columns of equal width on paper. (plotters' `Histogram` counts whole numbers, and has no
    /// logarithmic axis.)
    fn draw_bins(
        &self,
        field: &mut Field,
        axis: &Axis,
        bins: &[f64],
        colour: RGBColor,
        least: f64,
    ) {
        // Of several samples the one in front leaves the others visible.
        let opacity = if self.samples.len() > 1 { 0.6 } else { 1.0 };
        let bins = bins.iter().enumerate().filter(|(_, part)| **part > 0.0);
        let _ = field.draw_series(bins.map(|(place, part)| {
            let [left, right] = [place, place + 1].map(|n| axis.value(n as f64 / BINS as f64));
            // A bin of few is seen, too.
            let corners = [(left, part.max(least)), (right, 0.0)];
            let mut column = Rectangle::new(corners, colour.mix(opacity).filled());
            column.set_margin(0, 0, fine(0.5) as u32, fine(0.5) as u32);
            column
        }));
    }
}

impl Picture for Histogram {
    told_by_head!();

    fn height(&self, _: &(), _: Area) -> f64 {
        with_names(FIELD)
    }

    fn draw(&self, _: &(), canvas: &Canvas, area: Area) {
        let given = Given::to(self.samples.iter().map(Timing::name));
        let samples = self.samples.iter();
        let colours: Vec<_> = samples.map(|it| darker(given.of(it.name()))).collect();
        let named = self.samples.iter().enumerate();
        let entries: Vec<_> = named
            .map(|(place, sample)| (sample.name(), colours[place], false))
            .collect();
        let x = self.axis();
        let bins: Vec<Vec<f64>> = self.samples.iter().map(|s| self.bins(&x, s)).collect();
        let parts = bins.iter().flatten().copied();
        let y = Axis::over(parts, false, Unit::Part);
        let least = y.to * 1.5 / FIELD;
        let axes = ((x.clone(), "time", &[][..]), (y, "part of all values"));
        let mut field = field(canvas, area, FIELD, &entries, axes.0, axes.1);
        for (place, sample) in self.samples.iter().enumerate() {
            self.draw_bins(&mut field, &x, &bins[place], colours[place], least);
            // The median, as a mark below the axis.
            let (x, y) = field.backend_coord(&(sample.median().as_secs_f64(), 0.0));
            let at = (f64::from(x) / FINE, f64::from(y) / FINE);
            canvas.marker(at, 4.0, 2, colours[place]);
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
}
