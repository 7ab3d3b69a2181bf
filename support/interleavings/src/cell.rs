//! Plain data of an explored program that several threads may use: `std::cell`, watched.
//!
//! What stands behind a hand-made lock is an [`UnsafeCell`]. Each access is compared with those of other
//! threads: two of which one writes, and which nothing orders, are a *data race*, and the report names
//! both places. Vector clocks tell what is ordered (Mattern, 1988; FastTrack, 2009), so a race is found
//! also in an execution in which the two happen to be far apart.
//!
//! ```
//! use interleavings::{self, FailureKind, hint, cell::UnsafeCell, thread};
//! use interleavings::sync::{Arc, atomic::{AtomicBool, Ordering::{self, *}}};
//!
//! struct Lock {
//!     taken: AtomicBool,
//!     value: UnsafeCell<u32>,
//! }
//! // SAFETY: this is what is to be shown.
//! unsafe impl Sync for Lock {}
//!
//! impl Lock {
//!     fn add(&self, take: Ordering, free: Ordering) {
//!         while self.taken.swap(true, take) {
//!             hint::spin_loop();
//!         }
//!         self.value.with_mut(|value| unsafe { *value += 1 });
//!         self.taken.store(false, free);
//!     }
//! }
//!
//! fn program(take: Ordering, free: Ordering) {
//!     let taken = AtomicBool::named("taken", false);
//!     let lock = Lock { taken, value: UnsafeCell::named("value", 0) };
//!     thread::scope(|scope| {
//!         scope.spawn(|| lock.add(take, free));
//!         scope.spawn(|| lock.add(take, free));
//!     });
//! }
//! assert!(interleavings::all(|| program(Acquire, Release)).passed());
//! let report = interleavings::all(|| program(Relaxed, Relaxed));
//! assert_eq!(report.failure().unwrap().kind(), FailureKind::DataRace);
//! ```

use std::panic::Location;

use super::id::{Id, make};
use super::object::{Access, Kind, Op, Use};
use super::state::State;
use super::verdict::{FailureKind, Fault, Verdict};
use super::world::{World, switch, with, with_any};

/// `std::cell::UnsafeCell` of an explored program. An access is no step of the search, and it needs
/// no name of what it does: what is read is told by [`UnsafeCell::with`], what is changed by
/// [`UnsafeCell::with_mut`], as in loom and in crossbeam's own source. See [the module](self).
///
/// Its end is no access: what ends it may be std's `Arc`, whose count the explorer does not see. An `Arc`
/// made by hand takes the value out ([`UnsafeCell::into_inner`]) before it frees it.
#[derive(Debug)]
pub struct UnsafeCell<T> {
    id: Id,
    value: std::cell::UnsafeCell<T>,
}

impl<T> UnsafeCell<T> {
    /// One that is called "Cell 1" and so on. Making it is its first write.
    ///
    /// # Panics
    ///
    /// Outside of an explored program.
    ///
    /// ```
    /// use interleavings::{self, cell::UnsafeCell};
    ///
    /// assert!(interleavings::all(|| drop(UnsafeCell::new(1))).passed());
    /// ```
    #[track_caller]
    pub fn new(value: T) -> UnsafeCell<T> {
        UnsafeCell {
            id: create(None),
            value: std::cell::UnsafeCell::new(value),
        }
    }

    /// One that reports call by this name. Panics as [`UnsafeCell::new`].
    ///
    /// ```
    /// use interleavings::{self, cell::UnsafeCell};
    ///
    /// assert!(interleavings::all(|| drop(UnsafeCell::named("slot", 1))).passed());
    /// ```
    #[track_caller]
    pub fn named(name: &str, value: T) -> UnsafeCell<T> {
        UnsafeCell {
            id: create(Some(name)),
            value: std::cell::UnsafeCell::new(value),
        }
    }

    /// Reads it, by a pointer that is good until the function returns. A race ends the execution.
    ///
    /// ```
    /// use interleavings::{self, cell::UnsafeCell};
    ///
    /// let report = interleavings::all(|| {
    ///     let cell = UnsafeCell::new(5);
    ///     assert_eq!(cell.with(|value| unsafe { *value }), 5);
    /// });
    /// assert!(report.passed());
    /// ```
    #[track_caller]
    pub fn with<R>(&self, work: impl FnOnce(*const T) -> R) -> R {
        let at = Location::caller();
        access(self.id, Use::Read, at);
        let result = work(self.value.get());
        access(self.id, Use::Read, at);
        result
    }

