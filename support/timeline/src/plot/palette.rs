//! The colours of lanes, bars and what breaks, beside those that all pictures have.

use std::collections::HashMap;

use figures::palette::{RGBColor, colour};

use crate::trace::Kind;

pub(super) use figures::palette::{GRID, INK, PAPER, QUIET};

// Of these [`DARK`](figures::page::DARK) has a counterpart: LANE, RUNNING, SLEEPING, BREAK and PENDING.
pub(super) const FAINT: RGBColor = RGBColor(0xC3, 0xC9, 0xD0);
pub(super) const LANE: RGBColor = RGBColor(0xF4, 0xF5, 0xF7);
/// Spans where colour is needed for something else.
pub(super) const PALE: RGBColor = RGBColor(0xCF, 0xD5, 0xDC);
/// Bars of several sorts, too short to be told apart.
pub(super) const MIXED: RGBColor = RGBColor(0x8C, 0x93, 0x9C);
/// Running, where colour is needed for the spans.
pub(super) const RUNNING: RGBColor = RGBColor(0x4A, 0x50, 0x58);

/// Why a lane does not run, pale beside the colours of what it does.
pub(super) const WAITING: RGBColor = RGBColor(0xF6, 0xC7, 0xA6);
pub(super) const SLEEPING: RGBColor = RGBColor(0xE1, 0xE5, 0xEA);
pub(super) const BLOCKED: RGBColor = RGBColor(0xEB, 0xCF, 0xDF);
/// A panic or a signal.
pub(super) const BREAK: RGBColor = RGBColor(0xB8, 0x1D, 0x13);
/// A lock that is held, where colours say states.
pub(super) const HELD: RGBColor = RGBColor(0x6A, 0x5A, 0x8C);
/// A task between its polls.
pub(super) const PENDING: RGBColor = RGBColor(0xC6, 0xCC, 0xD3);

/// The colour of a state, where colours say states.
pub(super) fn state(kind: Kind) -> RGBColor {
    match kind {
        Kind::Waiting => colour(5),
        Kind::Sleeping => FAINT,
        Kind::Blocked => colour(3),
        Kind::Holding => HELD,
        _ => colour(0),
    }
}

/// The colour of a state beside labels: none for what has the colour of its label.
pub(super) fn pale(kind: Kind) -> Option<RGBColor> {
    match kind {
        Kind::Waiting => Some(WAITING),
        Kind::Sleeping => Some(SLEEPING),
        Kind::Blocked => Some(BLOCKED),
        _ => None,
    }
}

/// What a state is called in a legend.
pub(super) fn state_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Waiting => "waiting",
        Kind::Sleeping => "sleeping",
        Kind::Blocked => "blocked in IO",
        Kind::Holding => "holding a lock",
        _ => "running or ready",
    }
}

/// As a page writes it.
pub(super) fn hex(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// Labels in the order in which they are met, each once.
#[derive(Default)]
pub(super) struct Labels {
    places: HashMap<String, usize>,
    pub all: Vec<String>,
}

impl Labels {
    /// The label's place among those that were met.
    pub fn add(&mut self, label: &str) -> usize {
        if let Some(place) = self.place(label) {
            return place;
        }
        self.places.insert(label.to_string(), self.all.len());
        self.all.push(label.to_string());
        self.all.len() - 1
    }

    pub fn place(&self, label: &str) -> Option<usize> {
        self.places.get(label).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greys_and_breaks_are_seen_on_a_dark_page() {
        for colour in [LANE, RUNNING, SLEEPING, PENDING, BREAK] {
            let turned = format!("[fill='{}' i]", hex(colour));
            assert!(figures::page::DARK.contains(&turned), "{turned}");
        }
    }
}
