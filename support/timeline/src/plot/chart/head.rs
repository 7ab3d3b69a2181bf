//! What all charts have in common.

use super::super::area::Area;
use super::super::canvas::Canvas;
use super::super::svg::titled;

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

    fn sentence(&self) -> String {
        titled(self.head().title.as_deref(), &self.words())
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
            width: 720,
            log: false,
        }
    }
}
