//! Draws one timeline: its layout, the lanes' names, the axis, and what is written below.

use figures::{Align, Area, Canvas, fitted, text_width};

use super::frame::Frame;
use super::model::{LaneData, ProcessData};
use super::palette::{GRID, INK, LANE, QUIET};
use super::timeline::Timeline;

const MARGIN: f64 = Area::MARGIN;
const NAME: f64 = 12.0;
const SMALL: f64 = 10.0;
const AXIS_HEIGHT: f64 = 22.0;
const NOTICE_HEIGHT: f64 = 15.0;
const HEADER: f64 = 17.0;
pub(super) const PAD: f64 = 3.0;
const BETWEEN_LANES: f64 = 2.0;
const BETWEEN_PROCESSES: f64 = 7.0;
const LONGEST_NAME: f64 = 180.0;

/// Heights that depend on how many lanes there are.
pub(super) struct Sizes {
    pub row: f64,
    pub nested: f64,
    pub strip: f64,
    name: f64,
    two_lines: bool,
}

/// A panel: one timeline within a figure.
pub(super) struct Panel<'a> {
    pub(super) timeline: &'a Timeline,
    pub(super) frame: &'a Frame,
    pub(super) sizes: Sizes,
    /// Too many lanes for their starts and ends to stand out.
    pub(super) many: bool,
    x0: f64,
    x1: f64,
}

impl<'a> Panel<'a> {
    pub fn new(timeline: &'a Timeline, frame: &'a Frame, area: Area) -> Self {
        let lanes = timeline.data.lanes().count();
        let (row, nested, strip, name) = match lanes {
            0..=12 => (21.0, 16.0, 6.0, NAME),
            13..=24 => (14.0, 12.0, 4.0, 10.5),
            _ => (9.0, 7.0, 3.0, 10.0),
        };
        let sizes = Sizes {
            row,
            nested,
            strip,
            name,
            two_lines: lanes <= 12,
        };
        Panel {
            timeline,
            frame,
            sizes,
            many: lanes > 16,
            x0: area.x + MARGIN + area.gutter,
            x1: area.x + area.width - MARGIN,
        }
    }

    /// The width that the names of a timeline's lanes need.
    pub fn gutter(timeline: &Timeline) -> f64 {
        let name = |lane: &LaneData| text_width(&lane.name, NAME).min(LONGEST_NAME);
        let names = timeline.data.lanes().map(name).fold(0.0, f64::max);
        if names > 0.0 {
            names.max(text_width("pid 0000000", SMALL)) + 20.0
        } else {
            0.0
        }
    }

    /// What the width of the panel stands for.
    pub(super) fn range(&self) -> u64 {
        self.frame.range(self.timeline)
    }

    pub(super) fn at(&self, time: u64) -> f64 {
        let (from, to) = self.timeline.window();
        let part = (time.clamp(from, to) - from) as f64 / self.range() as f64;
        self.x0 + part * (self.x1 - self.x0)
    }

    fn lane_height(&self, lane: &LaneData) -> f64 {
        let rows = self.timeline.rows(lane).len();
        let strip = if rows > 0 && !lane.running.is_empty() {
            self.sizes.strip
        } else {
            0.0
        };
        let nested = rows.saturating_sub(1) as f64 * self.sizes.nested;
        self.sizes.row + nested + strip + 2.0 * PAD
    }

    /// A process with several lanes has a heading, unless it is the only one.
    fn header(&self, process: &ProcessData) -> f64 {
        if process.lanes.len() > 1 && self.timeline.data.processes.len() > 1 {
            HEADER
        } else {
            0.0
        }
    }

    pub fn height(&self, area: Area) -> f64 {
        let processes = &self.timeline.data.processes;
        let notices = self.notices().len() as f64 * NOTICE_HEIGHT;
        if processes.is_empty() {
            return 30.0 + notices;
        }
        let lanes: f64 = processes
            .iter()
            .map(|process| {
                let lanes: f64 = process.lanes.iter().map(|l| self.lane_height(l)).sum();
                let gaps = (process.lanes.len() - 1) as f64 * BETWEEN_LANES;
                self.header(process) + lanes + gaps
            })
            .sum();
        let gaps = (processes.len() - 1) as f64 * BETWEEN_PROCESSES;
        self.notes_height() + lanes + gaps + if area.axis { AXIS_HEIGHT } else { 4.0 } + notices
    }

    /// Where each lane begins, and where the last ends.
    pub(super) fn tops(&self, area: Area) -> (Vec<f64>, f64) {
        let mut y = area.y + self.notes_height();
        let mut tops: Vec<f64> = Vec::new();
        for process in &self.timeline.data.processes {
            y += self.header(process);
            for lane in &process.lanes {
                tops.push(y);
                y += self.lane_height(lane) + BETWEEN_LANES;
            }
            y += BETWEEN_PROCESSES - BETWEEN_LANES;
        }
        (tops, y - BETWEEN_PROCESSES)
    }

    /// Where time begins and ends.
    pub(super) fn sides(&self) -> (f64, f64) {
        (self.x0, self.x1)
    }

