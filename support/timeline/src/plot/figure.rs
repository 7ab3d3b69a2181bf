//! Pictures put together: above and beside each other.

use crate::cell::debug_as_picture;
use std::fmt;
use std::sync::Arc;

use super::area::MARGIN;
use super::canvas::svg;
use super::chart::Chart;
use super::frame::Frame;
use super::layout::{Node, Piece};
use super::panel::{TITLE_HEIGHT, draw_title};
use super::timeline::Timeline;

const TOP: f64 = 12.0;
const BOTTOM: f64 = 6.0;

/// Rectangles that a figure may have: what a page can show and 100 KB can hold.
const MOST_BARS: usize = 1500;

/// One picture, or several that are drawn together: timelines with one scale and one legend.
///
/// ```
/// use timeline::plot::Figure;
/// use timeline::trace::Trace;
///
/// let (one, two) = (Trace::new(), Trace::new());
/// one.in_span("work", || ());
/// two.in_span("work", || ());
/// let figure: Figure = one.timeline().title("Before").above(two.timeline().title("After"));
/// println!("{figure}");
/// ```
#[derive(Clone)]
pub struct Figure {
    node: Node,
}

impl From<&Figure> for Figure {
    fn from(figure: &Figure) -> Figure {
        figure.clone()
    }
}

impl Figure {
    pub(super) fn of_chart(chart: Arc<dyn Chart>) -> Figure {
        let node = Node::One(Piece::Chart(chart));
        Figure { node }
    }

    /// This above `other`. Timelines above each other share one time axis, so that the same
    /// length is the same time, and one legend.
    ///
    /// ```
    /// use timeline::trace::Trace;
    ///
    /// let trace = Trace::new();
    /// let three = trace.timeline().above(trace.timeline()).above(trace.timeline());
    /// assert!(three.svg().starts_with("<svg"));
    /// ```
    pub fn above(&self, other: impl Into<Figure>) -> Figure {
        let mut nodes = match self.node.clone() {
            Node::Above(nodes) => nodes,
            node => vec![node],
        };
        nodes.push(other.into().node);
        Figure {
            node: Node::Above(nodes),
        }
    }

    /// This to the left of `other`, at the same scale and with one legend.
    ///
    /// ```
    /// use timeline::trace::Trace;
    ///
    /// let trace = Trace::new();
    /// let two = trace.timeline().beside(trace.timeline());
    /// assert!(two.svg().starts_with("<svg"));
    /// ```
    pub fn beside(&self, other: impl Into<Figure>) -> Figure {
        let mut nodes = match self.node.clone() {
            Node::Beside(nodes) => nodes,
            node => vec![node],
        };
        nodes.push(other.into().node);
        Figure {
            node: Node::Beside(nodes),
        }
    }

    /// The figure as an SVG document: white ground, a title and a description for screen
    /// readers.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.instant("now");
    /// let svg = timeline::plot::Figure::from(trace.timeline()).svg();
    /// assert!(svg.contains("role=\"img\"") && svg.contains("<desc>"));
    /// ```
    pub fn svg(&self) -> String {
        let pieces = self.pieces();
        let timelines: Vec<&Timeline> = pieces.iter().filter_map(|it| it.timeline()).collect();
        let mut frame = Frame::new(&timelines);
        let width = f64::from(pieces.iter().map(|it| it.width()).max().unwrap_or(740));
        // Coarser until it is few enough bars for a page.
        while self.node.bars(&frame, width) > MOST_BARS && frame.least < 50.0 {
            frame.least *= 2.0;
        }
        let legend_width = width - 2.0 * MARGIN;
        let legend = frame.legend(None, (MARGIN, 0.0), legend_width);
        // A single title stands over the legend; of several each stands over its own lanes.
        let title = match &self.node {
            Node::One(piece) => piece.title(),
            _ => None,
        };
        let name = title.unwrap_or(if timelines.is_empty() {
            "Chart"
        } else {
            "Timeline"
        });
        let below = TOP + title.map_or(0.0, |_| TITLE_HEIGHT);
        let area = self
            .node
            .area((0.0, below + legend), width, title.is_none());
        let lanes = self.node.place(&frame, area, &mut |_, _, _| ());
        let size = (width, below + legend + lanes + BOTTOM);
        svg(size, name, &self.text(), |canvas| {
            if let Some(title) = title {
                draw_title(canvas, title, (MARGIN, TOP), legend_width);
            }
            frame.legend(Some(canvas), (MARGIN, below), legend_width);
            self.node.place(&frame, area, &mut |piece, panel, area| {
                piece.draw(panel, canvas, area);
            });
        })
    }

