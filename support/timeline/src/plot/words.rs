//! What a timeline shows, in a sentence with numbers.

use std::collections::BTreeSet;

use figures::units::{count, mark};

use super::model::{Cause, Sort};
use super::note::Note;
use super::palette::state_name;
use super::states::is_at_rest;
use super::timeline::Timeline;
use crate::trace::Kind;

/// Waits without an end that a sentence names.
const MOST_WAITS: usize = 6;

impl Timeline {
    /// What the picture shows, without its title.
    pub(super) fn told(&self) -> String {
        let data = &self.data;
        let human = |ns: u64| self.human(ns);
        if data.processes.is_empty() {
            return "Empty timeline: nothing was recorded.".to_string();
        }
        let (from, to) = self.window();
        let inside = |start, end| self.shows(start, end);
        let lanes = data.lanes().count();
        let spans: Vec<_> = data
            .spans()
            .filter(|(_, bar)| inside(bar.start, bar.end))
            .collect();
        let marks = data.lanes().flat_map(|lane| &lane.marks);
        let marks = marks.filter(|mark| inside(mark.at, mark.at)).count();
        let running = data.lanes().flat_map(|lane| &lane.running);
        let running: Vec<_> = running.filter(|bar| inside(bar.start, bar.end)).collect();
        let messages = data.arrows.iter().filter(|arrow| {
            matches!(arrow.sort, Sort::Message(_)) && inside(arrow.from.1, arrow.to.1)
        });

        let length = human(data.length);
        let notes = self.shown_notes().map(|note| self.note_said(note) + " ");
        let notes: String = notes.collect();
        let mut text = match from == 0 && to >= data.length {
            true => format!("Timeline of {length}"),
            false => {
                let (from, to) = (self.moment(from), self.moment(to));
                format!("Timeline from {from} to {to} of {length}")
            }
        };
        text += &format!(
            ": {} in {}",
            count(lanes, "lane", "lanes"),
            count(data.processes.len(), "process", "processes")
        );
        let of = |kind| spans.iter().filter(|(_, bar)| bar.kind == kind).count();
        let tasks = data.lanes().filter(|lane| lane.task.is_some()).count();
        for (n, one, many) in [
            (tasks, "of them a task", "of them tasks"),
            (of(Kind::Span), "span", "spans"),
            (of(Kind::Polled), "poll", "polls"),
            (of(Kind::Holding), "lock held", "locks held"),
            (of(Kind::Waiting), "wait", "waits"),
            (of(Kind::Sleeping), "sleep", "sleeps"),
            (of(Kind::Blocked), "blocking call", "blocking calls"),
            (marks, "instant", "instants"),
            (messages.count(), "message", "messages"),
        ] {
            if n > 0 {
                text += &format!(", {}", count(n, one, many));
            }
        }
        if !running.is_empty() {
            let cpus: BTreeSet<usize> = running.iter().map(|bar| bar.cpu).collect();
            let segments = count(running.len(), "running segment", "running segments");
            text += &format!(", {segments} on {}", count(cpus.len(), "CPU", "CPUs"));
        }
        for lane in data.lanes() {
            for broken in lane.breaks.iter().filter(|mark| inside(mark.at, mark.at)) {
                text += &format!(", {} in {}", broken.label, lane.name);
            }
        }
        let ended = spans.iter().filter(|(_, bar)| !bar.open);
        let longest = ended.max_by_key(|(_, bar)| bar.end - bar.start);
        if let Some((lane, bar)) = longest {
            let time = human(bar.end - bar.start);
            let why = if is_at_rest(bar.kind) && bar.label != state_name(bar.kind) {
                format!("{} ({})", bar.label, state_name(bar.kind))
            } else {
                bar.label.clone()
            };
            text += &format!("; longest: {why}, {time}");
            if lanes > 1 {
                text += &format!(" in {}", lane.name);
            }
        } else if let Some(bar) = running.iter().max_by_key(|bar| bar.end - bar.start) {
            text += &format!("; longest segment: {}", human(bar.end - bar.start));
        }
        text.push('.');
        for (lane, bar) in spans.iter().filter(|(_, bar)| bar.open).take(MOST_WAITS) {
            if let Some(Cause::Held(holder)) = bar.cause
                && let Some(holder) = data.lanes().nth(holder)
            {
                let (lane, lock, holder) = (&lane.name, &bar.label, &holder.name);
                text += &format!(" {lane} waits for {lock}, which {holder} holds.");
            }
        }
        text.insert_str(0, &notes);
        for notice in self.notices() {
            text += &format!(" {notice}");
        }
        text
    }

    /// The notes within the window, by time.
    pub(super) fn shown_notes(&self) -> impl Iterator<Item = &Note> {
        let shown = |note: &&Note| self.shows(note.at, note.at);
        self.notes.iter().filter(shown)
    }

    /// What a wait is for.
    pub(super) fn cause(&self, cause: Cause) -> Option<String> {
        let (words, lane) = match cause {
            Cause::Held(lane) => ("held by", lane),
            Cause::Got(lane) => ("got from", lane),
            Cause::Woken(lane) => ("woken by", lane),
        };
        let lane = self.data.lanes().nth(lane)?;
        Some(format!("{words} {}", lane.name))
    }

    /// A moment as precisely as a window of this length needs it.
    fn moment(&self, at: u64) -> String {
        match self.zoom {
            Some((from, to)) if !self.steps => mark(at, to - from),
            _ => self.human(at),
        }
    }

    /// A note as a sentence of its own.
    pub(super) fn note_said(&self, note: &Note) -> String {
        let at = self.moment(note.at);
        let lane = note.lane.as_ref();
        let lane = lane.and_then(|(lane, _)| self.data.lanes().nth(*lane));
        let lane = lane.map_or(String::new(), |lane| format!(" in {}", lane.name));
        let end = if note.text.ends_with(['.', '!', '?']) {
            ""
        } else {
            "."
        };
        format!("At {at}{lane}: {}{end}", note.text)
    }

    /// What a reader has to know besides: events dropped, spans without an end.
    pub(super) fn notices(&self) -> Vec<String> {
        let mut notices = Vec::new();
        let open = self.data.spans().filter(|(_, bar)| bar.open).count();
        if open > 0 {
            let spans = count(open, "span has", "spans have");
            notices.push(format!(
                "{spans} no recorded end: pale from the lane's last sign of life."
            ));
        }
        if self.data.dropped > 0 {
            let events = count(self.data.dropped as usize, "event was", "events were");
            notices.push(format!("{events} dropped: the trace was full."));
        }
        notices
    }
}
