//! What a timeline shows, in a sentence with numbers.

use super::axis::human;
use super::canvas::printable;
use super::timeline::Timeline;

pub(super) fn count(n: usize, one: &str, many: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{n} {many}")
    }
}

impl Timeline {
    /// The picture in a sentence, for those who cannot see it.
    pub(super) fn sentence(&self) -> String {
        let data = &self.data;
        if data.processes.is_empty() {
            return self.with_title("Empty timeline: nothing was recorded.".to_string());
        }
        let (from, to) = self.window();
        let inside = |start: u64, end: u64| start <= to && end >= from;
        let lanes = data.lanes().count();
        let spans: Vec<_> = data
            .spans()
            .filter(|(_, bar)| inside(bar.start, bar.end))
            .collect();
        let marks = data.lanes().flat_map(|lane| &lane.marks);
        let marks = marks.filter(|mark| inside(mark.at, mark.at)).count();
        let running = data.lanes().flat_map(|lane| &lane.running);
        let running: Vec<_> = running.filter(|bar| inside(bar.start, bar.end)).collect();

        let whole = from == 0 && to >= data.length;
        let mut text = if whole {
            format!("Timeline of {}", human(data.length))
        } else {
            format!(
                "Timeline from {} to {} of {}",
                human(from),
                human(to),
                human(data.length)
            )
        };
        text += &format!(
            ": {} in {}",
            count(lanes, "lane", "lanes"),
            count(data.processes.len(), "process", "processes")
        );
        if !spans.is_empty() {
            text += &format!(", {}", count(spans.len(), "span", "spans"));
        }
        if marks > 0 {
            text += &format!(", {}", count(marks, "instant", "instants"));
        }
        if !running.is_empty() {
            let mut cpus: Vec<usize> = running.iter().map(|bar| bar.cpu).collect();
            cpus.sort_unstable();
            cpus.dedup();
            let segments = count(running.len(), "running segment", "running segments");
            text += &format!(", {segments} on {}", count(cpus.len(), "CPU", "CPUs"));
        }
        let ended = spans.iter().filter(|(_, bar)| !bar.open);
        let longest = ended.max_by_key(|(_, bar)| bar.end - bar.start);
        if let Some((lane, bar)) = longest {
            let time = human(bar.end - bar.start);
            text += &format!("; longest: {}, {time}", bar.label);
            if lanes > 1 {
                text += &format!(" in {}", lane.name);
            }
        } else if let Some(bar) = running.iter().max_by_key(|bar| bar.end - bar.start) {
            text += &format!("; longest segment: {}", human(bar.end - bar.start));
        }
        text.push('.');
        for notice in self.notices() {
            text += &format!(" {notice}");
        }
        self.with_title(text)
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

    fn with_title(&self, text: String) -> String {
        let text = match &self.title {
            Some(title) => format!("{title}: {text}"),
            None => text,
        };
        // A label may hold a line's end; a sentence does not.
        text.chars().map(printable).collect()
    }
}
