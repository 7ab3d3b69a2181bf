//! Colours: Okabe and Ito's, which people of all kinds of colour vision tell apart.
//!
//! On a dark page ink, lines and paper are turned round, and the others stay as they are: see
//! [`DARK`](crate::page::DARK).

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, TryLockError};

pub use plotters::style::RGBColor;

/// Texts.
pub const INK: RGBColor = RGBColor(0x22, 0x26, 0x2B);
/// Texts and lines that matter less.
pub const QUIET: RGBColor = RGBColor(0x6B, 0x72, 0x7B);
/// The lines of a grid.
pub const GRID: RGBColor = RGBColor(0xDD, 0xE1, 0xE6);
/// What everything stands on.
pub const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);
/// The line below a table's names.
pub(crate) const RULE: RGBColor = RGBColor(0x4A, 0x50, 0x58);
/// The row of the step that is shown.
pub(crate) const NOW: RGBColor = RGBColor(0xFF, 0xF3, 0xC4);
/// What is written on a bar: nearly [`INK`] and [`PAPER`], and the same on a dark page, as the bar is.
const ON_BAR: [RGBColor; 2] = [RGBColor(0x22, 0x26, 0x2A), RGBColor(0xFF, 0xFF, 0xFE)];

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
pub fn colour(n: usize) -> RGBColor {
    let RGBColor(r, g, b) = COLOURS[n % COLOURS.len()];
    let paler = |c: u8| match n / COLOURS.len() % 2 {
        0 => c,
        _ => c / 2 + 0x80,
    };
    RGBColor(paler(r), paler(g), paler(b))
}

/// A line needs more contrast than a bar.
pub fn darker(RGBColor(r, g, b): RGBColor) -> RGBColor {
    let part = |c: u8| (u16::from(c) * 4 / 5) as u8;
    RGBColor(part(r), part(g), part(b))
}

/// Black or white, whichever reads better on `ground`, which is a bar's.
pub fn ink_on(ground: RGBColor) -> RGBColor {
    // WCAG's relative luminance; 0.179 is where both contrasts are equal. White is preferred a
    // little, since the text is small and the ground saturated.
    let linear = |c: u8| (f64::from(c) / 255.0).powf(2.2);
    let RGBColor(r, g, b) = ground;
    let light = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    ON_BAR[usize::from(light < 0.21)]
}

type Known = Arc<Mutex<HashMap<String, usize>>>;

thread_local! {
    /// A label keeps its colour through a notebook, whose cells run on one thread.
    static KNOWN: RefCell<Known> = RefCell::default();
}

/// The colours that labels have had in the pictures that a thread has drawn, and keep in its next ones.
///
/// ```
/// use figures::palette::LabelColours;
///
/// let colours = LabelColours::of_this_thread();
/// std::thread::spawn(move || {
///     colours.adopt();
///     // what is drawn here has the colours of what was drawn there
/// })
/// .join()
/// .unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct LabelColours(Known);

impl LabelColours {
    /// Those of the calling thread.
    ///
    /// ```
    /// figures::palette::LabelColours::of_this_thread().adopt();
    /// ```
    pub fn of_this_thread() -> LabelColours {
        LabelColours(KNOWN.with_borrow(Arc::clone))
    }

    /// Makes them those of the calling thread, too: what either draws the other keeps to.
    ///
    /// ```
    /// figures::palette::LabelColours::of_this_thread().adopt();
    /// ```
    pub fn adopt(self) {
        KNOWN.set(self.0);
    }

    /// The numbers; none, if another thread keeps them, as it may for ever in a
    /// process that was forked meanwhile.
    fn with<R>(change: impl FnOnce(&mut HashMap<String, usize>) -> R) -> R {
        let known = KNOWN.with_borrow(Arc::clone);
        for _ in 0..TRIES {
            match known.try_lock() {
                Ok(mut known) => return change(&mut known),
                Err(TryLockError::Poisoned(known)) => return change(&mut known.into_inner()),
                Err(TryLockError::WouldBlock) => std::thread::yield_now(),
            }
        }
        change(&mut HashMap::new())
    }
}

/// How often one looks whether the colours are free again.
const TRIES: usize = 10_000;

/// The colours of one picture's labels.
#[derive(Default)]
pub struct Given {
    numbers: HashMap<String, usize>,
    /// Those that had another colour before, which another label of this picture has, too.
    pub moved: HashSet<String>,
    /// Whether two labels have one colour.
    pub repeat: bool,
}

