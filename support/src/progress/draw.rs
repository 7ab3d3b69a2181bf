//! What a bar says, in words and in HTML.

use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Steps,
    Bytes,
}

/// Why nothing more will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Finished,
    /// The bar was dropped before all was done.
    Early,
    Panicked,
}

/// How far work has come.
pub struct State<'a> {
    pub label: &'a str,
    pub unit: Unit,
    pub done: u64,
    pub total: Option<u64>,
    pub elapsed: Duration,
    pub end: Option<End>,
}

/// Characters between the bar's edges.
const WIDTH: u64 = 10;

impl State<'_> {
    /// One line without its line break.
    pub fn text(&self) -> String {
        let bar = self
            .percent()
            .map(|percent| format!("{percent:3}% ▕{}▏", blocks(percent)));
        [Some(self.label.into()), bar, Some(self.numbers())]
            .into_iter()
            .flatten()
            .filter(|part: &String| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The same as HTML. Colours are of mid lightness, text takes the page's own: legible on light
    /// and on dark.
    pub fn html(&self) -> String {
        let Some(percent) = self.percent() else {
            let text = escaped(&self.text());
            return format!("<div style=\"font-family:monospace\">{text}</div>");
        };
        let colour = match self.end {
            Some(End::Early | End::Panicked) => "#d55e00",
            _ => "#0b8ec9",
        };
        format!(
            "<div style=\"display:flex;align-items:center;gap:.6em;font-family:monospace\" \
             role=\"progressbar\" aria-valuemin=\"0\" aria-valuemax=\"100\" \
             aria-valuenow=\"{percent}\" aria-label=\"{label}\"><span>{label}</span>\
             <span style=\"min-width:4ch;text-align:right\">{percent}%</span>\
             <span style=\"width:14em;height:.8em;border-radius:.2em;overflow:hidden;\
             background:rgba(128,128,128,.35)\"><span style=\"display:block;height:100%;\
             width:{percent}%;background:{colour}\"></span></span><span>{numbers}</span></div>",
            label = escaped(self.label),
            numbers = escaped(&self.numbers()),
        )
    }

    /// Whole per cent; 100 only when all is done.
    pub fn percent(&self) -> Option<u64> {
        let total = self.total?;
        match (u128::from(self.done) * 100).checked_div(total.into()) {
            Some(percent) => Some(percent.min(100) as u64),
            None => Some(100),
        }
    }

    fn numbers(&self) -> String {
        let done = amount(self.done, self.unit);
        let so_far = match self.total {
            Some(total) => format!("{done}/{}", amount(total, self.unit)),
            None => done,
        };
        let (time, rate) = (time(self.elapsed), self.rate());
        match self.end {
            None => format!("{so_far}  {time}{}", self.left()),
            Some(End::Finished) => format!("{so_far} in {time}{rate}"),
            Some(End::Early) => format!("{so_far} in {time}, ended early"),
            Some(End::Panicked) => format!("stopped by a panic at {so_far} after {time}"),
        }
    }

    /// If the rest takes as long a step as what is done.
    fn left(&self) -> String {
        let rest = self.total.unwrap_or(0).saturating_sub(self.done);
        // Too little is done to tell.
        if self.done == 0 || rest == 0 {
            return self.rate();
        }
        let left = self.elapsed.as_secs_f64() * rest as f64 / self.done as f64;
        // Longer than a century is no forecast.
        let left = Duration::from_secs_f64(left.min(3e9));
        format!(", {} left", time(left))
    }

    fn rate(&self) -> String {
        let seconds = self.elapsed.as_secs_f64();
        if seconds < 0.001 || self.done == 0 {
            return String::new();
        }
        let rate = self.done as f64 / seconds;
        match (self.unit, rate) {
            (Unit::Bytes, _) => format!(", {}/s", amount(rate as u64, Unit::Bytes)),
            (_, 10.0..) => format!(", {rate:.0}/s"),
            _ => format!(", {rate:.1}/s"),
        }
    }
}

fn blocks(percent: u64) -> String {
    let eighths = percent * WIDTH * 8 / 100;
    let part = " ▏▎▍▌▋▊▉"
        .chars()
        .nth((eighths % 8) as usize)
        .unwrap_or(' ');
    let full = (eighths / 8) as usize;
    let mut bar = "█".repeat(full);
    if full < WIDTH as usize {
        bar.push(part);
        bar.push_str(&" ".repeat(WIDTH as usize - full - 1));
    }
    bar
}

fn amount(number: u64, unit: Unit) -> String {
    let prefixes = [
        (1_000_000_000_000, "TB"),
        (1_000_000_000, "GB"),
        (1_000_000, "MB"),
        (1_000, "kB"),
    ];
    match prefixes.iter().find(|(size, _)| number >= *size) {
        _ if unit == Unit::Steps => number.to_string(),
        Some((size, name)) => format!("{:.1} {name}", number as f64 / *size as f64),
        None => format!("{number} B"),
    }
}

fn time(time: Duration) -> String {
    match time.as_millis() {
        0 => format!("{} µs", time.as_micros()),
        ms @ 1..1_000 => format!("{ms} ms"),
        ms @ 1_000..60_000 => format!("{:.1} s", ms as f64 / 1000.0),
        ms @ 60_000..3_600_000 => format!("{} min {} s", ms / 60_000, ms / 1000 % 60),
        ms => format!("{} h {} min", ms / 3_600_000, ms / 60_000 % 60),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(done: u64, total: Option<u64>, ms: u64, end: Option<End>) -> State<'static> {
        State {
            label: "copying",
            unit: Unit::Steps,
            done,
            total,
            elapsed: Duration::from_millis(ms),
            end,
        }
    }

    #[test]
    fn a_bar_says_how_far_and_how_long() {
        let text = |done, end| state(done, Some(100), 1240, end).text();
        assert_eq!(
            text(62, None),
            "copying  62% ▕██████▏   ▏ 62/100  1.2 s, 760 ms left"
        );
        assert_eq!(text(0, None), "copying   0% ▕          ▏ 0/100  1.2 s");
        assert_eq!(
            text(100, Some(End::Finished)),
            "copying 100% ▕██████████▏ 100/100 in 1.2 s, 81/s"
        );
        assert_eq!(
            text(62, Some(End::Panicked)),
            "copying  62% ▕██████▏   ▏ stopped by a panic at 62/100 after 1.2 s"
        );
        assert_eq!(state(7, None, 2000, None).text(), "copying 7  2.0 s, 3.5/s");
        assert_eq!(
            state(0, Some(0), 0, Some(End::Finished)).percent(),
            Some(100)
        );
        assert_eq!(
            state(u64::MAX - 1, Some(u64::MAX), 1, None).percent(),
            Some(99)
        );
    }

    #[test]
    fn bytes_and_times_are_in_units_that_fit() {
        assert_eq!(amount(1_500_000, Unit::Bytes), "1.5 MB");
        assert_eq!(amount(999, Unit::Bytes), "999 B");
        assert_eq!(time(Duration::from_secs(125)), "2 min 5 s");
        assert_eq!(time(Duration::from_secs(7500)), "2 h 5 min");
        assert_eq!(time(Duration::from_micros(12)), "12 µs");
    }

    #[test]
    fn labels_are_text_in_html() {
        let html = State {
            label: "<a & \"b\">",
            ..state(1, Some(2), 1, None)
        }
        .html();
        assert!(html.contains("&lt;a &amp; &quot;b&quot;>") && html.contains("width:50%"));
    }
}
