//! Bars: the median of each contender, with all its runs.

use plotters::prelude::*;

use super::axis::{Axis, Unit};
use super::head::{Head, NAME, SMALL};
use super::shared::{shared_methods, told_by_head};
use crate::canvas::{Align, Canvas, text_style};
use crate::palette::{GRID, Given, INK, QUIET};
use crate::picture::{Area, Picture};
use crate::svg::{FINE, fine};
use crate::text::{fitted, text_width};
use crate::timing::Timing;
use crate::units::{human, times};

const ROW: f64 = 30.0;
const BAR: f64 = 14.0;
const AXIS: f64 = 22.0;
const LONGEST_NAME: f64 = 220.0;

/// Runs of a bar that are drawn as dots; of more, every so many.
const MOST_DOTS: usize = 15;

/// Times beside each other: a bar to the median, a whisker from the shortest run to the longest,
/// a dot for each run. Usually made by [`Timings::bars`](crate::timing::Timings::bars).
///
/// ```
/// use std::time::Duration;
/// use figures::Bars;
/// use figures::timing::Timing;
///
/// let [fast, slow] = [1, 3].map(|ms| vec![Duration::from_millis(ms); 5]);
/// let bars = Bars::new()
///     .bar(&Timing::new("fast", fast))
///     .bar(&Timing::new("slow", slow));
/// assert!(bars.text().contains("slow takes 3.0 times as long as fast"));
/// ```
#[derive(Clone, Default)]
pub struct Bars {
    head: Head,
    bars: Vec<Timing>,
}

shared_methods!(Bars, "figures::Bars::new()");

impl Bars {
    /// Without a bar yet.
    ///
    /// ```
    /// assert_eq!(figures::Bars::new().text(), "Nothing was measured.");
    /// ```
    pub fn new() -> Bars {
        Bars::default()
    }

    /// With one more bar, below the others.
    ///
    /// ```
    /// let timing = figures::timing::rounds(3).time("nothing", &mut || ());
    /// assert!(figures::Bars::new().bar(&timing).text().contains("nothing"));
    /// ```
    pub fn bar(&self, timing: &Timing) -> Bars {
        self.with(|same| same.bars.push(timing.clone()))
    }

    /// On a logarithmic axis, for times that differ by powers of ten. There are no bars then,
    /// since they would have no zero to begin at: dots for the medians.
    ///
    /// ```
    /// assert!(figures::Bars::new().log().svg().starts_with("<svg"));
    /// ```
    pub fn log(&self) -> Bars {
        self.with(|same| same.head.log = true)
    }

    fn names(&self) -> f64 {
        let names = self.bars.iter().map(|bar| text_width(bar.name(), NAME));
        names.fold(0.0, f64::max).min(LONGEST_NAME)
    }

    fn extremes(&self) -> Option<(&Timing, &Timing)> {
        let slow = self.bars.iter().max_by_key(|bar| bar.median())?;
        let fast = self.bars.iter().min_by_key(|bar| bar.median())?;
        (slow.name() != fast.name() && !fast.median().is_zero()).then_some((slow, fast))
    }
}

impl Picture for Bars {
    told_by_head!();

    fn height(&self, _: &(), _: Area) -> f64 {
        if self.bars.is_empty() {
            24.0
        } else {
            self.bars.len() as f64 * ROW + AXIS
        }
    }

