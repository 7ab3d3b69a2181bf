//! What the timelines of one figure share: the scale, the colours, and the legend for them.

use std::collections::HashSet;

use plotters::style::RGBColor;

use super::canvas::{Align, Canvas};
use super::model::{Bar, Sort};
use super::palette::{
    BREAK, Given, INK, Labels, PALE, RUNNING, colour, darker, pale, state, state_name,
};
use super::svg::text_width;
use super::timeline::Timeline;
use crate::trace::Kind;

const FONT: f64 = 11.0;
const LINE: f64 = 19.0;
const SWATCH: f64 = 11.0;

/// Labels that the legend lists; more would be a list and not a legend.
const MOST: usize = 14;

#[derive(Default)]
pub(super) struct Frame {
    /// The time that the width of a panel stands for, in ns.
    range: u64,
    /// The same for panels that count steps.
    steps: u64,
    /// Bars narrower than this (in pixels) may be merged.
    pub least: f64,
    spans: Labels,
    marks: Labels,
    messages: Labels,
    given: Given,
    /// Those labels of all that lie within the window: the others have no colour and are not in the legend.
    shown: HashSet<String>,
    /// Each with whether all bars are coloured by state.
    states: Vec<(bool, Kind)>,
    breaks: Vec<String>,
    /// Sorted.
    cpus: Vec<usize>,
    running: bool,
    pale: bool,
}

enum Entry<'a> {
    Swatch(RGBColor, String),
    Marker(usize, RGBColor, String),
    Arrow(RGBColor, String),
    Cross(&'a str),
    Words(String),
}

impl Frame {
    pub fn new(timelines: &[&Timeline]) -> Frame {
        let mut frame = Frame {
            range: 1,
            steps: 1,
            least: 0.8,
            ..Frame::default()
        };
        for timeline in timelines {
            frame.add(timeline);
        }
        frame.cpus.sort_unstable();
        frame.cpus.dedup();
        let all = [&frame.spans, &frame.marks, &frame.messages].map(Labels::all);
        let shown = all.into_iter().flatten();
        let shown = shown.filter(|label| frame.shown.contains(*label));
        frame.given = Given::to(shown.map(String::as_str));
        frame
    }

    /// Lane by lane, and within a lane by time: colours do not depend on which lane was first.
    fn add(&mut self, timeline: &Timeline) {
        let (from, to) = timeline.window();
        let range = if timeline.steps {
            &mut self.steps
        } else {
            &mut self.range
        };
        *range = (*range).max(to - from);
        for lane in timeline.data.lanes() {
            let mut bars: Vec<&Bar> = timeline.rows(lane).iter().flatten().collect();
            bars.sort_by_key(|bar| bar.start);
            for bar in bars {
                let inside = bar.start <= to && (bar.open || bar.end >= from);
                self.add_bar(timeline, bar, inside);
            }
            let mut running = lane.running.iter();
            if timeline.coloured_by_cpu() {
                let running = running.filter(|bar| bar.start <= to && bar.end >= from);
                self.cpus.extend(running.map(|bar| bar.cpu));
            } else {
                self.running |= running.any(|bar| bar.start <= to && bar.end >= from);
            }
            for mark in &lane.marks {
                self.marks.add(&mark.label);
                if (from..=to).contains(&mark.at) {
                    self.show(&mark.label);
                }
            }
            for mark in &lane.breaks {
                if (from..=to).contains(&mark.at) && !self.breaks.contains(&mark.label) {
                    self.breaks.push(mark.label.clone());
                }
            }
        }
        for arrow in &timeline.data.arrows {
            if let Sort::Message(label) = &arrow.sort {
                self.messages.add(label);
                if arrow.from.1 <= to && arrow.to.1 >= from {
                    self.show(label);
                }
            }
        }
    }

    fn add_bar(&mut self, timeline: &Timeline, bar: &Bar, inside: bool) {
        if timeline.coloured_by_cpu() {
            if !inside {
            } else if timeline.data.has_running {
                self.pale = true;
            } else {
                self.cpus.push(bar.cpu);
            }
        } else if timeline.coloured_by_state() || pale(bar.kind).is_some() {
            let state = (timeline.coloured_by_state(), state_name(bar.kind));
            let mut known = self.states.iter();
            if inside && !known.any(|(all, kind)| (*all, state_name(*kind)) == state) {
                self.states.push((state.0, bar.kind));
            }
        } else {
            self.spans.add(&bar.label);
            if inside {
                self.show(&bar.label);
            }
        }
    }

