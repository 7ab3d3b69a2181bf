//! What the timelines of one figure share: the scale, the colours, and the legend for them.

use figures::palette::{Given, RGBColor, colour, darker};
use figures::{Align, Canvas, text_width};

use super::model::{Bar, Sort};
use super::palette::{BREAK, INK, Labels, PALE, RUNNING, pale, state, state_name};
use super::timeline::Timeline;
use crate::trace::Kind;

const FONT: f64 = 11.0;
const LINE: f64 = 19.0;
const SWATCH: f64 = 11.0;

/// Labels that the legend lists; more would be a list and not a legend.
const MOST: usize = 14;

/// Public because a timeline says so as a `Picture`; nobody else has a name for it.
#[derive(Default)]
pub struct Frame {
    /// The time that the width of a panel stands for, in ns.
    range: u64,
    /// The same for panels that count steps.
    steps: u64,
    /// Bars narrower than this (in pixels) may be merged.
    pub(super) least: f64,
    spans: Labels,
    marks: Labels,
    messages: Labels,
    given: Given,
    /// Those labels of all that lie within the window: the others have no colour and are not in the legend.
    shown: Labels,
    /// Each with whether all bars are coloured by state.
    states: Vec<(bool, Kind)>,
    breaks: Labels,
    /// Sorted.
    cpus: Vec<usize>,
    running: bool,
    pale: bool,
}

/// What stands before a text of the legend.
#[derive(Clone, Copy)]
enum Sign {
    Swatch(RGBColor),
    Marker(usize, RGBColor),
    Arrow(RGBColor),
    Cross,
    Nothing,
}

impl Frame {
    pub(super) fn new(timelines: &[&Timeline]) -> Frame {
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
        let all = [&frame.spans, &frame.marks, &frame.messages];
        let shown = all.into_iter().flat_map(|labels| &labels.all);
        let shown = shown.filter(|label| frame.shown.place(label).is_some());
        frame.given = Given::to(shown.map(String::as_str));
        frame
    }

