//! Pictures put together: above and beside each other.

use std::fmt;
use std::sync::Arc;

use crate::canvas::{Align, Canvas, svg};
use crate::cell::{debug_as_picture, rich};
use crate::layout::{Node, Spot, TITLE_HEIGHT};
use crate::page::{alive, image};
use crate::palette::INK;
use crate::picture::{Area, Picture, Touch};
use crate::piece::{Groups, Piece, Placed};
use crate::text::fitted;

const MARGIN: f64 = Area::MARGIN;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 6.0;
/// Between a legend and the title of a part below it.
const GAP: f64 = 6.0;

/// The size of a whole's title, and that of a part under one.
const TITLE: f64 = 14.0;
const PART: f64 = 12.5;

/// One picture, or several that are drawn together. Those of one kind may share a scale and a legend.
///
/// ```
/// use figures::{Figure, Lines};
///
/// let [one, two] = [1.0, 2.0].map(|factor| {
///     Lines::new("workers", "speed-up").line("measured", &[(1.0, 1.0), (2.0, factor)])
/// });
/// let figure: Figure = one.title("Before").above(two.title("After"));
/// assert!(figure.text().starts_with("Before: speed-up over workers: measured from 1 at 1"));
/// ```
#[derive(Clone)]
pub struct Figure {
    node: Node,
    title: Option<String>,
}

/// A figure's pictures at their places.
struct Sheet<'a> {
    placed: Vec<Placed<'a>>,
    groups: Groups,
    name: String,
    size: (f64, f64),
    /// Where the legend begins.
    legend: f64,
}

impl From<&Figure> for Figure {
    fn from(figure: &Figure) -> Figure {
        figure.clone()
    }
}

impl Figure {
    /// A figure of one picture.
    ///
    /// ```
    /// let bars = figures::Bars::new();
    /// assert_eq!(figures::Figure::of(bars).text(), "Nothing was measured.");
    /// ```
    pub fn of(picture: impl Picture) -> Figure {
        Figure::with(Node::One(Arc::new(picture)))
    }

    fn with(node: Node) -> Figure {
        let title = None;
        Figure { node, title }
    }

    /// The same with a title for the whole, above those of its parts.
    ///
    /// ```
    /// let bars = figures::Bars::new();
    /// let both = bars.above(&bars).title("Twice the same");
    /// assert!(both.text().starts_with("Twice the same: "));
    /// ```
    pub fn title(&self, title: &str) -> Figure {
        Figure {
            node: self.node.clone(),
            title: Some(title.to_string()),
        }
    }

    /// This above `other`. Pictures of one kind may share a scale and a legend: see
    /// [`Picture::Shared`].
    ///
    /// ```
    /// let bars = figures::Bars::new();
    /// let three = bars.above(&bars).above(&bars);
    /// assert!(three.svg().starts_with("<svg"));
    /// ```
    pub fn above(&self, other: impl Into<Figure>) -> Figure {
        let mut nodes = match self.node.clone() {
            Node::Above(nodes) => nodes,
            node => vec![node],
        };
        nodes.push(other.into().node);
        Figure::with(Node::Above(nodes))
    }

    /// This to the left of `other`, which shares the same with it as one below it would.
    ///
    /// ```
    /// let bars = figures::Bars::new();
    /// let two = bars.beside(&bars);
    /// assert!(two.svg().starts_with("<svg"));
    /// ```
    pub fn beside(&self, other: impl Into<Figure>) -> Figure {
        let mut nodes = match self.node.clone() {
            Node::Beside(nodes) => nodes,
            node => vec![node],
        };
        nodes.push(other.into().node);
        Figure::with(Node::Beside(nodes))
    }

    /// The figure as an SVG document: white ground, a title and a description for screen
    /// readers.
    ///
    /// ```
    /// let svg = figures::Figure::from(figures::Bars::new()).svg();
    /// assert!(svg.contains("role=\"img\"") && svg.contains("<desc>"));
    /// ```
    pub fn svg(&self) -> String {
        self.drawn(&self.sheet())
    }

