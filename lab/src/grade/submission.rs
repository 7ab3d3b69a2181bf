//! What is taken from a submission: the text of its solution cells, and nothing else.

use super::assignment::{Assignment, Part};
use crate::run::notebook::joined;
use serde_json::Value;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Far above any notebook whose pictures are its own.
const LARGEST: u64 = 10 << 20;
/// Far above any solution.
const LONGEST_SOLUTION: usize = 256 << 10;

/// A submission as far as it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// One for each solution cell of the assignment, in its order.
    pub solutions: Vec<Part>,
    /// What a teacher may want to know.
    pub notes: Vec<String>,
}

/// Reads the notebook at `path`.
///
/// # Errors
/// In one sentence, where there is nothing to grade: the submission gets no points.
pub fn read(path: &Path, assignment: &Assignment) -> Result<Submission, String> {
    let text = read_text(path)?;
    let book: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| format!("the notebook is not valid JSON: {error}"))?;
    let Some(cells) = book["cells"].as_array() else {
        return Err("the notebook has no cells".to_owned());
    };
    take(cells, assignment)
}

fn read_text(path: &Path) -> Result<String, String> {
    let cannot = |error: std::io::Error| format!("the notebook cannot be read: {error}");
    // Somebody else's file behind a link is no submission, and a pipe would never end.
    let found = std::fs::symlink_metadata(path).map_err(cannot)?;
    if !found.is_file() {
        return Err("the notebook is a link, a folder or a device, not a file".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(cannot)?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!(
            "the notebook has {} MB, and at most {} MB are read: clear its outputs and submit it again",
            found.len() >> 20,
            LARGEST >> 20
        ));
    }
    String::from_utf8(bytes).map_err(|_| {
        "the notebook is not UTF-8 text: save it in JupyterLab and submit it again".to_owned()
    })
}

fn take(cells: &[Value], assignment: &Assignment) -> Result<Submission, String> {
    let mut taken = Submission {
        solutions: Vec::new(),
        notes: Vec::new(),
    };
    for wanted in &assignment.solutions {
        let id = &wanted.id;
        // Only the kind and the id count: other metadata and the place are the student's to change.
        let mut found = cells.iter().filter(|cell| {
            cell["cell_type"] == "code"
                && cell["metadata"]["nbgrader"]["grade_id"].as_str() == Some(id)
        });
        let text = found.next().map(|cell| joined(&cell["source"]));
        if text.is_none() {
            taken
                .notes
                .push(format!("the solution cell \"{id}\" is missing"));
        }
        if found.next().is_some() {
            taken.notes.push(format!(
                "the solution cell \"{id}\" stands there more than once: the first counts"
            ));
        }
        let text = text.unwrap_or_default();
        if text.len() > LONGEST_SOLUTION {
            return Err(format!(
                "the solution cell \"{id}\" has more than {} KB",
                LONGEST_SOLUTION >> 10
            ));
        }
        // Jupyter keeps to `\n`; other line ends would count lines differently from rustc.
        let text = text.replace("\r\n", "\n");
        if let Some(command) = kernel_command(&text) {
            return Err(format!(
                "the solution cell \"{id}\" has the kernel command `{command}`, and a solution is Rust code only: take that line out"
            ));
        }
        taken.solutions.push(Part {
            id: id.clone(),
            text,
        });
    }
    Ok(taken)
}

/// A line that evcxr would take for a command: `:dep`, `:env` and others.
fn kernel_command(text: &str) -> Option<&str> {
    text.lines()
        .find(|line| {
            line.strip_prefix(':')
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
        })
        .map(|line| line.split_whitespace().next().unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn assignment() -> Assignment {
        let part = |id: &str| Part {
            id: id.to_owned(),
            text: String::new(),
        };
        Assignment {
            name: "a".to_owned(),
            path: "a.ipynb".into(),
            given: Vec::new(),
            solutions: vec![part("one"), part("two")],
            questions: part("program"),
            shared: String::new(),
            tests: Vec::new(),
        }
    }

    fn cell(kind: &str, id: &str, source: &str) -> Value {
        json!({ "cell_type": kind, "source": source, "metadata": { "nbgrader": { "grade_id": id } } })
    }

    #[test]
    fn order_copies_and_other_cells_change_nothing() {
        let cells = [
            cell("code", "two", "fn two() {}"),
            cell("code", "test", "panic!()"),
            cell("markdown", "one", "not this"),
            cell("code", "one", "fn one() {}"),
            cell("code", "one", "fn other() {}"),
        ];
        let taken = take(&cells, &assignment()).unwrap();
        let texts: Vec<&str> = taken
            .solutions
            .iter()
            .map(|one| one.text.as_str())
            .collect();
        assert_eq!(texts, ["fn one() {}", "fn two() {}"]);
        assert_eq!(
            taken.notes,
            ["the solution cell \"one\" stands there more than once: the first counts"]
        );
    }

    #[test]
    fn a_missing_cell_is_noted_and_empty() {
        let taken = take(&[cell("code", "two", "x")], &assignment()).unwrap();
        assert_eq!(taken.solutions[0].text, "");
        assert_eq!(taken.notes, ["the solution cell \"one\" is missing"]);
    }

    #[test]
    fn kernel_commands_are_refused_and_paths_are_not() {
        let said = take(
            &[cell("code", "one", "fn a() {}\n:dep rand")],
            &assignment(),
        );
        assert!(said.unwrap_err().contains("the kernel command `:dep`"));
        assert_eq!(kernel_command("::std::process::exit(0);\nx\n : y"), None);
    }
}
