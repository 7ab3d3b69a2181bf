//! What of the written bytes is text, what is shown at once, and what steers evcxr, where there is
//! a front.
//!
//! Nothing here reads or writes: pieces go in, frames and evcxr's words come out. That a cell has
//! ended is never believed from text alone; the sorter asks what the cells' thread does.

mod doubt;
mod facts;
mod pending;

use super::block::{Block, Bundle};
use super::wire::{self, Frames};
use super::words::{self, COMMON, COMPLETE, END, INPUT, find};
use crate::kernel::mark;
use facts::Facts;
use memchr::memrchr;
use pending::{Pending, asks};
use std::collections::HashMap;
use std::time::{Duration, Instant};

pub use pending::Word;

/// So long a line may wait for its end before what there is of it is shown.
pub const HOLD: Duration = Duration::from_millis(30);
/// The longest unfinished line, and the longest unfinished block, that are kept in memory.
const LONGEST_LINE: usize = 1 << 20;
const LONGEST_BLOCK: usize = 64 << 20;

/// Where sorted output goes.
#[derive(Default)]
pub struct Sorted {
    pub front: Frames,
    /// Words for evcxr.
    pub evcxr: Vec<u8>,
    /// Whether the process ends.
    pub last: bool,
}

#[derive(Default)]
struct Writer {
    /// A line whose end has not come yet.
    partial: Vec<u8>,
    /// Whether `partial` may hold one of evcxr's words or a mark.
    suspicious: bool,
    block: Option<Block>,
    bundle: Bundle,
    /// When what is held back is shown.
    due: Option<Instant>,
}

impl Writer {
    fn holds_something(&self) -> bool {
        !self.partial.is_empty() || self.block.is_some() || !self.bundle.is_empty()
    }
}

/// Sorts one of the two streams.
pub struct Sorter {
    kind: u8,
    /// The process that runs the cells; only its words count.
    steers: i32,
    alive: fn(i32) -> bool,
    writers: HashMap<i32, Writer>,
    /// Whose line, as far as it was sent, has no end yet.
    open: Option<i32>,
    pending: Option<Pending>,
    /// What came after the pending word.
    behind: Vec<u8>,
    /// Whether a word was taken for text that may have been true: a cell's end.
    doubt: bool,
    /// In which of its waits the cells' thread was found when a word last proved true.
    answered: Option<u64>,
    /// Whether a word was text since then, and in which wait the thread was found when.
    wary: bool,
    found: Option<(u64, Instant)>,
    pub facts: Facts,
    /// What a cell that has ended leaves as its result.
    pub result: Bundle,
}

impl Sorter {
    /// `kind` is that of the text's frames; `steers` the process that runs the cells.
    pub fn new(kind: u8, steers: i32, alive: fn(i32) -> bool) -> Sorter {
        Sorter {
            kind,
            steers,
            alive,
            writers: HashMap::new(),
            open: None,
            pending: None,
            behind: Vec::new(),
            doubt: false,
            answered: None,
            wary: false,
            found: None,
            facts: Facts::default(),
            result: Bundle::default(),
        }
    }

