//! Charts of numbers: what they have in common, whether bars, lines or distributions.

mod axes;
mod bars;
mod histogram;
mod lines;
mod scale;

use std::fmt;

use super::canvas::Canvas;
use super::layout::Area;

pub use bars::Bars;
pub use histogram::Histogram;
pub use lines::Lines;

/// The distance from a figure's edge, as timelines keep it.
pub(super) const MARGIN: f64 = 14.0;

/// The size of names, and that of numbers.
const NAME: f64 = 12.0;
const SMALL: f64 = 10.0;

/// A chart within a figure.
pub(super) trait Chart: Send + Sync {
    fn head(&self) -> &Head;
    /// Of the chart without its title.
    fn height(&self) -> f64;
    /// Draws into the area, from its top.
    fn draw(&self, canvas: &Canvas, area: Area);
    /// What it shows, with numbers, without the title.
    fn words(&self) -> String;
    fn characters(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;

    fn sentence(&self) -> String {
        let text = match &self.head().title {
            Some(title) => format!("{title}: {}", self.words()),
            None => self.words(),
        };
        text.chars().map(super::canvas::printable).collect()
    }
}

/// What every chart may be told.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub title: Option<String>,
    pub width: u32,
    pub log: bool,
}

impl Default for Head {
    fn default() -> Head {
        Head {
            title: None,
            width: 740,
            log: false,
        }
    }
}

/// The methods that all kinds of charts share. `$make` is an expression for a doctest.
macro_rules! shared_methods {
    ($chart:ident, $make:literal) => {
        impl $chart {
            /// Writes a title over the picture.
            ///
            /// ```
            #[doc = concat!("let picture = ", $make, ".title(\"A title\");")]
            /// assert!(picture.text().starts_with("A title: "));
            /// ```
            pub fn title(&self, title: &str) -> $chart {
                let mut same = self.clone();
                same.head.title = Some(title.to_string());
                same
            }

            /// The picture's width in pixels, 740 unless told otherwise, at least 300.
            ///
            /// ```
            #[doc = concat!("let picture = ", $make, ".width(500);")]
            /// assert!(picture.svg().contains("max-width:500px"));
            /// ```
            pub fn width(&self, px: u32) -> $chart {
                let mut same = self.clone();
                same.head.width = px.clamp(300, 10_000);
                same
            }

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

            /// What the picture shows, in a sentence with numbers.
            ///
            /// ```
            #[doc = concat!("assert!(", $make, ".text().ends_with('.'));")]
            /// ```
            pub fn text(&self) -> String {
                Chart::sentence(self)
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

        crate::cell::debug_as_picture!($chart, $chart::text);

        impl From<&$chart> for Figure {
            fn from(chart: &$chart) -> Figure {
                Figure::of_chart(std::sync::Arc::new(chart.clone()))
            }
        }

        impl From<$chart> for Figure {
            fn from(chart: $chart) -> Figure {
                Figure::from(&chart)
            }
        }

        impl std::fmt::Display for $chart {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                writeln!(f, "{}", Chart::sentence(self))?;
                Chart::characters(self, f)
            }
        }
    };
}
use shared_methods;
