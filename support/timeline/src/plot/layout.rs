//! Where the pictures of a figure stand: above and beside each other.

use std::sync::Arc;

use super::area::{Area, MARGIN};
use super::canvas::Canvas;
use super::chart::Chart;
use super::frame::Frame;
use super::panel::{Panel, TITLE_HEIGHT, draw_title};
use super::timeline::Timeline;

const BETWEEN: f64 = 10.0;

#[derive(Clone)]
pub(super) enum Node {
    Timeline(Box<Timeline>),
    Chart(Arc<dyn Chart>),
    Above(Vec<Node>),
    Beside(Vec<Node>),
}

/// What a figure is made of.
pub(super) enum Piece<'a> {
    Timeline(&'a Timeline),
    Chart(&'a dyn Chart),
}

impl Node {
    pub fn collect<'a>(&'a self, all: &mut Vec<Piece<'a>>) {
        match self {
            Node::Timeline(timeline) => all.push(Piece::Timeline(timeline)),
            Node::Chart(chart) => all.push(Piece::Chart(&**chart)),
            Node::Above(nodes) | Node::Beside(nodes) => {
                nodes.iter().for_each(|node| node.collect(all));
            }
        }
    }

    /// Names have one width, so that axes above each other are in line.
    fn gutter(&self) -> f64 {
        match self {
            Node::Timeline(timeline) => Panel::gutter(timeline),
            // It has names of its own.
            Node::Chart(_) => 0.0,
            Node::Above(nodes) | Node::Beside(nodes) => {
                nodes.iter().map(Node::gutter).fold(0.0, f64::max)
            }
        }
    }

    /// Calls `visit` with each part and where it stands, and returns the height of all.
    pub fn place(&self, frame: &Frame, area: Area, visit: &mut dyn FnMut(&Part, Area)) -> f64 {
        match self {
            Node::Timeline(timeline) => {
                let panel = Panel::new(timeline, frame, area);
                let height = panel.height(area);
                visit(&Part::Panel(panel), area);
                height
            }
            Node::Chart(chart) => {
                visit(&Part::Chart(&**chart), area);
                let title = area.title && chart.head().title.is_some();
                chart.height() + if title { TITLE_HEIGHT } else { 0.0 }
            }
            Node::Above(nodes) => {
                let mut y = area.y;
                let last = nodes.len() - 1;
                for (n, node) in nodes.iter().enumerate() {
                    // One axis for all, unless they begin at different times, or count something else.
                    let axis = (n == last && area.axis) || node.start() != nodes[last].start();
                    y += node.place(frame, Area { y, axis, ..area }, visit) + BETWEEN;
                }
                y - BETWEEN - area.y
            }
            Node::Beside(nodes) => {
                let width = area.width / nodes.len() as f64;
                let heights = nodes.iter().enumerate().map(|(n, node)| {
                    let x = area.x + n as f64 * width;
                    let axis = true;
                    node.place(
                        frame,
                        Area {
                            x,
                            width,
                            axis,
                            ..area
                        },
                        visit,
                    )
                });
                heights.fold(0.0, f64::max)
            }
        }
    }

    /// Where its axis begins, and whether it counts steps.
    fn start(&self) -> Option<(u64, bool)> {
        match self {
            Node::Timeline(timeline) => Some((timeline.window().0, timeline.steps)),
            Node::Above(nodes) => nodes[0].start(),
            Node::Chart(_) | Node::Beside(_) => None,
        }
    }

    pub fn area(&self, at: (f64, f64), width: f64, title: bool) -> Area {
        Area {
            x: at.0,
            y: at.1,
            width,
            gutter: self.gutter(),
            axis: true,
            title,
        }
    }

    pub fn bars(&self, frame: &Frame, width: f64) -> usize {
        let mut bars = 0;
        let area = self.area((0.0, 0.0), width, true);
        self.place(frame, area, &mut |part, _| {
            if let Part::Panel(panel) = part {
                bars += panel.bars().0;
            }
        });
        bars
    }
}

impl<'a> Piece<'a> {
    pub fn timeline(&self) -> Option<&'a Timeline> {
        match self {
            Piece::Timeline(timeline) => Some(timeline),
            Piece::Chart(_) => None,
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
}

/// What is drawn at one place.
pub(super) enum Part<'a> {
    Panel(Panel<'a>),
    Chart(&'a dyn Chart),
}

impl Part<'_> {
    pub fn draw(&self, canvas: &Canvas, mut area: Area) {
        match self {
            Part::Panel(panel) => panel.draw(canvas, area),
            Part::Chart(chart) => {
                if let (true, Some(title)) = (area.title, &chart.head().title) {
                    let at = (area.x + MARGIN, area.y);
                    draw_title(canvas, title, at, area.width - 2.0 * MARGIN);
                    area.y += TITLE_HEIGHT;
                }
                chart.draw(canvas, area);
            }
        }
    }
}