    fn draw(&self, _: &(), canvas: &Canvas, area: Area) {
        if self.bars.is_empty() {
            let at = (area.x + Area::MARGIN, area.y + 12.0);
            canvas.text("Nothing was measured.", at, NAME, Align::Left, QUIET);
            return;
        }
        let ends = self.bars.iter().flat_map(|bar| [bar.min(), bar.max()]);
        let x = Axis::over(
            ends.map(|time| time.as_secs_f64()),
            self.head.log,
            Unit::Seconds,
        );
        let (from, rows) = (x.from, self.bars.len() as f64);
        let left = area.x + Area::MARGIN + self.names() + 10.0;
        // The longest bar's number stands behind it.
        let width = area.x + area.width - Area::MARGIN - 58.0 - left;
        let x = x.apart(width);
        let sheet = canvas.area((left, area.y), (width, rows * ROW + AXIS));
        let mut chart = ChartBuilder::on(&sheet);
        // Downwards, in rows.
        let chart = chart
            .x_label_area_size(fine(AXIS))
            .build_cartesian_2d(x, rows..0.0);
        // Writing into a string cannot fail.
        let Ok(mut chart) = chart else { return };
        let mut mesh = chart.configure_mesh();
        mesh.disable_y_mesh()
            .bold_line_style(GRID.stroke_width(fine(1.0) as u32))
            .axis_style(TRANSPARENT)
            .set_all_tick_mark_size(fine(4.0))
            .label_style(text_style(SMALL, QUIET, FontStyle::Normal))
            .x_labels((width / 75.0) as usize);
        let _ = mesh.draw();
        let given = Given::to(self.bars.iter().map(Timing::name));
        let px = |px: f64| px / ROW;
        for (place, bar) in self.bars.iter().enumerate() {
            let y = place as f64 + 0.5;
            let [low, middle, high] =
                [bar.min(), bar.median(), bar.max()].map(|time| time.as_secs_f64());
            let colour = given.of(bar.name()).filled();
            if self.head.log {
                let _ = chart.draw_series([Circle::new((middle, y), fine(5.0), colour)]);
            } else {
                let corners = [(from, y - px(BAR / 2.0)), (middle, y + px(BAR / 2.0))];
                let _ = chart.draw_series([Rectangle::new(corners, colour)]);
            }
            // (plotters' `ErrorBar` has a dot at the median, which would hide the bar's end.)
            let ends = [-4.0, 4.0].map(|end| y + px(end));
            let whisker = [(low, ends[0]), (low, ends[1]), (low, y), (high, y)];
            let whisker = whisker.into_iter().chain(ends.map(|end| (high, end)));
            let _ = chart.draw_series(LineSeries::new(whisker, INK.stroke_width(fine(1.2) as u32)));
            let step = bar.samples().len().div_ceil(MOST_DOTS).max(1);
            let _ = chart.draw_series(bar.samples().iter().step_by(step).map(|sample| {
                let at = (sample.as_secs_f64(), y + px(BAR / 2.0 + 3.5));
                Circle::new(at, fine(1.3), QUIET.filled())
            }));
            let (end, y) = chart.backend_coord(&(high.max(middle), y));
            let (end, y) = (f64::from(end) / FINE, f64::from(y) / FINE);
            let name = fitted(bar.name(), NAME, LONGEST_NAME);
            canvas.text(&name, (left - 9.0, y), NAME, Align::Right, INK);
            let median = human(bar.median());
            canvas.text(&median, (end + 7.0, y), NAME - 0.5, Align::Left, INK);
        }
    }

    fn words(&self) -> String {
        if self.bars.is_empty() {
            return "Nothing was measured.".to_string();
        }
        let each = self.bars.iter().map(|bar| {
            let [low, middle, high] = [bar.min(), bar.median(), bar.max()].map(human);
            format!("{} {middle} ({low} to {high})", bar.name())
        });
        let each: Vec<String> = each.collect();
        let rounds = self
            .bars
            .iter()
            .map(|bar| bar.samples().len())
            .max()
            .unwrap_or(0);
        let mut text = format!("Medians of {rounds} runs: {}", each.join(", "));
        if let Some((slow, fast)) = self.extremes() {
            let ratio = slow.median().as_secs_f64() / fast.median().as_secs_f64();
            let (slow, fast) = (slow.name(), fast.name());
            text += &format!("; {slow} takes {} times as long as {fast}", times(ratio));
        }
        text + "."
    }
}
