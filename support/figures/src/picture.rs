//! What can be a part of a figure: a picture of any kind, and what those of one kind share in it.

use std::fmt;

use serde_json::Value;

use crate::canvas::Canvas;
use crate::page::Tip;
use crate::text::printable;

/// A place on the sheet, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// The left edge.
    pub x: f64,
    /// The upper edge, below the picture's title.
    pub y: f64,
    /// From the left edge of the sheet, or of a neighbour, to the right one.
    pub width: f64,
    /// What stands to the left of the picture's field has this width, the widest of the figure's
    /// [`gutter`](Picture::gutter)s, so that fields above each other begin at one place.
    pub gutter: f64,
    /// Whether the picture's axis bears its numbers: see [`Picture::axis`].
    pub axis: bool,
}

impl Area {
    /// What is left free at both sides.
    pub const MARGIN: f64 = 14.0;
}

/// A picture of a kind of one's own, such as a timeline or a chart: it draws itself into an area, and says
/// the same in words. With [`picture_methods!`](crate::picture_methods) it shows itself as a cell's result,
/// and stands above and beside others in a [`Figure`](crate::Figure), which writes its title.
///
/// ```
/// use figures::palette::{Given, INK};
/// use figures::{Align, Area, Canvas, Figure, Picture};
///
/// /// How full something is.
/// #[derive(Clone)]
/// struct Gauge(&'static str, f64);
///
/// impl Picture for Gauge {
///     type Shared = ();
///
///     fn words(&self) -> String {
///         format!("{} is {:.0} % full.", self.0, 100.0 * self.1)
///     }
///
///     fn height(&self, _: &(), _: Area) -> f64 {
///         24.0
///     }
///
///     fn draw(&self, _: &(), canvas: &Canvas, area: Area) {
///         let (left, right) = (area.x + Area::MARGIN + 60.0, area.x + area.width - Area::MARGIN);
///         let end = left + self.1 * (right - left);
///         let colour = Given::to([self.0]).of(self.0);
///         canvas.text(self.0, (left - 6.0, area.y + 12.0), 12.0, Align::Right, INK);
///         canvas.rect((left, area.y + 5.0), (end, area.y + 19.0), colour, 1.0);
///     }
/// }
///
/// let both = Figure::of(Gauge("queue", 0.8)).above(Figure::of(Gauge("disk", 0.3)));
/// assert_eq!(both.text(), "queue is 80 % full. disk is 30 % full.");
/// assert!(both.svg().contains("#0072B2"));
/// ```
pub trait Picture: Clone + Send + Sync + 'static {
    /// What the pictures of this kind have in common within a figure; `()` for nothing.
    type Shared: Shared<Self>;

    /// Its own title, which the figure writes above it.
    fn own_title(&self) -> Option<&str> {
        None
    }

    /// How wide it would be by itself, in pixels; a figure is as wide as its widest picture.
    fn own_width(&self) -> u32 {
        720
    }

    /// What a figure is called in which no picture has a title: "Chart", if none of them says.
    fn noun(&self) -> Option<&str> {
        None
    }

    /// What it shows, with numbers, without its title.
    fn words(&self) -> String;

    /// The same behind its title: for those who cannot see it.
    fn sentence(&self) -> String {
        let title = self.own_title().map(|title| format!("{title}: "));
        printable(&(title.unwrap_or_default() + &self.words()))
    }

    /// The picture for a terminal; its sentence, if there is nothing better.
    ///
    /// # Errors
    ///
    /// Those of the formatter.
    fn characters(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.sentence())
    }

    /// The width that it needs to the left of its field, such as for names; a figure gives all of its
    /// pictures the widest.
    fn gutter(&self) -> f64 {
        0.0
    }

    /// Where its axis begins, and what that counts. Of pictures above each other for which both are the
    /// same, only the last one's axis bears numbers.
    fn axis(&self) -> Option<(u64, &str)> {
        None
    }

    /// How high it is, without its title.
    fn height(&self, shared: &Self::Shared, area: Area) -> f64;

    /// Draws it, from the upper edge of `area` down.
    fn draw(&self, shared: &Self::Shared, canvas: &Canvas, area: Area);
}

/// What the pictures of one kind have in common within a figure: a scale, colours, a legend.
pub trait Shared<P>: 'static {
    /// What these pictures, at least one, have in common.
    fn of(pictures: &[&P]) -> Self;

    /// Told of where the pictures stand, before anything is drawn, so that what would be too much there
    /// can become less. Their upper edges are not known yet.
    fn fit(&mut self, _placed: &[(&P, Area)]) {}

    /// Draws the legend from `at` down, in lines of `width`, and returns its height; without a canvas it
    /// only measures.
    fn legend(&self, _canvas: Option<&Canvas>, _at: (f64, f64), _width: f64) -> f64 {
        0.0
    }

    /// What lets a reader touch the pictures; none if they are pictures and no more.
    fn touch(&self, _placed: &[(&P, Area)]) -> Option<Touch> {
        None
    }
}

impl<P> Shared<P> for () {
    fn of(_: &[&P]) {}
}

/// What lets a reader touch a figure in a page: see [`alive`](crate::page::alive).
#[derive(Clone, Debug)]
pub struct Touch {
    /// The word by which the script finds it.
    pub kind: &'static str,
    /// For the script.
    pub data: Value,
    /// For who has no scripts.
    pub tips: Vec<Tip>,
    /// What makes more of the picture, in JavaScript.
    pub script: &'static str,
}
