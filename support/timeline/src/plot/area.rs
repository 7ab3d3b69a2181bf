//! A place on the sheet.

/// The distance from a figure's edge.
pub(super) const MARGIN: f64 = 14.0;

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
