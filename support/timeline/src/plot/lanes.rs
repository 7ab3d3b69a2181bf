//! Draws what lanes did: bars, their labels and markers.

use figures::palette::{RGBColor, ink_on};
use figures::{Align, Canvas, text_width};

use super::model::{Bar, Cause, LaneData, Mark};
use super::palette::{BREAK, INK, MIXED, PENDING};
use super::panel::Panel;
use super::states::is_at_rest;
use super::thin::{Group, groups};

/// The size of labels in bars.
const LABEL: f64 = 10.5;

impl Panel<'_> {
    pub(super) fn row_height(&self, depth: usize) -> f64 {
        match depth {
            0 => self.sizes.row,
            _ => self.sizes.nested,
        }
    }

    /// The rows of a lane's bars, each with its upper edge and its height; the first begins at `top`.
    pub(super) fn rows_at<'b>(
        &'b self,
        lane: &'b LaneData,
        mut top: f64,
    ) -> impl Iterator<Item = (&'b [Bar], f64, f64)> {
        let rows = self.timeline.rows(lane).iter().enumerate();
        rows.map(move |(depth, row)| {
            let height = self.row_height(depth);
            top += height;
            (row.as_slice(), top - height, height)
        })
    }

    pub(super) fn visible<'b>(&self, bars: &'b [Bar]) -> impl Iterator<Item = &'b Bar> {
        let timeline = self.timeline;
        bars.iter()
            .filter(move |bar| timeline.shows(bar.start, bar.until()))
    }

    fn spans<'b>(&'b self, row: &'b [Bar]) -> Vec<Group<'b>> {
        groups(
            self.visible(row),
            self.frame.least,
            |time| self.at(time),
            |a, b| a.label == b.label && a.kind == b.kind && a.open == b.open,
        )
    }

    fn running<'b>(&'b self, lane: &'b LaneData) -> Vec<Group<'b>> {
        groups(
            self.visible(&lane.running),
            self.frame.least,
            |time| self.at(time),
            |a, b| a.cpu == b.cpu,
        )
    }

    /// How many bars would be drawn, and how many are hidden by merging.
    pub fn bars(&self) -> (usize, usize) {
        let mut drawn = 0;
        let mut hidden = 0;
        for lane in self.timeline.data.lanes() {
            let rows = self.timeline.rows(lane).iter().map(|row| self.spans(row));
            for group in rows.chain([self.running(lane)]).flatten() {
                drawn += 1;
                hidden += group.bars - 1;
            }
        }
        (drawn, hidden)
    }

    /// `lines` are where arrows cross the lane.
    pub(super) fn draw_lane(&self, canvas: &Canvas, lane: &LaneData, mut top: f64, lines: &[f64]) {
        // What a label of the first row, where the markers are, has to keep clear of.
        let mut taken: Vec<f64> = lane.marks.iter().map(|mark| self.at(mark.at)).collect();
        taken.extend(lines);
        taken.sort_by(f64::total_cmp);
        let rows = self.timeline.rows(lane);
        if lane.task.is_some() {
            self.draw_pending(canvas, lane, top + self.sizes.row / 2.0);
        }
        for (depth, (row, at, height)) in self.rows_at(lane, top).enumerate() {
            let taken = if depth == 0 { &taken } else { lines };
            for group in self.spans(row) {
                self.draw_span(canvas, lane, &group, (at, height), taken);
            }
            top = at + height;
        }
        let height = if rows.is_empty() {
            self.sizes.row
        } else {
            self.sizes.strip
        };
        for group in self.running(lane) {
            let colour = self.frame.running(self.timeline, group.bar);
            bar(canvas, &group, top, height, colour);
        }
    }

    fn draw_span(
        &self,
        canvas: &Canvas,
        lane: &LaneData,
        group: &Group,
        (mut top, mut height): (f64, f64),
        marks: &[f64],
    ) {
        let colour = self.frame.span(self.timeline, group.bar);
        if is_at_rest(group.bar.kind) && !group.mixed {
            // Thin: it does nothing there.
            (top, height) = thin(top, height);
        }
        bar(canvas, group, top, height, colour);
        let mut place = widest_gap(group.from, group.to, marks);
        let mut ink = ink_on(colour);
        let wide = |text: &str| text_width(text, LABEL) + 8.0;
        if group.bar.open {
            // What happened after the last sign of life is not known: paler.
            let length = self.timeline.data.length;
            let end = self.at(lane.over.unwrap_or(length).max(group.bar.end));
            canvas.rect((group.to, top), (end, top + height - 1.0), colour, 0.3);
            if place.1 - place.0 < wide(&group.bar.label) {
                place = widest_gap(group.to, end, marks);
                ink = INK;
            }
        }
        let mut label = group.bar.label.clone();
        let cause = group.bar.cause;
        let lock = cause.filter(|cause| !matches!(cause, Cause::Woken(_)));
        if let Some(cause) = lock.and_then(|lock| self.timeline.cause(lock)) {
            let long = format!("{label}, {cause}");
            if wide(&long) <= place.1 - place.0 {
                label = long;
            }
        }
        let wanted = wide(&label);
        if height >= 11.0 && group.bars == 1 && place.1 - place.0 >= wanted {
            let at = ((place.0 + place.1) / 2.0, top + (height - 1.0) / 2.0);
            canvas.text(&label, at, LABEL, Align::Center, ink);
        }
    }

    pub(super) fn draw_marks(&self, canvas: &Canvas, lane: &LaneData, middle: f64) {
        let shows = |mark: &&Mark| self.timeline.shows(mark.at, mark.at);
        let size = (self.sizes.row * 0.27).max(3.0);
        // One marker for those of one name that would cover each other.
        let mut last: Vec<(&str, f64)> = Vec::new();
        for mark in lane.marks.iter().filter(shows) {
            let x = self.at(mark.at);
            match last.iter_mut().find(|(label, _)| *label == mark.label) {
                Some((_, before)) if x - *before < self.frame.least.max(2.0) => continue,
                Some((_, before)) => *before = x,
                None => last.push((&mark.label, x)),
            }
            let (shape, colour) = self.frame.mark(&mark.label);
            canvas.marker((x, middle), size, shape, colour);
        }
        for mark in lane.breaks.iter().filter(shows) {
            canvas.cross((self.at(mark.at), middle), size.min(5.5), BREAK);
        }
    }

    /// A line through a task's life, on which its polls lie.
    fn draw_pending(&self, canvas: &Canvas, lane: &LaneData, middle: f64) {
        let from = self.at(lane.began);
        let to = self.at(lane.over.unwrap_or_else(|| lane.last()));
        canvas.rect((from, middle - 1.5), (to, middle + 1.5), PENDING, 1.0);
    }
}

