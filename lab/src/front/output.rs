//! What the cells' process says over the direct line, on its way to the clients.

use super::cells::{Panic, Stream, Word};
use super::phase::{Phase, Uncertain};
use super::{Front, limits, lines};
use crate::shims;
use serde_json::json;

/// Bytes kept of what a cell wrote to stderr.
const KEPT: usize = 4096;
/// Pieces of text held back behind a panic: a cell that goes on writing has caught it.
const HELD: usize = 100;

impl Front {
    /// What the cells' process said over the direct line.
    pub(super) fn cell_said(&mut self, line: u64, word: Word) {
        if let Word::Panic(panic) = word {
            return self.panicked(panic);
        }
        if let Word::Text(stream, text) = word {
            return self.cell_wrote(stream, text);
        }
        self.panic_was_caught();
        match word {
            Word::Display(display) => {
                let kind = if display.update {
                    "update_display_data"
                } else {
                    "display_data"
                };
                let transient = match &display.display_id {
                    Some(id) => json!({"display_id": id}),
                    None => json!({}),
                };
                let metadata = if display.metadata.is_object() {
                    display.metadata
                } else {
                    json!({})
                };
                let content =
                    json!({"data": display.data, "metadata": metadata, "transient": transient});
                self.send_text(true);
                self.publish_for_cell(kind, &content);
            }
            Word::QuestionMark => {
                if let Phase::Cell(cell) = &mut self.phase {
                    cell.question_mark = true;
                }
            }
            Word::Sync(number) => {
                if let Some((open, end)) = &mut self.line
                    && *open == line
                {
                    end.answer(number);
                }
            }
            Word::Text(..) | Word::Panic(_) => {}
        }
    }

    fn cell_wrote(&mut self, stream: Stream, mut text: Vec<u8>) {
        if let Some(told) = self.in_cells(&text) {
            text = told;
        }
        if let Phase::Cell(cell) = &mut self.phase {
            if stream == Stream::Stderr {
                cell.stderr.extend_from_slice(&text);
                let old = cell.stderr.len().saturating_sub(KEPT);
                cell.stderr.drain(..old);
            }
            if let Some(uncertain) = &mut cell.uncertain {
                uncertain.behind.push((stream, text));
                if uncertain.behind.len() > HELD {
                    self.panic_was_caught();
                }
                return;
            }
        }
        self.text.add(stream, text);
    }

    /// What evcxr compiles, or compiled last; empty where there is nothing to read.
    pub(super) fn generated_source(&self) -> String {
        self.source_of(None)
    }

    /// The program of the library with that inode, or else the one that evcxr compiled last.
    pub(super) fn source_of(&self, library: Option<usize>) -> String {
        let file = self.workplace().map(|workplace| match library {
            Some(inode) => {
                let sources = workplace.compiler.with_file_name(shims::SOURCES);
                sources.join(format!("{inode}.rs"))
            }
            None => workplace.source.clone(),
        });
        file.and_then(|file| std::fs::read_to_string(file).ok())
            .unwrap_or_default()
    }

    fn in_cells(&self, text: &[u8]) -> Option<Vec<u8>> {
        lines::in_cells(text, |library| self.source_of(library), &self.history)
    }

    fn panicked(&mut self, panic: Panic) {
        self.panic_was_caught();
        let line = format!("{}\n", panic.text.trim_end());
        let told = self.in_cells(line.as_bytes());
        let line = told.map_or(line, |told| String::from_utf8_lossy(&told).into_owned());
        match &mut self.phase {
            Phase::Cell(cell) if panic.main => {
                cell.uncertain = Some(Uncertain {
                    line,
                    behind: Vec::new(),
                    until: self.now + limits::CAUGHT,
                });
                cell.panic = Some(panic);
            }
            _ => self.text.add(Stream::Stderr, line.into()),
        }
    }

    fn take_uncertain(&mut self) -> Option<Uncertain> {
        match &mut self.phase {
            Phase::Cell(cell) => cell.uncertain.take(),
            _ => None,
        }
    }

    pub(super) fn panic_was_caught(&mut self) {
        if let Some(Uncertain { line, behind, .. }) = self.take_uncertain() {
            self.text.add(Stream::Stderr, line.into());
            for (stream, text) in behind {
                self.text.add(stream, text);
            }
        }
    }

    /// The error tells of the panic: only the text behind it is passed on.
    pub(super) fn panic_ended_the_cell(&mut self) {
        let uncertain = self.take_uncertain();
        for (stream, text) in uncertain.into_iter().flat_map(|it| it.behind) {
            self.text.add(stream, text);
        }
    }
}
