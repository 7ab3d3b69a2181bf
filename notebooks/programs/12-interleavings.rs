//! Every order of two threads' steps
//!
//! A model of two threads, a number and two locks, in which every order of the steps is
//! tried. Look for the order that loses an addition (ABAB: a step of thread A, then one
//! of B, and so on), for the one in which both threads are stuck, and for "in none of":
//! that is a proof, for these steps, each of them whole and seen by all at once. It
//! says nothing of more threads, of weaker memory orders, or of code that differs from
//! the model. The crate loom tries every order of the code itself.

use Step::*;

#[derive(Clone, Copy)]
enum Step {
    Load,
    Store,
    FetchAdd,
    Lock(usize),
    Unlock(usize),
}

type Program = &'static [Step];

/// All that a step can see or change. Each choice gets a copy, so that another choice
/// can be tried after it.
#[derive(Clone, Default)]
struct State {
    programs: [Program; 2],
    next: [usize; 2], // where in its program each thread stands
    read: [u32; 2],   // what each has loaded
    number: u32,
    holder: [Option<usize>; 2], // of each lock
    schedule: String,           // who took the steps
}

impl State {
    /// The state after this thread's next step, if it can take one: it may have
    /// ended, or wait for a lock.
    fn after(&self, thread: usize) -> Option<State> {
        let step = *self.programs[thread].get(self.next[thread])?;
        let mut state = self.clone();
        match step {
            Load => state.read[thread] = self.number,
            Store => state.number = self.read[thread] + 1,
            FetchAdd => state.number += 1,
            Lock(lock) if self.holder[lock].is_some() => return None,
            Lock(lock) => state.holder[lock] = Some(thread),
            Unlock(lock) => state.holder[lock] = None,
        }
        state.next[thread] += 1;
        state.schedule += ["A", "B"][thread];
        Some(state)
    }

    /// The last state of every schedule that goes on from here: nobody can
    /// take a step any more.
    fn ends(self) -> Vec<State> {
        let after: Vec<State> =
            (0..2).filter_map(|thread| self.after(thread)).collect();
        if after.is_empty() {
            return vec![self];
        }
        after.into_iter().flat_map(State::ends).collect()
    }

    fn is_stuck(&self) -> bool {
        (0..2).any(|thread| self.next[thread] < self.programs[thread].len())
    }
}

/// In how many schedules somebody is stuck or the number is wrong at the
/// end, and in which first.
fn check(what: &str, programs: [Program; 2], sum: u32) -> usize {
    let begin = State {
        programs,
        ..State::default()
    };
    let ends = begin.ends();
    let fails = |end: &&State| end.is_stuck() || end.number != sum;
    let failed: Vec<&State> = ends.iter().filter(fails).collect();
    let (count, all) = (failed.len(), ends.len());
    match failed.first() {
        None => println!("{what} fails in none of {all} schedules"),
        Some(end) if end.is_stuck() => {
            println!("{what} is stuck in {count} of {all}: {}", end.schedule)
        }
        Some(end) => println!("{what} loses one in {count} of {all}: {}", end.schedule),
    }
    count
}

fn main() {
    let add: Program = &[Load, Store];
    let add_locked: Program = &[Lock(0), Load, Store, Unlock(0)];
    let upwards: Program = &[Lock(0), Lock(1), Unlock(1), Unlock(0)];
    let downwards: Program = &[Lock(1), Lock(0), Unlock(0), Unlock(1)];
    assert_eq!(check("load, store:     ", [add; 2], 2), 4);
    assert_eq!(check("fetch_add:       ", [&[FetchAdd]; 2], 2), 0);
    assert_eq!(check("under a lock:    ", [add_locked; 2], 2), 0);
    assert_eq!(check("opposite orders: ", [upwards, downwards], 0), 2);
    assert_eq!(check("one order:       ", [upwards; 2], 0), 0);
}
