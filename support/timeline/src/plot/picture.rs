//! A timeline as a part of a figure, and what the timelines of one figure share.

use std::fmt;

use figures::{Area, Canvas, Picture, Shared, Touch, picture_methods};

use super::frame::Frame;
use super::panel::Panel;
use super::timeline::Timeline;
use super::touch::touch;

/// Rectangles that a figure may have: what a page can show and 100 KB can hold.
const MOST_BARS: usize = 1500;

picture_methods!(Timeline, "timeline::Trace::new().timeline()");

impl Picture for Timeline {
    type Shared = Frame;

    fn own_title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    fn own_width(&self) -> u32 {
        self.width
    }

    fn noun(&self) -> Option<&str> {
        Some("Timeline")
    }

    fn words(&self) -> String {
        self.told()
    }

    fn characters(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.draw_terminal(f)
    }

    fn gutter(&self) -> f64 {
        Panel::gutter(self)
    }

    fn axis(&self) -> Option<(u64, &str)> {
        let counts = if self.steps { "steps" } else { "time" };
        Some((self.window().0, counts))
    }

    fn height(&self, frame: &Frame, area: Area) -> f64 {
        Panel::new(self, frame, area).height(area)
    }

    fn draw(&self, frame: &Frame, canvas: &Canvas, area: Area) {
        Panel::new(self, frame, area).draw(canvas, area);
    }
}

impl Shared<Timeline> for Frame {
    fn of(timelines: &[&Timeline]) -> Frame {
        Frame::new(timelines)
    }

    /// Coarser until it is few enough bars for a page.
    fn fit(&mut self, placed: &[(&Timeline, Area)]) {
        let bars = |frame: &Frame| -> usize {
            let panels = placed.iter().map(|(it, area)| Panel::new(it, frame, *area));
            panels.map(|panel| panel.bars().0).sum()
        };
        while bars(self) > MOST_BARS && self.least < 50.0 {
            self.least *= 2.0;
        }
    }

    fn legend(&self, canvas: Option<&Canvas>, at: (f64, f64), width: f64) -> f64 {
        self.draw_legend(canvas, at, width)
    }

    fn touch(&self, placed: &[(&Timeline, Area)]) -> Option<Touch> {
        touch(self, placed)
    }
}
