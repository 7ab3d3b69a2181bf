//! Bars over iterators. What is generic here is compiled in every cell that uses it, so it is as
//! little as can be.

use super::Bar;
use super::draw::Unit;

/// Shows how far a loop has come: `for item in items.iter().progress()`.
///
/// ```
/// use support::progress::Progress;
///
/// let sum: u32 = (1..=4).collect::<Vec<u32>>().into_iter().progress().sum();
/// assert_eq!(sum, 10);
/// ```
pub trait Progress: ExactSizeIterator + Sized {
    /// Yields the same items, each counted as done when the next one is asked for.
    fn progress(self) -> Steps<Self> {
        of(self)
    }
}

impl<I: ExactSizeIterator> Progress for I {}

/// The same for any iterator; one that does not know its length is counted without a total.
///
/// ```
/// let even: Vec<u32> = support::progress::of((0..9).filter(|n| n % 2 == 0)).collect();
/// assert_eq!(even, [0, 2, 4, 6, 8]);
/// ```
pub fn of<I: Iterator>(items: I) -> Steps<I> {
    let bar = over(items.size_hint());
    let started = false;
    Steps {
        items,
        bar,
        started,
    }
}

fn over((least, most): (usize, Option<usize>)) -> Bar {
    Bar::new(
        most.filter(|most| *most == least).map(|most| most as u64),
        Unit::Steps,
    )
}

/// The items of an iterator, counted on a bar. Made by [`Progress::progress`] and [`of`].
///
/// ```
/// use support::progress::Progress;
///
/// for _file in ["a", "b"].iter().progress().label("reading") {}
/// ```
#[derive(Debug)]
pub struct Steps<I> {
    items: I,
    bar: Bar,
    started: bool,
}

impl<I> Steps<I> {
    /// Says what the work is.
    ///
    /// ```
    /// assert_eq!(support::progress::of(0..3).label("counting").count(), 3);
    /// ```
    pub fn label(mut self, label: &str) -> Steps<I> {
        self.bar = self.bar.label(label);
        self
    }
}

impl<I: Iterator> Iterator for Steps<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        let item = self.items.next();
        step(&self.bar, &mut self.started, item.is_none());
        item
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

/// The one before is done when the next is asked for; when there is none, all are.
fn step(bar: &Bar, started: &mut bool, last: bool) {
    let steps = u64::from(std::mem::replace(started, !last));
    bar.inc(steps);
    if last {
        bar.finish();
    }
}
