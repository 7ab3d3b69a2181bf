//! A sheet to draw on, in pixels.

use std::cell::RefCell;
use std::rc::Rc;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::page::DARK;
use crate::palette::{NOW, PAPER};
use crate::svg::{Drawn, FINE, Svg, TEXT, escaped, fine};

/// Fonts of about one width on the common systems.
const FAMILY: &str = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";

/// Where a text stands on its point: to the right of it is `Left`, around it `Center`, before it `Right`.
pub type Align = HPos;

/// The shapes of markers. Shape and colour both tell them apart.
const SHAPES: usize = 4;

/// A sheet on which a [`Picture`](crate::Picture) draws. Lengths are in pixels, from the upper left corner,
/// and are kept to a tenth.
pub struct Canvas {
    svg: Rc<RefCell<Svg>>,
}

/// Draws on a sheet of `width` by `height` pixels and returns the SVG.
///
/// `title` and `text` are what a screen reader says.
pub(crate) fn svg(
    (width, height): (f64, f64),
    title: &str,
    text: &str,
    draw: impl FnOnce(&Canvas),
) -> String {
    let size = (fine(width) as u32, fine(height) as u32);
    let svg = Rc::new(RefCell::new(Svg::new(size)));
    let canvas = Canvas { svg };
    canvas.rect((0.0, 0.0), (width, height), PAPER, 1.0);
    draw(&canvas);
    // As large as it was drawn: a page makes an image narrower where it is narrow itself.
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" text-anchor=\"middle\" \
         font-family=\"{FAMILY}\" class=\"figure\">{DARK}<title>{}</title><desc>{}</desc><g transform=\"scale({})\" fill=\"{TEXT}\">{}</g>\
         </svg>\n",
        escaped(title),
        escaped(text),
        1.0 / FINE,
        canvas.svg.borrow().elements,
    )
}

/// A text's font and colour, for plotters.
pub(crate) fn text_style(size: f64, colour: RGBColor, weight: FontStyle) -> TextStyle<'static> {
    let mut style = TextStyle::from(("sans-serif", size * FINE, weight).into_font());
    style.color = colour.to_backend_color();
    style
}

impl Canvas {
    /// A part of the sheet, for a chart of plotters', which counts in tenths of a pixel.
    pub(crate) fn area(&self, at: (f64, f64), size: (f64, f64)) -> DrawingArea<Svg, Shift> {
        let area = DrawingArea::from(&self.svg);
        area.shrink((fine(at.0), fine(at.1)), (fine(size.0), fine(size.1)))
    }

    fn draw(&self, draw: impl FnOnce(&mut Svg) -> Drawn) {
        // Writing into a string cannot fail.
        let _ = draw(&mut self.svg.borrow_mut());
    }

    /// What `draw` draws belongs to a step: see [`stepped`](crate::page::stepped).
    pub(crate) fn step(&self, number: usize, draw: impl FnOnce()) {
        self.draw(|svg| svg.group(&format!("data-step='{number}'")));
        draw();
        self.draw(Svg::end_group);
    }

    /// A ground that is seen at one step alone.
    pub(crate) fn now(&self, number: usize, from: (f64, f64), to: (f64, f64)) {
        self.draw(|svg| svg.group(&format!("data-now='{number}' visibility='hidden'")));
        self.rect(from, to, NOW, 1.0);
        self.draw(Svg::end_group);
    }

    /// A filled rectangle between two corners; opaque is 1.
    pub fn rect(&self, from: (f64, f64), to: (f64, f64), colour: RGBColor, opacity: f64) {
        let colour = colour.mix(opacity).to_backend_color();
        self.draw(|svg| svg.draw_rect(tenths(from), tenths(to), &colour, true));
    }

    /// A straight line.
    pub fn line(&self, from: (f64, f64), to: (f64, f64), colour: RGBColor, width: f64) {
        let style = colour.stroke_width(fine(width) as u32);
        self.draw(|svg| svg.draw_line(tenths(from), tenths(to), &style));
    }

    /// A line of dashes of four pixels.
    pub fn dashed(&self, from: (f64, f64), to: (f64, f64), colour: RGBColor, width: f64) {
        let length = (to.0 - from.0).hypot(to.1 - from.1).max(1.0);
        let along = |part: f64| {
            let part = (part / length).min(1.0);
            (
                from.0 + part * (to.0 - from.0),
                from.1 + part * (to.1 - from.1),
            )
        };
        let mut at = 0.0;
        while at < length {
            self.line(along(at), along(at + 4.0), colour, width);
            at += 7.0;
        }
    }

