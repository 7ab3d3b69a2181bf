//! What a page knows of a figure, so that a reader can touch it: where each lane and each bar is.

use figures::page::Tip;
use figures::palette::RGBColor;
use figures::{Area, Touch};
use serde_json::{Value, json};

use super::axis::STEP;
use super::frame::Frame;
use super::lanes::thin;
use super::model::{Bar, LaneData, Mark};
use super::notes::Placed;
use super::palette::{BREAK, Labels, hex};
use super::panel::{PAD, Panel};
use super::states::is_at_rest;
use super::timeline::Timeline;

/// More bars than these in a part are too many for a page: the longest stay.
const MOST: usize = 600;

#[derive(Default)]
struct Book {
    labels: Labels,
    colours: Labels,
    causes: Labels,
}

/// The script that makes a figure that can be touched of a picture of timelines.
const SCRIPT: &str = include_str!("touch.js");

/// Bars that say something without a script, in the whole figure.
const MOST_TIPS: usize = 12;

/// What the timelines of a figure let a reader do; none if nothing was recorded. The longest bars say what
/// they are without a script, too.
pub(super) fn touch(frame: &Frame, placed: &[(&Timeline, Area)]) -> Option<Touch> {
    let (mut book, mut parts, mut tips) = (Book::default(), Vec::new(), Vec::new());
    for (timeline, area) in placed {
        let panel = Panel::new(timeline, frame, *area);
        parts.push(panel.told(*area, &mut book));
        panel.tips(*area, &mut tips);
    }
    let some = parts.iter().any(|part| part["lanes"] != json!([]));
    let [labels, colours, causes] = [book.labels, book.colours, book.causes].map(|it| it.all);
    let data = json!({ "labels": labels, "colours": colours, "causes": causes, "parts": parts });
    some.then_some(Touch {
        kind: "figure",
        data,
        tips,
        script: SCRIPT,
    })
}

/// How the part of a bar is drawn of which nothing is known: paler.
const UNKNOWN: &str = "4d";

