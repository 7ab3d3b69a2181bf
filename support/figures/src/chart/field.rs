//! The field of a chart with two axes, and the names above it.

use plotters::coord::ranged1d::{BoldPoints, Ranged, ValueFormatter};
use plotters::prelude::*;

use super::axis::Axis;
use super::head::{NAME, SMALL};
use crate::canvas::{Align, Canvas, text_style};
use crate::palette::{GRID, INK, QUIET};
use crate::picture::Area;
use crate::svg::{Svg, fine};
use crate::text::text_width;

pub(super) type Field<'a> = ChartContext<'a, Svg, Cartesian2d<Axis, Axis>>;

/// A name for the legend, its colour, and whether its line is dashed.
pub(super) type Entry<'a> = (&'a str, RGBColor, bool);

/// Above the field: the legend and the name of the y axis.
const ABOVE: f64 = 43.0;

/// Below it: the numbers and the name of the x axis.
const NAMES: f64 = 32.5;
const BELOW: f64 = 36.0;

/// Marks of the y axis.
const ROWS: usize = 6;

/// The height of a chart whose field is `height` high.
pub(super) fn with_names(height: f64) -> f64 {
    ABOVE + height + BELOW
}

/// Draws names, grid and axes, and returns the field, `height` high, to draw series into. `values`
/// are those of the x axis that bear marks, if they are few; else round ones do.
pub(super) fn field<'a>(
    canvas: &Canvas,
    area: Area,
    height: f64,
    entries: &[Entry],
    (x, x_name, values): (Axis, &str, &[f64]),
    (y, y_name): (Axis, &str),
) -> Field<'a> {
    legend(canvas, (area.x + Area::MARGIN, area.y + 8.0), entries);
    let name = (area.x + Area::MARGIN, area.y + 25.0);
    canvas.text(y_name, name, SMALL + 1.0, Align::Left, INK);
    let marks = y.key_points(BoldPoints(ROWS)).into_iter();
    let wide = marks.map(|value| text_width(&y.format_ext(&value), SMALL));
    let gutter = wide.fold(20.0, f64::max) + 6.0;
    let width = area.width - 2.0 * Area::MARGIN - gutter;
    let x = match values.len() {
        1..=12 => x.marked(values, width),
        _ => x.apart(width),
    };
    let at = (area.x + Area::MARGIN, area.y + ABOVE);
    let sheet = canvas.area(at, (gutter + width, height + NAMES));
    let mut chart = ChartBuilder::on(&sheet);
    chart
        .x_label_area_size(fine(NAMES))
        .y_label_area_size(fine(gutter));
    let mut field = match chart.build_cartesian_2d(x, y) {
        Ok(field) => field,
        // Writing into a string cannot fail.
        Err(error) => unreachable!("{error}"),
    };
    // Each axis by itself: one has a line and marks, the other the grid.
    for is_x in [false, true] {
        let mut mesh = field.configure_mesh();
        mesh.bold_line_style(GRID.stroke_width(fine(1.0) as u32))
            .set_all_tick_mark_size(fine(3.0))
            .label_style(text_style(SMALL, QUIET, FontStyle::Normal))
            .axis_desc_style(text_style(SMALL + 1.0, INK, FontStyle::Normal))
            .x_labels((width / 70.0) as usize)
            .y_labels(ROWS);
        let _ = match is_x {
            true => mesh
                .disable_mesh()
                .disable_y_axis()
                .axis_style(QUIET.stroke_width(fine(1.0) as u32))
                .x_desc(x_name)
                .draw(),
            false => mesh
                .disable_x_mesh()
                .disable_x_axis()
                .axis_style(TRANSPARENT)
                .draw(),
        };
    }
    if entries.is_empty() {
        let middle = (at.0 + gutter + width / 2.0, at.1 + height / 2.0);
        canvas.text("Nothing was measured.", middle, NAME, Align::Center, QUIET);
    }
    field
}

/// One line of names. (plotters draws a legend as a box within the field, over the lines.)
fn legend(canvas: &Canvas, (mut x, y): (f64, f64), entries: &[Entry]) {
    for (name, colour, dashed) in entries {
        let pieces: &[(f64, f64)] = match dashed {
            true => &[(0.0, 5.0), (10.0, 15.0)],
            false => &[(0.0, 16.0)],
        };
        for (from, to) in pieces {
            let width = if *dashed { 1.5 } else { 6.0 };
            canvas.line((x + from, y), (x + to, y), *colour, width);
        }
        canvas.text(name, (x + 23.0, y), 11.0, Align::Left, INK);
        x += 23.0 + text_width(name, 11.0) + 16.0;
    }
}
