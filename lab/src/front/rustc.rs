//! rustc's report on a cell, with the cell's own lines and numbers.
//!
//! rustc speaks of evcxr's generated file; evcxr's own translation leaves out rustc's notes and, in
//! a cell with a letter beyond ASCII, the code of the error. The kernel's `cargo` (see `shims`)
//! keeps what the compiler said last, and here it is drawn anew, in rustc's manner, by the crate
//! that rustc itself is to use.

use super::history::History;
use super::place::Place;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;

/// What rustc says of one mistake; the fields that are used here.
#[derive(Debug, Deserialize)]
pub struct Diagnostic {
    pub message: String,
    code: Option<Code>,
    level: String,
    spans: Vec<Span>,
    children: Vec<Diagnostic>,
}

#[derive(Debug, Deserialize)]
struct Code {
    code: String,
}

#[derive(Debug, Deserialize)]
struct Span {
    file_name: String,
    line_start: usize,
    line_end: usize,
    column_start: usize,
    column_end: usize,
    is_primary: bool,
    label: Option<String>,
    suggested_replacement: Option<String>,
    expansion: Option<Box<Expansion>>,
}

#[derive(Debug, Deserialize)]
struct Expansion {
    span: Span,
}

/// A line of cargo's messages.
#[derive(Deserialize)]
struct Line {
    message: Diagnostic,
}

/// What the compiler said in cargo's `messages`, in order.
pub fn said(messages: &str) -> Vec<Diagnostic> {
    let lines = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Line>(line).ok());
    lines
        .map(|line| line.message)
        .filter(|said| !said.spans.is_empty())
        .collect()
}

impl Diagnostic {
    pub fn is_error(&self) -> bool {
        self.level == "error"
    }

    pub fn code(&self) -> Option<&str> {
        self.code.as_ref().map(|code| code.code.as_str())
    }

    /// The report; `None` if nothing of what it speaks of is in a cell.
    pub fn report(&self, source: &str, cells: &History) -> Option<String> {
        let mut marks = self.marks(source, cells);
        let primary = self.spans.iter().find(|span| span.is_primary);
        let primary = primary
            .and_then(|span| span.within(source, cells))
            .map(|(cell, ..)| cell);
        let first = primary.or_else(|| marks.keys().next().copied())?;
        let mut title = Level::ERROR.primary_title(self.message.as_str());
        if let Some(code) = self.code() {
            title = title.id(code);
        }
        let mut main = title
            .elements(marks.remove(&first))
            .elements(marks.into_values());
        let mut groups = Vec::new();
        for child in &self.children {
            match child.suggestion(source, cells) {
                Some(group) => groups.push(group),
                None => {
                    main = main.element(level(&child.level).message(child.message.as_str()));
                    if !child.speaks_of_lines_of(self) {
                        main = main.elements(child.marks(source, cells).into_values());
                    }
                }
            }
        }
        groups.insert(0, main);
        Some(muted(&Renderer::styled().render(&groups)))
    }

    /// Whether all that it marks is in lines that the other one quotes anyway.
    fn speaks_of_lines_of(&self, other: &Diagnostic) -> bool {
        let quoted = |span: &Span| {
            other
                .spans
                .iter()
                .any(|there| there.line_start == span.line_start)
        };
        self.spans.iter().all(quoted)
    }

