//! How a run, a failure and a report are drawn, and shown as the result of a notebook's cell.

use figures::cell::{debug_as_picture, rich};
use figures::page::escaped;
use timeline::Timeline;

use super::failure::{Failure, Run};
use super::outcomes::Outcomes;
use super::report::{Report, grouped};
use super::stepper::Stepper;

impl Run {
    /// A picture of it, with steps in place of time: a lane for each thread, locks as a real run's
    /// picture shows them ([`Trace::watch`](timeline::trace::Trace::watch)).
    ///
    /// ```
    /// # use interleavings::{self, sync::Mutex};
    /// let report = interleavings::replay("", || *Mutex::new(0).lock().unwrap() = 1);
    /// assert!(report.run().unwrap().timeline().text().contains("1 lock held"));
    /// ```
    pub fn timeline(&self) -> Timeline {
        self.sketch().timeline()
    }
}

impl Run {
    /// A figure through which a reader steps, by a slider or the arrow keys: the line of the program at
    /// which each thread stands, the value of each shared variable, who holds what and who waits for whom.
    ///
    /// ```
    /// use interleavings::{self, sync::Mutex};
    ///
    /// let report = interleavings::replay("", || *Mutex::new(0).lock().unwrap() = 1);
    /// report.run().unwrap().step_through().evcxr_display();
    /// ```
    pub fn step_through(&self) -> Stepper {
        Stepper(self.story.clone())
    }
}

impl Failure {
    /// A figure through which a reader steps. See [`Run::step_through`].
    ///
    /// ```
    /// # use interleavings;
    /// let report = interleavings::all(|| panic!("no"));
    /// assert!(report.failure().unwrap().step_through().sentence().contains("no"));
    /// ```
    pub fn step_through(&self) -> Stepper {
        self.run().step_through()
    }

    /// A picture of it. See [`Run::timeline`].
    ///
    /// ```
    /// # use interleavings;
    /// let report = interleavings::all(|| {
    ///     drop(interleavings::sync::Mutex::new(0).lock());
    ///     panic!("no");
    /// });
    /// assert!(report.failure().unwrap().timeline().text().contains("panic in main"));
    /// ```
    pub fn timeline(&self) -> Timeline {
        self.run().timeline()
    }
}

impl Report {
    /// Shows the report as a cell's result: evcxr calls this on a cell's last expression. Its
    /// text goes to stdout, the picture after it.
    ///
    /// ```
    /// interleavings::all(|| ()).evcxr_display();
    /// ```
    pub fn evcxr_display(&self) {
        match self.run() {
            None => rich(&[("text/plain", &self.to_string())]),
            Some(run) => {
                println!("{self}");
                run.timeline().evcxr_display();
            }
        }
    }
}

impl Outcomes {
    /// Shows the outcomes as a cell's result: a table with a bar for each.
    ///
    /// ```
    /// interleavings::outcomes(|| 5).evcxr_display();
    /// ```
    pub fn evcxr_display(&self) {
        rich(&[
            ("text/html", &self.html()),
            ("text/plain", &self.to_string()),
        ]);
    }

    /// The table with bars, for a page.
    fn html(&self) -> String {
        let mut rows = String::new();
        for row in &self.rows {
            let share = (row.schedules.saturating_mul(1000) / self.most()) as f64 / 10.0;
            let bar = match row.schedules {
                0 => String::new(),
                _ => format!(
                    "<div style=\"height:1em;min-width:1px;width:{share}%;background-color:#4477aa\"></div>"
                ),
            };
            let (count, schedule) = match &row.schedule {
                Some(schedule) => (grouped(row.schedules), escaped(schedule)),
                None => ("never".to_string(), String::new()),
            };
            rows += &format!(
                "<tr><td style=\"text-align:left\"><code>{}</code></td><td>{count}</td>\
                 <td style=\"width:40%\">{bar}</td><td style=\"text-align:left\"><code>{schedule}</code></td></tr>",
                escaped(&row.value)
            );
        }
        format!(
            "<p>{}</p><table><thead><tr><th style=\"text-align:left\">outcome</th><th>schedules</th><th>share</th>\
             <th style=\"text-align:left\">one of them</th></tr></thead><tbody>{rows}</tbody></table>",
            escaped(&self.head())
        )
    }
}

debug_as_picture!(Report, Report::to_string);
debug_as_picture!(Outcomes, Outcomes::to_string);
