//! Something that goes in steps, as a figure through which a reader steps.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use crate::canvas::{Align, Canvas, svg};
use crate::cell::{debug_as_picture, rich};
use crate::page::stepped;
use crate::palette::{GRID, INK, QUIET, RULE};
use crate::text::{fitted, text_width};
use crate::units::count;

/// Steps that are kept; of later ones only the number.
const MOST: usize = 300;

const FONT: f64 = 12.0;
const ROW: f64 = 22.0;
const TOP: f64 = 14.0;
const GAP: f64 = 22.0;
const NUMBER: f64 = 30.0;
/// A column is no wider than this.
const WIDEST: f64 = 360.0;

/// What a program does step by step, and how its values stand after each: a queue, a state, a counter.
///
/// As a cell's result it is a table with a slider, where scripts are allowed, and the table alone
/// elsewhere; each step is said aloud to who cannot see it. A clone adds to the same steps, also from
/// another thread. The first 300 are kept.
///
/// ```
/// use figures::Steps;
///
/// let steps = Steps::new(&["queue", "tea"]);
/// steps.step("spawn tea", &["tea", "new"]);
/// steps.step("poll tea: pending", &["", "waits"]);
/// assert!(steps.text().starts_with("2 steps. 1: spawn tea (queue: tea, tea: new)."));
/// ```
#[derive(Clone)]
pub struct Steps {
    names: Arc<[String]>,
    title: Option<String>,
    all: Arc<Mutex<Vec<Step>>>,
}

#[derive(Clone)]
struct Step {
    said: String,
    values: Vec<String>,
}

impl Steps {
    /// No steps yet; `names` are those of the values.
    ///
    /// ```
    /// let steps = figures::Steps::new(&["counter"]);
    /// assert_eq!(steps.text(), "0 steps.");
    /// ```
    pub fn new(names: &[&str]) -> Steps {
        Steps {
            names: names.iter().map(|name| name.to_string()).collect(),
            title: None,
            all: Arc::default(),
        }
    }

    /// The same steps under a title.
    ///
    /// ```
    /// let steps = figures::Steps::new(&["counter"]).title("A counter");
    /// assert!(steps.text().starts_with("A counter: 0 steps"));
    /// ```
    pub fn title(&self, title: &str) -> Steps {
        Steps {
            title: Some(title.to_string()),
            ..self.clone()
        }
    }

    /// Adds a step: what happened, and the values after it, in the order of their names. One that is not
    /// given is empty.
    ///
    /// ```
    /// let steps = figures::Steps::new(&["counter"]);
    /// steps.step("add 1", &["1"]);
    /// assert_eq!(steps.text(), "1 step. 1: add 1 (counter: 1).");
    /// ```
    pub fn step(&self, said: &str, values: &[&str]) {
        let values = (0..self.names.len()).map(|place| values.get(place).copied());
        let values = values.map(|value| value.unwrap_or_default().to_string());
        let step = Step {
            said: said.to_string(),
            values: values.collect(),
        };
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(step);
    }

