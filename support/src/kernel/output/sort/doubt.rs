//! Words of evcxr's that may be text: suspended, and judged by what the cells' thread then does.

use super::facts::Facts;
use super::pending::{Pending, Word, asks};
use super::{Sorted, Sorter};
use crate::kernel::output::watch::Doing;
use std::time::{Duration, Instant};

/// So long the cells' thread has to come from saying that a cell has ended to waiting for the next
/// command. After that its words were text. (If they were not, and the thread was only kept from
/// running, [`Sorter::judge`] still finds it waiting.)
pub const GRACE: Duration = Duration::from_millis(30);
/// So long the thread must be found in the same wait, where text has said evcxr's words: between
/// the halves of a command, which evcxr writes in two, it waits for a moment too.
pub const STEADY: Duration = Duration::from_millis(2);

impl Sorter {
    /// That is to be looked at before what has been written is read: then all that the thread had
    /// said is known when it is judged.
    pub fn asks(&self) -> bool {
        self.pending.is_some() || self.doubt
    }

    /// Whether it wants to know soon. One that only settles a doubt can wait.
    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// The cells' thread writes elsewhere: that a cell has ended, only its wait can say.
    pub fn misses_words(&mut self) {
        self.doubt = true;
        self.wary = true;
    }

    /// Takes what the cells' thread does, and returns the word that has proved true.
    pub fn judge(&mut self, doing: Doing, now: Instant, to: &mut Sorted) -> Option<Word> {
        if !self.asks() {
            return None;
        }
        let wait = match doing {
            Doing::Reading(wait) => wait,
            Doing::Unknown => None,
            Doing::Other => {
                let since = self.pending.as_ref().map(|pending| pending.since);
                if since.is_some_and(|since| now.duration_since(since) >= GRACE) {
                    self.demote(now, to);
                }
                return None;
            }
        };
        if wait.is_some() && wait == self.answered {
            // Still in the wait of the last cell's end, or for the input asked for: no cell runs
            // that could say more.
            while self.pending.is_some() {
                self.demote(now, to);
            }
            self.doubt = false;
            return None;
        }
        if self.wary
            && let Some(wait) = wait
        {
            let found = self.found.filter(|(same, _)| *same == wait);
            let (_, since) = *self.found.insert(found.unwrap_or((wait, now)));
            if now.duration_since(since) < STEADY {
                return None;
            }
        }
        // It waits for something new, so one of its words was true: the last.
        while self.pending.is_some() && asks(&self.behind) {
            self.demote(now, to);
        }
        self.answered = wait;
        let word = self.confirm(now, to);
        self.wary = false;
        self.found = None;
        Some(word)
    }

    pub(super) fn suspend(&mut self, word: Word, line: Vec<u8>, at: usize, now: Instant) {
        self.pending = Some(Pending {
            word,
            line,
            at,
            since: now,
        });
    }

    /// The pending word was true, or if there is none, one that was taken for text.
    fn confirm(&mut self, now: Instant, to: &mut Sorted) -> Word {
        self.doubt = false;
        let Some(pending) = self.pending.take() else {
            self.completed(to);
            return Word::Complete;
        };
        let (before, word) = pending.line.split_at(pending.at);
        self.plain(self.steers, before, to);
        match pending.word {
            Word::Complete => self.completed(to),
            Word::Input => {
                self.unblock(self.steers, to);
                self.show_bundle(self.steers, to);
                to.evcxr.extend_from_slice(word);
            }
        }
        let behind = std::mem::take(&mut self.behind);
        self.take(self.steers, &behind, now, to);
        pending.word
    }

    fn completed(&mut self, to: &mut Sorted) {
        self.unblock(self.steers, to);
        self.facts = Facts::default();
        self.result = std::mem::take(&mut self.writers.entry(self.steers).or_default().bundle);
    }

    /// The pending word was text.
    pub(super) fn demote(&mut self, now: Instant, to: &mut Sorted) {
        let Some(pending) = self.pending.take() else {
            return;
        };
        self.doubt |= pending.word == Word::Complete;
        self.wary = true;
        self.plain(self.steers, &pending.line, to);
        let behind = std::mem::take(&mut self.behind);
        self.take(self.steers, &behind, now, to);
    }
}
