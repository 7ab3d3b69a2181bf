//! What all charts have in common.

use std::fmt;

use super::super::area::Area;
use super::super::canvas::Canvas;
use super::super::svg::printable;

/// The size of names, and that of numbers.
pub(super) const NAME: f64 = 12.0;
pub(super) const SMALL: f64 = 10.0;

/// A chart within a figure.
pub(crate) trait Chart: Send + Sync {
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
        text.chars().map(printable).collect()
    }
}

/// What every chart may be told.
#[derive(Clone, Debug)]
pub(crate) struct Head {
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
            /// The same but for one thing.
            fn with(&self, change: impl FnOnce(&mut $chart)) -> $chart {
                let mut same = self.clone();
                change(&mut same);
                same
            }

            /// Writes a title over the picture.
            ///
            /// ```
            #[doc = concat!("let picture = ", $make, ".title(\"A title\");")]
            /// assert!(picture.text().starts_with("A title: "));
            /// ```
            pub fn title(&self, title: &str) -> $chart {
                self.with(|same| same.head.title = Some(title.to_string()))
            }

            /// The picture's width in pixels, 740 unless told otherwise, at least 300.
            ///
            /// ```
            #[doc = concat!("let picture = ", $make, ".width(500);")]
            /// assert!(picture.svg().contains("max-width:500px"));
            /// ```
            pub fn width(&self, px: u32) -> $chart {
                self.with(|same| same.head.width = px.clamp(300, 10_000))
            }

            /// What the picture shows, in a sentence with numbers.
            ///
            /// ```
            #[doc = concat!("assert!(", $make, ".text().ends_with('.'));")]
            /// ```
            pub fn text(&self) -> String {
                Chart::sentence(self)
            }
        }

        super::super::figure::figure_methods!($chart, $make, |chart: &$chart| {
            Figure::of_chart(std::sync::Arc::new(chart.clone()))
        });

        impl std::fmt::Display for $chart {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                writeln!(f, "{}", Chart::sentence(self))?;
                Chart::characters(self, f)
            }
        }
    };
}
pub(super) use shared_methods;
