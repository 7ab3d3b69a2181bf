//! A schedule as a figure through which a reader steps: forward and back by a slider or the arrow keys.
//!
//! Where scripts are not allowed it is a plain picture with a sentence, which is what the script starts
//! from.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::panic::Location;

use figures::cell::{debug_as_picture, rich};
use figures::page::{DARK, escaped, stepped};
use serde_json::json;

use super::place::line;
use super::record::{Record, Row, Scene};
use super::world::World;

/// What a figure of one execution needs to know.
#[derive(Clone)]
pub(super) struct Story {
    threads: Vec<Actor>,
    begin: Scene,
    rows: Vec<Row>,
    /// What became of it, and which thread failed.
    end: Option<(String, Option<usize>)>,
}

#[derive(Clone)]
struct Actor {
    name: String,
    /// After which step it begins, and ends.
    began: usize,
    ended: Option<usize>,
}

impl Story {
    pub(super) fn new(world: &World, record: &Record) -> Story {
        let actors = world.threads.iter().enumerate();
        let actors = actors.map(|(number, thread)| Actor {
            name: thread.name.clone(),
            // Of an execution that was not recorded nothing is known.
            began: record.began.get(number).map_or(0, |(_, began)| *began),
            ended: record.ended.get(number).copied().flatten(),
        });
        Story {
            threads: actors.collect(),
            begin: record.begin.clone(),
            rows: record.rows.clone(),
            end: None,
        }
    }

    pub(super) fn ends(&mut self, message: &str, thread: Option<usize>) {
        self.end = Some((message.to_string(), thread));
    }

    fn scene(&self, step: usize) -> &Scene {
        match step.checked_sub(1) {
            None => &self.begin,
            Some(before) => &self.rows[before].scene,
        }
    }
}

/// A schedule through which a reader steps. As a cell's last expression it is shown so; see
/// [`Run::step_through`](super::Run::step_through).
#[derive(Clone)]
pub struct Stepper(pub(super) Story);

debug_as_picture!(Stepper, Stepper::sentence);

const NUMBER: f64 = 34.0;
const TOP: f64 = 40.0;
const ROW: f64 = 30.0;
const BOX: f64 = 22.0;
/// Of a letter of the 12 pixels' monospace.
const LETTER: f64 = 7.3;

const INK: &str = "#22262b";
const QUIET: &str = "#6b727b";
const BREAK: &str = "#b81d13";
const COLOURS: [&str; 6] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9",
];

impl Stepper {
    /// What it shows, in a sentence: what stands for the picture where it cannot be seen.
    ///
    /// ```
    /// use interleavings::sync::Mutex;
    ///
    /// let report = interleavings::replay("", || *Mutex::named("m", 0).lock().unwrap() = 1);
    /// let stepper = report.run().unwrap().step_through();
    /// assert_eq!(stepper.sentence(), "A schedule of 1 step, from top to bottom. 1: main: lock m.");
    /// ```
    pub fn sentence(&self) -> String {
        let rows = &self.0.rows;
        let steps = match rows.len() {
            1 => "1 step".to_string(),
            n => format!("{n} steps"),
        };
        let mut text = format!("A schedule of {steps}, from top to bottom.");
        for (number, row) in rows.iter().enumerate() {
            if text.len() > 1500 {
                text += " …";
                break;
            }
            let _ = write!(text, " {}: {}.", number + 1, self.said(row));
        }
        if let Some((end, _)) = &self.0.end {
            let _ = write!(text, " In the end: {end}");
        }
        text
    }

    fn said(&self, row: &Row) -> String {
        let name = &self.0.threads[row.thread].name;
        let from = match row.from {
            Some((step, true)) => format!(" (and knows what was known in step {step})"),
            Some((step, false)) => format!(" (from step {step}, of which it learns nothing else)"),
            None => String::new(),
        };
        format!("{name}: {}{}{from}", row.label, row.detail)
    }

