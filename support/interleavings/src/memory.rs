//! What a load may read: a store history for each atomic, and for each thread a view of them.
//!
//! The operational form of the C++20 model that is usual in model checkers. Stores to one atomic
//! are in the order in which they were executed. A view says, for each atomic, the oldest store that
//! may still be read, and of each thread how much of what it did with plain data is known; a release
//! store keeps the storer's view, and an acquire load that reads it takes that view over.

use std::panic::Location;
use std::sync::atomic::Ordering;

/// What is known to have happened before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct View {
    /// For each atomic the number of the oldest store that may still be read; 0 beyond the end.
    stores: Vec<u32>,
    /// For each thread how many of its accesses to plain data are known; 0 beyond the end.
    accesses: Vec<u32>,
}

fn of(list: &[u32], place: usize) -> u32 {
    list.get(place).copied().unwrap_or(0)
}

fn raise(list: &mut Vec<u32>, place: usize, to: u32) {
    if list.len() <= place {
        list.resize(place + 1, 0);
    }
    list[place] = list[place].max(to);
}

impl View {
    /// Knows all that `other` knows.
    pub fn join(&mut self, other: &View) {
        for (own, other) in [
            (&mut self.stores, &other.stores),
            (&mut self.accesses, &other.accesses),
        ] {
            if own.len() < other.len() {
                own.resize(other.len(), 0);
            }
            for (own, other) in own.iter_mut().zip(other) {
                *own = (*own).max(*other);
            }
        }
    }

    /// The next access of this thread to plain data.
    pub fn access(&mut self, thread: usize) -> u32 {
        let number = of(&self.accesses, thread) + 1;
        raise(&mut self.accesses, thread, number);
        number
    }

    pub fn knows_access(&self, thread: usize, number: u32) -> bool {
        of(&self.accesses, thread) >= number
    }
}

struct Store {
    value: u64,
    /// What an acquire load that reads it learns.
    released: View,
    /// The step that made it; 0 for the first value.
    step: usize,
}

struct Atomic {
    stores: Vec<Store>,
    /// The newest store that is known to the one order of sequentially consistent operations: no
    /// later one of that order may read an older.
    agreed: u32,
}

/// A load at one place of the program that read an old store.
#[derive(Clone)]
struct Stale {
    place: usize,
    at: &'static Location<'static>,
    store: u32,
    /// How often it has been read there again after a yield.
    rounds: u32,
    /// Whether it has been read since the last yield.
    again: bool,
}

/// What one thread has seen.
#[derive(Clone, Default)]
pub(super) struct Sight {
    pub view: View,
    /// What its relaxed loads read, and only a fence acquires.
    unacquired: View,
    /// What its relaxed stores release: its view at its last fence.
    fenced: View,
    /// For each atomic the oldest store that it reads in a loop that waits: its own affair, and never
    /// handed on.
    patience: Vec<u32>,
    stale: Vec<Stale>,
}

impl Sight {
    /// Of a thread that this one starts.
    pub fn child(&self) -> Sight {
        Sight {
            view: self.view.clone(),
            ..Sight::default()
        }
    }
}

/// A store that a load or a failing exchange may read.
#[derive(Clone, Copy)]
pub(super) struct Candidate {
    number: u32,
    pub value: u64,
    pub step: usize,
    /// Whether reading it gives the reader the writer's view.
    pub carries: bool,
    pub newest: bool,
}

/// All atomics of one execution.
#[derive(Default)]
pub(super) struct Memory {
    atomics: Vec<Atomic>,
    /// Whether a load was kept from an old value that it had read several times in a loop.
    pub hurried: bool,
}

pub(super) fn acquires(order: Ordering) -> bool {
    matches!(
        order,
        Ordering::Acquire | Ordering::AcqRel | Ordering::SeqCst
    )
}

pub(super) fn releases(order: Ordering) -> bool {
    matches!(
        order,
        Ordering::Release | Ordering::AcqRel | Ordering::SeqCst
    )
}

impl Memory {
    pub fn add(&mut self, value: u64) -> usize {
        self.atomics.push(Atomic {
            stores: vec![Store {
                value,
                released: View::default(),
                step: 0,
            }],
            agreed: 0,
        });
        self.atomics.len() - 1
    }

    pub fn newest(&self, place: usize) -> u64 {
        self.atomics[place]
            .stores
            .last()
            .map_or(0, |store| store.value)
    }

    /// Whether all of the one order know its newest store: a load that belongs to that order then
    /// changes nothing for the others.
    pub fn is_agreed(&self, place: usize) -> bool {
        let atomic = &self.atomics[place];
        atomic.agreed as usize == atomic.stores.len() - 1
    }

    fn candidate(&self, place: usize, number: u32, order: Ordering) -> Candidate {
        let atomic = &self.atomics[place];
        let store = &atomic.stores[number as usize];
        Candidate {
            number,
            value: store.value,
            step: store.step,
            carries: acquires(order) && store.released != View::default(),
            newest: number as usize == atomic.stores.len() - 1,
        }
    }