/// Top and height of a bar in which a lane does nothing.
pub(super) fn thin(top: f64, height: f64) -> (f64, f64) {
    let less = (height * 0.28).min(height - 4.0).round();
    (top + (less / 2.0).floor(), height - less)
}

/// A bar leaves a hair's breadth to its neighbours, and is never too thin to be seen.
fn bar(canvas: &Canvas, group: &Group, top: f64, height: f64, colour: RGBColor) {
    let width = group.to - group.from;
    let right = if width > 3.0 {
        group.to - 0.5
    } else {
        group.from + width.max(0.7)
    };
    let colour = if group.mixed { MIXED } else { colour };
    let opacity = if group.bars > 1 {
        0.25 + 0.75 * group.cover
    } else {
        1.0
    };
    canvas.rect(
        (group.from, top),
        (right, top + height - 1.0),
        colour,
        opacity,
    );
}

/// The widest part of a bar that no marker covers.
fn widest_gap(from: f64, to: f64, marks: &[f64]) -> (f64, f64) {
    let inside = marks
        .iter()
        .copied()
        .filter(|x| (from - 6.0..to + 6.0).contains(x));
    let mut best = (from, from);
    let mut begin = from;
    for x in inside.chain([f64::INFINITY]) {
        let end = (x - 6.0).min(to);
        if end - begin > best.1 - best.0 {
            best = (begin, end);
        }
        begin = (x + 6.0).max(begin);
    }
    best
}