    fn steps(&self) -> Vec<Step> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.clone()
    }

    /// All steps in words.
    ///
    /// ```
    /// let steps = figures::Steps::new(&[]);
    /// steps.step("begin", &[]);
    /// assert_eq!(steps.text(), "1 step. 1: begin.");
    /// ```
    pub fn text(&self) -> String {
        let steps = self.steps();
        let mut text = match &self.title {
            Some(title) => format!("{title}: "),
            None => String::new(),
        };
        let _ = write!(text, "{}.", count(steps.len(), "step", "steps"));
        for (number, step) in steps.iter().enumerate() {
            if text.len() > 1500 {
                text += " …";
                break;
            }
            let values = self.names.iter().zip(&step.values);
            let values: Vec<String> = values.map(|(name, it)| format!("{name}: {it}")).collect();
            let _ = write!(text, " {}: {}", number + 1, step.said);
            if !values.is_empty() {
                let _ = write!(text, " ({})", values.join(", "));
            }
            text.push('.');
        }
        text
    }

    /// The table as a picture: a row for each step, what it changed in bold.
    ///
    /// ```
    /// let steps = figures::Steps::new(&["counter"]);
    /// steps.step("add 1", &["1"]);
    /// assert!(steps.svg().contains("add 1"));
    /// ```
    pub fn svg(&self) -> String {
        let mut steps = self.steps();
        let left = steps.len().saturating_sub(MOST);
        steps.truncate(MOST);
        let wide = |texts: &mut dyn Iterator<Item = &String>| {
            let widths = texts.map(|text| text_width(text, FONT));
            widths.fold(0.0, f64::max).min(WIDEST)
        };
        let mut x = NUMBER + wide(&mut steps.iter().map(|step| &step.said)) + GAP;
        let columns: Vec<(f64, f64)> = (0..self.names.len())
            .map(|place| {
                let values = steps.iter().map(|step| &step.values[place]);
                let width = wide(&mut values.chain([&self.names[place]]));
                x += width + GAP;
                (x - width - GAP, width)
            })
            .collect();
        let title = if self.title.is_some() { 26.0 } else { 0.0 };
        let top = TOP + title + ROW;
        let at = |step: usize| top + (step as f64 + 0.5) * ROW;
        let size = (
            x.max(300.0),
            at(steps.len()) + if left > 0 { ROW } else { 0.0 },
        );
        let name = self.title.as_deref().unwrap_or("Steps");
        svg(size, name, &self.text(), |canvas| {
            let text = |canvas: &Canvas, text: &str, at, width, bold: bool| {
                let text = fitted(text, FONT, width);
                match bold {
                    true => canvas.bold(&text, at, FONT, Align::Left, INK),
                    false => canvas.text(&text, at, FONT, Align::Left, INK),
                }
            };
            if let Some(title) = &self.title {
                canvas.bold(title, (14.0, TOP + 9.0), 14.0, Align::Left, INK);
            }
            for ((x, width), name) in columns.iter().zip(self.names.iter()) {
                let name = fitted(name, FONT, *width);
                canvas.text(&name, (*x, top - ROW / 2.0), FONT, Align::Left, QUIET);
            }
            canvas.line((NUMBER, top), (size.0 - GAP / 2.0, top), RULE, 1.0);
            for (number, step) in steps.iter().enumerate() {
                let y = at(number);
                canvas.now(number + 1, (0.0, y - ROW / 2.0), (size.0, y + ROW / 2.0));
                canvas.step(number + 1, || {
                    let label = (number + 1).to_string();
                    canvas.text(&label, (NUMBER - 8.0, y), 10.0, Align::Right, QUIET);
                    text(canvas, &step.said, (NUMBER, y), WIDEST, false);
                    let changed = self.changed(&steps, number);
                    for (place, (x, width)) in columns.iter().enumerate() {
                        let new = changed.contains(&place);
                        text(canvas, &step.values[place], (*x, y), *width, new);
                    }
                    let below = y + ROW / 2.0;
                    canvas.line((NUMBER, below), (size.0 - GAP / 2.0, below), GRID, 1.0);
                });
            }
            if left > 0 {
                let more = format!("and {}", count(left, "more step", "more steps"));
                let y = at(steps.len());
                canvas.text(&more, (NUMBER, y), FONT, Align::Left, QUIET);
            }
        })
    }

    /// The places of the values that a step has changed.
    fn changed(&self, steps: &[Step], number: usize) -> Vec<usize> {
        let before = number.checked_sub(1).map(|last| &steps[last].values);
        let differs = |place: &usize| match before {
            Some(before) => before[*place] != steps[number].values[*place],
            None => !steps[number].values[*place].is_empty(),
        };
        (0..self.names.len()).filter(differs).collect()
    }

    /// The steps for a page: see [`stepped`].
    ///
    /// ```
    /// let steps = figures::Steps::new(&["counter"]);
    /// steps.step("add 1", &["1"]);
    /// assert!(steps.html().contains("data-steps="));
    /// ```
    pub fn html(&self) -> String {
        let steps = self.steps();
        let begin = json!({ "said": "before the first step" });
        let scenes = (0..steps.len().min(MOST)).map(|number| {
            let (said, changed) = (&steps[number].said, self.changed(&steps, number));
            let values = changed.iter().map(|place| {
                let value = &steps[number].values[*place];
                format!("{}: {value}", self.names[*place])
            });
            let values: Vec<String> = values.collect();
            match values.is_empty() {
                true => json!({ "said": said }),
                false => json!({ "said": format!("{said} ({})", values.join(", ")) }),
            }
        });
        stepped(
            [begin].into_iter().chain(scenes).collect(),
            &self.svg(),
            &self.text(),
        )
    }

    /// Shows the steps as a cell's result: evcxr calls this on a cell's last expression.
    ///
    /// ```
    /// figures::Steps::new(&["counter"]).evcxr_display();
    /// ```
    pub fn evcxr_display(&self) {
        rich(&[
            ("text/html", &self.html()),
            ("image/svg+xml", &self.svg()),
            ("text/plain", &self.text()),
        ]);
    }
}

impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

debug_as_picture!(Steps, Steps::text);
