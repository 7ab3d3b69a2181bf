//! rustc's report on a cell, with the cell's own lines and numbers.
//!
//! rustc speaks of evcxr's generated file; evcxr's own translation leaves out rustc's notes and, in
//! a cell with a letter beyond ASCII, the code of the error. The kernel's `cargo` (see `shims`)
//! keeps what the compiler said last, and here it is drawn anew, in rustc's manner, by the crate
//! that rustc itself is to use.

use super::history::History;
use super::lost;
use super::span::Span;
use super::{unfinished, words};
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What rustc says of one mistake; the fields that are used here.
#[derive(Debug, Deserialize)]
pub struct Diagnostic {
    message: String,
    code: Option<Code>,
    level: String,
    spans: Vec<Span>,
    children: Vec<Diagnostic>,
}

#[derive(Debug, Deserialize)]
struct Code {
    code: String,
}

/// What an error comes of; what is told first comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// What the cell says.
    Cell,
    /// That evcxr keeps a variable for the cells that follow: often but the consequence of another mistake.
    Kept,
    /// The type of that variable, as evcxr writes it.
    Type,
}

/// A line of cargo's messages.
#[derive(Deserialize)]
struct Line {
    message: Diagnostic,
}

/// The errors of which the compiler told in cargo's `messages`, in order.
pub fn errors(messages: &str) -> Vec<Diagnostic> {
    let lines = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Line>(line).ok());
    lines
        .map(|line| line.message)
        .filter(|said| said.level == "error" && !said.spans.is_empty())
        .collect()
}

impl Diagnostic {
    pub fn code(&self) -> Option<&str> {
        self.code.as_ref().map(|code| code.code.as_str())
    }

    /// Whether evcxr's `message` is this one, or one of its parts.
    pub fn is_told_by(&self, message: &str) -> bool {
        let parts = std::iter::once(self).chain(&self.children);
        parts
            .map(|part| &part.message)
            .any(|part| words::as_evcxr_has_it(part) == message)
    }

    /// What it says, without evcxr's inner names.
    pub fn title(&self, source: &str) -> String {
        let ended = self.primary().is_some_and(|span| span.is_behind(source));
        words::title(&self.message, ended)
    }

    fn primary(&self) -> Option<&Span> {
        self.spans.iter().find(|span| span.is_primary)
    }

    /// The line that its main mark is in, behind the number of the cell.
    pub fn place(&self, source: &str, cells: &History) -> Option<(u64, usize)> {
        let (cell, code, range) = self.primary()?.within(source, cells)?;
        Some((cell, code[..range.start].matches('\n').count()))
    }

    /// What it comes of.
    pub fn cause(&self, source: &str) -> Cause {
        let borrows = ["E0597", "E0716"].contains(&self.code().unwrap_or_default());
        let main = self.primary().filter(|span| !span.is_behind(source));
        match main.and_then(|span| span.kept(source)) {
            Some(_) => Cause::Type,
            None if borrows && self.kept(source).is_some() => Cause::Kept,
            None => Cause::Cell,
        }
    }