/// Tenths of a pixel are enough.
fn px(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

impl Panel<'_> {
    fn told(&self, area: Area, book: &mut Book) -> Value {
        let timeline = self.timeline;
        let (from, _) = timeline.window();
        let (tops, bottom) = self.tops(area);
        let rows = |lane| timeline.rows(lane).iter().flat_map(|row| self.visible(row));
        let lanes = timeline.data.lanes();
        let all = lanes.flat_map(|lane| rows(lane).chain(self.visible(&lane.running)));
        let mut lengths: Vec<u64> = all.map(|bar| bar.end - bar.start).collect();
        lengths.sort_unstable_by(|a, b| b.cmp(a));
        let least = lengths.get(MOST).map_or(0, |longest| longest + 1);
        let left = lengths.iter().filter(|length| **length < least).count();
        let lanes = timeline.data.lanes().zip(&tops);
        let lanes: Vec<Value> = lanes
            .map(|(lane, top)| self.lane(lane, *top, least, book))
            .collect();
        let top = tops.first().copied().unwrap_or(0.0);
        let notes = self.notes();
        let notes = notes.iter().map(|Placed { note, line, .. }| {
            json!([note.at, px(Self::note_at(top, *line)), note.text])
        });
        let (x0, x1) = self.sides();
        let arrows = timeline.data.arrows.iter().take(MOST);
        let arrows = arrows.map(|arrow| (arrow.from.0, arrow.from.1, arrow.to.0, arrow.to.1));
        json!({
            "x": [px(x0), px(x1)],
            "y": [px(top), px(bottom)],
            "above": px(top - self.notes_height()),
            "from": from,
            "range": self.range(),
            "step": timeline.steps.then_some(STEP),
            "left": left,
            "lanes": lanes,
            "arrows": arrows.collect::<Vec<_>>(),
            "notes": notes.collect::<Vec<_>>(),
        })
    }

    /// Keeps the widest bars, this panel's among them.
    fn tips(&self, area: Area, tips: &mut Vec<Tip>) {
        let (tops, _) = self.tops(area);
        for (lane, top) in self.timeline.data.lanes().zip(tops) {
            for (row, y, height) in self.rows_at(lane, top + PAD) {
                for bar in self.visible(row) {
                    let (left, right) = (self.at(bar.start), self.at(bar.end));
                    let width = right - left;
                    if tips.len() == MOST_TIPS {
                        // The widest first.
                        if tips[MOST_TIPS - 1].width >= width {
                            continue;
                        }
                        tips.pop();
                    }
                    let length = self.timeline.human(bar.end - bar.start);
                    let cause = bar.cause.and_then(|cause| self.timeline.cause(cause));
                    let cause = cause.map_or(String::new(), |cause| format!(", {cause}"));
                    let place = tips.partition_point(|tip| tip.width >= width);
                    let tip = Tip {
                        left,
                        top: y,
                        width,
                        height,
                        text: format!("{}: {length}{cause}", bar.label),
                    };
                    tips.insert(place, tip);
                }
            }
        }
    }

    fn lane(&self, lane: &LaneData, top: f64, least: u64, book: &mut Book) -> Value {
        let timeline = self.timeline;
        // Each row twice: for bars of its height, and for the thin ones of who is at rest.
        let (mut rows, mut bars) = (Vec::new(), Vec::new());
        let mut y = top + PAD;
        for (depth, (row, top, height)) in self.rows_at(lane, y).enumerate() {
            let (thin_y, thin) = thin(top, height);
            rows.extend([[px(top), px(height - 1.0)], [px(thin_y), px(thin - 1.0)]]);
            for bar in self.visible(row).filter(|bar| bar.end - bar.start >= least) {
                let row = 2 * depth + usize::from(is_at_rest(bar.kind));
                let colour = hex(self.frame.span(timeline, bar));
                if bar.open {
                    let end = lane.over.unwrap_or(timeline.data.length).max(bar.end);
                    let label = format!("{}, without an end", bar.label);
                    let label = book.labels.add(&label);
                    let pale = book.colours.add(&format!("{colour}{UNKNOWN}"));
                    bars.push(json!([row, bar.end, end - bar.end, label, pale, -1]));
                }
                let mut told = vec![
                    row as i64,
                    bar.start as i64,
                    (bar.end - bar.start) as i64,
                    book.labels.add(&bar.label) as i64,
                    book.colours.add(&colour) as i64,
                    core(lane, bar).map_or(-1, |cpu| cpu as i64),
                ];
                told.extend(
                    bar.cause
                        .and_then(|cause| timeline.cause(cause))
                        .map(|why| book.causes.add(&why) as i64),
                );
                bars.push(json!(told));
            }
            y = top + height;
        }
        if !lane.running.is_empty() {
            let height = if rows.is_empty() {
                self.sizes.row
            } else {
                self.sizes.strip
            };
            let row = rows.len();
            rows.push([px(y), px(height - 1.0)]);
            y += height;
            let running = self.visible(&lane.running);
            for bar in running.filter(|bar| bar.end - bar.start >= least) {
                let label = book.labels.add("running");
                let colour = book.colours.add(&hex(self.frame.running(timeline, bar)));
                let length = bar.end - bar.start;
                bars.push(json!([row, bar.start, length, label, colour, bar.cpu]));
            }
        }
        let mut mark = |mark: &Mark, colour: RGBColor| {
            let label = book.labels.add(&mark.label);
            json!([mark.at, label, book.colours.add(&hex(colour))])
        };
        let marks = lane.marks.iter();
        let mut marks: Vec<Value> = marks
            .map(|it| mark(it, self.frame.mark(&it.label).1))
            .collect();
        marks.extend(lane.breaks.iter().map(|it| mark(it, BREAK)));
        let id = match lane.task {
            Some(task) => format!("task {task} of process {}", lane.pid),
            None if timeline.steps => format!("thread {}", lane.tid - lane.pid),
            None => format!("pid {}, tid {}", lane.pid, lane.tid),
        };
        json!({
            "name": lane.name,
            "id": id,
            "task": lane.task.is_some(),
            "y": [px(top), px(y.max(top + PAD + self.sizes.row) + PAD)],
            "middle": px(top + PAD + self.sizes.row / 2.0),
            "life": [lane.began, lane.over],
            "rows": rows,
            "bars": bars,
            "marks": marks,
        })
    }
}

/// The core on which a bar's lane ran when it began, if that is known.
fn core(lane: &LaneData, bar: &Bar) -> Option<usize> {
    // Running segments follow each other.
    let first = lane.running.partition_point(|it| it.end <= bar.start);
    let own = lane.running.get(first).filter(|it| it.start < bar.end);
    own.map(|it| it.cpu)
}
