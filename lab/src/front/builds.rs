//! What a cell's compilation costs: the reader sees what is compiled and why, and a cell that had `support`
//! compiled again begins in a fresh process (see `shims::again`).

use super::failure::Reached;
use super::phase::{Cell, Phase};
use super::{Front, limits};
use crate::shims;
use serde_json::json;
use std::fmt::Write;

/// What is told, and stays, where an earlier cell may have made some.
const LOST: &str = "Variables of earlier cells are gone: this cell's crates need another `support`, and the cells' process has begun anew with it. Run the cells that made them again; functions, types and `use` lines are kept.";

/// What is told of a cell that is compiled for long itself.
const SLOW: &str = "Compiling this cell …";

/// What is compiled for a cell besides the cell.
#[derive(Default)]
pub struct Builds {
    crates: u32,
    /// Why `support` is among them.
    why: Option<String>,
    /// The cell was interrupted when its first process had just ended.
    pub unwanted: bool,
}

impl Front {
    /// evcxr has passed on what cargo compiles.
    pub(super) fn compiles(&mut self, what: &str) {
        let has_variables = self.has_variables();
        let Phase::Cell(cell) = &mut self.phase else {
            return;
        };
        if !cell.is_given() {
            return;
        }
        if what == shims::DONE {
            return self.untell();
        }
        match what.strip_prefix(shims::WHY) {
            Some(why) => cell.builds.why = Some(why.to_owned()),
            None => cell.builds.crates += 1,
        }
        let text = cell.builds.text(what, has_variables);
        self.tell(&text);
    }

    /// Shows at a cell that takes its time that it does not run yet, for as long as that is so.
    pub(super) fn look_whether_compiled(&mut self) {
        let Phase::Cell(cell) = &mut self.phase else {
            return;
        };
        // A process that is not known has not begun with any cell.
        let runs = self
            .line
            .as_ref()
            .is_some_and(|(number, process)| cell.runs_in(*number, process.as_ref(), true));
        cell.look = (!runs).then_some(self.now + limits::LOOK);
        match (runs, cell.told) {
            (true, true) => self.untell(),
            (false, false) => self.tell(SLOW),
            _ => {}
        }
    }

    /// Whether an earlier cell may have made some.
    fn has_variables(&self) -> bool {
        let earlier = self.history.newest_first().skip(1);
        let mut words = earlier.flat_map(|(_, code)| code.split_whitespace());
        words.any(|word| word == "let")
    }

    /// Whether the cells' process was ended so that this cell begins in a fresh one: evcxr, which has
    /// started that, is given the cell once more.
    pub(super) fn begins_again(&mut self) -> bool {
        let mark = self.workplace().map(|workplace| &workplace.compiler);
        let mark = mark.map(|messages| messages.with_file_name(shims::ENDED));
        if mark.is_none_or(|mark| std::fs::remove_file(mark).is_err()) {
            return false;
        }
        let has_variables = self.has_variables();
        match &mut self.phase {
            Phase::Cell(cell) if cell.builds.unwanted || cell.interrupted.is_some() => {
                cell.interrupted = Some(Reached::Run);
                return false;
            }
            Phase::Cell(cell) => {
                let (request, told) = (cell.request.clone(), cell.told);
                **cell = Cell::new(request);
                cell.told = told;
            }
            Phase::Idle | Phase::Asks(..) => return false,
        }
        self.untell();
        if has_variables {
            let content = json!({"data": {"text/plain": LOST}, "metadata": {}, "transient": {}});
            self.publish_for_cell("display_data", &content);
        }
        true
    }
}

impl Builds {
    /// What the reader is told while the crate `latest` is compiled.
    fn text(&self, latest: &str, has_variables: bool) -> String {
        let mut text = String::new();
        if let Some(why) = &self.why {
            let _ = writeln!(
                text,
                "`support`, of which all cells share one copy, is compiled again: {why}. That takes a minute or two."
            );
            if has_variables {
                let _ = writeln!(
                    text,
                    "Variables of earlier cells will be gone then: interrupt this cell to keep them."
                );
            }
        }
        let mut words = latest.split(' ');
        let name = words.next().unwrap_or_default();
        match words.next().filter(|_| !latest.starts_with(shims::WHY)) {
            Some(version) => {
                let _ = write!(text, "Compiling {name} {version} …");
                if self.crates > 1 {
                    let _ = write!(text, " ({} crates so far)", self.crates);
                }
            }
            None => text.truncate(text.trim_end().len()),
        }
        text
    }
}
