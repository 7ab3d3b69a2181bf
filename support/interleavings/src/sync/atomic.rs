//! Atomics of an explored program, under the names of `std::sync::atomic`.
//!
//! ```
//! use interleavings::{self, sync::{Arc, atomic::{AtomicU32, Ordering}}, thread};
//!
//! let report = interleavings::all(|| {
//!     let data = Arc::new(AtomicU32::named("data", 0));
//!     let ready = Arc::new(AtomicU32::named("ready", 0));
//!     let (data2, ready2) = (data.clone(), ready.clone());
//!     thread::spawn_named("writer", move || {
//!         data2.store(42, Ordering::Relaxed);
//!         ready2.store(1, Ordering::Relaxed); // Release would do
//!     });
//!     if ready.load(Ordering::Acquire) == 1 {
//!         assert_eq!(data.load(Ordering::Relaxed), 42);
//!     }
//! });
//! assert_eq!(report.failure().unwrap().steps().last().unwrap().operation(), "load data → 0, stale; 42 is newer");
//! ```
//!
//! Each operation is a step. The orders are modelled: which of the values that its order permits a
//! load reads is one more choice of the search. See [`explore`](crate::explore#memory-orders) for
//! what is not modelled.

use std::fmt;

pub use std::sync::atomic::Ordering;

use crate::id::{Id, make};
use crate::object::{Kind, Op};
use crate::world::{World, point, with};

/// A type that an atomic can hold: of at most 64 bits.
trait Bits: Copy + fmt::Debug {
    fn bits(self) -> u64;
    fn of(bits: u64) -> Self;
    fn show(bits: u64) -> String {
        format!("{:?}", Self::of(bits))
    }
}

impl Bits for bool {
    fn bits(self) -> u64 {
        self.into()
    }
    fn of(bits: u64) -> bool {
        bits != 0
    }
}