    pub fn draw(&self, canvas: &Canvas, area: Area) {
        let Area {
            x: left, y, axis, ..
        } = area;
        let processes = &self.timeline.data.processes;
        if processes.is_empty() {
            let at = (left + MARGIN, y + 12.0);
            canvas.text("Nothing was recorded.", at, NAME, Align::Left, QUIET);
            self.draw_notices(canvas, left, y + 26.0);
            return;
        }
        let top = y + self.notes_height();
        let (tops, bottom) = self.tops(area);
        let mut rest = tops.as_slice();
        for process in processes {
            let (own, others) = rest.split_at(process.lanes.len());
            self.draw_ground(canvas, left, process, own);
            rest = others;
        }
        self.draw_axis(canvas, top, bottom, axis);
        let (lines, _) = self.lines(&tops);
        for (lane, top) in self.timeline.data.lanes().zip(&tops) {
            let end = top + self.lane_height(lane);
            let mut crossing: Vec<f64> = match lines.len() {
                // So many cross everything.
                100.. => Vec::new(),
                _ => lines.iter().filter_map(|l| l.crosses(*top, end)).collect(),
            };
            crossing.sort_by(f64::total_cmp);
            self.draw_lane(canvas, lane, top + PAD, &crossing);
        }
        // Below the arrows that begin where they stand.
        self.draw_note_lines(canvas, top, bottom);
        self.draw_lines(canvas, &lines);
        for (lane, top) in self.timeline.data.lanes().zip(&tops) {
            self.draw_marks(canvas, lane, top + PAD + self.sizes.row / 2.0);
        }
        self.draw_notes(canvas, top, &tops);
        let below = bottom + if axis { AXIS_HEIGHT } else { 4.0 };
        self.draw_notices(canvas, left, below);
    }

    /// Names and the background of a process's lanes, which lasts as long as the lane did.
    fn draw_ground(&self, canvas: &Canvas, left: f64, process: &ProcessData, tops: &[f64]) {
        let (_, to) = self.timeline.window();
        let header = self.header(process);
        if header > 0.0 {
            let text = format!("process {}", process.pid);
            let at = (left + MARGIN, tops[0] - header / 2.0);
            canvas.text(&text, at, 10.0, Align::Left, QUIET);
        }
        if header > 0.0 {
            let x = left + MARGIN + 1.0;
            let last = process.lanes.len() - 1;
            let end = tops[last] + self.lane_height(&process.lanes[last]);
            canvas.line((x, tops[0]), (x, end), GRID, 2.0);
        }
        for (lane, top) in process.lanes.iter().zip(tops) {
            let bottom = top + self.lane_height(lane);
            let (begin, over) = (self.at(lane.began), self.at(lane.over.unwrap_or(to)));
            canvas.rect((begin, *top), (over, bottom), LANE, 1.0);
            let right = self.x0 - 9.0;
            let name = fitted(&lane.name, self.sizes.name, LONGEST_NAME);
            // Beside the first row, so that a name stays by the bars it names.
            let middle = top + PAD + self.sizes.row / 2.0;
            let number = if let Some(task) = lane.task {
                format!("task {task}")
            } else if self.timeline.steps {
                format!("thread {}", lane.tid - lane.pid)
            } else if process.lanes.len() > 1 {
                format!("tid {}", lane.tid)
            } else {
                format!("pid {}", lane.pid)
            };
            if self.sizes.two_lines && number != lane.name {
                let (above, below) = ((right, middle - 5.5), (right, middle + 7.5));
                canvas.text(&name, above, self.sizes.name, Align::Right, INK);
                canvas.text(&number, below, SMALL, Align::Right, QUIET);
            } else {
                let at = (right, middle);
                canvas.text(&name, at, self.sizes.name, Align::Right, INK);
            }
        }
    }

    fn draw_axis(&self, canvas: &Canvas, top: f64, bottom: f64, labels: bool) {
        let (from, _) = self.timeline.window();
        let to = from + self.range();
        let per_ns = (self.x1 - self.x0) / self.range() as f64;
        let most = ((self.x1 - self.x0) / 75.0) as usize;
        for (time, text) in self.timeline.axis_marks(from, to, most) {
            let x = self.x0 + (time - from) as f64 * per_ns;
            let end = if labels { bottom + 3.0 } else { bottom };
            canvas.line((x, top), (x, end), GRID, 1.0);
            if labels {
                let half = text_width(&text, 10.0) / 2.0;
                // The last one would be cut off by the margin.
                let x = x.min(self.x1 + MARGIN - 3.0 - half);
                canvas.text(&text, (x, bottom + 12.0), 10.0, Align::Center, QUIET);
            }
        }
    }

    fn notices(&self) -> Vec<String> {
        let mut notices = self.timeline.notices();
        let tops = vec![0.0; self.timeline.data.lanes().count()];
        let (drawn, left) = self.lines(&tops);
        if left > 0 {
            let all = drawn.len() + left;
            notices.push(format!("{} of {all} arrows are drawn.", drawn.len()));
        }
        let (_, hidden) = self.bars();
        if hidden > 0 {
            let per_px = self.range() as f64 / (self.x1 - self.x0);
            let least = self.timeline.human((self.frame.least * per_px) as u64);
            notices.push(format!(
                "Bars shorter than {least} are merged with their neighbours ({hidden} of them): \
                 grey where of several sorts, paler where less filled."
            ));
        }
        notices
    }

    fn draw_notices(&self, canvas: &Canvas, left: f64, top: f64) {
        for (line, notice) in self.notices().iter().enumerate() {
            let y = top + (line as f64 + 0.5) * NOTICE_HEIGHT;
            let notice = fitted(notice, SMALL, self.x1 - left - MARGIN);
            canvas.text(&notice, (left + MARGIN, y), SMALL, Align::Left, QUIET);
        }
    }
}
