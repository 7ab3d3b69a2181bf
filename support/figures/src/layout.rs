//! Where the pictures of a figure stand: above and beside each other.

use std::sync::Arc;

use crate::picture::Area;
use crate::piece::{Groups, Piece, Placed};

const BETWEEN: f64 = 10.0;

/// The height of a title.
pub(crate) const TITLE_HEIGHT: f64 = 26.0;

/// What a figure is made of.
#[derive(Clone)]
pub(crate) enum Node {
    One(Arc<dyn Piece>),
    Above(Vec<Node>),
    Beside(Vec<Node>),
}

/// A place for a node.
#[derive(Clone, Copy)]
pub(crate) struct Spot {
    pub area: Area,
    /// In the first row: the height of the titles there and of the legend below them.
    pub head: Option<f64>,
    /// The size of a picture's own title.
    pub title: f64,
}

impl Node {
    pub fn pieces(&self) -> Vec<&dyn Piece> {
        match self {
            Node::One(piece) => vec![&**piece],
            Node::Above(nodes) | Node::Beside(nodes) => {
                nodes.iter().flat_map(Node::pieces).collect()
            }
        }
    }

    /// Adds each picture with its place, and returns the height of all.
    pub fn place<'a>(&'a self, groups: &Groups, spot: Spot, placed: &mut Vec<Placed<'a>>) -> f64 {
        let area = spot.area;
        match self {
            Node::One(piece) => {
                let title = piece.title().map_or(0.0, |_| TITLE_HEIGHT);
                let above = spot.head.unwrap_or(title);
                let y = area.y + above;
                let below = Area { y, ..area };
                placed.push(Placed {
                    piece: &**piece,
                    top: area.y,
                    title: spot.title,
                    area: below,
                });
                above + piece.height(groups, below)
            }
            Node::Above(nodes) => {
                let mut y = area.y;
                let last = nodes.len() - 1;
                for (n, node) in nodes.iter().enumerate() {
                    // One axis for all, unless they begin at different times, or count something else.
                    let axis = (n == last && area.axis) || node.axis() != nodes[last].axis();
                    let spot = Spot {
                        area: Area { y, axis, ..area },
                        head: spot.head.filter(|_| n == 0),
                        ..spot
                    };
                    y += node.place(groups, spot, placed) + BETWEEN;
                }
                y - BETWEEN - area.y
            }
            Node::Beside(nodes) => {
                let mut spot = spot;
                spot.area.width = area.width / nodes.len() as f64;
                spot.area.axis = true;
                let mut height = 0.0_f64;
                for node in nodes {
                    height = height.max(node.place(groups, spot, placed));
                    spot.area.x += spot.area.width;
                }
                height
            }
        }
    }

    /// Where its axis begins, and what that counts.
    fn axis(&self) -> Option<(u64, &str)> {
        match self {
            Node::One(piece) => piece.axis(),
            Node::Above(nodes) => nodes[0].axis(),
            Node::Beside(_) => None,
        }
    }

    /// The titles of the pictures in the first row.
    pub fn first_titles(&self) -> Vec<&str> {
        match self {
            Node::One(piece) => piece.title().into_iter().collect(),
            Node::Above(nodes) => nodes[0].first_titles(),
            Node::Beside(nodes) => nodes.iter().flat_map(Node::first_titles).collect(),
        }
    }

    /// Names have one width, so that axes above each other are in line.
    pub fn gutter(&self) -> f64 {
        let pieces = self.pieces().into_iter();
        pieces.map(Piece::gutter).fold(0.0, f64::max)
    }
}
