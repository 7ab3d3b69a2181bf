//! A sheet to draw on: plotters' SVG backend, in tenths of a pixel.
//!
//! plotters counts in whole pixels, too coarse for a bar that begins between two. So the sheet
//! is ten times as large for plotters, and the SVG scales it back to size: one
//! decimal for each coordinate, without writing a decimal point.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::palette::PAPER;

const FINE: f64 = 10.0;

/// plotters divides font sizes by this when it writes them.
const FONT: f64 = 1.24;

/// Fonts of about one width on the common systems.
const FAMILY: &str = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";

/// Where a text stands on its point.
#[derive(Clone, Copy)]
pub(super) enum Align {
    Left,
    Middle,
    Right,
}

/// The shapes of instants. Shape and colour both tell them apart.
pub(super) const SHAPES: usize = 4;

pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

fn fine(px: f64) -> i32 {
    (px * FINE).round() as i32
}

/// What plotters has to be given, so that after its division a number without a tail is written.
fn font_size(px: f64) -> f64 {
    let size = px * FINE * FONT;
    let candidates = [size, size.next_down(), size.next_up()];
    let exact = candidates.into_iter().find(|size| size / FONT == px * FINE);
    exact.unwrap_or(size)
}

/// Draws on a sheet of `width` by `height` pixels and returns the SVG.
///
/// `title` and `text` are what a screen reader says.
pub(super) fn svg(
    (width, height): (f64, f64),
    title: &str,
    text: &str,
    draw: impl FnOnce(&Canvas),
) -> String {
    let mut buffer = String::new();
    let size = (fine(width) as u32, fine(height) as u32);
    {
        let backend = SVGBackend::with_string(&mut buffer, size);
        let canvas = Canvas {
            area: backend.into_drawing_area(),
        };
        canvas.rect((0.0, 0.0), (width, height), PAPER, 1.0);
        draw(&canvas);
        // Writing into a string cannot fail.
        let _ = canvas.area.present();
    }
    let body = buffer.split_once('>').map_or("", |(_, body)| body);
    // What every element repeats stands once at the top, or is the default anyway. Texts and
    // attributes are escaped by now, so a quotation mark can only be plotters' own.
    let body = body
        .replace(" opacity=\"1\"", "")
        .replace(" stroke=\"none\"", "")
        .replace(" font-family=\"sans-serif\"", "")
        .replace(" text-anchor=\"middle\"", "")
        // Also before and after each text, where a renderer may draw it as a space.
        .replace('\n', "");
    // As wide as asked, but not wider than the page: a printed one is narrow, and so is a phone.
    // (A width in pixels would be kept where a page shows the picture as an image, and cut.)
    let body = body.replace("</svg>", "</g></svg>");
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"100%\" viewBox=\"0 0 {width:.0} \
         {height:.0}\" style=\"max-width:{width:.0}px\" role=\"img\" text-anchor=\"middle\" \
         font-family=\"{FAMILY}\"><title>{}</title><desc>{}</desc><g transform=\"scale({})\">{}",
        escaped(title),
        escaped(text),
        1.0 / FINE,
        body,
    )
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            other => out.push(printable(other)),
        }
    }
    out
}

/// XML has no way to write most control characters; a label may hold any.
pub(super) fn printable(c: char) -> char {
    if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') {
        '\u{FFFD}'
    } else {
        c
    }
}

/// About how wide `text` is at `size` pixels, on the wide side.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    let em: f64 = text
        .chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.34,
            'f' | 't' | 'r' | ' ' | '(' | ')' | '[' | ']' | '-' | '/' => 0.43,
            'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.95,
            'A'..='Z' => 0.72,
            '\0'..='\u{2FF}' => 0.63,
            '\u{300}'..='\u{10FF}' => 0.75,
            _ => 1.05,
        })
        .sum();
    em * size
}

/// `text`, cut with an ellipsis so that it fits.
pub(super) fn fitted(text: &str, size: f64, width: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_string();
    }
    let mut cut = text.to_string();
    while cut.pop().is_some() {
        if text_width(&cut, size) + size <= width {
            break;
        }
    }
    cut.push('…');
    cut
}

impl Canvas<'_> {
    pub fn rect(&self, from: (f64, f64), to: (f64, f64), colour: RGBColor, opacity: f64) {
        let corners = [(fine(from.0), fine(from.1)), (fine(to.0), fine(to.1))];
        // Two decimals of opacity are more than anyone sees.
        let style = colour.mix((opacity * 100.0).round() / 100.0).filled();
        let _ = self.area.draw(&Rectangle::new(corners, style));
    }

    pub fn line(&self, from: (f64, f64), to: (f64, f64), colour: RGBColor, width: f64) {
        let points = [(fine(from.0), fine(from.1)), (fine(to.0), fine(to.1))];
        let style = colour.stroke_width(fine(width) as u32);
        let _ = self.area.draw(&PathElement::new(points, style));
    }

    pub fn dot(&self, at: (f64, f64), radius: f64, colour: RGBColor) {
        let circle = Circle::new((fine(at.0), fine(at.1)), fine(radius), colour.filled());
        let _ = self.area.draw(&circle);
    }

    pub fn polygon(&self, points: &[(f64, f64)], colour: RGBColor) {
        let points: Vec<_> = points.iter().map(|p| (fine(p.0), fine(p.1))).collect();
        let _ = self.area.draw(&Polygon::new(points, colour.filled()));
    }

    /// A line through points.
    pub fn path(&self, points: &[(f64, f64)], colour: RGBColor, width: f64) {
        let points: Vec<_> = points.iter().map(|p| (fine(p.0), fine(p.1))).collect();
        let style = colour.stroke_width(fine(width) as u32);
        let _ = self.area.draw(&PathElement::new(points, style));
    }

    /// A line with a head at its end.
    pub fn arrow(&self, from: (f64, f64), to: (f64, f64), colour: RGBColor, width: f64) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy).max(1.0);
        let (ux, uy) = (dx / length, dy / length);
        let head = 5.0_f64.min(length);
        let back = (to.0 - head * ux, to.1 - head * uy);
        self.line(from, (back.0 + ux, back.1 + uy), colour, width);
        let half = 0.55 * head + 0.3 * width;
        let tip = [
            (back.0 - half * uy, back.1 + half * ux),
            (back.0 + half * uy, back.1 - half * ux),
            (to.0 + 0.5 * ux, to.1 + 0.5 * uy),
        ];
        self.polygon(&tip, colour);
    }

    /// Where a lane was broken off: a cross with a white edge.
    pub fn cross(&self, at: (f64, f64), size: f64, colour: RGBColor) {
        for (width, colour) in [(4.6, PAPER), (2.4, colour)] {
            for side in [1.0, -1.0] {
                let from = (at.0 - size, at.1 - side * size);
                self.line(from, (at.0 + size, at.1 + side * size), colour, width);
            }
        }
    }

    /// The marker of an instant: filled, with a white edge that sets it off from a bar.
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
        let text: String = text.chars().map(printable).collect();
        let horizontal = match align {
            Align::Left => HPos::Left,
            Align::Middle => HPos::Center,
            Align::Right => HPos::Right,
        };
        // plotters would place the top 0.76 em above the base line: so the middle of lower-case
        // letters with their ascenders comes to stand at `at`.
        let top = at.1 - size * 0.76 + size * 0.35;
        let style = TextStyle::from(("sans-serif", font_size(size), weight).into_font())
            .color(&colour)
            .pos(Pos::new(horizontal, VPos::Top));
        let _ = self
            .area
            .draw(&Text::new(text, (fine(at.0), fine(top)), style));
    }
}