    /// A circle with a white edge.
    pub fn ring(&self, at: (f64, f64), radius: f64, colour: RGBColor) {
        for (width, colour) in [(3.4, PAPER), (1.6, colour)] {
            let style = colour.stroke_width(fine(width) as u32);
            self.draw(|svg| svg.draw_circle(tenths(at), fine(radius) as u32, &style, false));
        }
    }

    /// A filled circle.
    pub fn dot(&self, at: (f64, f64), radius: f64, colour: RGBColor) {
        let colour = colour.to_backend_color();
        self.draw(|svg| svg.draw_circle(tenths(at), fine(radius) as u32, &colour, true));
    }

    /// A filled shape with these corners.
    pub fn polygon(&self, points: &[(f64, f64)], colour: RGBColor) {
        let (points, colour) = (
            points.iter().map(|at| tenths(*at)),
            colour.to_backend_color(),
        );
        self.draw(|svg| svg.fill_polygon(points, &colour));
    }

    /// A line with a head at its end.
    pub fn arrow(&self, from: (f64, f64), to: (f64, f64), colour: RGBColor, width: f64) {
        self.shaft(from, to, colour, width);
        self.head(from, to, colour, width);
    }

    /// The line of an [`arrow`](Canvas::arrow).
    pub fn shaft(&self, from: (f64, f64), to: (f64, f64), colour: RGBColor, width: f64) {
        let (ux, uy, head) = direction(from, to);
        let end = (to.0 - (head - 1.0) * ux, to.1 - (head - 1.0) * uy);
        self.line(from, end, colour, width);
    }

    /// The head of an [`arrow`](Canvas::arrow).
    pub fn head(&self, from: (f64, f64), to: (f64, f64), colour: RGBColor, width: f64) {
        let (ux, uy, head) = direction(from, to);
        let back = (to.0 - head * ux, to.1 - head * uy);
        let half = 0.55 * head + 0.3 * width;
        let tip = [
            (back.0 - half * uy, back.1 + half * ux),
            (back.0 + half * uy, back.1 - half * ux),
            (to.0 + 0.5 * ux, to.1 + 0.5 * uy),
        ];
        self.polygon(&tip, colour);
    }

    /// A cross with a white edge, where something broke.
    pub fn cross(&self, at: (f64, f64), size: f64, colour: RGBColor) {
        for (width, colour) in [(4.6, PAPER), (2.4, colour)] {
            for side in [1.0, -1.0] {
                let from = (at.0 - size, at.1 - side * size);
                self.line(from, (at.0 + size, at.1 + side * size), colour, width);
            }
        }
    }

    /// A marker, filled, with a white edge that sets it off from a bar. `shape` is a number: there are four,
    /// which come again.
    pub fn marker(&self, at: (f64, f64), size: f64, shape: usize, colour: RGBColor) {
        for (size, colour) in [(size + 1.3, PAPER), (size, colour)] {
            match shape % SHAPES {
                0 => self.outline(at, size, &[(0, -10), (8, 0), (0, 10), (-8, 0)], colour),
                1 => self.dot(at, size * 0.8, colour),
                2 => self.outline(at, size, &[(0, -9), (9, 7), (-9, 7)], colour),
                _ => self.outline(at, size, &[(-7, -7), (7, -7), (7, 7), (-7, 7)], colour),
            }
        }
    }

    fn outline(&self, at: (f64, f64), size: f64, shape: &[(i32, i32)], colour: RGBColor) {
        let points: Vec<_> = shape
            .iter()
            .map(|(x, y)| {
                let scale = size / 10.0;
                (at.0 + f64::from(*x) * scale, at.1 + f64::from(*y) * scale)
            })
            .collect();
        self.polygon(&points, colour);
    }

    /// A line of text, its middle at the height of `at`.
    pub fn text(&self, text: &str, at: (f64, f64), size: f64, align: Align, colour: RGBColor) {
        self.styled(text, at, size, align, colour, FontStyle::Normal);
    }

    /// A line of bold text.
    pub fn bold(&self, text: &str, at: (f64, f64), size: f64, align: Align, colour: RGBColor) {
        self.styled(text, at, size, align, colour, FontStyle::Bold);
    }

    fn styled(
        &self,
        text: &str,
        at: (f64, f64),
        size: f64,
        align: Align,
        colour: RGBColor,
        weight: FontStyle,
    ) {
        let style = text_style(size, colour, weight).pos(Pos::new(align, VPos::Center));
        self.draw(|svg| svg.draw_text(text, &style, tenths(at)));
    }
}

/// A unit along an arrow, and the length of its head.
fn direction(from: (f64, f64), to: (f64, f64)) -> (f64, f64, f64) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(1.0);
    (dx / length, dy / length, 5.0_f64.min(length))
}

fn tenths(at: (f64, f64)) -> (i32, i32) {
    (fine(at.0), fine(at.1))
}