    fn sheet(&self) -> Sheet<'_> {
        let pieces = self.node.pieces();
        let width = f64::from(pieces.iter().map(|it| it.width()).max().unwrap_or(720));
        let area = Area {
            x: 0.0,
            y: 0.0,
            width,
            gutter: self.node.gutter(),
            axis: true,
        };
        let mut spot = Spot {
            area,
            head: None,
            title: TITLE,
        };
        let mut groups = Groups::of(&pieces);
        let mut placed = Vec::new();
        self.node.place(&groups, spot, &mut placed);
        groups.fit(&placed);

        let titles: Vec<&str> = pieces.iter().filter_map(|it| it.title()).collect();
        let noun = || pieces.iter().find_map(|it| it.noun());
        let name = match &self.title {
            Some(title) => title.clone(),
            None if !titles.is_empty() => titles.join("; "),
            None => noun().unwrap_or("Chart").to_string(),
        };
        // The legend stands below the title; of several, below those of the first row.
        let high = groups.legend(None, (MARGIN, 0.0), width - 2.0 * MARGIN);
        let legend = if self.title.is_some() {
            spot.title = PART;
            spot.area.y = TOP + TITLE_HEIGHT + high + GAP;
            TOP + TITLE_HEIGHT
        } else {
            let has = !self.node.first_titles().is_empty();
            let first = if has { TITLE_HEIGHT } else { 0.0 };
            spot.area.y = TOP;
            spot.head = Some(first + high);
            TOP + first
        };
        placed.clear();
        let pictures = self.node.place(&groups, spot, &mut placed);
        let size = (width, spot.area.y + pictures + BOTTOM);
        Sheet {
            placed,
            groups,
            name,
            size,
            legend,
        }
    }

    fn drawn(&self, sheet: &Sheet) -> String {
        let (groups, size) = (&sheet.groups, sheet.size);
        svg(size, &sheet.name, &self.text(), |canvas| {
            let width = size.0 - 2.0 * MARGIN;
            if let Some(title) = &self.title {
                draw_title(canvas, title, (MARGIN, TOP), width, TITLE);
            }
            groups.legend(Some(canvas), (MARGIN, sheet.legend), width);
            for it in &sheet.placed {
                if let Some(title) = it.piece.title() {
                    let at = (it.area.x + MARGIN, it.top);
                    let width = it.area.width - 2.0 * MARGIN;
                    draw_title(canvas, title, at, width, it.title);
                }
                it.piece.draw(groups, canvas, it.area);
            }
        })
    }

    /// The figure for a page, which shows it also where it trusts no scripts: see
    /// [`image`](crate::page::image). Its sentence is [`Figure::text`].
    ///
    /// ```
    /// let html = figures::Figure::from(figures::Bars::new()).html();
    /// assert!(html.contains("alt=\"Nothing was measured.\""));
    /// ```
    pub fn html(&self) -> String {
        let [(_, html), ..] = self.formats();
        html
    }

    /// All forms of the figure, as pairs of MIME type and content: for a page that may trust it or not,
    /// for other tools, and in words.
    ///
    /// ```
    /// let formats = figures::Figure::from(figures::Bars::new()).formats();
    /// let mimes = formats.map(|(mime, _)| mime);
    /// assert_eq!(mimes, ["text/html", "image/svg+xml", "text/plain"]);
    /// ```
    pub fn formats(&self) -> [(String, String); 3] {
        let sheet = self.sheet();
        let (svg, text) = (self.drawn(&sheet), self.text());
        let html = match sheet.groups.touch(&sheet.placed) {
            None => image(&svg, &text),
            Some(Touch {
                kind,
                data,
                tips,
                script,
            }) => alive(kind, &data, (&svg, &text, &tips), script),
        };
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
    /// let figure = figures::Figure::from(figures::Lines::new("workers", "speed-up"));
    /// assert_eq!(figure.text(), "speed-up over workers: nothing was measured.");
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
    /// figures::Figure::from(figures::Bars::new()).evcxr_display();
    /// ```
    pub fn evcxr_display(&self) {
        let formats = self.formats();
        rich(&formats.each_ref().map(|(mime, text)| (&**mime, &**text)));
    }

    fn pieces(&self) -> Vec<&dyn Piece> {
        self.node.pieces()
    }
}

fn draw_title(canvas: &Canvas, title: &str, at: (f64, f64), width: f64, size: f64) {
    let title = fitted(title, size, width);
    canvas.bold(&title, (at.0, at.1 + 9.0), size, Align::Left, INK);
}

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
