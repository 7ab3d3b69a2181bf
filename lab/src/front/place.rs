//! Finds the cell's line behind a line of evcxr's generated file.
//!
//! evcxr writes the statements of a cell, and the functions of earlier ones, into `src/lib.rs` of
//! the kernel's directory, each as it was typed and on lines of its own, and rustc and panics name lines
//! of that file. So the text of that line is looked for in the cells, the newest first; where it stands
//! several times, the text around it decides. Text that stands in no cell has no place there, and none
//! is claimed.

use super::history::History;
use crate::stock::program;

/// So many characters around a line are compared.
const AROUND: usize = 2000;
/// So many of them, its own included, tell where a line like `}` comes from.
const TELLING: usize = 4;

/// A line of a cell.
#[derive(Debug, PartialEq)]
pub struct Place<'a> {
    /// The number under which the cell ran.
    pub cell: u64,
    pub code: &'a str,
    /// From 1.
    pub line: usize,
    /// Where the text that both have begins: here in bytes, in the generated line in characters.
    begins: usize,
    column: usize,
}

impl<'a> Place<'a> {
    /// The place of line `line` (from 1) of the generated `source`.
    pub fn find(source: &str, line: usize, cells: &'a History) -> Option<Place<'a>> {
        let (start, text) = line_of(source, line)?;
        let indent = text.len() - text.trim_start().len();
        let text = text.trim();
        let mut best: Option<(usize, Place)> = None;
        for (age, (cell, code)) in cells.in_source().enumerate() {
            for (begins, _) in code.match_indices(text).filter(|_| !text.is_empty()) {
                let around = alike_around(source, start + indent, code, begins);
                let whole = line_around(code, begins).trim() == text;
                let named = text.chars().any(char::is_alphanumeric);
                if !(around >= TELLING || named && (whole || text.len() >= 4)) {
                    continue;
                }
                let score = 2 * around + usize::from(whole);
                if best.as_ref().is_none_or(|(most, _)| score > *most) {
                    let column = source[start..start + indent].chars().count();
                    best = Some((score, Place::at(cell, code, begins, column)));
                }
            }
            // Statements are always those of the latest cell.
            if age == 0 && best.is_some() && program::is_statement(&source[..start]) {
                break;
            }
        }
        best.map(|(_, place)| place)
    }

    /// Where the latest cell ends, if line `line` of the generated `source` is what evcxr has put behind it.
    pub fn end(source: &str, line: usize, cells: &'a History) -> Option<Place<'a>> {
        let (start, _) = line_of(source, line).unwrap_or((source.len(), ""));
        let (cell, code) = cells.newest_first().next()?;
        let statements = program::is_statement(&source[..start]);
        statements.then(|| Place::at(cell, code, code.trim_end().len(), 0))
    }

    /// Where a cell names what `text` of the generated `line` is about: a line that imports one thing, and
    /// that evcxr has made of a `use` of several.
    pub fn import(line: &str, text: &str, cells: &'a History) -> Option<(Place<'a>, usize)> {
        let imported = line.trim().strip_prefix("use ")?;
        let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
        let last = |text: &str| {
            let mut names = text.split(|c| !is_of_name(c)).filter(|it| !it.is_empty());
            names.next_back().map(str::to_owned)
        };
        let name = last(text).or_else(|| last(imported))?;
        let names_it = |(cell, code): (u64, &'a str)| {
            uses(code).find_map(|(start, used)| {
                let at = words(used).find(|(_, word)| *word == name)?.0;
                Some((Place::at(cell, code, start + at, 0), name.len()))
            })
        };
        cells.in_source().find_map(names_it)
    }

    /// Of the byte `begins` of a cell, which in the generated line is that `column`.
    pub fn at(cell: u64, code: &'a str, begins: usize, column: usize) -> Place<'a> {
        Place {
            cell,
            code,
            line: code[..begins].matches('\n').count() + 1,
            begins,
            column,
        }
    }

    pub fn text(&self) -> &'a str {
        line_around(self.code, self.begins)
    }

    /// Where in the cell's code column `column` (from 1) of the generated line is, in bytes.
    pub fn offset(&self, column: usize) -> usize {
        let column = column.saturating_sub(1);
        if let Some(further) = column.checked_sub(self.column) {
            let rest = self.code[self.begins..].lines().next().unwrap_or_default();
            let within = rest.char_indices().nth(further);
            return self.begins + within.map_or(rest.len(), |(at, _)| at);
        }
        let before = &self.code[..self.begins];
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let back = self.column - column - 1;
        let within = before[line..].char_indices().rev().nth(back);
        line + within.map_or(0, |(at, _)| at)
    }
}

/// Where a line begins, and its text.
fn line_of(source: &str, line: usize) -> Option<(usize, &str)> {
    let text = source.lines().nth(line.checked_sub(1)?)?;
    Some((text.as_ptr() as usize - source.as_ptr() as usize, text))
}

/// The line in which the byte `at` is.
fn line_around(code: &str, at: usize) -> &str {
    let start = code[..at].rfind('\n').map_or(0, |at| at + 1);
    code[start..].lines().next().unwrap_or_default()
}

/// How many characters before and after agree, blanks aside.
fn alike_around(source: &str, start: usize, code: &str, begins: usize) -> usize {
    let generated = source[..start].rsplit('\n');
    let generated = generated.filter(|line| !program::leads_to_expression(line));
    let generated = generated.flat_map(|line| line.chars().rev());
    let before = alike(generated, code[..begins].chars().rev());
    before + alike(source[start..].chars(), code[begins..].chars())
}

fn alike(one: impl Iterator<Item = char>, other: impl Iterator<Item = char>) -> usize {
    let mut one = one.filter(|c| !c.is_whitespace());
    let mut other = other.filter(|c| !c.is_whitespace());
    std::iter::from_fn(|| (one.next()? == other.next()?).then_some(()))
        .take(AROUND)
        .count()
}

/// The `use` lines of a cell, with where each begins.
fn uses(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.lines().filter_map(|line| {
        let start = line.as_ptr() as usize - code.as_ptr() as usize;
        let is_use = line
            .trim_start()
            .trim_start_matches("pub ")
            .starts_with("use ");
        let rest = is_use.then(|| &code[start..])?;
        Some((start, &rest[..rest.find(';').unwrap_or(rest.len())]))
    })
}

fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let parts = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    parts.map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn cells(codes: &[&str]) -> History {
        let mut history = History::default();
        for (number, code) in codes.iter().enumerate() {
            history.add(number as u64 + 1, code);
            history.ended(crate::front::history::Left::All);
        }
        history
    }

    fn found(source: &str, line: usize, cells: &History) -> Option<(u64, usize)> {
        Place::find(source, line, cells).map(|place| (place.cell, place.line))
    }

    #[test]
    fn a_line_is_found_in_the_cell_that_has_it() {
        let cells = cells(&[
            "fn f(x: u32) {\n    assert!(x > 1);\n}",
            "let y = 1;\nf(y);",
        ]);
        let source = "generated\nfn f(x: u32) {\n    assert!(x > 1);\n}\nmore\nlet y = 1;\nf(y);\n";
        assert_eq!(found(source, 3, &cells), Some((1, 2)));
        assert_eq!(found(source, 7, &cells), Some((2, 2)));
        assert_eq!(found(source, 5, &cells), None);
        assert_eq!(found(source, 99, &cells), None);
    }

    #[test]
    fn of_equal_lines_the_ones_around_decide() {
        let cells = cells(&["let a = v.pop();\na.unwrap();\nlet b = v.pop();\na.unwrap();"]);
        let source = "x\nlet a = v.pop();\na.unwrap();\nlet b = v.pop();\na.unwrap();\ny";
        assert_eq!(found(source, 5, &cells), Some((1, 4)));
        assert_eq!(found(source, 3, &cells), Some((1, 2)));
    }

    #[test]
    fn the_shown_expression_is_found_inside_of_its_call() {
        let cells = cells(&["let v = vec![1];\n  v[7]"]);
        let source = "let v = vec![1];\n(\nv[7]\n).evcxr_display();";
        let place = Place::find(source, 3, &cells).unwrap();
        assert_eq!(place.line, 2);
        // `v` is the first character there, and the third of the second line here.
        assert_eq!(&place.code[place.offset(1)..], "v[7]");
    }

    #[test]
    fn several_statements_of_one_line_are_found_there() {
        let cells = cells(&["let a = 1; let b = a;"]);
        let place = Place::find("let a = 1;\nlet b = a;", 2, &cells).unwrap();
        assert_eq!(&place.code[place.offset(5)..], "b = a;");
    }

    #[test]
    fn columns_count_characters() {
        let cells = cells(&["let 数 = 1; x"]);
        let place = Place::find("  let 数 = 1; x", 1, &cells).unwrap();
        assert_eq!(&place.code[place.offset(14)..], "x");
    }

    #[test]
    fn a_brace_of_evcxrs_is_in_no_cell() {
        let cells = cells(&["fn f() {\n    g();\n}", "f();"]);
        let source = "fn run_user_code_1(\nf();\nevcxr_variable_store\n}";
        assert_eq!(found(source, 4, &cells), None);
        let end = Place::end(source, 3, &cells).unwrap();
        assert_eq!((end.cell, end.offset(1)), (2, 4));
        assert_eq!(Place::end("f();", 1, &cells), None);
    }

    #[test]
    fn one_import_is_found_among_several() {
        let cells = cells(&["use std::{thread,\n    sync::Mutexx};", "let thread = 1;"]);
        let (place, length) = Place::import("use std::sync::Mutexx;", "Mutexx", &cells).unwrap();
        assert_eq!((place.cell, place.line, length), (1, 2, 6));
        assert_eq!(Place::import("let a = 1;", "a", &cells), None);
    }
}