    /// The figure for a page, which shows it also where it trusts no scripts: see
    /// [`image`](crate::cell::image). Its sentence is [`Figure::text`].
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.instant("now");
    /// let html = timeline::plot::Figure::from(trace.timeline()).html();
    /// assert!(html.contains("alt=\"Timeline of 0 ns: 1 lane in 1 process, 1 instant.\""));
    /// ```
    pub fn html(&self) -> String {
        crate::cell::image(&self.svg(), &self.text())
    }

    /// What the figure shows, in a sentence with numbers for each picture.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.instant("now");
    /// let figure = timeline::plot::Figure::from(trace.timeline());
    /// assert_eq!(figure.text(), "Timeline of 0 ns: 1 lane in 1 process, 1 instant.");
    /// ```
    pub fn text(&self) -> String {
        let texts: Vec<String> = self.pieces().iter().map(|it| it.sentence()).collect();
        texts.join(" ")
    }

    /// Shows the figure as a cell's result: evcxr calls this on a cell's last expression.
    ///
    /// Writes the picture and its sentence to stdout in one go. Blocks only while the output is
    /// full; does not fail, not even without a reader.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// timeline::plot::Figure::from(trace.timeline()).evcxr_display();
    /// ```
    pub fn evcxr_display(&self) {
        let (svg, text) = (self.svg(), self.text());
        crate::cell::rich(&[
            ("text/html", &crate::cell::image(&svg, &text)),
            ("image/svg+xml", &svg),
            ("text/plain", &text),
        ]);
    }

    fn pieces(&self) -> Vec<&Piece> {
        self.node.pieces()
    }
}

/// What a picture can do because it may be a figure, and that it may be one by `$figure`. `$make` is
/// an expression for a doctest.
macro_rules! figure_methods {
    ($picture:ident, $make:literal, $figure:expr) => {
        impl $picture {
            /// This above `other`. See [`Figure::above`].
            ///
            /// ```
            #[doc = concat!("let both = ", $make, ".above(", $make, ");")]
            /// assert!(both.svg().starts_with("<svg"));
            /// ```
            pub fn above(&self, other: impl Into<Figure>) -> Figure {
                Figure::from(self).above(other)
            }

            /// This to the left of `other`. See [`Figure::beside`].
            ///
            /// ```
            #[doc = concat!("let both = ", $make, ".beside(", $make, ");")]
            /// assert!(both.svg().starts_with("<svg"));
            /// ```
            pub fn beside(&self, other: impl Into<Figure>) -> Figure {
                Figure::from(self).beside(other)
            }

            /// The picture as SVG. See [`Figure::svg`].
            ///
            /// ```
            #[doc = concat!("assert!(", $make, ".svg().starts_with(\"<svg\"));")]
            /// ```
            pub fn svg(&self) -> String {
                Figure::from(self).svg()
            }

            /// Shows the picture as a cell's result. See [`Figure::evcxr_display`].
            ///
            /// ```
            #[doc = concat!($make, ".evcxr_display();")]
            /// ```
            pub fn evcxr_display(&self) {
                Figure::from(self).evcxr_display();
            }
        }

        impl From<&$picture> for Figure {
            fn from(picture: &$picture) -> Figure {
                ($figure)(picture)
            }
        }

        impl From<$picture> for Figure {
            fn from(picture: $picture) -> Figure {
                Figure::from(&picture)
            }
        }

        $crate::cell::debug_as_picture!($picture, $picture::text);
    };
}
pub(super) use figure_methods;

figure_methods!(
    Timeline,
    "timeline::Trace::new().timeline()",
    |timeline: &Timeline| Figure {
        node: Node::One(Piece::Timeline(Arc::new(timeline.clone()))),
    }
);

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, piece) in self.pieces().iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            piece.characters(f)?;
        }
        Ok(())
    }
}

debug_as_picture!(Figure, Figure::text);