    /// The variable that evcxr keeps, if it marks such a line.
    fn kept<'a>(&self, source: &'a str) -> Option<&'a str> {
        self.spans.iter().find_map(|span| span.kept(source))
    }

    /// The report; `None` if nothing of what it speaks of is in a cell, or if it only follows from another:
    /// evcxr has something else to keep then.
    pub fn report(&self, source: &str, cells: &History) -> Option<String> {
        let primary = self.primary();
        let code = self.code().unwrap_or_default();
        if self.cause(source) == Cause::Type && ["E0382", "E0505"].contains(&code) {
            return None;
        }
        let mut marks = self.marks(source, cells);
        self.mark_bracket(&mut marks, source, cells);
        let primary = primary
            .and_then(|span| span.within(source, cells))
            .map(|(cell, ..)| cell);
        let first = primary.or_else(|| marks.keys().next().copied())?;
        let mut title = Level::ERROR.primary_title(self.title(source));
        if let Some(code) = self.code() {
            title = title.id(code);
        }
        let mut main = title
            .elements(marks.remove(&first))
            .elements(marks.into_values());
        let lost = self.unknown().and_then(|name| lost::explain(name, cells));
        // What else has its name is of no interest then.
        let children = self.children.iter().filter(|_| lost.is_none());
        let mut groups = Vec::new();
        for child in children {
            if let Some(group) = child.patches(source, cells) {
                groups.push(group);
                continue;
            }
            let Some(text) = child.in_words(self) else {
                continue;
            };
            let marks = match child.replacements().is_empty() && !child.speaks_of_lines_of(self) {
                true => child.marks(source, cells),
                false => BTreeMap::new(),
            };
            if marks.is_empty() && words::speaks_of_its_place(&text) {
                continue;
            }
            main = main.element(level(&child.level).message(text));
            main = main.elements(marks.into_values());
        }
        let of_variable = self.kept(source).and_then(|name| match self.cause(source) {
            Cause::Cell => None,
            Cause::Kept => Some(Level::HELP.message(words::keeping(name))),
            Cause::Type => Some(Level::NOTE.message(words::naming(name))),
        });
        main = main.elements(of_variable);
        main = main.elements(lost.map(|note| Level::NOTE.message(note)));
        let latest = cells.newest_first().next();
        if let Some(operator) = latest.and_then(|(_, code)| unfinished::operator(code)) {
            main = main.element(Level::NOTE.message(words::middle(operator)));
        }
        groups.insert(0, main);
        Some(muted(&Renderer::styled().render(&groups)))
    }

    /// The name that it does not know.
    fn unknown(&self) -> Option<&str> {
        let rest = self.message.strip_prefix("cannot find ")?;
        let (kind, rest) = rest.split_once(" `")?;
        let (name, rest) = rest.split_once('`')?;
        (["value", "function"].contains(&kind) && rest == " in this scope").then_some(name)
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
            let label = match span.label.as_deref() {
                None | Some("mismatched closing delimiter") if span.is_behind(source) => {
                    Some(words::ENDS.to_owned())
                }
                label => label.map(words::of_cell),
            };
            let mark = kind.span(range).label(label);
            let snippet = marks
                .remove(&cell)
                .unwrap_or_else(|| Snippet::source(code).path(format!("cell [{cell}]")));
            marks.insert(cell, snippet.annotation(mark));
        }
        marks
    }

    /// rustc does not tell where a bracket is opened if one of evcxr's closes it.
    fn mark_bracket<'a>(
        &self,
        marks: &mut BTreeMap<u64, Snippet<'a, Annotation<'a>>>,
        source: &str,
        cells: &'a History,
    ) {
        let told = |span: &Span| {
            span.label.as_deref() == Some(words::UNCLOSED) && span.within(source, cells).is_some()
        };
        if words::is_of_bracket(&self.title(source))
            && !self.spans.iter().any(told)
            && let Some((cell, code)) = cells.newest_first().next()
            && let Some(at) = unfinished::bracket(code)
            && let Some(snippet) = marks.remove(&cell)
        {
            let mark = AnnotationKind::Context.span(at..at + 1);
            marks.insert(cell, snippet.annotation(mark.label(words::UNCLOSED)));
        }
    }

    /// What it proposes to write.
    fn replacements(&self) -> Vec<&str> {
        let all = self.spans.iter();
        all.filter_map(|span| span.suggested_replacement.as_deref())
            .collect()
    }

    /// Whether what it proposes are several ways, of which one is to be chosen.
    fn has_choice(&self) -> bool {
        let start = |span: &Span| (span.line_start, span.column_start);
        let mut starts: Vec<_> = self.spans.iter().map(start).collect();
        starts.sort_unstable();
        starts.windows(2).any(|pair| pair[0] == pair[1])
    }

    /// A child that says what to write instead, if it is clear where. A line that imports something has no
    /// such place: rustc's is before the first item of the file, in whatever cell that was typed.
    fn patches<'a>(&'a self, source: &str, cells: &'a History) -> Option<Group<'a>> {
        if self.has_choice() || self.replacements().iter().any(|it| words::is_import(it)) {
            return None;
        }
        let mut patches: BTreeMap<u64, Snippet<Patch>> = BTreeMap::new();
        for span in &self.spans {
            let replacement = span.suggested_replacement.as_deref()?;
            let (cell, code, range) = span.within(source, cells)?;
            let snippet = patches
                .remove(&cell)
                .unwrap_or_else(|| Snippet::source(code).path(format!("cell [{cell}]")));
            // What stays stays: rustc means by it that it is to be put behind.
            let range = if replacement == ";" {
                range.end..range.end
            } else {
                range
            };
            patches.insert(cell, snippet.patch(Patch::new(range, replacement)));
        }
        let title = level(&self.level).secondary_title(words::of_cell(&self.message));
        (!patches.is_empty()).then(|| title.elements(patches.into_values()))
    }

    /// A child without a place: with all that it proposes to write. `None` where that is for evcxr's text,
    /// or where it says nothing without what it points at.
    fn in_words(&self, of: &Diagnostic) -> Option<String> {
        if words::is_idle(&self.message) {
            return None;
        }
        let mut text = words::of_cell(&self.message);
        let mut lines: Vec<&str> = self.replacements().into_iter().map(str::trim).collect();
        lines.retain(|line| !line.is_empty());
        if lines.iter().any(|line| words::is_inner(line)) {
            return None;
        }
        if lines == ["mut"] {
            // It was made in another cell.
            let name = of.message.split('`').nth(1)?;
            return Some(format!("make it mutable first: `let mut {name} = {name};`"));
        }
        for line in lines {
            text += &format!("\n    {line}");
        }
        Some(text)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::ansi::{Keep, strip};
    use std::ops::Range;

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
        let found = errors(&format!("not json\n{}\n", message(3, 14..15)));
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
        let found = errors(&message(1, 1..2));
        assert!(found[0].report("fn generated() {}", &cells).is_none());
    }
}
