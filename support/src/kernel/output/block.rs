//! Rich output that was printed in evcxr's own way: blocks, each one format of one thing.

use super::words::{BEGIN, END, PANICKED, find};
use crate::kernel::payload;
use serde::Deserialize;
use serde_json::{Map, Value};

/// A block whose end has not come yet.
pub struct Block {
    mime: String,
    /// All that was printed, from the line that begins it: what is shown if no end comes.
    pub raw: Vec<u8>,
    /// Where the content begins.
    body: usize,
}

impl Block {
    /// The block that begins in this line (with its line break), and where in the line.
    pub fn begin(line: &[u8]) -> Option<(usize, Block)> {
        let at = find(line, BEGIN)?;
        let mime = &line[at + BEGIN.len()..line.len() - 1];
        let mime = mime.split(|&byte| byte == b' ').next()?;
        let block = Block {
            mime: String::from_utf8_lossy(mime).into_owned(),
            raw: line[at..].to_vec(),
            body: line.len() - at,
        };
        (!mime.is_empty()).then_some((at, block))
    }

    /// Nothing shows nothing: the words alone are text.
    pub fn is_empty(&self) -> bool {
        self.raw.len() == self.body
    }
}

/// Blocks that follow each other: one thing in several formats.
#[derive(Default)]
pub struct Bundle {
    formats: Vec<(String, String)>,
}

impl Bundle {
    pub fn is_empty(&self) -> bool {
        self.formats.is_empty()
    }

    /// Whether the block is another thing, not another format of this one.
    pub fn has_format_of(&self, block: &Block) -> bool {
        self.formats.iter().any(|(mime, _)| *mime == block.mime)
    }

    pub fn add(&mut self, block: &Block) {
        let content = &block.raw[block.body..];
        let content = content.strip_suffix(b"\n").unwrap_or(content);
        // evcxr reads text only; one wrong byte would end the session.
        let content = String::from_utf8_lossy(content).into_owned();
        self.formats.push((block.mime.clone(), content));
    }

    /// What the payload of a display frame shows.
    pub fn of(json: &[u8]) -> Bundle {
        #[derive(Default, Deserialize)]
        struct Display {
            data: Map<String, Value>,
        }
        let display: Display = serde_json::from_slice(json).unwrap_or_default();
        let text = |content| match content {
            Value::String(text) => text,
            json => json.to_string(),
        };
        let formats = display.data.into_iter();
        Bundle {
            formats: formats
                .map(|(mime, content)| (mime, text(content)))
                .collect(),
        }
    }

    /// The payload of a display frame.
    pub fn json(&self) -> String {
        payload::display(&self.formats, None, false)
    }

    /// The blocks as evcxr reads them.
    pub fn print(&self, out: &mut Vec<u8>) {
        for (mime, content) in &self.formats {
            out.extend_from_slice(BEGIN);
            out.extend_from_slice(mime.as_bytes());
            out.push(b'\n');
            for line in content.split('\n') {
                out.extend_from_slice(line.as_bytes());
                // evcxr would end the block here.
                out.extend_from_slice(if line.as_bytes() == PANICKED {
                    b" \n"
                } else {
                    b"\n"
                });
            }
            out.extend_from_slice(END);
            out.push(b'\n');
        }
    }
}