    /// The picture: a column for each thread, a row for each step. An arrow leads from the step whose
    /// value, message or lock is taken over; it is dashed where nothing but the value is. A bar beside a
    /// column stands for a lock that is held. Where nobody can go on, arrows lead from each thread to the
    /// one that it waits for.
    ///
    /// ```
    /// # use interleavings::sync::Mutex;
    /// # let report = interleavings::replay("", || *Mutex::named("m", 0).lock().unwrap() = 1);
    /// assert!(report.run().unwrap().step_through().svg().contains("lock m"));
    /// ```
    pub fn svg(&self) -> String {
        let Story {
            threads, rows, end, ..
        } = &self.0;
        let last = self.0.scene(rows.len());
        // Of a deadlock: who waits for whom. Who only waits for the end of one that is stuck adds nothing.
        let is_deadlock = matches!(end, Some((_, None)));
        let waits = last
            .waits
            .iter()
            .filter(|(_, what, _)| !what.starts_with("the end of"));
        let waits: Vec<_> = waits.filter(|_| is_deadlock).collect();
        let width = |text: &str| text.chars().count() as f64 * LETTER + 24.0;
        let columns: Vec<f64> = threads
            .iter()
            .enumerate()
            .map(|(number, thread)| {
                let own = rows.iter().filter(|row| row.thread == number);
                let own = own.map(|row| width(&row.label));
                let ends = waits.iter().filter(|(thread, ..)| *thread == number);
                let ends = ends.map(|(_, what, _)| width(&waiting(what)));
                let wide = own
                    .chain(ends)
                    .fold(width(&thread.name).max(70.0), f64::max);
                let scenes = (0..=rows.len()).flat_map(|step| &self.0.scene(step).holds);
                let held = scenes.filter(|(holder, _)| *holder == number);
                let held = held.map(|(_, name)| 14.0 + name.chars().count() as f64 * 6.2);
                wide + held.fold(0.0, f64::max)
            })
            .collect();
        let left = |thread: usize| NUMBER + columns[..thread].iter().sum::<f64>();
        let middle = |thread: usize| {
            let own = rows.iter().filter(|row| row.thread == thread);
            let own = own.map(|row| width(&row.label) / 2.0);
            let half = own.fold(width(&threads[thread].name).max(70.0) / 2.0, f64::max);
            let ends = waits.iter().filter(|(it, ..)| *it == thread);
            let ends = ends.map(|(_, what, _)| width(&waiting(what)) / 2.0);
            left(thread) + columns[thread] - ends.fold(half, f64::max)
        };
        let row_at = |step: usize| TOP + (step as f64 - 0.5) * ROW;
        let values = NUMBER + columns.iter().sum::<f64>() + 16.0;
        let texts: Vec<String> = (1..=rows.len()).map(|step| self.changed(step)).collect();
        let widest = texts.iter().map(|text| width(text)).fold(80.0, f64::max);
        let extra = usize::from(end.is_some());
        let words = end
            .as_ref()
            .map(|(message, _)| shortened(message.lines().next().unwrap_or_default(), 90));
        let words = words.unwrap_or_default();
        let size = (
            (values + widest).max(NUMBER + width(&words)),
            TOP + (rows.len() + 2 * extra) as f64 * ROW + 12.0,
        );
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0}\" height=\"{1:.0}\" viewBox=\"0 0 {0:.0} {1:.0}\" \
             font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"12\" class=\"figure\">{DARK}<title>{2}</title>\
             <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
             orient=\"auto-start-reverse\"><path d=\"M0 0L8 4L0 8z\" fill=\"context-stroke\"/></marker></defs>\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>",
            size.0,
            size.1,
            escaped(&self.sentence())
        );
        let mut put = |text: String| svg.push_str(&text);
        let text = |x: f64, y: f64, anchor: &str, fill: &str, text: &str| {
            format!(
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\" fill=\"{fill}\">{}</text>",
                y + 4.0,
                escaped(text)
            )
        };
        put(text(values, TOP / 2.0, "start", QUIET, "changed"));
        for step in 1..=rows.len() {
            // The row of the step that is shown.
            put(format!(
                "<rect data-now=\"{step}\" x=\"0\" y=\"{:.1}\" width=\"{:.1}\" height=\"{ROW}\" fill=\"#fff3c4\" visibility=\"hidden\"/>",
                row_at(step) - ROW / 2.0,
                size.0
            ));
        }
        for (number, thread) in threads.iter().enumerate() {
            let (x, colour) = (middle(number), COLOURS[number % COLOURS.len()]);
            put(text(x, TOP / 2.0, "middle", colour, &thread.name));
            let stop = thread.ended.unwrap_or(rows.len() + extra);
            put(format!(
                "<path d=\"M{x:.1} {:.1}V{:.1}\" stroke=\"#c3c9d0\" stroke-width=\"2\"/>",
                TOP + thread.began as f64 * ROW,
                TOP + stop as f64 * ROW
            ));
        }
        for step in 1..=rows.len() {
            // Waiting and holding, between this step and the next.
            for (thread, ..) in &self.0.scene(step).waits {
                put(format!(
                    "<path data-step=\"{step}\" d=\"M{0:.1} {1:.1}V{2:.1}\" stroke=\"#e7c7dc\" stroke-width=\"8\"/>",
                    middle(*thread),
                    row_at(step),
                    row_at(step + 1)
                ));
            }
            let mut held = vec![0; threads.len()];
            for hold in &self.0.scene(step).holds {
                let (thread, name) = hold;
                let x = left(*thread) + 4.0 + f64::from(held[*thread]) * 6.0;
                held[*thread] += 1;
                if !self.0.scene(step - 1).holds.contains(hold) {
                    put(format!(
                        "<text data-step=\"{step}\" x=\"{:.1}\" y=\"{:.1}\" font-size=\"10\" fill=\"{QUIET}\">{}</text>",
                        x + 4.0 + f64::from(held[*thread] - 1) * 2.0,
                        row_at(step) + 3.0 + f64::from(held[*thread] - 1) * 9.0,
                        escaped(name)
                    ));
                }
                put(format!(
                    "<path data-step=\"{step}\" d=\"M{x:.1} {:.1}V{:.1}\" stroke=\"{}\" stroke-width=\"3\"><title>{} holds {}</title></path>",
                    row_at(step),
                    row_at(step + 1),
                    COLOURS[*thread % COLOURS.len()],
                    escaped(&threads[*thread].name),
                    escaped(name)
                ));
            }
        }
        for (place, row) in rows.iter().enumerate() {
            let step = place + 1;
            let (x, y) = (middle(row.thread), row_at(step));
            let colour = COLOURS[row.thread % COLOURS.len()];
            put(format!("<g data-step=\"{step}\">"));
            put(text(NUMBER - 10.0, y, "end", QUIET, &step.to_string()));
            let wide = row.label.chars().count() as f64 * LETTER + 12.0;
            put(format!(
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"{BOX}\" rx=\"4\" fill=\"#ffffff\" stroke=\"{colour}\" stroke-width=\"1.5\"><title>{}</title></rect>",
                x - wide / 2.0,
                y - BOX / 2.0,
                escaped(&self.said(row))
            ));
            put(text(x, y, "middle", INK, &row.label));
            put(text(values, y, "start", INK, &texts[place]));
            if let Some((from, carries)) = row.from
                && let Some(before) = rows.get(from.wrapping_sub(1))
                && before.thread != row.thread
            {
                let dashed = if carries {
                    ""
                } else {
                    " stroke-dasharray=\"4 3\""
                };
                let (x0, y0) = (middle(before.thread), row_at(from) + BOX / 2.0);
                put(format!(
                    "<path d=\"M{x0:.1} {y0:.1}C{x0:.1} {:.1} {x:.1} {:.1} {x:.1} {:.1}\" fill=\"none\" stroke=\"{QUIET}\" stroke-width=\"1.5\"{dashed} marker-end=\"url(#tip)\"/>",
                    y0 + 12.0,
                    y - BOX / 2.0 - 14.0,
                    y - BOX / 2.0 - 1.0
                ));
            }
            put("</g>".to_string());
        }
        if let Some((_, failed)) = end {
            let y = row_at(rows.len() + 1);
            put(format!("<g data-step=\"{}\">", rows.len()));
            if let Some(thread) = failed {
                let x = middle(*thread);
                put(format!(
                    "<path d=\"M{0:.1} {1:.1}l10 10m0 -10l-10 10\" stroke=\"{BREAK}\" stroke-width=\"3\"/>",
                    x - 5.0,
                    y - 5.0
                ));
            }
            put(text(NUMBER, row_at(rows.len() + 2), "start", BREAK, &words));
            for (thread, what, whom) in &waits {
                let (x, what) = (middle(*thread), waiting(what));
                put(text(x, y, "middle", BREAK, &what));
                if let Some(whom) = whom {
                    // To the right above the words, to the left below them.
                    let to = middle(*whom);
                    let (side, aside) = if to > x { (-1.0, 6.0) } else { (1.0, -6.0) };
                    let from_y = y + side * 9.0;
                    put(format!(
                        "<path d=\"M{0:.1} {from_y:.1}C{0:.1} {1:.1} {2:.1} {1:.1} {2:.1} {from_y:.1}\" fill=\"none\" stroke=\"{BREAK}\" stroke-width=\"1.5\" marker-end=\"url(#tip)\"/>",
                        x + aside,
                        from_y + side * 14.0,
                        to - aside
                    ));
                }
            }
            put("</g>".to_string());
        }
        svg += "</svg>";
        svg
    }

    /// The values that a step has changed.
    fn changed(&self, step: usize) -> String {
        let (before, after) = (&self.0.scene(step - 1).values, &self.0.scene(step).values);
        let changed = after.iter().filter(|value| !before.contains(value));
        let changed: Vec<String> = changed
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        changed.join(", ")
    }

    /// How it is shown on a page: a picture with a sentence, and a script that makes more of it.
    ///
    /// ```
    /// # use interleavings::sync::Mutex;
    /// # let report = interleavings::replay("", || *Mutex::named("m", 0).lock().unwrap() = 1);
    /// let html = report.run().unwrap().step_through().html();
    /// assert!(html.contains("<img alt=\"A schedule of 1 step") && html.contains("<script>"));
    /// ```
    pub fn html(&self) -> String {
        stepped(self.scenes(), &self.svg(), &self.sentence())
    }

    /// How things stand after each step, for the script.
    fn scenes(&self) -> serde_json::Value {
        let rows = &self.0.rows;
        // A loop comes to the same lines again and again.
        let mut lines = HashMap::new();
        let scenes = (0..=rows.len()).map(|step| {
            let scene = self.0.scene(step);
            let moved = step.checked_sub(1).map(|last| &rows[last]);
            let mut said = moved.map_or("before the first step".to_string(), |row| self.said(row));
            if step == rows.len()
                && let Some((end, _)) = &self.0.end
            {
                let _ = write!(said, ". In the end: {end}");
            }
            let threads = self.0.threads.iter().enumerate();
            let threads: Vec<[String; 3]> = threads
                .map(|(number, thread)| self.stands(step, number, thread, &mut lines))
                .collect();
            json!({
                "said": said,
                "moved": moved.map(|row| row.thread),
                "values": scene.values,
                "threads": threads,
            })
        });
        scenes.collect()
    }

    /// A thread after a step: its name, what it does, and the line of the program. `lines` are those that
    /// were read before.
    fn stands(
        &self,
        step: usize,
        number: usize,
        thread: &Actor,
        lines: &mut HashMap<&'static Location<'static>, String>,
    ) -> [String; 3] {
        let scene = self.0.scene(step);
        let mut later = self.0.rows[step..].iter();
        let next = later.find(|row| row.thread == number);
        let waits = scene.waits.iter().find(|(it, ..)| *it == number);
        let holds = scene.holds.iter().filter(|(it, _)| *it == number);
        let holds: Vec<&str> = holds.map(|(_, name)| &**name).collect();
        let at = scene.stands.get(number).copied().flatten();
        let mut what = if thread.began > step {
            "not started".to_string()
        } else if thread.ended.is_some_and(|ended| ended <= step) {
            "has ended".to_string()
        } else if let Some((_, what, whom)) = waits {
            let holder = whom.filter(|_| what.starts_with('`'));
            let holder = holder.map(|whom| format!(", which {} holds", self.0.threads[whom].name));
            format!("waits for {what}{}", holder.unwrap_or_default())
        } else if let Some(next) = next {
            let name = next.label.split([' ', ':']).next().unwrap_or_default();
            format!("before {name}")
        } else {
            "runs".to_string()
        };
        if !holds.is_empty() {
            let _ = write!(what, "; holds {}", holds.join(", "));
        }
        let line = at.map(|at| lines.entry(at).or_insert_with(|| line(at)).clone());
        [thread.name.clone(), what, line.unwrap_or_default()]
    }

    /// Shows it as a cell's result: evcxr calls this on a cell's last expression.
    ///
    /// ```
    /// # use interleavings::sync::Mutex;
    /// # let report = interleavings::replay("", || *Mutex::named("m", 0).lock().unwrap() = 1);
    /// report.run().unwrap().step_through().evcxr_display();
    /// ```
    pub fn evcxr_display(&self) {
        rich(&[
            ("text/html", &self.html()),
            ("text/plain", &self.sentence()),
        ]);
    }
}

fn waiting(what: &str) -> String {
    shortened(&format!("waits for {what}"), 60)
}

fn shortened(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
