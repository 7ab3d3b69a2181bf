//! Results as an iterator.

use std::marker::PhantomData;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::call::{Call, Order};
use super::control::Control;
use super::error::TaskError;
use super::pending::decode;
use crate::codec;

/// Results of a [`Pool`](super::Pool), each with its item's number: in the order of the items
/// ([`imap`](super::Pool::imap)) or as they come
/// ([`imap_unordered`](super::Pool::imap_unordered)).
///
/// Items are taken as results are: a few chunks for each worker are under way (64 items at
/// least), however long the iterator of items is. Taking a result waits for it, and may also wait
/// for the next item. Dropped, what no worker has been sent is not begun any more.
///
/// ```
/// let pool = processes::Pool::new(2, |n: u64| n * n);
/// let squares = pool.imap(1..);
/// let first: Vec<u64> = squares.map(|(_, square)| square.unwrap()).take(4).collect();
/// assert_eq!(first, [1, 4, 9, 16]);
/// ```
#[must_use = "results are handed over one by one: iterate"]
pub struct Results<'a, T, R> {
    items: Option<Box<dyn Iterator<Item = T> + 'a>>,
    call: Call,
    result: PhantomData<fn() -> R>,
}

impl<'a, T: Serialize, R: DeserializeOwned> Results<'a, T, R> {
    pub(super) fn new(
        control: &Arc<Control>,
        chunk: usize,
        order: Order,
        items: Box<dyn Iterator<Item = T> + 'a>,
    ) -> Results<'a, T, R> {
        let call = Call::new(control, chunk, order);
        let mut results = Results {
            items: Some(items),
            call,
            result: PhantomData,
        };
        results.fill();
        results
    }

    /// Hands over what may be under way.
    fn fill(&mut self) {
        while let Some(items) = &mut self.items
            && self.call.wants_more()
        {
            if let Some(item) = items.next() {
                self.call.push(&mut |bytes| codec::append(&item, bytes));
            } else {
                self.call.complete();
                self.items = None;
            }
        }
    }
}

impl<T: Serialize, R: DeserializeOwned> Iterator for Results<'_, T, R> {
    type Item = (usize, Result<R, TaskError>);

    fn next(&mut self) -> Option<Self::Item> {
        self.fill();
        let (number, outcome) = self.call.next()?;
        Some((number, decode(outcome)))
    }
}

/// Waits for all results, and gives them in the order of the items.
pub(super) fn all<T: Serialize, R: DeserializeOwned>(
    control: &Arc<Control>,
    chunk: usize,
    items: Box<dyn Iterator<Item = T> + '_>,
) -> Vec<Result<R, TaskError>> {
    let mut all = Vec::new();
    for (number, result) in Results::new(control, chunk, Order::All, items) {
        if all.len() <= number {
            all.resize_with(number + 1, || None);
        }
        all[number] = Some(result);
    }
    all.into_iter().flatten().collect()
}