    /// Takes a piece that process `pid` wrote.
    pub fn take(&mut self, pid: i32, piece: &[u8], now: Instant, to: &mut Sorted) {
        if pid == self.steers && self.pending.is_some() {
            if !asks(piece) {
                return self.behind.extend_from_slice(piece);
            }
            // Of two words the later one counts.
            self.demote(now, to);
            return self.take(pid, piece, now, to);
        }
        self.finish_the_dead(pid, to);
        let looks = self.kind == wire::OUT;
        let writer = self.writers.entry(pid).or_default();
        let tail = &writer.partial[writer.partial.len().saturating_sub(COMMON.len() - 1)..];
        let joint = [tail, &piece[..piece.len().min(COMMON.len() - 1)]].concat();
        let joined = writer.suspicious || suspicious(&joint, looks);
        let Some(last) = memrchr(b'\n', piece) else {
            writer.suspicious = joined || suspicious(piece, looks);
            return self.hold(pid, piece, now, to);
        };
        let (lines, rest) = piece.split_at(last + 1);
        if joined || writer.block.is_some() || suspicious(lines, looks) {
            let mut from = 0;
            while from < lines.len() {
                let end = from + find(&lines[from..], b"\n").map_or(0, |at| at + 1);
                let writer = self.writers.entry(pid).or_default();
                let mut line = std::mem::take(&mut writer.partial);
                line.extend_from_slice(&lines[from..end]);
                writer.suspicious = false;
                writer.due = None;
                from = end;
                self.line(pid, line, &piece[from..], now, to);
                if pid == self.steers && self.pending.is_some() {
                    return self.behind.extend_from_slice(&piece[from..]);
                }
            }
        } else {
            // Most output: many lines, none of which needs a look.
            let partial = std::mem::take(&mut writer.partial);
            writer.due = None;
            self.text(pid, &partial, to);
            self.text(pid, lines, to);
        }
        let writer = self.writers.entry(pid).or_default();
        writer.suspicious |= suspicious(rest, looks);
        self.hold(pid, rest, now, to);
    }

    /// When something that is held back is to be shown.
    pub fn due(&self) -> Option<Instant> {
        self.writers.values().filter_map(|writer| writer.due).min()
    }

    /// Shows what has waited long enough.
    pub fn tick(&mut self, now: Instant, to: &mut Sorted) {
        let late = |writer: &Writer| writer.due.is_some_and(|due| due <= now);
        for pid in self.those(|_, writer| late(writer)) {
            if pid != self.steers {
                self.show_bundle(pid, to);
            }
            let looks = self.kind == wire::OUT;
            let writer = self.writers.entry(pid).or_default();
            writer.due = None;
            if writer.block.is_none() {
                let show = plain_length(&writer.partial, looks);
                let rest = writer.partial.split_off(show);
                let partial = std::mem::replace(&mut writer.partial, rest);
                writer.suspicious = !writer.partial.is_empty();
                self.text(pid, &partial, to);
            }
        }
    }

    /// The cell has ended: shows what unfinished things it left, and what dead children left.
    pub fn finish(&mut self, to: &mut Sorted) {
        let (steers, alive) = (self.steers, self.alive);
        self.finish_one(steers, to);
        for pid in self.those(|pid, _| pid != steers && !alive(pid)) {
            self.finish_one(pid, to);
        }
        self.writers.retain(|_, writer| writer.holds_something());
        self.open = None;
    }

    /// A process has ended: shows what it left.
    pub fn ended(&mut self, pid: i32, to: &mut Sorted) {
        self.finish_one(pid, to);
        self.writers.remove(&pid);
    }

    /// The process ends: shows all.
    fn last_words(&mut self, now: Instant, to: &mut Sorted) {
        if self.pending.is_some() {
            self.demote(now, to);
        }
        self.finish(to);
        to.last = true;
    }

    /// Before another process speaks: the last words of those that have ended, as they came first.
    fn finish_the_dead(&mut self, speaker: i32, to: &mut Sorted) {
        let (steers, alive) = (self.steers, self.alive);
        for pid in self.those(|pid, writer| {
            pid != speaker && pid != steers && writer.holds_something() && !alive(pid)
        }) {
            self.ended(pid, to);
        }
    }

    fn finish_one(&mut self, pid: i32, to: &mut Sorted) {
        self.unblock(pid, to);
        self.show_bundle(pid, to);
        let writer = self.writers.entry(pid).or_default();
        // A marked line that has no end was cut off: there is nothing to show of it.
        let show = find(&writer.partial, mark::start()).unwrap_or(writer.partial.len());
        let rest = writer.partial.split_off(show);
        let partial = std::mem::replace(&mut writer.partial, rest);
        writer.due = None;
        self.text(pid, &partial, to);
    }

