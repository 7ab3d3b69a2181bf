//! A span of evcxr's generated file, as rustc names it, and where it is in the cells.

use super::history::History;
use super::lost;
use super::place::Place;
use super::words;
use crate::stock::{self, program};
use serde::Deserialize;
use std::ops::Range;

#[derive(Debug, Deserialize)]
pub struct Span {
    file_name: String,
    pub line_start: usize,
    line_end: usize,
    pub column_start: usize,
    column_end: usize,
    pub is_primary: bool,
    pub label: Option<String>,
    pub suggested_replacement: Option<String>,
    expansion: Option<Box<Expansion>>,
}

#[derive(Debug, Deserialize)]
struct Expansion {
    span: Span,
}

impl Span {
    /// The cell, its code and the bytes meant there.
    pub fn within<'a>(
        &self,
        source: &str,
        cells: &'a History,
    ) -> Option<(u64, &'a str, Range<usize>)> {
        if self.file_name != stock::SOURCE {
            // Inside a macro of another crate: what counts is where the cell uses it.
            return self.expansion.as_ref()?.span.within(source, cells);
        }
        let leads = line(source, self.line_start).is_some_and(program::leads_to_expression);
        let (start, column) = match leads && self.line_end > self.line_start {
            true => (Place::find(source, self.line_start + 1, cells), 1),
            false => (
                Place::find(source, self.line_start, cells),
                self.column_start,
            ),
        };
        let Some(start) = start else {
            return self.beside(source, cells);
        };
        let end = match self.line_end == self.line_start {
            true => Some(start.offset(self.column_end)),
            false => Place::find(source, self.line_end, cells)
                .filter(|end| end.cell == start.cell)
                .map(|end| end.offset(self.column_end)),
        };
        let from = start.offset(column);
        let end = end.unwrap_or_else(|| start.offset(usize::MAX));
        (from <= end).then_some((start.cell, start.code, from..end))
    }

    /// The place in the cell that stands for one in evcxr's own text: a name that is imported, or, for what
    /// the compiler met there in the place of something else, the cell's end.
    fn beside<'a>(&self, source: &str, cells: &'a History) -> Option<(u64, &'a str, Range<usize>)> {
        let text = self.text(source)?;
        let imported = Place::import(line(source, self.line_start)?, &text, cells);
        let (place, length) = match imported {
            Some(found) => found,
            None if self.is_behind(source) => (Place::end(source, self.line_start, cells)?, 0),
            None if self.is_primary => {
                // The type of a variable, as evcxr writes it.
                let name = self.kept(source)?;
                let (cell, code) = cells.newest_first().next()?;
                (
                    Place::at(cell, code, lost::made(code, name)?, 0),
                    name.len(),
                )
            }
            None => return None,
        };
        let from = place.offset(1);
        Some((place.cell, place.code, from..from + length))
    }

    /// What it marks in its first line.
    fn text(&self, source: &str) -> Option<String> {
        let line = line(source, self.line_start)?.chars();
        let text = line.take(self.column_end.saturating_sub(1));
        Some(text.skip(self.column_start.saturating_sub(1)).collect())
    }

    /// Whether it is the main mark and in what evcxr has put behind the cell: there the compiler has met
    /// something that nobody has typed.
    pub fn is_behind(&self, source: &str) -> bool {
        let line = line(source, self.line_start).unwrap_or_default();
        let text = self.text(source).unwrap_or_default();
        let ends = line == "}" || program::ends_expression(line);
        self.is_primary && (words::is_inner(&text) || ends)
    }

    /// The variable that is kept by the line of evcxr's text which it marks.
    pub fn kept<'a>(&self, source: &'a str) -> Option<&'a str> {
        program::stored(line(source, self.line_start)?)
    }
}

/// A line of the generated text, from 1.
fn line(source: &str, number: usize) -> Option<&str> {
    source.lines().nth(number.checked_sub(1)?)
}
