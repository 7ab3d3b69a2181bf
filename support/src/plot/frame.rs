//! What the timelines of one figure share: the scale, the colours, and the legend for them.

use std::collections::HashSet;

use plotters::style::RGBColor;

use super::canvas::{Align, Canvas, text_width};
use super::model::Bar;
use super::palette::{INK, Numbers, PALE, RUNNING, colour};
use super::timeline::Timeline;

const FONT: f64 = 11.0;
const LINE: f64 = 19.0;
const SWATCH: f64 = 11.0;

/// Labels that the legend lists; more would be a list and not a legend.
const MOST: usize = 14;

pub(super) struct Frame {
    /// The time that the width of a panel stands for, in ns.
    pub range: u64,
    /// Bars narrower than this (in pixels) may be merged.
    pub least: f64,
    /// Of whole traces, so that a part is coloured as the whole is.
    spans: Numbers,
    marks: Numbers,
    /// Those labels of both that lie within the window: the legend lists no others.
    shown: HashSet<String>,
    /// Sorted.
    cpus: Vec<usize>,
    running: bool,
    pale: bool,
}

enum Entry<'a> {
    Swatch(RGBColor, String),
    Marker(usize, RGBColor, &'a str),
    Words(String),
}

impl Frame {
    pub fn new(timelines: &[&Timeline]) -> Frame {
        let mut frame = Frame {
            range: 1,
            least: 0.8,
            spans: Numbers::default(),
            marks: Numbers::default(),
            shown: HashSet::new(),
            cpus: Vec::new(),
            running: false,
            pale: false,
        };
        for timeline in timelines {
            frame.add(timeline);
        }
        frame.cpus.sort_unstable();
        frame.cpus.dedup();
        frame
    }

    fn add(&mut self, timeline: &Timeline) {
        let (from, to) = timeline.window();
        self.range = self.range.max(to - from);
        let inside = |bar: &Bar| bar.start <= to && (bar.open || bar.end >= from);
        let mut spans: Vec<&Bar> = timeline.data.spans().map(|(_, bar)| bar).collect();
        spans.sort_by_key(|bar| bar.start);
        let running = timeline.data.lanes().flat_map(|lane| &lane.running);
        let running: Vec<&Bar> = running.filter(|bar| inside(bar)).collect();
        if !timeline.coloured_by_cpu() {
            for bar in spans {
                self.spans.add(&bar.label);
                if inside(bar) {
                    self.shown.insert(bar.label.clone());
                }
            }
            self.running |= !running.is_empty();
        } else if timeline.data.has_running() {
            self.pale |= spans.into_iter().any(inside);
            self.cpus.extend(running.iter().map(|bar| bar.cpu));
        } else {
            let spans = spans.into_iter().filter(|bar| inside(bar));
            self.cpus.extend(spans.map(|bar| bar.cpu));
        }
        let marks = timeline.data.lanes().flat_map(|lane| &lane.marks);
        let mut marks: Vec<_> = marks.collect();
        marks.sort_by_key(|mark| mark.at);
        for mark in marks {
            self.marks.add(&mark.label);
            if (from..=to).contains(&mark.at) {
                self.shown.insert(mark.label.clone());
            }
        }
    }

    fn cpu(&self, cpu: usize) -> RGBColor {
        colour(self.cpus.binary_search(&cpu).unwrap_or(0))
    }

    pub fn span(&self, timeline: &Timeline, bar: &Bar) -> RGBColor {
        if !timeline.coloured_by_cpu() {
            colour(self.spans.of(&bar.label))
        } else if timeline.data.has_running() {
            PALE
        } else {
            self.cpu(bar.cpu)
        }
    }

    pub fn running(&self, timeline: &Timeline, bar: &Bar) -> RGBColor {
        if timeline.coloured_by_cpu() {
            self.cpu(bar.cpu)
        } else {
            RUNNING
        }
    }

    /// Shape and colour of an instant. Spans of the same name have the same colour.
    pub fn mark(&self, label: &str) -> (usize, RGBColor) {
        let number = self.marks.of(label);
        let same = self.spans.labels().iter().position(|span| span == label);
        let next = self.spans.labels().len() + self.cpus.len() + number;
        (number, colour(same.unwrap_or(next)))
    }

    fn entries(&self) -> Vec<Entry<'_>> {
        let mut entries = Vec::new();
        let shown = |labels: &&String| self.shown.contains(*labels);
        let spans: Vec<&String> = self.spans.labels().iter().filter(shown).collect();
        let marks: Vec<&String> = self.marks.labels().iter().filter(shown).collect();
        for label in spans.iter().take(MOST) {
            let colour = colour(self.spans.of(label));
            entries.push(Entry::Swatch(colour, label.to_string()));
        }
        if self.running {
            entries.push(Entry::Swatch(RUNNING, "running".to_string()));
        }
        for cpu in &self.cpus {
            entries.push(Entry::Swatch(self.cpu(*cpu), format!("cpu {cpu}")));
        }
        if self.pale {
            entries.push(Entry::Swatch(PALE, "span".to_string()));
        }
        for label in marks.iter().take(MOST) {
            let (shape, colour) = self.mark(label);
            entries.push(Entry::Marker(shape, colour, label));
        }
        let left = spans.len().saturating_sub(MOST) + marks.len().saturating_sub(MOST);
        if left > 0 {
            entries.push(Entry::Words(format!("and {left} more")));
        }
        entries
    }

    /// Draws the legend from `at`, in lines of `width`, and returns its height; without a canvas
    /// it only measures.
    pub fn legend(&self, canvas: Option<&Canvas>, at: (f64, f64), width: f64) -> f64 {
        let entries = self.entries();
        if entries.is_empty() {
            return 0.0;
        }
        let (mut x, mut y) = (at.0, at.1 + LINE / 2.0);
        for entry in entries {
            let (text, key) = match &entry {
                Entry::Swatch(_, text) => (text.as_str(), SWATCH + 6.0),
                Entry::Marker(_, _, text) => (*text, SWATCH + 4.0),
                Entry::Words(text) => (text.as_str(), 0.0),
            };
            let wide = key + text_width(text, FONT);
            if x > at.0 && x + wide > at.0 + width {
                (x, y) = (at.0, y + LINE);
            }
            if let Some(canvas) = canvas {
                match &entry {
                    Entry::Swatch(colour, _) => {
                        let half = SWATCH / 2.0;
                        canvas.rect((x, y - half), (x + SWATCH, y + half), *colour, 1.0);
                    }
                    Entry::Marker(shape, colour, _) => {
                        canvas.marker((x + SWATCH / 2.0, y), 5.0, *shape, *colour);
                    }
                    Entry::Words(_) => {}
                }
                canvas.text(text, (x + key, y), FONT, Align::Left, INK);
            }
            x += wide + 14.0;
        }
        y + LINE / 2.0 - at.1 + 4.0
    }
}
