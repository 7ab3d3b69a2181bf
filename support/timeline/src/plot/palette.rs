//! Colours: Okabe and Ito's, which people of all kinds of colour vision tell apart.

use std::collections::HashMap;

use plotters::style::RGBColor;

use crate::trace::Kind;

pub(super) const INK: RGBColor = RGBColor(0x22, 0x26, 0x2B);
pub(super) const QUIET: RGBColor = RGBColor(0x6B, 0x72, 0x7B);
pub(super) const GRID: RGBColor = RGBColor(0xDD, 0xE1, 0xE6);
pub(super) const FAINT: RGBColor = RGBColor(0xC3, 0xC9, 0xD0);
pub(super) const LANE: RGBColor = RGBColor(0xF4, 0xF5, 0xF7);
pub(super) const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);
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
/// A task between its polls.
pub(super) const PENDING: RGBColor = RGBColor(0xC6, 0xCC, 0xD3);

/// The colour of a state, where colours say states.
pub(super) fn state(kind: Kind) -> RGBColor {
    match kind {
        Kind::Waiting => COLOURS[5],
        Kind::Sleeping => RGBColor(0xC3, 0xC9, 0xD0),
        Kind::Blocked => COLOURS[3],
        _ => COLOURS[0],
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
        _ => "running or ready",
    }
}

/// Okabe and Ito's colours but black, those that stand out on white first.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0x56, 0xB4, 0xE9),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0xF0, 0xE4, 0x42),
];

/// The `n`th colour. After seven they come again, paler.
pub(super) fn colour(n: usize) -> RGBColor {
    let RGBColor(r, g, b) = COLOURS[n % COLOURS.len()];
    let paler = |c: u8| match n / COLOURS.len() % 2 {
        0 => c,
        _ => c / 2 + 0x80,
    };
    RGBColor(paler(r), paler(g), paler(b))
}

/// A line needs more contrast than a bar.
pub(super) fn darker(RGBColor(r, g, b): RGBColor) -> RGBColor {
    let part = |c: u8| (u16::from(c) * 4 / 5) as u8;
    RGBColor(part(r), part(g), part(b))
}

/// Black or white, whichever reads better on `ground`.
pub(super) fn ink_on(ground: RGBColor) -> RGBColor {
    // WCAG's relative luminance; 0.179 is where both contrasts are equal. White is preferred a
    // little, since the text is small and the ground saturated.
    let linear = |c: u8| (f64::from(c) / 255.0).powf(2.2);
    let RGBColor(r, g, b) = ground;
    let light = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    if light < 0.21 { PAPER } else { INK }
}

/// Numbers given to labels in the order in which they are met.
#[derive(Default)]
pub(super) struct Numbers {
    numbers: HashMap<String, usize>,
    order: Vec<String>,
}

impl Numbers {
    pub fn add(&mut self, label: &str) {
        if !self.numbers.contains_key(label) {
            self.numbers.insert(label.to_string(), self.order.len());
            self.order.push(label.to_string());
        }
    }

    pub fn of(&self, label: &str) -> usize {
        self.numbers.get(label).copied().unwrap_or(0)
    }

    pub fn labels(&self) -> &[String] {
        &self.order
    }
}
