//! Lines over a parameter, with spread, beside an ideal.

use plotters::prelude::*;

use super::axis::{Axis, Unit, say};
use super::field::{field, with_names};
use super::head::Head;
use super::shared::{shared_methods, told_by_head};
use crate::canvas::Canvas;
use crate::palette::{Given, PAPER, QUIET, darker};
use crate::picture::{Area, Picture};
use crate::svg::fine;

const FIELD: f64 = 220.0;

/// A line of more points bears no dots: they would hide it.
const MOST_DOTS: usize = 40;

/// x, and low, middle and high of y.
type Point = (f64, f64, f64, f64);

#[derive(Clone, Debug)]
struct Line {
    name: String,
    points: Vec<Point>,
    ideal: bool,
}

/// How something depends on a parameter: lines with marks and spread, and a dashed ideal beside
/// them. Usually made by [`Sweep`](crate::timing::Sweep).
///
/// ```
/// use figures::Lines;
///
/// let lines = Lines::new("workers", "speed-up")
///     .ideal("ideal", &[(1.0, 1.0), (2.0, 2.0)])
///     .line("measured", &[(1.0, 1.0), (2.0, 1.9)]);
/// assert!(lines.text().contains("measured from 1 at 1 to 1.9 at 2"));
/// ```
#[derive(Clone)]
pub struct Lines {
    head: Head,
    x: String,
    y: String,
    lines: Vec<Line>,
    log_x: bool,
    unit: Unit,
}

shared_methods!(Lines, "figures::Lines::new(\"x\", \"y\")");

impl Lines {
    /// Without a line yet; `x` names the parameter and `y` what depends on it.
    ///
    /// ```
    /// let lines = figures::Lines::new("workers", "speed-up");
    /// assert_eq!(lines.text(), "speed-up over workers: nothing was measured.");
    /// ```
    pub fn new(x: &str, y: &str) -> Lines {
        Lines {
            head: Head::default(),
            x: x.to_string(),
            y: y.to_string(),
            lines: Vec::new(),
            log_x: false,
            unit: Unit::Plain,
        }
    }

    /// With one more line, through points of x and y.
    ///
    /// ```
    /// let lines = figures::Lines::new("n", "n²").line("square", &[(1.0, 1.0), (2.0, 4.0)]);
    /// assert!(lines.text().contains("square from 1 at 1 to 4 at 2"));
    /// ```
    pub fn line(&self, name: &str, points: &[(f64, f64)]) -> Lines {
        let points = points.iter().map(|&(x, y)| (x, y, y, y)).collect();
        self.and(name, points, false)
    }

    /// With one more line that has a spread: points of x, and low, middle and high of y.
    ///
    /// ```
    /// let lines = figures::Lines::new("n", "time").seconds();
    /// let lines = lines.spread("measured", &[(1.0, 0.9, 1.0, 1.2), (2.0, 1.9, 2.0, 2.3)]);
    /// assert!(lines.text().contains("measured from 1 s at 1 to 2 s at 2"));
    /// ```
    pub fn spread(&self, name: &str, points: &[Point]) -> Lines {
        self.and(name, points.to_vec(), false)
    }

    /// With a dashed line, for what would be best, or what a rule predicts.
    ///
    /// ```
    /// let lines = figures::Lines::new("n", "y").ideal("ideal", &[(1.0, 1.0), (8.0, 8.0)]);
    /// assert!(lines.text().contains("ideal from 1 at 1 to 8 at 8"));
    /// ```
    pub fn ideal(&self, name: &str, points: &[(f64, f64)]) -> Lines {
        let points = points.iter().map(|&(x, y)| (x, y, y, y)).collect();
        self.and(name, points, true)
    }

    fn and(&self, name: &str, points: Vec<Point>, ideal: bool) -> Lines {
        let name = name.to_string();
        let line = Line {
            name,
            points,
            ideal,
        };
        self.with(|same| same.lines.push(line))
    }

    /// With a logarithmic x axis, for a parameter that doubles.
    ///
    /// ```
    /// let lines = figures::Lines::new("n", "y").line("one", &[(1.0, 1.0), (1000.0, 2.0)]);
    /// assert_ne!(lines.log_x().svg(), lines.svg());
    /// ```
    pub fn log_x(&self) -> Lines {
        self.with(|same| same.log_x = true)
    }

