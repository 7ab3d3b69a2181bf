//! The words of a run: one line when a notebook ends, the failures, the table.

use std::fmt::Write;

use super::ansi::{self, Keep};
use super::claims::Broken;
use super::progress::count;
use super::result::{Failure, NotebookResult, Outcome, Summary};

/// An output is shown from its end, where the reason usually stands.
const LAST_LINES: usize = 100;
/// A picture's data on one line must not fill the screen.
const LONGEST_LINE: usize = 500;

/// The line that says how a notebook ended.
pub fn ended(result: &NotebookResult) -> String {
    let NotebookResult { name, seconds, .. } = result;
    match &result.outcome {
        Outcome::Passed => format!("passed    {name} in {seconds:.1} s"),
        Outcome::Failed(failure) => format!(
            "FAILED    {name} in {seconds:.1} s: code cell {}: {}",
            failure.cell, failure.reason
        ),
        Outcome::Broken(claims) => format!(
            "BROKEN    {name} in {seconds:.1} s: {}",
            count_of(claims.len())
        ),
        Outcome::Error(sentence) => format!("ERROR     {sentence}"),
        Outcome::Interrupted => format!("stopped   {name} after {seconds:.1} s"),
    }
}

/// Everything that is said after the last notebook.
pub fn summary(summary: &Summary, keep: Keep) -> String {
    let mut text = String::new();
    for result in &summary.notebooks {
        if let Outcome::Failed(failure) = &result.outcome {
            text += &failed(&result.name, failure, keep);
        }
        if let Outcome::Broken(claims) = &result.outcome {
            text += &broken(&result.name, claims);
        }
    }
    text += &table(&summary.notebooks);
    let notes = summary.notebooks.iter().flat_map(|result| &result.notes);
    for note in notes {
        writeln!(text, "{note}").ok();
    }
    text += if summary.interrupted {
        "interrupted"
    } else {
        ""
    };
    text.trim_end().to_owned()
}

fn count_of(claims: usize) -> String {
    count(claims, "claim")
        + if claims == 1 {
            " does not hold"
        } else {
            " do not hold"
        }
}

/// What the texts say that is not so.
fn broken(name: &str, claims: &[Broken]) -> String {
    let mut text = String::new();
    for claim in claims {
        let id = claim.id.as_ref();
        let id = id.map(|id| format!(" (id {id})")).unwrap_or_default();
        writeln!(text, "\n{name}, code cell {}{id}: {claim}", claim.cell).ok();
    }
    text
}

fn failed(name: &str, failure: &Failure, keep: Keep) -> String {
    let id = failure
        .id
        .as_ref()
        .map(|id| format!(" (id {id})"))
        .unwrap_or_default();
    let mut text = format!(
        "\n{name}, code cell {}{id}: {}\n",
        failure.cell, failure.reason
    );
    for (title, part) in [
        ("source", &failure.source),
        ("output", &failure.output),
        ("the kernel's own messages", &failure.log),
    ] {
        if !part.trim().is_empty() {
            writeln!(text, "  {title}:").ok();
            text += &last_lines(&ansi::strip(part, keep));
        }
    }
    text
}

/// The end of a text, indented, with a word on what is left out.
fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let left_out = lines.len().saturating_sub(LAST_LINES);
    let mut shown = String::new();
    if left_out > 0 {
        writeln!(
            shown,
            "    ({} before this left out)",
            count(left_out, "line")
        )
        .ok();
    }
    for line in &lines[left_out..] {
        // The carriage return of a progress bar would overwrite the line on a terminal.
        let line = line.trim_end_matches('\r').replace('\r', "\u{240d}");
        match line.char_indices().nth(LONGEST_LINE) {
            Some((end, _)) => writeln!(shown, "    {}…", &line[..end]).ok(),
            None => writeln!(shown, "    {line}").ok(),
        };
    }
    shown
}

fn table(results: &[NotebookResult]) -> String {
    let width = results
        .iter()
        .map(|result| result.name.chars().count())
        .chain(["notebook".len()])
        .max()
        .unwrap_or_default();
    let mut text = format!(
        "\n{:width$}  {:>7}  {:>7}  result\n",
        "notebook", "cells", "seconds"
    );
    for result in results {
        let cells = format!("{}/{}", result.ran, result.cells);
        writeln!(
            text,
            "{:width$}  {:>7}  {:>7.1}  {}",
            result.name,
            cells,
            result.seconds,
            word(&result.outcome)
        )
        .ok();
    }
    text
}

fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Passed => "passed".to_owned(),
        Outcome::Failed(failure) => format!("FAILED in code cell {}", failure.cell),
        Outcome::Broken(claims) => count_of(claims.len()),
        Outcome::Error(_) => "ERROR".to_owned(),
        Outcome::Interrupted => "interrupted".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed_result() -> NotebookResult {
        NotebookResult {
            path: "a.ipynb".into(),
            name: "a.ipynb".to_owned(),
            outcome: Outcome::Failed(Failure {
                cell: 2,
                id: Some("x1".to_owned()),
                why: super::super::result::Why::Cell,
                reason: "the cell ended in an error".to_owned(),
                source: "one\ntwo".to_owned(),
                output: "\u{1b}[31mred\u{1b}[0m".to_owned(),
                log: String::new(),
            }),
            ran: 2,
            cells: 3,
            seconds: 1.25,
            parts: Vec::new(),
            notes: vec!["a.ipynb was not saved".to_owned()],
        }
    }

    #[test]
    fn the_summary_names_cell_source_and_output() {
        let all = Summary {
            notebooks: vec![failed_result()],
            interrupted: false,
        };
        assert!(all.failed());
        assert_eq!(all.exit_code(), 1);
        let expected = "
a.ipynb, code cell 2 (id x1): the cell ended in an error
  source:
    one
    two
  output:
    red

notebook    cells  seconds  result
a.ipynb       2/3      1.2  FAILED in code cell 2
a.ipynb was not saved";
        assert_eq!(summary(&all, Keep::Nothing), expected);
    }

    #[test]
    fn long_outputs_are_shown_from_the_end() {
        let text: String = (1..=150).map(|n| format!("line {n}\n")).collect();
        let shown = last_lines(&text);
        assert!(shown.starts_with("    (50 lines before this left out)\n    line 51\n"));
        assert!(shown.ends_with("    line 150\n"));
    }
}
