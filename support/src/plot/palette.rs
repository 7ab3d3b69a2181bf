//! Colours: Okabe and Ito's, which people of all kinds of colour vision tell apart.

use std::collections::HashMap;

use plotters::style::RGBColor;

pub(super) const INK: RGBColor = RGBColor(0x22, 0x26, 0x2B);
pub(super) const QUIET: RGBColor = RGBColor(0x6B, 0x72, 0x7B);
pub(super) const GRID: RGBColor = RGBColor(0xDD, 0xE1, 0xE6);
pub(super) const LANE: RGBColor = RGBColor(0xF4, 0xF5, 0xF7);
pub(super) const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);
/// Spans where colour is needed for something else.
pub(super) const PALE: RGBColor = RGBColor(0xCF, 0xD5, 0xDC);
/// Bars of several sorts, too short to be told apart.
pub(super) const MIXED: RGBColor = RGBColor(0x8C, 0x93, 0x9C);
/// Running, where colour is needed for the spans.
pub(super) const RUNNING: RGBColor = RGBColor(0x4A, 0x50, 0x58);

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