    /// Lane by lane, and within a lane by time: colours do not depend on which lane was first.
    fn add(&mut self, timeline: &Timeline) {
        let shows = |from, to| timeline.shows(from, to);
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
                self.add_bar(timeline, bar);
            }
            let mut running = lane.running.iter().filter(|bar| shows(bar.start, bar.end));
            if timeline.coloured_by_cpu() {
                self.cpus.extend(running.map(|bar| bar.cpu));
            } else {
                self.running |= running.next().is_some();
            }
            for mark in &lane.marks {
                self.marks.add(&mark.label);
                if shows(mark.at, mark.at) {
                    self.shown.add(&mark.label);
                }
            }
            for mark in &lane.breaks {
                if shows(mark.at, mark.at) {
                    self.breaks.add(&mark.label);
                }
            }
        }
        for arrow in &timeline.data.arrows {
            if let Sort::Message(label) = &arrow.sort {
                self.messages.add(label);
                if shows(arrow.from.1, arrow.to.1) {
                    self.shown.add(label);
                }
            }
        }
    }

    fn add_bar(&mut self, timeline: &Timeline, bar: &Bar) {
        let inside = timeline.shows(bar.start, bar.until());
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
                self.shown.add(&bar.label);
            }
        }
    }

    pub(super) fn range(&self, timeline: &Timeline) -> u64 {
        if timeline.steps {
            self.steps
        } else {
            self.range
        }
    }

    pub(super) fn span(&self, timeline: &Timeline, bar: &Bar) -> RGBColor {
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

    pub(super) fn running(&self, timeline: &Timeline, bar: &Bar) -> RGBColor {
        if timeline.coloured_by_cpu() {
            colour(bar.cpu)
        } else {
            RUNNING
        }
    }

    /// Shape and colour of an instant. Spans and messages of the same name have the same colour.
    pub(super) fn mark(&self, label: &str) -> (usize, RGBColor) {
        (self.marks.place(label).unwrap_or(0), self.given.of(label))
    }

    /// The colour of a message's arrow.
    pub(super) fn message(&self, label: &str) -> RGBColor {
        darker(self.given.of(label))
    }

    fn entries(&self) -> Vec<(Sign, String)> {
        let mut entries = Vec::new();
        let shown = |label: &&String| self.shown.place(label).is_some();
        let named = |label: &str| match self.given.moved.contains(label) {
            true => format!("{label} (elsewhere in another colour)"),
            false => label.to_string(),
        };
        let spans: Vec<&String> = self.spans.all.iter().filter(shown).collect();
        let marks: Vec<&String> = self.marks.all.iter().filter(shown).collect();
        for label in spans.iter().take(MOST) {
            entries.push((Sign::Swatch(self.given.of(label)), named(label)));
        }
        for (all, kind) in &self.states {
            let pale = || pale(*kind).unwrap_or(PALE);
            let colour = if *all { state(*kind) } else { pale() };
            entries.push((Sign::Swatch(colour), state_name(*kind).to_string()));
        }
        if self.running {
            entries.push((Sign::Swatch(RUNNING), "running".to_string()));
        }
        for cpu in &self.cpus {
            entries.push((Sign::Swatch(colour(*cpu)), format!("cpu {cpu}")));
        }
        if self.pale {
            entries.push((Sign::Swatch(PALE), "span".to_string()));
        }
        for label in marks.iter().take(MOST) {
            let (shape, colour) = self.mark(label);
            entries.push((Sign::Marker(shape, colour), named(label)));
        }
        let messages = self.messages.all.iter().filter(shown);
        // What has a marker of its own has its colour, too.
        for label in messages
            .filter(|it| self.marks.place(it).is_none())
            .take(MOST)
        {
            entries.push((Sign::Arrow(self.message(label)), named(label)));
        }
        for label in self.breaks.all.iter().take(MOST) {
            entries.push((Sign::Cross, label.clone()));
        }
        let left = spans.len().saturating_sub(MOST) + marks.len().saturating_sub(MOST);
        if left > 0 {
            entries.push((Sign::Nothing, format!("and {left} more")));
        }
        if self.given.repeat {
            entries.push((Sign::Nothing, "(colours repeat)".to_string()));
        }
        entries
    }

    /// Draws the legend from `at`, in lines of `width`, and returns its height; without a canvas
    /// it only measures.
    pub(super) fn draw_legend(&self, canvas: Option<&Canvas>, at: (f64, f64), width: f64) -> f64 {
        let entries = self.entries();
        if entries.is_empty() {
            return 0.0;
        }
        let (mut x, mut y) = (at.0, at.1 + LINE / 2.0);
        for (sign, text) in entries {
            let key = match sign {
                Sign::Swatch(_) => SWATCH + 6.0,
                Sign::Marker(..) | Sign::Cross => SWATCH + 4.0,
                Sign::Arrow(_) => SWATCH + 9.0,
                Sign::Nothing => 0.0,
            };
            let wide = key + text_width(&text, FONT);
            if x > at.0 && x + wide > at.0 + width {
                (x, y) = (at.0, y + LINE);
            }
            if let Some(canvas) = canvas {
                match sign {
                    Sign::Swatch(colour) => {
                        let half = SWATCH / 2.0;
                        canvas.rect((x, y - half), (x + SWATCH, y + half), colour, 1.0);
                    }
                    Sign::Marker(shape, colour) => {
                        canvas.marker((x + SWATCH / 2.0, y), 5.0, shape, colour);
                    }
                    Sign::Arrow(colour) => {
                        canvas.arrow((x, y), (x + SWATCH + 4.0, y), colour, 1.4);
                    }
                    Sign::Cross => canvas.cross((x + SWATCH / 2.0, y), 4.5, BREAK),
                    Sign::Nothing => {}
                }
                canvas.text(&text, (x + key, y), FONT, Align::Left, INK);
            }
            x += wide + 14.0;
        }
        y + LINE / 2.0 - at.1 + 4.0
    }
}
