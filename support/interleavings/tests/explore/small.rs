//! Small programs as data: run by the explorer, by loom and by shuttle, and judged by the axioms of the
//! language.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};
use std::sync::{Arc, Mutex};

use interleavings::{Report, Search};

/// What a thread does. Each value is written once, so it tells who wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Load(usize, Ordering),
    Store(usize, u32, Ordering),
    Swap(usize, u32, Ordering),
    Fence(Ordering),
}

#[derive(Clone, Debug)]
pub struct Small {
    pub threads: Vec<Vec<Act>>,
    pub places: usize,
}

/// What each thread's reads gave, and what is in each place in the end.
pub type Outcome = (Vec<Vec<u32>>, Vec<u32>);

pub type Outcomes = BTreeSet<Outcome>;

/// One thread of a small program, for any crate's threads and atomics.
macro_rules! run {
    ($program:expr, $spawn:expr, $arc:path, $atomic:path, $fence:path) => {{
        use $arc as Shared;
        use $atomic as Atomic;
        let program: &Small = $program;
        let places = Shared::new(
            (0..program.places)
                .map(|_| Atomic::new(0))
                .collect::<Vec<_>>(),
        );
        let threads: Vec<_> = program
            .threads
            .iter()
            .map(|acts| {
                let (acts, places) = (acts.clone(), places.clone());
                $spawn(move || {
                    let mut read = Vec::new();
                    for act in acts {
                        match act {
                            Act::Load(place, order) => read.push(places[place].load(order)),
                            Act::Store(place, value, order) => places[place].store(value, order),
                            Act::Swap(place, value, order) => {
                                read.push(places[place].swap(value, order))
                            }
                            Act::Fence(order) => $fence(order),
                        }
                    }
                    read
                })
            })
            .collect();
        let read: Vec<Vec<u32>> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        let last: Vec<u32> = places.iter().map(|place| place.load(SeqCst)).collect();
        (read, last)
    }};
}

impl Small {
    pub fn has_order(&self, wanted: Ordering) -> bool {
        let mut acts = self.threads.iter().flatten();
        acts.any(|act| match act {
            Act::Load(_, order)
            | Act::Store(_, _, order)
            | Act::Swap(_, _, order)
            | Act::Fence(order) => *order == wanted,
        })
    }

    pub fn has_updates(&self) -> bool {
        let mut acts = self.threads.iter().flatten();
        acts.any(|act| matches!(act, Act::Swap(..)))
    }

    /// With the explorer.
    pub fn explored(&self, search: &Search) -> (Outcomes, Report) {
        let (seen, own) = (Arc::new(Mutex::new(Outcomes::new())), self.clone());
        let all = seen.clone();
        let report = search.run(move || {
            let outcome = run!(
                &own,
                interleavings::thread::spawn,
                std::sync::Arc,
                interleavings::sync::atomic::AtomicU32,
                interleavings::sync::atomic::fence
            );
            all.lock().unwrap().insert(outcome);
        });
        assert!(report.passed(), "{self}: {report}");
        (seen.lock().unwrap().clone(), report)
    }

    pub fn outcomes(&self) -> Outcomes {
        self.explored(&Search::new().reduced()).0
    }

    pub fn by_loom(&self) -> Outcomes {
        let (seen, own) = (Arc::new(Mutex::new(Outcomes::new())), self.clone());
        let all = seen.clone();
        loom::model(move || {
            let outcome = run!(
                &own,
                loom::thread::spawn,
                loom::sync::Arc,
                loom::sync::atomic::AtomicU32,
                loom::sync::atomic::fence
            );
            all.lock().unwrap().insert(outcome);
        });
        let seen = seen.lock().unwrap();
        seen.clone()
    }

    /// Shuttle takes every order for sequential consistency, and has no fences.
    pub fn by_shuttle(&self) -> Outcomes {
        let (seen, own) = (Arc::new(Mutex::new(Outcomes::new())), self.clone());
        let all = seen.clone();
        let check = move || {
            let outcome = run!(
                &own,
                shuttle::thread::spawn,
                std::sync::Arc,
                shuttle::sync::atomic::AtomicU32,
                shuttle::sync::atomic::fence
            );
            all.lock().unwrap().insert(outcome);
        };
        shuttle::check_dfs(check, None);
        let seen = seen.lock().unwrap();
        seen.clone()
    }
}

impl fmt::Display for Small {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |place: &usize| ["x", "y", "z"][*place];
        for (number, thread) in self.threads.iter().enumerate() {
            let acts: Vec<String> = thread
                .iter()
                .map(|act| match act {
                    Act::Load(place, order) => format!("load {} {order:?}", name(place)),
                    Act::Store(place, value, order) => {
                        format!("{} = {value} {order:?}", name(place))
                    }
                    Act::Swap(place, value, order) => {
                        format!("swap {} {value} {order:?}", name(place))
                    }
                    Act::Fence(order) => format!("fence {order:?}"),
                })
                .collect();
            let bar = if number > 0 { " || " } else { "" };
            write!(f, "{bar}{}", acts.join("; "))?;
        }
        Ok(())
    }
}

/// SplitMix64.
pub struct Dice(pub u64);

impl Dice {
    pub fn throw(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    /// A program of some threads with so many acts each at most, on two or three places.
    pub fn program(&mut self, threads: usize, most: usize, fences: bool) -> Small {
        let places = 2 + self.throw(2);
        let mut written = vec![0; places];
        let threads = (0..threads).map(|_| {
            let acts = 1 + self.throw(most);
            (0..acts).map(|_| self.act(&mut written, fences)).collect()
        });
        Small {
            threads: threads.collect(),
            places,
        }
    }

    fn act(&mut self, written: &mut [u32], fences: bool) -> Act {
        let place = self.throw(written.len());
        let kind = self.throw(if fences { 9 } else { 7 });
        let order = self.throw(3);
        if (3..7).contains(&kind) {
            written[place] += 1;
        }
        let value = written[place];
        match kind {
            0..=2 => Act::Load(place, [Relaxed, Acquire, SeqCst][order]),
            3..=5 => Act::Store(place, value, [Relaxed, Release, SeqCst][order]),
            6 => Act::Swap(place, value, [Relaxed, AcqRel, SeqCst][order]),
            _ => Act::Fence([Acquire, Release, SeqCst][order]),
        }
    }
}
