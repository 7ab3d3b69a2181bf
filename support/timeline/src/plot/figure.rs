//! Pictures put together: above and beside each other.

use crate::cell::debug_as_picture;
use std::fmt;
use std::sync::Arc;

use super::area::{MARGIN, TITLE_HEIGHT};
use super::canvas::svg;
use super::chart::Chart;
use super::frame::Frame;
use super::layout::{Node, Piece};
use super::panel::{PART, TITLE, draw_title};
use super::timeline::Timeline;
use super::touch::{Touch, touch};

const TOP: f64 = 12.0;
const BOTTOM: f64 = 6.0;
/// Between a legend and the title of a part below it.
const GAP: f64 = 6.0;

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
    title: Option<String>,
}

impl From<&Figure> for Figure {
    fn from(figure: &Figure) -> Figure {
        figure.clone()
    }
}

impl Figure {
    pub(super) fn of_chart(chart: Arc<dyn Chart>) -> Figure {
        Figure::of(Node::One(Piece::Chart(chart)))
    }

    fn of(node: Node) -> Figure {
        let title = None;
        Figure { node, title }
    }

    /// The same with a title for the whole, above those of its parts.
    ///
    /// ```
    /// let trace = timeline::Trace::new();
    /// let both = trace.timeline().above(trace.timeline()).title("Twice the same");
    /// assert!(both.text().starts_with("Twice the same: "));
    /// ```
    pub fn title(&self, title: &str) -> Figure {
        Figure {
            node: self.node.clone(),
            title: Some(title.to_string()),
        }
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
        Figure::of(Node::Above(nodes))
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
        Figure::of(Node::Beside(nodes))
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
        self.drawn().0
    }

    /// The document, and what a page has to know to let a reader touch it.
    fn drawn(&self) -> (String, Option<Touch>) {
        let pieces = self.pieces();
        let timelines: Vec<&Timeline> = pieces.iter().filter_map(|it| it.timeline()).collect();
        let mut frame = Frame::new(&timelines);
        let width = f64::from(pieces.iter().map(|it| it.width()).max().unwrap_or(720));
        // Coarser until it is few enough bars for a page.
        while self.node.bars(&frame, width) > MOST_BARS && frame.least < 50.0 {
            frame.least *= 2.0;
        }
        let legend_width = width - 2.0 * MARGIN;
        let legend = frame.legend(None, (MARGIN, 0.0), legend_width);
        let titles: Vec<&str> = pieces.iter().filter_map(|it| it.title()).collect();
        let name = match (&self.title, timelines.is_empty()) {
            (Some(title), _) => title.clone(),
            (None, _) if !titles.is_empty() => titles.join("; "),
            (None, true) => "Chart".to_string(),
            (None, false) => "Timeline".to_string(),
        };
        // The legend stands below the title; of several, below those of the first row.
        let height = |has: bool| if has { TITLE_HEIGHT } else { 0.0 };
        let own = height(self.title.is_some());
        let (top, legend_at, head, size_of_titles) = if self.title.is_some() {
            (TOP + own + legend + GAP, TOP + own, None, PART)
        } else {
            let first = height(!self.node.first_titles().is_empty());
            (TOP, TOP + first, Some(first + legend), TITLE)
        };
        let area = self.node.area((0.0, top), width, head, size_of_titles);
        let pictures = self.node.place(&frame, area, &mut |_, _, _| ());
        let size = (width, top + pictures + BOTTOM);
        let told = touch(&self.node, &frame, area);
        let svg = svg(size, &name, &self.text(), |canvas| {
            if let Some(title) = &self.title {
                draw_title(canvas, title, (MARGIN, TOP), legend_width, TITLE);
            }
            frame.legend(Some(canvas), (MARGIN, legend_at), legend_width);
            self.node.place(&frame, area, &mut |piece, panel, area| {
                piece.draw(panel, canvas, area);
            });
        });
        (svg, told)
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
        let [(_, html), ..] = self.formats();
        html
    }

    /// All forms of the figure, as pairs of MIME type and content: for a page that may trust it or not,
    /// for other tools, and in words.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// let formats = timeline::plot::Figure::from(trace.timeline()).formats();
    /// let mimes = formats.map(|(mime, _)| mime);
    /// assert_eq!(mimes, ["text/html", "image/svg+xml", "text/plain"]);
    /// ```
    pub fn formats(&self) -> [(String, String); 3] {
        let ((svg, told), text) = (self.drawn(), self.text());
        let html = page(&svg, &text, told);
        [
            ("text/html", html),
            ("image/svg+xml", svg),
            ("text/plain", text),
        ]
        .map(|(mime, content)| (mime.to_string(), content))
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
        let title = self.title.as_ref().map(|title| format!("{title}: "));
        title.unwrap_or_default() + &texts.join(" ")
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
        let formats = self.formats();
        crate::cell::rich(&formats.each_ref().map(|(mime, text)| (&**mime, &**text)));
    }

    fn pieces(&self) -> Vec<&Piece> {
        self.node.pieces()
    }
}

/// The script that makes a figure that can be touched of a picture of timelines.
const SCRIPT: &str = include_str!("touch.js");

/// A picture, with what a script makes more of it where scripts are allowed.
fn page(svg: &str, text: &str, touch: Option<Touch>) -> String {
    match touch {
        None => crate::cell::image(svg, text),
        Some(Touch { told, tips }) => {
            crate::cell::alive("figure", &told, (svg, text, &tips), SCRIPT)
        }
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

            /// The picture for a page. See [`Figure::html`].
            ///
            /// ```
            #[doc = concat!("assert!(", $make, ".html().contains(\"<img alt=\"));")]
            /// ```
            pub fn html(&self) -> String {
                Figure::from(self).html()
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
    |timeline: &Timeline| Figure::of(Node::One(Piece::Timeline(Arc::new(timeline.clone()))))
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
