//! What is taken from a submission: the text of its solution cells, and nothing else.

use super::assignment::Part;
use crate::run::notebook::joined;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::Read;

/// Far above any notebook whose pictures are its own.
const LARGEST: u64 = 10 << 20;
/// Far above any solution.
const LONGEST_SOLUTION: usize = 256 << 10;

/// A submission as far as it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// One for each solution cell of the assignment, in its order.
    pub solutions: Vec<Part>,
    /// Each one's text without what a program has no place for; the same number of lines.
    pub code: Vec<String>,
    /// What a teacher may want to know.
    pub notes: Vec<String>,
}

/// Reads a notebook's text, which is nobody's friend: in a process of its own (see `reader`).
///
/// # Errors
/// In one sentence, where there is nothing to grade: the submission gets no points.
pub fn read(from: impl Read, wanted: &[String]) -> Result<Submission, String> {
    let text = read_text(from)?;
    let book: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| format!("the notebook is not valid JSON: {error}"))?;
    let Some(cells) = book["cells"].as_array() else {
        return Err("the notebook has no cells".to_owned());
    };
    take(cells, wanted)
}

fn read_text(from: impl Read) -> Result<String, String> {
    let mut bytes = Vec::new();
    from.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("the notebook cannot be read: {error}"))?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!(
            "the notebook has more than {} MB: clear its outputs and submit it again",
            LARGEST >> 20
        ));
    }
    String::from_utf8(bytes).map_err(|_| {
        "the notebook is not UTF-8 text: save it in JupyterLab and submit it again".to_owned()
    })
}

fn take(cells: &[Value], wanted: &[String]) -> Result<Submission, String> {
    let mut taken = Submission {
        solutions: Vec::new(),
        code: Vec::new(),
        notes: Vec::new(),
    };
    for id in wanted {
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
        taken.code.push(text.clone());
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

    fn wanted() -> [String; 2] {
        ["one", "two"].map(str::to_owned)
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
        let taken = take(&cells, &wanted()).unwrap();
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
        let taken = take(&[cell("code", "two", "x")], &wanted()).unwrap();
        assert_eq!(taken.solutions[0].text, "");
        assert_eq!(taken.notes, ["the solution cell \"one\" is missing"]);
    }

    #[test]
    fn kernel_commands_are_refused_and_paths_are_not() {
        let said = take(&[cell("code", "one", "fn a() {}\n:dep rand")], &wanted());
        assert!(said.unwrap_err().contains("the kernel command `:dep`"));
        assert_eq!(kernel_command("::std::process::exit(0);\nx\n : y"), None);
    }
}