    /// What it marks, by cell.
    fn marks<'a>(
        &'a self,
        source: &str,
        cells: &'a History,
    ) -> BTreeMap<u64, Snippet<'a, Annotation<'a>>> {
        let mut marks = BTreeMap::new();
        for span in &self.spans {
            let Some((cell, code, range)) = span.within(source, cells) else {
                continue;
            };
            let kind = if span.is_primary {
                AnnotationKind::Primary
            } else {
                AnnotationKind::Context
            };
            let mark = kind.span(range).label(span.label.as_deref());
            let snippet = marks
                .remove(&cell)
                .unwrap_or_else(|| Snippet::source(code).path(format!("cell [{cell}]")));
            marks.insert(cell, snippet.annotation(mark));
        }
        marks
    }

    /// A child that says what to write instead.
    fn suggestion<'a>(&'a self, source: &str, cells: &'a History) -> Option<Group<'a>> {
        let mut patches: BTreeMap<u64, Snippet<Patch>> = BTreeMap::new();
        for span in &self.spans {
            let replacement = span.suggested_replacement.as_deref()?;
            let (cell, code, range) = span.within(source, cells)?;
            let snippet = patches
                .remove(&cell)
                .unwrap_or_else(|| Snippet::source(code).path(format!("cell [{cell}]")));
            patches.insert(cell, snippet.patch(Patch::new(range, replacement)));
        }
        let title = level(&self.level).secondary_title(self.message.as_str());
        (!patches.is_empty()).then(|| title.elements(patches.into_values()))
    }
}

/// Colours that are legible on both of JupyterLab's grounds for errors, pink and dark red: it draws the
/// bright and the bold ones darker.
fn muted(report: &str) -> String {
    report
        .replace("\u{1b}[1m\u{1b}[9", "\u{1b}[3")
        .replace("\u{1b}[9", "\u{1b}[3")
}

fn level(name: &str) -> Level<'static> {
    match name {
        "help" => Level::HELP,
        "warning" => Level::WARNING,
        "error" => Level::ERROR,
        _ => Level::NOTE,
    }
}

impl Span {
    /// The cell, its code and the bytes meant there.
    fn within<'a>(&self, source: &str, cells: &'a History) -> Option<(u64, &'a str, Range<usize>)> {
        if self.file_name != crate::stock::SOURCE {
            // Inside a macro of another crate: what counts is where the cell uses it.
            return self.expansion.as_ref()?.span.within(source, cells);
        }
        let start = Place::find(source, self.line_start, cells)?;
        let end = match self.line_end == self.line_start {
            true => start.offset(self.column_end),
            false => Place::find(source, self.line_end, cells)
                .filter(|end| end.cell == start.cell)?
                .offset(self.column_end),
        };
        let from = start.offset(self.column_start);
        (from <= end).then_some((start.cell, start.code, from..end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::ansi::{Keep, strip};

    fn message(line: usize, columns: Range<usize>) -> String {
        serde_json::json!({"reason": "compiler-message", "message": {
            "message": "mismatched types", "level": "error", "code": {"code": "E0308", "explanation": ""},
            "spans": [{"file_name": "src/lib.rs", "line_start": line, "line_end": line,
                "column_start": columns.start, "column_end": columns.end, "is_primary": true,
                "label": "expected `u32`, found `&str`", "suggested_replacement": null, "expansion": null}],
            "children": [{"message": "a note of rustc's", "level": "note", "code": null, "spans": [], "children": []}],
        }})
        .to_string()
    }

    #[test]
    fn a_report_quotes_the_cell_also_beyond_ascii() {
        let mut cells = History::default();
        cells.add(7, "let 数 = \"世\";\nlet q: u32 = 数;");
        let source = "fn generated() {\nlet 数 = \"世\";\nlet q: u32 = 数;\n}";
        let found = said(&format!("not json\n{}\n", message(3, 14..15)));
        assert_eq!(found[0].code(), Some("E0308"));
        let report = strip(&found[0].report(source, &cells).unwrap(), Keep::Nothing);
        assert!(
            report.starts_with("error[E0308]: mismatched types\n"),
            "{report}"
        );
        assert!(report.contains("--> cell [7]:2:14"), "{report}");
        assert!(report.contains("2 | let q: u32 = 数;"), "{report}");
        assert!(report.contains("^^ expected `u32`"), "{report}");
        assert!(report.contains("= note: a note of rustc's"), "{report}");
    }

    #[test]
    fn a_mistake_in_generated_code_has_no_report() {
        let mut cells = History::default();
        cells.add(1, "let a = 1;");
        let found = said(&message(1, 1..2));
        assert!(found[0].report("fn generated() {}", &cells).is_none());
    }
}