    fn those(&self, wanted: impl Fn(i32, &Writer) -> bool) -> Vec<i32> {
        let writers = self.writers.iter();
        let wanted = writers.filter(|(pid, writer)| wanted(**pid, writer));
        wanted.map(|(pid, _)| *pid).collect()
    }

    fn hold(&mut self, pid: i32, rest: &[u8], now: Instant, to: &mut Sorted) {
        let writer = self.writers.entry(pid).or_default();
        if rest.is_empty() {
            if !writer.holds_something() && pid != self.steers {
                self.writers.remove(&pid);
            }
            return;
        }
        writer.partial.extend_from_slice(rest);
        writer.due = writer.due.or(Some(now + HOLD));
        let long = writer.partial.len();
        let plain = !writer.suspicious && writer.block.is_none();
        if long > LONGEST_BLOCK || (long > LONGEST_LINE && plain) {
            let partial = std::mem::take(&mut writer.partial);
            writer.suspicious = false;
            writer.due = None;
            self.plain(pid, &partial, to);
        }
    }

    fn line(&mut self, pid: i32, line: Vec<u8>, after: &[u8], now: Instant, to: &mut Sorted) {
        let text = &line[..line.len() - 1];
        if let Some(at) = find(text, mark::start()) {
            self.plain(pid, &text[..at], to);
            return self.marked(pid, &line[at..], now, to);
        }
        let of_cells = pid == self.steers;
        if self.kind != wire::OUT {
            return self.text(pid, &line, to);
        }
        if of_cells {
            let candidate = if text.ends_with(COMPLETE) {
                Some((Word::Complete, text.len() - COMPLETE.len()))
            } else {
                find(text, INPUT).map(|at| (Word::Input, at))
            };
            if let Some((word, at)) = candidate {
                if asks(after) {
                    self.doubt |= word == Word::Complete;
                    self.wary = true;
                    return self.plain(pid, &line, to);
                }
                return self.suspend(word, line, at, now);
            }
            if self.steered(&line, to) {
                return;
            }
        } else if let Some(before) = text.strip_suffix(COMPLETE) {
            // A child that returned from the cell into evcxr's loop. What it printed last was the
            // value of the cell's last expression, which its parent shows as well.
            self.writers.entry(pid).or_default().bundle = Bundle::default();
            return self.plain(pid, before, to);
        } else if [words::PANICKED, words::ERROR].contains(&text)
            || text.starts_with(words::CHANGED)
            || text.starts_with(INPUT)
        {
            return;
        }
        self.text_or_block(pid, &line, now, to);
    }

    /// Whether the line was one of evcxr's words, and true.
    fn steered(&mut self, line: &[u8], to: &mut Sorted) -> bool {
        let text = &line[..line.len() - 1];
        let (before, word) = if let Some(before) = text.strip_suffix(words::PANICKED) {
            (before, self.facts.panicked)
        } else if let Some(before) = text.strip_suffix(words::ERROR) {
            (before, !self.facts.stderr.is_empty())
        } else if let Some(name) = text.strip_prefix(words::CHANGED) {
            (&text[..0], self.facts.lost(name))
        } else {
            return false;
        };
        if !word {
            return false;
        }
        self.unblock(self.steers, to);
        self.show_bundle(self.steers, to);
        self.text(self.steers, before, to);
        if text.ends_with(words::ERROR) {
            to.front.frame(wire::QUESTION, b"");
        }
        to.evcxr.extend_from_slice(&line[before.len()..]);
        true
    }