impl Given {
    /// A label keeps the colour that it had. A new one gets the one that the fewest others have and none
    /// in this picture, a strong one where there is one.
    pub fn to<'a>(labels: impl IntoIterator<Item = &'a str>) -> Given {
        LabelColours::with(|known| {
            let (mut given, mut taken) = (Given::default(), HashSet::new());
            // Those of before first: a new label must not drive them away.
            let (old, new): (Vec<_>, Vec<_>) = labels
                .into_iter()
                .partition(|label| known.contains_key(*label));
            for label in old.into_iter().chain(new) {
                if given.numbers.contains_key(label) {
                    continue;
                }
                let before = known.get(label).copied();
                let number = match before.filter(|number| !taken.contains(number)) {
                    Some(number) => number,
                    None => {
                        given.repeat |= taken.len() >= ALL;
                        free(known, &taken, given.numbers.len())
                    }
                };
                if before.is_some_and(|before| before != number) {
                    given.moved.insert(label.to_string());
                }
                known.entry(label.to_string()).or_insert(number);
                taken.insert(number);
                given.numbers.insert(label.to_string(), number);
            }
            given
        })
    }

    pub fn of(&self, label: &str) -> RGBColor {
        colour(self.numbers.get(label).copied().unwrap_or(0))
    }
}

/// How many colours there are, pale ones among them.
const ALL: usize = 2 * COLOURS.len();

/// A colour for a new label; where all are taken, the `turn`th.
fn free(known: &HashMap<String, usize>, taken: &HashSet<usize>, turn: usize) -> usize {
    let mut uses = [0; ALL];
    for number in known.values() {
        uses[*number] += 1;
    }
    let least = |range: std::ops::Range<usize>| {
        let free = range.filter(|number| !taken.contains(number));
        free.min_by_key(|number| uses[*number])
    };
    least(0..COLOURS.len())
        .or_else(|| least(COLOURS.len()..ALL))
        .unwrap_or(turn % ALL)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(labels: &[&str]) -> Given {
        Given::to(labels.iter().copied())
    }

    #[test]
    fn a_label_keeps_its_colour_and_no_two_of_a_picture_share_one() {
        let first = given(&["read", "write"]);
        let second = given(&["parse", "write", "read"]);
        for label in ["read", "write"] {
            assert_eq!(first.of(label), second.of(label));
        }
        assert_ne!(second.of("parse"), second.of("read"));
        assert_ne!(second.of("parse"), second.of("write"));
        // Eleven more are as many as there are colours; two of different pictures then meet.
        let many: Vec<String> = (0..14).map(|n| format!("task {n}")).collect();
        let third = Given::to(many.iter().map(String::as_str));
        let colours: HashSet<_> = many.iter().map(|label| third.of(label)).map(hash).collect();
        assert_eq!((colours.len(), third.repeat), (14, false));
        let clash = many
            .iter()
            .find(|label| third.of(label) == first.of("read"));
        let both = given(&["read", clash.unwrap()]);
        assert_eq!(both.of("read"), first.of("read"));
        assert_ne!(both.of("read"), both.of(clash.unwrap()));
        assert!(both.moved.contains(clash.unwrap()) && both.moved.len() == 1);
        // The next picture has the colours of before.
        assert_eq!(
            given(&[clash.unwrap()]).of(clash.unwrap()),
            first.of("read")
        );
    }

    #[test]
    fn a_thread_that_adopts_them_keeps_to_them() {
        let here = given(&["one", "two"]).of("two");
        let colours = LabelColours::of_this_thread();
        let there = std::thread::spawn(move || {
            colours.adopt();
            (given(&["two"]).of("two"), given(&["three"]).of("three"))
        });
        let (two, three) = there.join().unwrap();
        assert_eq!((two, given(&["three"]).of("three")), (here, three));
        // Who keeps them for ever, as it is after a fork, does not keep a picture up.
        let known = KNOWN.with_borrow(Arc::clone);
        let _kept = known.lock().unwrap();
        given(&["one"]);
    }

    #[test]
    fn more_labels_than_colours_are_told() {
        let labels: Vec<String> = (0..15).map(|n| n.to_string()).collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        assert!(!given(&labels[..14]).repeat);
        assert!(given(&labels).repeat);
    }

    fn hash(RGBColor(red, green, blue): RGBColor) -> (u8, u8, u8) {
        (red, green, blue)
    }
}
