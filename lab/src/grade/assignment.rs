//! An assignment: what the teacher's source notebook says.
//!
//! Cells are known by nbgrader's metadata and their `grade_id`: cells that are solutions, the cell
//! `program` (how the program is asked), the cell `judge` (what the hidden tests share), hidden
//! tests, visible tests; all other code is given to the student.

use super::items;
use super::submission::Submission;
use crate::run::notebook::joined;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The cell whose hidden part says how the program is asked.
pub const PROGRAM: &str = "program";
/// The cell whose hidden part has the scenarios that are tried in every schedule.
pub const SCHEDULES: &str = "schedules";
/// The cell whose hidden part the hidden tests share.
pub const JUDGE: &str = "judge";
pub const BEGIN_HIDDEN: &str = "BEGIN HIDDEN TESTS";
pub const END_HIDDEN: &str = "END HIDDEN TESTS";

/// A source notebook, taken apart.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The notebook's name without `.ipynb`: submissions are known by it.
    pub name: String,
    pub path: PathBuf,
    /// Code that students are given and cannot change.
    pub given: Vec<Part>,
    /// The cells that a submission is taken from, with the reference solution.
    pub solutions: Vec<Part>,
    /// How the program is asked: Rust functions, the public ones of which are questions.
    pub questions: Part,
    /// What is tried in every schedule: Rust functions, the public ones of which are scenarios.
    pub scenarios: Option<Part>,
    /// What the hidden tests share.
    pub shared: String,
    pub tests: Vec<Test>,
}

/// A cell's id and its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub id: String,
    pub text: String,
}

/// A hidden test.
#[derive(Clone, Debug)]
pub struct Test {
    pub id: String,
    /// Its visible comment: what it is about.
    pub title: String,
    pub points: f64,
    pub body: String,
}

impl Assignment {
    /// Reads and checks a source notebook.
    ///
    /// # Errors
    /// In one sentence: what is wrong with it, in which cell, and what it should be.
    pub fn read(path: &Path) -> Result<Assignment> {
        let at = path.display();
        let text = std::fs::read_to_string(path).with_context(|| format!("{at} cannot be read"))?;
        let book: Value = serde_json::from_str(&text)
            .with_context(|| format!("{at} is not a notebook: restore it"))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let mut assignment = Assignment {
            name: name.into_owned(),
            path: path.to_owned(),
            given: Vec::new(),
            solutions: Vec::new(),
            questions: Part {
                id: PROGRAM.to_owned(),
                text: String::new(),
            },
            scenarios: None,
            shared: String::new(),
            tests: Vec::new(),
        };
        for cell in book["cells"].as_array().into_iter().flatten() {
            if cell["cell_type"] == "code" {
                assignment
                    .take(cell)
                    .with_context(|| format!("{at}: this assignment cannot be graded"))?;
            }
        }
        assignment
            .check()
            .with_context(|| format!("{at}: this assignment cannot be graded"))?;
        Ok(assignment)
    }

    fn take(&mut self, cell: &Value) -> Result<()> {
        let role = &cell["metadata"]["nbgrader"];
        let is = |name: &str| role[name].as_bool().unwrap_or(false);
        let id = role["grade_id"].as_str().unwrap_or_default().to_owned();
        let text = joined(&cell["source"]);
        if is("solution") {
            self.solutions.push(Part { id, text });
            return Ok(());
        }
        if !is("grade") {
            if text.contains(BEGIN_HIDDEN) {
                bail!("the cell \"{id}\" has a hidden part and is no test: make it one");
            }
            self.given.push(Part { id, text });
            return Ok(());
        }
        let points = role["points"].as_f64().unwrap_or(0.0);
        let Some(hidden) = hidden_part(&text).with_context(|| {
            format!("the cell \"{id}\" begins a hidden part and does not end it")
        })?
        else {
            if points > 0.0 {
                bail!(
                    "the test \"{id}\" has points and no hidden part: give it none, or a line `// {BEGIN_HIDDEN}`"
                );
            }
            // A visible test is the student's: it is not judged.
            return Ok(());
        };
        match id.as_str() {
            PROGRAM => self.questions.text = hidden,
            SCHEDULES => self.scenarios = Some(Part { id, text: hidden }),
            JUDGE => self.shared = hidden,
            _ => self.tests.push(Test {
                title: title(&text).unwrap_or_else(|| id.clone()),
                id,
                points,
                body: hidden,
            }),
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        if self.solutions.is_empty() {
            bail!("it has no solution cell: mark one in nbgrader's toolbar");
        }
        if self.questions.text.trim().is_empty() {
            bail!(
                "it has no cell \"{PROGRAM}\" with a hidden part that says how the program is asked"
            );
        }
        if self.tests.is_empty() {
            bail!("it has no hidden test: add a test cell with points and a hidden part");
        }
        let mut ids: Vec<&str> = self.tests.iter().map(|test| test.id.as_str()).collect();
        ids.extend(self.solutions.iter().map(|cell| cell.id.as_str()));
        ids.sort_unstable();
        if let Some(twice) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
            bail!("two cells have the id \"{}\": give each its own", twice[0]);
        }
        for id in &ids {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if id.is_empty() || !id.chars().all(plain) {
                bail!("the cell id \"{id}\" is not made of letters, digits, - and _: rename it");
            }
        }
        Ok(())
    }

    /// The teacher's own solution, as if it were submitted.
    pub fn reference(&self) -> Submission {
        let given = self.given.iter().map(|part| part.text.as_str());
        let makers: Vec<String> = items::macros(given).into_iter().collect();
        Submission {
            solutions: self.solutions.clone(),
            code: items::only(&self.solutions, &makers),
            notes: Vec::new(),
        }
    }

    /// All points that can be had.
    pub fn most(&self) -> f64 {
        self.tests.iter().map(|test| test.points).sum()
    }
}

/// The text between the lines that begin and end a hidden part; `None` where there is none.
fn hidden_part(text: &str) -> Result<Option<String>> {
    let (mut inside, mut any) = (false, false);
    let mut hidden = String::new();
    for line in text.lines() {
        if line.contains(BEGIN_HIDDEN) {
            (inside, any) = (true, true);
        } else if line.contains(END_HIDDEN) {
            inside = false;
        } else if inside {
            hidden.push_str(line);
            hidden.push('\n');
        }
    }
    if inside {
        bail!("a line `// {END_HIDDEN}` is missing");
    }
    Ok(any.then_some(hidden))
}

/// The comment above the hidden part.
fn title(text: &str) -> Option<String> {
    let comment: Vec<&str> = text
        .lines()
        .take_while(|line| !line.contains(BEGIN_HIDDEN))
        .filter_map(|line| line.trim().strip_prefix("//"))
        .map(str::trim)
        .collect();
    let comment = comment.join(" ");
    (!comment.is_empty()).then_some(comment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hidden_part_and_the_title_stand_apart() {
        let text = "// Words are counted,\n// in any order.\n// BEGIN HIDDEN TESTS\nask();\n// END HIDDEN TESTS\n";
        assert_eq!(hidden_part(text).unwrap().as_deref(), Some("ask();\n"));
        assert_eq!(
            title(text).as_deref(),
            Some("Words are counted, in any order.")
        );
        assert_eq!(hidden_part("assert!(true);").unwrap(), None);
        assert!(hidden_part("// BEGIN HIDDEN TESTS\n").is_err());
    }
}
