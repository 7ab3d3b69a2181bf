//! Where the pictures of a figure stand: above and beside each other.

use std::fmt;
use std::sync::Arc;

use super::area::{Area, MARGIN};
use super::canvas::Canvas;
use super::chart::Chart;
use super::frame::Frame;
use super::panel::{Panel, TITLE, draw_title};
use super::timeline::Timeline;

const BETWEEN: f64 = 10.0;

/// What a figure is made of.
#[derive(Clone)]
pub(super) enum Node {
    One(Piece),
    Above(Vec<Node>),
    Beside(Vec<Node>),
}

/// A single picture.
#[derive(Clone)]
pub(super) enum Piece {
    Timeline(Arc<Timeline>),
    Chart(Arc<dyn Chart>),
}

impl Node {
    pub fn pieces(&self) -> Vec<&Piece> {
        match self {
            Node::One(piece) => vec![piece],
            Node::Above(nodes) | Node::Beside(nodes) => {
                nodes.iter().flat_map(Node::pieces).collect()
            }
        }
    }

    /// Calls `visit` with each picture, its panel if it is a timeline, and where it stands, and returns
    /// the height of all.
    pub fn place(
        &self,
        frame: &Frame,
        area: Area,
        visit: &mut dyn FnMut(&Piece, Option<&Panel>, Area),
    ) -> f64 {
        match self {
            Node::One(piece @ Piece::Timeline(timeline)) => {
                let panel = Panel::new(timeline, frame, area);
                visit(piece, Some(&panel), area);
                panel.height(area)
            }
            Node::One(piece @ Piece::Chart(chart)) => {
                visit(piece, None, area);
                chart.height() + area.above(piece.title().is_some())
            }
            Node::Above(nodes) => {
                let mut y = area.y;
                let last = nodes.len() - 1;
                for (n, node) in nodes.iter().enumerate() {
                    // One axis for all, unless they begin at different times, or count something else.
                    let axis = (n == last && area.axis) || node.start() != nodes[last].start();
                    let head = area.head.filter(|_| n == 0);
                    let area = Area {
                        y,
                        axis,
                        head,
                        ..area
                    };
                    y += node.place(frame, area, visit) + BETWEEN;
                }
                y - BETWEEN - area.y
            }
            Node::Beside(nodes) => {
                let (width, axis) = (area.width / nodes.len() as f64, true);
                let mut area = Area {
                    width,
                    axis,
                    ..area
                };
                let mut height = 0.0_f64;
                for node in nodes {
                    height = height.max(node.place(frame, area, visit));
                    area.x += width;
                }
                height
            }
        }
    }

    /// Where its axis begins, and whether it counts steps.
    fn start(&self) -> Option<(u64, bool)> {
        match self {
            Node::One(Piece::Timeline(timeline)) => Some((timeline.window().0, timeline.steps)),
            Node::Above(nodes) => nodes[0].start(),
            _ => None,
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

    pub fn area(&self, (x, y): (f64, f64), width: f64, head: Option<f64>, title: f64) -> Area {
        // Names have one width, so that axes above each other are in line. A chart has its own.
        let pieces = self.pieces().into_iter();
        let gutter = pieces.filter_map(Piece::timeline).map(Panel::gutter);
        Area {
            x,
            y,
            width,
            gutter: gutter.fold(0.0, f64::max),
            axis: true,
            head,
            title,
        }
    }

    pub fn bars(&self, frame: &Frame, width: f64) -> usize {
        let mut bars = 0;
        let area = self.area((0.0, 0.0), width, None, TITLE);
        self.place(frame, area, &mut |_, panel, _| {
            bars += panel.map_or(0, |panel| panel.bars().0);
        });
        bars
    }
}

impl Piece {
    pub fn timeline(&self) -> Option<&Timeline> {
        match self {
            Piece::Timeline(timeline) => Some(timeline),
            Piece::Chart(_) => None,
        }
    }

    pub fn title(&self) -> Option<&str> {
        match self {
            Piece::Timeline(timeline) => timeline.title.as_deref(),
            Piece::Chart(chart) => chart.head().title.as_deref(),
        }
    }

    pub fn width(&self) -> u32 {
        match self {
            Piece::Timeline(timeline) => timeline.width,
            Piece::Chart(chart) => chart.head().width,
        }
    }

    pub fn sentence(&self) -> String {
        match self {
            Piece::Timeline(timeline) => timeline.sentence(),
            Piece::Chart(chart) => chart.sentence(),
        }
    }

    pub fn characters(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Piece::Timeline(timeline) => timeline.draw_terminal(f),
            Piece::Chart(chart) => writeln!(f, "{}", chart.sentence()),
        }
    }

    pub fn draw(&self, panel: Option<&Panel>, canvas: &Canvas, mut area: Area) {
        match (self, panel) {
            (Piece::Chart(chart), _) => {
                if let Some(title) = self.title() {
                    let at = (area.x + MARGIN, area.y);
                    draw_title(canvas, title, at, area.width - 2.0 * MARGIN, area.title);
                }
                area.y += area.above(self.title().is_some());
                chart.draw(canvas, area);
            }
            (_, Some(panel)) => panel.draw(canvas, area),
            (_, None) => {}
        }
    }
}