    /// Changes it, by a pointer that is good until the function returns. A race ends the execution.
    ///
    /// ```
    /// use interleavings::{self, cell::UnsafeCell};
    ///
    /// let report = interleavings::all(|| {
    ///     let cell = UnsafeCell::new(5);
    ///     cell.with_mut(|value| unsafe { *value += 1 });
    ///     assert_eq!(cell.into_inner(), 6);
    /// });
    /// assert!(report.passed());
    /// ```
    #[track_caller]
    pub fn with_mut<R>(&self, work: impl FnOnce(*mut T) -> R) -> R {
        let at = Location::caller();
        access(self.id, Use::Write, at);
        let result = work(self.value.get());
        access(self.id, Use::Write, at);
        result
    }

    /// The address, as std's. Nobody sees what is done with it, so the call itself counts as a write:
    /// for threads that read at the same time use [`UnsafeCell::with`].
    ///
    /// ```
    /// use interleavings::{self, cell::UnsafeCell};
    ///
    /// let report = interleavings::all(|| {
    ///     let cell = UnsafeCell::new(5);
    ///     unsafe { *cell.get() += 1 };
    ///     assert_eq!(cell.into_inner(), 6);
    /// });
    /// assert!(report.passed());
    /// ```
    #[track_caller]
    pub fn get(&self) -> *mut T {
        access(self.id, Use::Write, Location::caller());
        self.value.get()
    }

    /// The value, through the only reference there is: a write, which has to be ordered like any other.
    ///
    /// ```
    /// use interleavings::{self, cell::UnsafeCell};
    ///
    /// assert!(interleavings::all(|| *UnsafeCell::new(5).get_mut() = 6).passed());
    /// ```
    #[track_caller]
    pub fn get_mut(&mut self) -> &mut T {
        access(self.id, Use::Write, Location::caller());
        self.value.get_mut()
    }

    /// The value: a write. See [`UnsafeCell::get_mut`].
    ///
    /// ```
    /// use interleavings::{self, cell::UnsafeCell};
    ///
    /// assert!(interleavings::all(|| assert_eq!(UnsafeCell::new(5).into_inner(), 5)).passed());
    /// ```
    #[track_caller]
    pub fn into_inner(self) -> T {
        access(self.id, Use::Write, Location::caller());
        self.value.into_inner()
    }
}

#[inline(never)]
#[track_caller]
fn create(name: Option<&str>) -> Id {
    let at = Location::caller();
    let write = with(|world| next(world, Use::Make, at));
    let reads = Vec::new();
    make(Kind::Cell { write, reads }, name, None)
}

/// The next access of the thread that runs.
fn next(world: &mut World, what: Use, at: &'static Location<'static>) -> Access {
    let thread = world.now;
    let number = world.threads[thread].sight.view.access(thread);
    Access {
        thread,
        number,
        what,
        at,
    }
}

/// Notes an access, and ends the execution if another is not ordered before it. Does nothing for a cell
/// that outlives its execution.
#[inline(never)]
fn access(id: Id, what: Use, at: &'static Location<'static>) {
    let races = with_any(|world| {
        let place = id.still(world)?;
        let own = next(world, what, at);
        let view = world.view().clone();
        let Kind::Cell { write, reads } = &mut world.objects[place].kind else {
            return None;
        };
        let all = (what != Use::Read).then_some(&*reads).into_iter().flatten();
        let mut all = all.copied().chain([*write]);
        let other = all.find(|other| !view.knows_access(other.thread, other.number));
        drop(all);
        if what == Use::Read {
            reads.retain(|read| read.thread != own.thread);
            reads.push(own);
        } else {
            *write = own;
            reads.clear();
        }
        let other = other.filter(|_| world.verdict.is_none())?;
        // Here it stands for a report.
        let thread = &mut world.threads[own.thread];
        (thread.state, thread.at) = (State::Before(Op::Change(place)), at);
        world.verdict = Some(Verdict::Failed(Fault {
            kind: FailureKind::DataRace,
            thread: Some(own.thread),
            message: sentence(world, place, own, other),
            place: at.to_string(),
        }));
        Some(())
    });
    if races.flatten().is_some() && !std::thread::panicking() {
        switch();
    }
}

/// "data race on `value`: right writes it (src/lib.rs:5:9), left has read it (src/lib.rs:9:9), and
/// nothing orders the two"
fn sentence(world: &World, place: usize, own: Access, other: Access) -> String {
    let name = |access: Access| &world.threads[access.thread].name;
    let does = match own.what {
        Use::Make => "makes",
        Use::Read => "reads",
        Use::Write => "writes",
    };
    let did = match other.what {
        Use::Make => "made",
        Use::Read => "read",
        Use::Write => "written",
    };
    format!(
        "data race on `{}`: {} {does} it{}, {} has {did} it{}, and nothing orders the two",
        world.objects[place].name,
        name(own),
        shown(own),
        name(other),
        shown(other),
    )
}

/// " (src/lib.rs:5:9)"; nothing in a cell, whose file nobody can open.
fn shown(access: Access) -> String {
    if super::place::in_cell() {
        String::new()
    } else {
        format!(" ({})", access.at)
    }
}