    /// A line that begins with the mark.
    fn marked(&mut self, pid: i32, line: &[u8], now: Instant, to: &mut Sorted) {
        let text = &line[..line.len() - 1];
        if pid == self.steers
            && let Some(cut) = text.strip_suffix(COMPLETE)
        {
            // evcxr's own stdout shares no lock with the cells': its word came in between.
            let writer = self.writers.entry(pid).or_default();
            writer.partial = cut.to_vec();
            writer.suspicious = true;
            return self.suspend(Word::Complete, [COMPLETE, b"\n"].concat(), 0, now);
        }
        let [kind, b' ', payload @ ..] = &text[mark::start().len()..] else {
            return self.plain(pid, line, to);
        };
        match char::from(*kind) {
            mark::DISPLAY => {
                self.show_bundle(pid, to);
                to.front.frame(wire::DISPLAY, payload);
            }
            mark::PANIC if pid == self.steers => to.front.frame(wire::PANIC, payload),
            mark::LAST_WORDS if pid == self.steers => self.last_words(now, to),
            _ => {}
        }
    }

    fn text_or_block(&mut self, pid: i32, line: &[u8], now: Instant, to: &mut Sorted) {
        let writer = self.writers.entry(pid).or_default();
        if writer.block.is_none() {
            let Some((at, block)) = Block::begin(line) else {
                return self.text(pid, line, to);
            };
            self.text(pid, &line[..at], to);
            self.writers.entry(pid).or_default().block = Some(block);
        } else if line == [END, b"\n"].concat()
            && let Some(block) = writer.block.take_if(|block| !block.is_empty())
        {
            if writer.bundle.has_format_of(&block) {
                self.show_bundle(pid, to);
            }
            let writer = self.writers.entry(pid).or_default();
            writer.bundle.add(&block);
            // The cells' own may be the result, which its end tells; a child's is not.
            writer.due = (pid != self.steers).then(|| now + HOLD);
        } else {
            self.plain(pid, line, to);
            if line == [END, b"\n"].concat() {
                self.unblock(pid, to);
            }
        }
    }

    /// Text, which within a block is part of that.
    fn plain(&mut self, pid: i32, bytes: &[u8], to: &mut Sorted) {
        match &mut self.writers.entry(pid).or_default().block {
            Some(block) => {
                block.raw.extend_from_slice(bytes);
                if block.raw.len() > LONGEST_BLOCK {
                    self.unblock(pid, to);
                }
            }
            None => self.text(pid, bytes, to),
        }
    }

    fn text(&mut self, pid: i32, bytes: &[u8], to: &mut Sorted) {
        let Some(last) = bytes.last() else { return };
        self.show_bundle(pid, to);
        if self.open.is_some_and(|open| open != pid) {
            to.front.text(self.kind, b"\n");
        }
        to.front.text(self.kind, bytes);
        self.open = (*last != b'\n').then_some(pid);
    }

    /// A block without an end was text.
    fn unblock(&mut self, pid: i32, to: &mut Sorted) {
        if let Some(block) = self.writers.entry(pid).or_default().block.take() {
            self.text(pid, &block.raw, to);
        }
    }

    /// What came before anything else of `pid` is shown before that.
    fn show_bundle(&mut self, pid: i32, to: &mut Sorted) {
        if let Some(writer) = self.writers.get_mut(&pid)
            && !writer.bundle.is_empty()
        {
            let bundle = std::mem::take(&mut writer.bundle);
            to.front.frame(wire::DISPLAY, bundle.json().as_bytes());
        }
    }
}

/// Whether it needs a closer look.
fn suspicious(bytes: &[u8], words: bool) -> bool {
    find(bytes, b"\x01").is_some() || (words && find(bytes, COMMON.as_bytes()).is_some())
}

/// So much of an unfinished line is text, whatever follows.
fn plain_length(partial: &[u8], words: bool) -> usize {
    let mark = find(partial, mark::start());
    let word = find(partial, COMMON.as_bytes()).filter(|_| words);
    mark.into_iter().chain(word).min().unwrap_or(partial.len())
}

#[cfg(test)]
#[path = "sort_tests.rs"]
mod tests;
