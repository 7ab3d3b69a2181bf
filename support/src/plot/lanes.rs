//! Draws what lanes did: bars, their labels, markers, and the lines from fork to child.

use plotters::style::RGBColor;

use super::canvas::{Align, Canvas, text_width};
use super::model::{Bar, LaneData};
use super::palette::{INK, MIXED, ink_on};
use super::panel::{PAD, Panel};
use super::thin::{Group, groups};

/// The size of labels in bars.
const LABEL: f64 = 10.5;

impl Panel<'_> {
    fn visible<'b>(&self, bars: &'b [Bar]) -> impl Iterator<Item = &'b Bar> {
        let (from, to) = self.timeline.window();
        bars.iter()
            .filter(move |bar| bar.start <= to && (bar.open || bar.end >= from))
    }

    fn spans<'b>(&'b self, row: &'b [Bar]) -> Vec<Group<'b>> {
        groups(
            self.visible(row),
            self.frame.least,
            |time| self.at(time),
            |a, b| a.label == b.label && a.open == b.open,
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
            let rows = lane.rows.iter().map(|row| self.spans(row));
            for group in rows.chain([self.running(lane)]).flatten() {
                drawn += 1;
                hidden += group.bars - 1;
            }
        }
        (drawn, hidden)
    }

    /// `lines` are the forks' lines that cross the lane.
    pub(super) fn draw_lane(&self, canvas: &Canvas, lane: &LaneData, mut top: f64, lines: &[f64]) {
        // What a label of the first row, where the markers are, has to keep clear of.
        let mut taken: Vec<f64> = lane.marks.iter().map(|mark| self.at(mark.at)).collect();
        taken.extend(lines);
        taken.sort_by(f64::total_cmp);
        for (depth, row) in lane.rows.iter().enumerate() {
            let (height, taken) = match depth {
                0 => (self.sizes.row, taken.as_slice()),
                _ => (self.sizes.nested, lines),
            };
            for group in self.spans(row) {
                self.draw_span(canvas, &group, top, height, taken);
            }
            top += height;
        }
        let height = if lane.rows.is_empty() {
            self.sizes.row
        } else {
            self.sizes.strip
        };
        for group in self.running(lane) {
            let colour = self.frame.running(self.timeline, group.bar);
            bar(canvas, &group, top, height, colour);
        }
    }

    fn draw_span(&self, canvas: &Canvas, group: &Group, top: f64, height: f64, marks: &[f64]) {
        let colour = self.frame.span(self.timeline, group.bar);
        bar(canvas, group, top, height, colour);
        let mut place = widest_gap(group.from, group.to, marks);
        let mut ink = ink_on(colour);
        let wanted = text_width(&group.bar.label, LABEL) + 8.0;
        if group.bar.open {
            // What happened after the last sign of life is not known: paler.
            let end = self.at(self.timeline.data.length);
            canvas.rect((group.to, top), (end, top + height - 1.0), colour, 0.3);
            if place.1 - place.0 < wanted {
                place = widest_gap(group.to, end, marks);
                ink = INK;
            }
        }
        if height >= 12.0 && group.bars == 1 && place.1 - place.0 >= wanted {
            let at = ((place.0 + place.1) / 2.0, top + (height - 1.0) / 2.0);
            canvas.text(&group.bar.label, at, LABEL, Align::Middle, ink);
        }
    }

    pub(super) fn draw_marks(&self, canvas: &Canvas, lane: &LaneData, middle: f64) {
        let (from, to) = self.timeline.window();
        let size = (self.sizes.row * 0.27).max(3.0);
        // One marker for those of one name that would cover each other.
        let mut last: Vec<(&str, f64)> = Vec::new();
        for mark in &lane.marks {
            if !(from..=to).contains(&mark.at) {
                continue;
            }
            let x = self.at(mark.at);
            match last.iter_mut().find(|(label, _)| *label == mark.label) {
                Some((_, before)) if x - *before < self.frame.least.max(2.0) => continue,
                Some((_, before)) => *before = x,
                None => last.push((&mark.label, x)),
            }
            let (shape, colour) = self.frame.mark(&mark.label);
            canvas.marker((x, middle), size, shape, colour);
        }
    }

    /// For each fork where it was called, in the middle of the lane that forked, and where it
    /// returned, at the child's top.
    pub(super) fn forks(&self, tops: &[Vec<f64>]) -> Vec<[(f64, f64); 2]> {
        let (from, to) = self.timeline.window();
        let forks = self.timeline.data.processes.iter().zip(tops);
        let forks = forks.filter_map(|(process, own)| {
            let birth = process.birth?;
            let (parent, lane) = birth.parent?;
            let start = tops[parent][lane] + PAD + self.sizes.row / 2.0;
            let inside = (from..=to).contains(&birth.at);
            inside.then(|| {
                let began = self.at(birth.began.min(to));
                [(self.at(birth.at), start), (began, own[0] + PAD)]
            })
        });
        forks.collect()
    }
}

/// A line from the lane that forked, at the moment of the call, to the child's first moment.
pub(super) fn draw_forks(canvas: &Canvas, forks: &[[(f64, f64); 2]]) {
    for &[start, end] in forks {
        canvas.line(start, end, INK, 1.0);
        canvas.dot(start, 2.2, INK);
        let (dx, dy) = (end.0 - start.0, end.1 - start.1);
        let length = dx.hypot(dy).max(1.0);
        let (ux, uy) = (dx / length, dy / length);
        let back = (end.0 - 5.0 * ux, end.1 - 5.0 * uy);
        let tip = [
            (back.0 - 3.0 * uy, back.1 + 3.0 * ux),
            (back.0 + 3.0 * uy, back.1 - 3.0 * ux),
            (end.0 + 0.5 * ux, end.1 + 0.5 * uy),
        ];
        canvas.polygon(&tip, INK);
    }
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