    /// The stores that a load may choose among, the newest first: those with this value are none of
    /// a load that has to see another (but for the newest).
    pub fn candidates(
        &mut self,
        place: usize,
        sight: &Sight,
        order: Ordering,
        other_than: Option<u64>,
    ) -> impl Iterator<Item = Candidate> + use<'_> {
        let atomic = &self.atomics[place];
        let mut oldest = of(&sight.view.stores, place);
        if order == Ordering::SeqCst {
            oldest = oldest.max(atomic.agreed);
        }
        let newest = atomic.stores.len() as u32 - 1;
        let hurried = of(&sight.patience, place).max(oldest);
        self.hurried |= hurried > oldest;
        let memory = &*self;
        let value = move |number: u32| memory.atomics[place].stores[number as usize].value;
        (hurried..=newest)
            .rev()
            .filter(move |number| *number == newest || other_than != Some(value(*number)))
            .map(move |number| memory.candidate(place, number, order))
    }

    /// Reads one of the [`Memory::candidates`], at this place of the program.
    pub fn load(
        &mut self,
        place: usize,
        sight: &mut Sight,
        order: Ordering,
        read: Candidate,
        at: &'static Location<'static>,
    ) {
        let atomic = &mut self.atomics[place];
        let number = read.number;
        raise(&mut sight.view.stores, place, number);
        if order == Ordering::SeqCst {
            atomic.agreed = atomic.agreed.max(number);
        }
        let released = &atomic.stores[number as usize].released;
        if acquires(order) {
            sight.view.join(released);
        } else {
            sight.unacquired.join(released);
        }
        let known = |stale: &&mut Stale| stale.place == place && stale.at == at;
        if read.newest {
            sight
                .stale
                .retain(|stale| stale.place != place || stale.at != at);
        } else if let Some(stale) = sight.stale.iter_mut().find(known) {
            if stale.store != number {
                (stale.store, stale.rounds) = (number, 0);
            }
            stale.again = true;
        } else {
            sight.stale.push(Stale {
                place,
                at,
                store: number,
                rounds: 0,
                again: true,
            });
        }
    }

    pub fn store(
        &mut self,
        place: usize,
        sight: &mut Sight,
        order: Ordering,
        value: u64,
        step: usize,
    ) {
        self.append(place, sight, order, value, View::default(), step);
    }

    /// Reads the newest store and writes the next in one.
    pub fn swap(
        &mut self,
        place: usize,
        sight: &mut Sight,
        order: Ordering,
        value: u64,
        (step, at): (usize, &'static Location<'static>),
    ) {
        let newest = self.atomics[place].stores.len() as u32 - 1;
        let read = self.candidate(place, newest, order);
        self.load(place, sight, order, read, at);
        // A release sequence goes on through it.
        let before = self.atomics[place].stores[newest as usize].released.clone();
        self.append(place, sight, order, value, before, step);
    }

    /// The step that made the newest store, and whether reading it carries a view.
    pub fn last(&self, place: usize, order: Ordering) -> Candidate {
        self.candidate(place, self.atomics[place].stores.len() as u32 - 1, order)
    }

    fn append(
        &mut self,
        place: usize,
        sight: &mut Sight,
        order: Ordering,
        value: u64,
        mut released: View,
        step: usize,
    ) {
        let atomic = &mut self.atomics[place];
        let number = atomic.stores.len() as u32;
        raise(&mut sight.view.stores, place, number);
        if order == Ordering::SeqCst {
            atomic.agreed = number;
        }
        released.join(if releases(order) {
            &sight.view
        } else {
            &sight.fenced
        });
        atomic.stores.push(Store {
            value,
            released,
            step,
        });
    }

    pub fn fence(&mut self, sight: &mut Sight, order: Ordering) {
        if acquires(order) {
            sight.view.join(&sight.unacquired);
        }
        if order == Ordering::SeqCst {
            for (place, atomic) in self.atomics.iter_mut().enumerate() {
                let both = atomic.agreed.max(of(&sight.view.stores, place));
                atomic.agreed = both;
                raise(&mut sight.view.stores, place, both);
            }
        }
        if releases(order) {
            sight.fenced = sight.view.clone();
        }
    }

    /// A thread yields: what it has read the same old value of at the same place, more than `rounds`
    /// times, it reads the newest of next time. Stores become visible at last, and a loop that waits
    /// for one comes to an end.
    pub fn yielded(&mut self, sight: &mut Sight, rounds: u32) {
        let Sight {
            stale, patience, ..
        } = sight;
        stale.retain_mut(|stale| {
            stale.rounds += u32::from(std::mem::take(&mut stale.again));
            if stale.rounds > rounds {
                let newest = self.atomics[stale.place].stores.len() as u32 - 1;
                raise(patience, stale.place, newest);
            }
            stale.rounds <= rounds
        });
    }
}
