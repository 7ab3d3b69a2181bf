//! A place on the sheet.

/// The distance from a figure's edge.
pub(super) const MARGIN: f64 = 14.0;

/// The height of a title.
pub(super) const TITLE_HEIGHT: f64 = 26.0;

/// Where a panel stands, and what it bears.
#[derive(Clone, Copy)]
pub(super) struct Area {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    /// The width of the lanes' names.
    pub gutter: f64,
    pub axis: bool,
    /// Of a picture in the first row: the height of the titles there and of the legend below them.
    pub head: Option<f64>,
    /// The size of a picture's own title.
    pub title: f64,
}

impl Area {
    /// The height of what stands above the picture itself, with a title of its own or without.
    pub fn above(&self, has_title: bool) -> f64 {
        let title = if has_title { TITLE_HEIGHT } else { 0.0 };
        self.head.unwrap_or(title)
    }
}