macro_rules! atomic {
    ($name:ident, $type:ty, $one:expr, $two:expr) => {
        #[doc = concat!("`std::sync::atomic::", stringify!($name), "` of an explored program.")]
        ///
        /// ```
        #[doc = concat!("use interleavings::{self, sync::atomic::{", stringify!($name), ", Ordering::SeqCst}};")]
        ///
        /// let report = interleavings::all(|| {
        #[doc = concat!("    let x = ", stringify!($name), "::named(\"x\", ", stringify!($one), ");")]
        #[doc = concat!("    x.store(", stringify!($two), ", SeqCst);")]
        #[doc = concat!("    assert_eq!(x.swap(", stringify!($one), ", SeqCst), ", stringify!($two), ");")]
        /// });
        /// assert!(report.passed());
        /// ```
        pub struct $name {
            id: Id,
        }

        impl $name {
            /// One that is called "Atomic 1" and so on. Panics outside of an explored program.
            #[track_caller]
            pub fn new(value: $type) -> $name {
                $name { id: create(None, value.bits(), <$type>::show) }
            }

            /// One that reports call by this name. Panics outside of an explored program.
            #[track_caller]
            pub fn named(name: &str, value: $type) -> $name {
                $name { id: create(Some(name), value.bits(), <$type>::show) }
            }

            /// Reads the newest value, or an older one that the order permits.
            pub fn load(&self, order: Ordering) -> $type {
                <$type>::of(load(self.id, order))
            }

            /// Writes a value.
            pub fn store(&self, value: $type, order: Ordering) {
                store(self.id, value.bits(), order);
            }

            /// Writes a value and returns the one before.
            pub fn swap(&self, value: $type, order: Ordering) -> $type {
                <$type>::of(update(self.id, "swap", order, &|_| value.bits()))
            }

            /// Writes `new` if the newest value is `current`; returns the one before, as an error
            /// if it was another. It looks at the newest value, never at an older one.
            ///
            /// # Errors
            ///
            /// The value, if it is not `current`.
            pub fn compare_exchange(
                &self,
                current: $type,
                new: $type,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$type, $type> {
                let (current, new) = (current.bits(), new.bits());
                let result = exchange(self.id, current, new, success, failure);
                result.map(<$type>::of).map_err(<$type>::of)
            }

            /// As `compare_exchange`: it does not fail without a reason.
            ///
            /// # Errors
            ///
            /// The value, if it is not `current`.
            pub fn compare_exchange_weak(
                &self,
                current: $type,
                new: $type,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$type, $type> {
                self.compare_exchange(current, new, success, failure)
            }

            /// The value, through the only reference there is.
            pub fn into_inner(self) -> $type {
                <$type>::of(newest(self.id))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.id.name()).finish()
            }
        }
    };
}

macro_rules! integer {
    ($($name:ident $type:ty),*) => {$(
        impl Bits for $type {
            fn bits(self) -> u64 {
                self as u64
            }
            fn of(bits: u64) -> $type {
                bits as $type
            }
        }

        atomic!($name, $type, 1, 2);

        impl $name {
            /// Adds, wrapping around, and returns the value before.
            pub fn fetch_add(&self, value: $type, order: Ordering) -> $type {
                let add = |bits| <$type>::of(bits).wrapping_add(value).bits();
                <$type>::of(update(self.id, "fetch_add", order, &add))
            }

            /// Subtracts, wrapping around, and returns the value before.
            pub fn fetch_sub(&self, value: $type, order: Ordering) -> $type {
                let sub = |bits| <$type>::of(bits).wrapping_sub(value).bits();
                <$type>::of(update(self.id, "fetch_sub", order, &sub))
            }

            /// Keeps the greater, and returns the value before.
            pub fn fetch_max(&self, value: $type, order: Ordering) -> $type {
                let max = |bits| <$type>::of(bits).max(value).bits();
                <$type>::of(update(self.id, "fetch_max", order, &max))
            }

            /// Keeps the smaller, and returns the value before.
            pub fn fetch_min(&self, value: $type, order: Ordering) -> $type {
                let min = |bits| <$type>::of(bits).min(value).bits();
                <$type>::of(update(self.id, "fetch_min", order, &min))
            }
        }
    )*};
}

atomic!(AtomicBool, bool, true, false);
integer!(
    AtomicI8 i8, AtomicI16 i16, AtomicI32 i32, AtomicI64 i64, AtomicIsize isize,
    AtomicU8 u8, AtomicU16 u16, AtomicU32 u32, AtomicU64 u64, AtomicUsize usize
);

impl AtomicBool {
    /// Sets the flag if it or the value is true, and returns the value before.
    pub fn fetch_or(&self, value: bool, order: Ordering) -> bool {
        update(self.id, "fetch_or", order, &|bits| bits | value.bits()) != 0
    }

    /// Clears the flag if the value is false, and returns the value before.
    pub fn fetch_and(&self, value: bool, order: Ordering) -> bool {
        update(self.id, "fetch_and", order, &|bits| bits & value.bits()) != 0
    }
}

#[inline(never)]
#[track_caller]
fn create(name: Option<&str>, value: u64, show: fn(u64) -> String) -> Id {
    let place = with(|world| world.memory.add(value));
    make(Kind::Atomic { place, show }, name, None)
}

/// Where the atomic is, its place in memory, and how its values are shown.
#[track_caller]
fn find(world: &World, id: Id) -> (usize, usize, fn(u64) -> String) {
    let object = id.of(world);
    match world.objects[object].kind {
        Kind::Atomic { place, show } => (object, place, show),
        _ => unreachable!("an atomic's id names an atomic"),
    }
}

#[inline(never)]
fn newest(id: Id) -> u64 {
    with(|world| {
        let (_, place, _) = find(world, id);
        world.memory.newest(place)
    })
}

#[inline(never)]
fn load(id: Id, order: Ordering) -> u64 {
    assert!(
        !matches!(order, Ordering::Release | Ordering::AcqRel),
        "a load cannot have the order {order:?}"
    );
    let (object, place, show) = with(|world| find(world, id));
    point(Op::Free);
    with(|world| {
        let now = world.now;
        let choices = world
            .memory
            .choices(place, &world.threads[now].sight, order);
        // The newest first.
        let back = world.pick(choices);
        let World {
            memory, threads, ..
        } = world;
        let value = memory.load(place, &mut threads[now].sight, order, back);
        world.did_so(|world| {
            let (name, newest) = (&world.objects[object].name, world.memory.newest(place));
            let stale = match back {
                0 => String::new(),
                _ => format!("; {} is newer", show(newest)),
            };
            let mark = if back > 0 { ", stale" } else { "" };
            (format!("load {name} → {}{mark}", show(value)), stale)
        });
        value
    })
}

#[inline(never)]
fn store(id: Id, value: u64, order: Ordering) {
    assert!(
        !matches!(order, Ordering::Acquire | Ordering::AcqRel),
        "a store cannot have the order {order:?}"
    );
    let (object, place, show) = with(|world| find(world, id));
    point(Op::Free);
    with(|world| {
        let now = world.now;
        let World {
            memory, threads, ..
        } = world;
        memory.store(place, &mut threads[now].sight, order, value);
        world.did(|world| format!("store {} ← {}", world.objects[object].name, show(value)));
    });
}

#[inline(never)]
fn update(id: Id, how: &str, order: Ordering, change: &dyn Fn(u64) -> u64) -> u64 {
    let (object, place, show) = with(|world| find(world, id));
    point(Op::Free);
    with(|world| {
        let now = world.now;
        let World {
            memory, threads, ..
        } = world;
        let before = memory.newest(place);
        let after = change(before);
        memory.swap(place, &mut threads[now].sight, order, after);
        world.did(|world| {
            let name = &world.objects[object].name;
            format!("{how} {name}: {} → {}", show(before), show(after))
        });
        before
    })
}

#[inline(never)]
fn exchange(
    id: Id,
    current: u64,
    new: u64,
    success: Ordering,
    failure: Ordering,
) -> Result<u64, u64> {
    let (object, place, show) = with(|world| find(world, id));
    point(Op::Free);
    with(|world| {
        let now = world.now;
        let World {
            memory, threads, ..
        } = world;
        let (before, sight) = (memory.newest(place), &mut threads[now].sight);
        let same = before == current;
        if same {
            memory.swap(place, sight, success, new);
        } else {
            memory.load(place, sight, failure, 0);
        }
        world.did(|world| {
            let name = &world.objects[object].name;
            let after = if same {
                show(new)
            } else {
                "no change".to_string()
            };
            format!("compare_exchange {name}: {} → {after}", show(before))
        });
        if same { Ok(before) } else { Err(before) }
    })
}
