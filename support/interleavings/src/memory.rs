//! What a load may read: a store history for each atomic, and for each thread a view of them.
//!
//! The operational form of the C++20 model that is usual in model checkers. Stores to one atomic
//! are in the order in which they were executed. A view says, for each atomic, the oldest store that
//! may still be read; a release store keeps the storer's view, and an acquire load that reads it
//! takes that view over.

use std::sync::atomic::Ordering;

/// For each atomic the number of the oldest store that may still be read; 0 beyond the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct View(Vec<u32>);

impl View {
    fn of(&self, place: usize) -> u32 {
        self.0.get(place).copied().unwrap_or(0)
    }

    fn raise(&mut self, place: usize, to: u32) {
        if self.0.len() <= place {
            self.0.resize(place + 1, 0);
        }
        self.0[place] = self.0[place].max(to);
    }

    /// Knows all that `other` knows.
    pub fn join(&mut self, other: &View) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own = (*own).max(*other);
        }
    }
}

struct Store {
    value: u64,
    /// What an acquire load that reads it learns.
    released: Option<View>,
}

struct Atomic {
    stores: Vec<Store>,
    /// The newest store that a sequentially consistent operation wrote or read: no later one of
    /// that order may read an older.
    agreed: u32,
}

/// What one thread has seen.
#[derive(Clone, Default)]
pub(super) struct Sight {
    pub view: View,
    /// Atomics of which it has read an old value since it last yielded.
    stale: Vec<usize>,
}

/// All atomics of one execution.
#[derive(Default)]
pub(super) struct Memory(Vec<Atomic>);

fn acquires(order: Ordering) -> bool {
    matches!(
        order,
        Ordering::Acquire | Ordering::AcqRel | Ordering::SeqCst
    )
}

fn releases(order: Ordering) -> bool {
    matches!(
        order,
        Ordering::Release | Ordering::AcqRel | Ordering::SeqCst
    )
}

impl Memory {
    pub fn add(&mut self, value: u64) -> usize {
        self.0.push(Atomic {
            stores: vec![Store {
                value,
                released: None,
            }],
            agreed: 0,
        });
        self.0.len() - 1
    }

    pub fn newest(&self, place: usize) -> u64 {
        self.0[place].stores.last().map_or(0, |store| store.value)
    }

    /// How many stores a load may choose among.
    pub fn choices(&self, place: usize, sight: &Sight, order: Ordering) -> usize {
        let atomic = &self.0[place];
        let mut oldest = sight.view.of(place);
        if order == Ordering::SeqCst {
            oldest = oldest.max(atomic.agreed);
        }
        atomic.stores.len() - oldest as usize
    }

    /// Reads the newest store, or one that is `back` older.
    pub fn load(&mut self, place: usize, sight: &mut Sight, order: Ordering, back: usize) -> u64 {
        let atomic = &mut self.0[place];
        let number = atomic.stores.len() - 1 - back;
        if back > 0 && !sight.stale.contains(&place) {
            sight.stale.push(place);
        }
        sight.view.raise(place, number as u32);
        if order == Ordering::SeqCst {
            atomic.agreed = atomic.agreed.max(number as u32);
        }
        let store = &atomic.stores[number];
        if let (true, Some(released)) = (acquires(order), &store.released) {
            sight.view.join(released);
        }
        store.value
    }

    pub fn store(&mut self, place: usize, sight: &mut Sight, order: Ordering, value: u64) {
        self.append(place, sight, order, value, None);
    }

    /// Reads the newest store and writes the next in one.
    pub fn swap(&mut self, place: usize, sight: &mut Sight, order: Ordering, value: u64) {
        self.load(place, sight, order, 0);
        // A release sequence goes on through it.
        let before = self.0[place].stores.last();
        let before = before.and_then(|store| store.released.clone());
        self.append(place, sight, order, value, before);
    }

    fn append(
        &mut self,
        place: usize,
        sight: &mut Sight,
        order: Ordering,
        value: u64,
        before: Option<View>,
    ) {
        let atomic = &mut self.0[place];
        let number = atomic.stores.len() as u32;
        sight.view.raise(place, number);
        if order == Ordering::SeqCst {
            atomic.agreed = number;
        }
        let released = if releases(order) {
            let mut view = sight.view.clone();
            view.join(&before.unwrap_or_default());
            Some(view)
        } else {
            before
        };
        atomic.stores.push(Store { value, released });
    }

    /// A thread that yields after it read something old reads the newest next time: stores become
    /// visible at last, and a loop that waits for one comes to an end.
    pub fn yielded(&self, sight: &mut Sight) {
        for place in std::mem::take(&mut sight.stale) {
            sight
                .view
                .raise(place, self.0[place].stores.len() as u32 - 1);
        }
    }
}