    /// With a logarithmic y axis. Values of zero and below cannot be shown on it.
    ///
    /// ```
    /// let lines = figures::Lines::new("n", "y").line("one", &[(1.0, 1.0), (2.0, 900.0)]);
    /// assert_ne!(lines.log_y().svg(), lines.svg());
    /// ```
    pub fn log_y(&self) -> Lines {
        self.with(|same| same.head.log = true)
    }

    /// The values are seconds: the axis has marks such as "10 ms".
    ///
    /// ```
    /// let lines = figures::Lines::new("n", "time").line("one", &[(1.0, 0.002)]).seconds();
    /// assert!(lines.text().contains("2 ms at 1"));
    /// ```
    pub fn seconds(&self) -> Lines {
        self.with(|same| same.unit = Unit::Seconds)
    }

    fn xs(&self) -> Vec<f64> {
        let points = self.lines.iter().flat_map(|line| &line.points);
        let mut xs: Vec<f64> = points.map(|point| point.0).collect();
        xs.sort_by(f64::total_cmp);
        xs.dedup();
        xs
    }

    /// Ideals are grey.
    fn colours(&self) -> Vec<RGBColor> {
        let lines = self.lines.iter().filter(|line| !line.ideal);
        let given = Given::to(lines.map(|line| &*line.name));
        let colour = |line: &Line| match line.ideal {
            true => QUIET,
            false => darker(given.of(&line.name)),
        };
        self.lines.iter().map(colour).collect()
    }
}

impl Picture for Lines {
    told_by_head!();

    fn height(&self, _: &(), _: Area) -> f64 {
        with_names(FIELD)
    }

    fn draw(&self, _: &(), canvas: &Canvas, area: Area) {
        let colours = self.colours();
        let named = self.lines.iter().zip(&colours);
        let entries: Vec<_> = named
            .map(|(line, colour)| (&*line.name, *colour, line.ideal))
            .collect();
        let xs = self.xs();
        let x = Axis::between(xs.iter().copied(), self.log_x, Unit::Plain);
        let ys = self.lines.iter().flat_map(|line| &line.points);
        let y = Axis::over(
            ys.flat_map(|point| [point.1, point.3]),
            self.head.log,
            self.unit,
        );
        let (x, y) = ((x, &*self.x, &*xs), (y, &*self.y));
        let mut field = field(canvas, area, FIELD, &entries, x, y);
        for (line, colour) in self.lines.iter().zip(colours) {
            let points = || line.points.iter().map(|point| (point.0, point.2));
            if line.ideal {
                let style = colour.stroke_width(fine(1.5) as u32);
                let _ =
                    field.draw_series(DashedLineSeries::new(points(), fine(5.0), fine(5.0), style));
                continue;
            }
            let _ = field.draw_series(LineSeries::new(
                points(),
                colour.stroke_width(fine(2.0) as u32),
            ));
            let spread = line.points.iter().filter(|(_, low, _, high)| low < high);
            let style = colour.stroke_width(fine(1.2) as u32);
            let _ = field.draw_series(spread.map(|&(x, low, middle, high)| {
                ErrorBar::new_vertical(x, low, middle, high, style, fine(8.0) as u32)
            }));
            // Each with its rim, so that points that overlap can be told apart.
            let rims = [(4.6, PAPER), (3.4, colour)];
            // Of many the line says more.
            let few = points().filter(|_| line.points.len() <= MOST_DOTS);
            let dots = few.flat_map(|at| {
                rims.map(|(size, colour)| Circle::new(at, fine(size), colour.filled()))
            });
            let _ = field.draw_series(dots);
        }
    }

    fn words(&self) -> String {
        let each = self.lines.iter().filter_map(|line| {
            let (first, last) = (line.points.first()?, line.points.last()?);
            let say = |point: &Point| {
                format!(
                    "{} at {}",
                    say(point.2, self.unit),
                    say(point.0, Unit::Plain)
                )
            };
            Some(match line.points.len() {
                1 => format!("{} {}", line.name, say(first)),
                _ => {
                    let all = line.points.iter();
                    let best = all.max_by(|a, b| a.2.total_cmp(&b.2)).unwrap_or(last);
                    // Where the line has a peak or a falling end, its ends do not tell it.
                    let peak = match best.2 > first.2.max(last.2) {
                        true => format!(", highest {}", say(best)),
                        false => String::new(),
                    };
                    format!("{} from {} to {}{peak}", line.name, say(first), say(last))
                }
            })
        });
        let each: Vec<String> = each.collect();
        let each = match each.is_empty() {
            true => "nothing was measured".to_string(),
            false => each.join(", "),
        };
        format!("{} over {}: {each}.", self.y, self.x)
    }
}