    fn show(&mut self, label: &str) {
        if !self.shown.contains(label) {
            self.shown.insert(label.to_string());
        }
    }

    pub fn range(&self, timeline: &Timeline) -> u64 {
        if timeline.steps {
            self.steps
        } else {
            self.range
        }
    }

    pub fn span(&self, timeline: &Timeline, bar: &Bar) -> RGBColor {
        if timeline.coloured_by_state() {
            state(bar.kind)
        } else if !timeline.coloured_by_cpu() {
            pale(bar.kind).unwrap_or_else(|| self.given.of(&bar.label))
        } else if timeline.data.has_running {
            PALE
        } else {
            colour(bar.cpu)
        }
    }

    pub fn running(&self, timeline: &Timeline, bar: &Bar) -> RGBColor {
        if timeline.coloured_by_cpu() {
            colour(bar.cpu)
        } else {
            RUNNING
        }
    }

    /// Shape and colour of an instant. Spans and messages of the same name have the same colour.
    pub fn mark(&self, label: &str) -> (usize, RGBColor) {
        (self.marks.place(label).unwrap_or(0), self.given.of(label))
    }

    /// The colour of a message's arrow.
    pub fn message(&self, label: &str) -> RGBColor {
        darker(self.given.of(label))
    }

    fn entries(&self) -> Vec<Entry<'_>> {
        let mut entries = Vec::new();
        let shown = |labels: &&String| self.shown.contains(*labels);
        let named = |label: &str| match self.given.moved.contains(label) {
            true => format!("{label} (elsewhere in another colour)"),
            false => label.to_string(),
        };
        let spans: Vec<&String> = self.spans.all().iter().filter(shown).collect();
        let marks: Vec<&String> = self.marks.all().iter().filter(shown).collect();
        for label in spans.iter().take(MOST) {
            entries.push(Entry::Swatch(self.given.of(label), named(label)));
        }
        for (all, kind) in &self.states {
            let pale = || pale(*kind).unwrap_or(PALE);
            let colour = if *all { state(*kind) } else { pale() };
            entries.push(Entry::Swatch(colour, state_name(*kind).to_string()));
        }
        if self.running {
            entries.push(Entry::Swatch(RUNNING, "running".to_string()));
        }
        for cpu in &self.cpus {
            entries.push(Entry::Swatch(colour(*cpu), format!("cpu {cpu}")));
        }
        if self.pale {
            entries.push(Entry::Swatch(PALE, "span".to_string()));
        }
        for label in marks.iter().take(MOST) {
            let (shape, colour) = self.mark(label);
            entries.push(Entry::Marker(shape, colour, named(label)));
        }
        let messages = self.messages.all().iter().filter(shown);
        // What has a marker of its own has its colour, too.
        for label in messages
            .filter(|it| self.marks.place(it).is_none())
            .take(MOST)
        {
            entries.push(Entry::Arrow(self.message(label), named(label)));
        }
        for label in self.breaks.iter().take(MOST) {
            entries.push(Entry::Cross(label));
        }
        let left = spans.len().saturating_sub(MOST) + marks.len().saturating_sub(MOST);
        if left > 0 {
            entries.push(Entry::Words(format!("and {left} more")));
        }
        if self.given.repeat {
            entries.push(Entry::Words("(colours repeat)".to_string()));
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
                Entry::Marker(_, _, text) => (text.as_str(), SWATCH + 4.0),
                Entry::Arrow(_, text) => (text.as_str(), SWATCH + 9.0),
                Entry::Cross(text) => (*text, SWATCH + 4.0),
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
                    Entry::Arrow(colour, _) => {
                        canvas.arrow((x, y), (x + SWATCH + 4.0, y), *colour, 1.4);
                    }
                    Entry::Cross(_) => canvas.cross((x + SWATCH / 2.0, y), 4.5, BREAK),
                    Entry::Words(_) => {}
                }
                canvas.text(text, (x + key, y), FONT, Align::Left, INK);
            }
            x += wide + 14.0;
        }
        y + LINE / 2.0 - at.1 + 4.0
    }
}
