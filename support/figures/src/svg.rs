//! Writes SVG, in tenths of a pixel, for what is drawn directly and for plotters' charts.
//!
//! plotters has a backend for SVG, too. It counts in whole pixels, which is too coarse for a bar that
//! begins between two, and repeats at every element what stands once at the top here: pictures would
//! be twice as large. Attributes stand between single quotes, which a notebook's JSON does not escape.

use std::convert::Infallible;
use std::fmt::Write;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontStyle,
};

use crate::text::{printable, text_width};

/// Parts of a pixel in which everything is counted.
pub(crate) const FINE: f64 = 10.0;

/// A number of pixels in tenths.
pub(crate) fn fine(px: f64) -> i32 {
    (px * FINE).round() as i32
}

/// The elements of a picture so far.
pub(crate) struct Svg {
    pub elements: String,
    size: (u32, u32),
    /// Where an element of lines has just ended, and how it began.
    lines: Option<(usize, String)>,
}

/// The colour of texts that have none of their own.
pub(crate) const TEXT: &str = "#22262B";

/// How an element of lines ends.
const END: &str = "'/>";

/// Writing into a string cannot fail.
pub(crate) type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// The attributes that paint an element; those that are the default are left out.
fn paint(style: &impl BackendStyle, fill: bool) -> String {
    let BackendColor { rgb, alpha } = style.color();
    let colour = hex(rgb);
    let paint = match fill {
        true => format!("fill='{colour}'"),
        false => {
            let width = style.stroke_width();
            format!("fill='none' stroke='{colour}' stroke-width='{width}'")
        }
    };
    match alpha {
        1.0 => paint,
        // Two decimals are more than anyone sees.
        _ => format!("{paint} opacity='{}'", (alpha * 100.0).round() / 100.0),
    }
}

fn hex((r, g, b): (u8, u8, u8)) -> String {
    format!("#{r:02X}{g:02X}{b:02X}")
}

impl Svg {
    pub fn new(size: (u32, u32)) -> Svg {
        Svg {
            elements: String::new(),
            size,
            lines: None,
        }
    }

    /// What follows has these attributes, up to [`Svg::end_group`].
    pub fn group(&mut self, attributes: &str) -> Drawn {
        self.lines = None;
        let _ = write!(self.elements, "<g {attributes}>");
        Ok(())
    }

    pub fn end_group(&mut self) -> Drawn {
        self.lines = None;
        self.elements += "</g>";
        Ok(())
    }

    fn element(&mut self, name: &str, place: &str, style: &impl BackendStyle, fill: bool) -> Drawn {
        if style.color().alpha > 0.0 {
            let paint = paint(style, fill);
            // A string takes whatever is written.
            let _ = write!(self.elements, "<{name} {place} {paint}/>");
        }
        Ok(())
    }
}

fn list(points: impl IntoIterator<Item = BackendCoord>) -> String {
    let points: Vec<String> = points
        .into_iter()
        .map(|(x, y)| format!("{x},{y}"))
        .collect();
    points.join(" ")
}

impl DrawingBackend for Svg {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect((x, y), (x + 1, y + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let (x, y) = (from.0.min(to.0), from.1.min(to.1));
        let (width, height) = (from.0.abs_diff(to.0), from.1.abs_diff(to.1));
        let place = format!("x='{x}' y='{y}' width='{width}' height='{height}'");
        self.element("rect", &place, style, fill)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        if style.color().alpha > 0.0 {
            let (begin, lines) = (format!("<path {} d='", paint(style, false)), list(path));
            // Lines that follow each other in one style, such as dashes, are one element.
            if self.lines == Some((self.elements.len(), begin.clone())) {
                self.elements.truncate(self.elements.len() - END.len());
            } else {
                self.elements += &begin;
            }
            let _ = write!(self.elements, "M{lines}{END}");
            self.lines = Some((self.elements.len(), begin));
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let place = format!("cx='{x}' cy='{y}' r='{radius}'");
        self.element("circle", &place, style, fill)
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        self.element(
            "polygon",
            &format!("points='{}'", list(corners)),
            style,
            true,
        )
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Drawn {
        let size = style.size();
        // Where the base line is, by the height of lower-case letters with their ascenders.
        let down = match style.anchor().v_pos {
            VPos::Top => 0.76,
            VPos::Center => 0.35,
            VPos::Bottom => -0.24,
        };
        let y = y + (size * down).round() as i32;
        let half = text_width(text, size) / 2.0;
        let (x, anchor) = match style.anchor().h_pos {
            // The last mark of an axis would be cut off by the edge.
            HPos::Center => (
                x.min((f64::from(self.size.0) - 3.0 * FINE - half) as i32),
                "",
            ),
            HPos::Left => (x, " text-anchor='start'"),
            HPos::Right => (x, " text-anchor='end'"),
        };
        let colour = hex(style.color().rgb);
        let fill = match colour == TEXT {
            true => String::new(),
            false => format!(" fill='{colour}'"),
        };
        let weight = match style.style() {
            FontStyle::Bold => " font-weight='bold'",
            _ => "",
        };
        let _ = write!(
            self.elements,
            "<text x='{x}' y='{y}'{anchor} font-size='{size:.0}'{weight}{fill}>{}</text>",
            escaped(text)
        );
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        Ok((text_width(text, style.size()) as u32, style.size() as u32))
    }
}

/// What an element may hold.
pub(crate) fn escaped(text: &str) -> String {
    crate::page::escaped(&printable(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::style::{BLACK, Color, RED, RGBColor};

    #[test]
    fn lines_of_one_style_are_one_element() {
        let mut svg = Svg::new((100, 100));
        let five = |colour: RGBColor| Color::stroke_width(&colour, 5);
        let _ = svg.draw_line((0, 0), (10, 0), &five(BLACK));
        let _ = svg.draw_line((20, 0), (30, 0), &five(BLACK));
        let _ = svg.draw_line((0, 0), (0, 10), &five(RED));
        let _ = svg.draw_rect((9, 8), (1, 2), &RED.mix(0.5), true);
        let _ = svg.draw_line((1, 1), (2, 2), &five(RED));
        let _ = svg.draw_circle((5, 5), 2, &RED.mix(0.0), true);
        let wanted = [
            r##"<path fill='none' stroke='#000000' stroke-width='5' d='M0,0 10,0M20,0 30,0'/>"##,
            r##"<path fill='none' stroke='#FF0000' stroke-width='5' d='M0,0 0,10'/>"##,
            r##"<rect x='1' y='2' width='8' height='6' fill='#FF0000' opacity='0.5'/>"##,
            r##"<path fill='none' stroke='#FF0000' stroke-width='5' d='M1,1 2,2'/>"##,
        ];
        assert_eq!(svg.elements, wanted.concat());
    }
}
