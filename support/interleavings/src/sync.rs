//! What explored threads share, under the names of `std::sync`.
//!
//! ```
//! use interleavings::{self, sync::{Arc, Mutex}, thread};
//!
//! let report = interleavings::all(|| {
//!     let sum = Arc::new(Mutex::named("sum", 0));
//!     let other = sum.clone();
//!     let adder = thread::spawn(move || *other.lock().unwrap() += 1);
//!     *sum.lock().unwrap() += 1;
//!     adder.join().unwrap();
//!     assert_eq!(*sum.lock().unwrap(), 2);
//! });
//! assert!(report.passed());
//! ```
//!
//! Each has `named` beside `new`: the name stands in reports, else "Mutex 1" and so on. Values
//! have to be `Debug`, since reports show them. A lock is never poisoned, as a panic ends the
//! execution.
//!
//! [`Arc`] and [`LockResult`] are std's own. How many share an `Arc` is no step of the search: a
//! program whose threads ask for its count is not explored fully.

pub mod atomic;
mod barrier;
mod condvar;
pub mod mpsc;
mod mutex;
mod rwlock;

pub use std::sync::{Arc, LockResult, PoisonError, TryLockError, TryLockResult, Weak};

pub use barrier::{Barrier, BarrierWaitResult};
pub use condvar::Condvar;
pub use mutex::{Mutex, MutexGuard};
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::object::{Id, Op};
use super::world::{Verdict, World, point, switch, with, with_any};

/// Somebody tries a lock, or to receive: it matters to others when a lock is free again, or a sender
/// gone.
fn tries() {
    let anew = with(|world| {
        let anew = !world.unlocks && world.verdict.is_none();
        if anew {
            world.verdict = Some(Verdict::Anew);
        }
        anew
    });
    if anew && !std::thread::panicking() {
        switch();
    }
}

/// Lets go of a lock. Does nothing for a guard that outlives its execution.
fn free(id: Id, value: Option<String>, letting: impl FnOnce(&mut World, usize)) {
    let step = with_any(|world| world.unlocks && id.still(world).is_some());
    if step == Some(true) && !std::thread::panicking() {
        point(Op::Free);
    }
    with_any(|world| {
        if let Some(place) = id.still(world) {
            if step == Some(true) {
                world.did(|world| format!("unlock {}", world.objects[place].name));
            }
            letting(world, place);
            let (now, steps) = (world.now, world.steps);
            let view = world.view().clone();
            let object = &mut world.objects[place];
            object.view.join(&view);
            if value.is_some() {
                object.value = value;
            }
            if let Some(record) = &mut world.record {
                // An unlocking that is a step belongs to the time without the lock.
                let step = if step == Some(true) {
                    steps.saturating_sub(1)
                } else {
                    steps
                };
                record.let_go(now, step, &object.name);
            }
        }
    });
}

/// Takes a lock: the caller has been chosen, so it is free (or nobody else runs any more).
fn took(world: &mut World, place: usize, how: &str) {
    let view = world.objects[place].view.clone();
    world.learn(&view);
    world.did(|world| format!("{how} {}", world.objects[place].name));
    let (now, step) = (world.now, world.steps);
    if let Some(record) = &mut world.record {
        record.took(now, step, &world.objects[place].name);
    }
}

/// A lock that somebody tried in vain.
fn refused(world: &mut World, place: usize, how: &str) {
    world.did(|world| format!("{how} {}: taken", world.objects[place].name));
}
