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
//! load reads is one more choice of the search. See [the crate's documentation](crate#memory-orders) for
//! what is not modelled.

use std::fmt;
use std::marker::PhantomData;

pub use std::sync::atomic::Ordering;

use crate::id::{Id, debug_by_name, make};
use crate::memory::Candidate;
use crate::object::{Kind, Op, Show};
use crate::state::Thread;
use crate::world::{World, point, with};

/// A type that an atomic can hold: of at most 64 bits.
trait Bits: Copy {
    const SHOW: Show;
    fn bits(self) -> u64;
    fn of(bits: u64) -> Self;
}

fn exchanged<T: Bits>(result: Result<u64, u64>) -> Result<T, T> {
    result.map(T::of).map_err(T::of)
}

fn show<T: Bits + fmt::Debug>(bits: u64) -> String {
    format!("{:?}", T::of(bits))
}

impl Bits for bool {
    const SHOW: Show = Show::Value(show::<bool>);
    fn bits(self) -> u64 {
        self.into()
    }
    fn of(bits: u64) -> bool {
        bits != 0
    }
}

/// An atomic, and what each can do.
macro_rules! atomic {
    ($(#[$doc:meta])* $name:ident $(<$t:ident>)?, $type:ty) => {
        $(#[$doc])*
        pub struct $name $(<$t>)? {
            id: Id,
            /// It holds a number, or an address that is only a number here: it may be sent and
            /// shared, as std's.
            holds: PhantomData<fn() -> $type>,
        }

        impl $(<$t>)? $name $(<$t>)? {
            /// One that is called "Atomic 1" and so on. Panics outside of an explored program.
            #[track_caller]
            pub fn new(value: $type) -> Self {
                let id = create(None, value.bits(), <$type>::SHOW);
                Self { id, holds: PhantomData }
            }

            /// One that reports call by this name. Panics outside of an explored program.
            #[track_caller]
            pub fn named(name: &str, value: $type) -> Self {
                let id = create(Some(name), value.bits(), <$type>::SHOW);
                Self { id, holds: PhantomData }
            }

            /// Reads the newest value, or an older one that the order permits.
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $type {
                Bits::of(load(self.id, order))
            }

            /// Writes a value.
            #[track_caller]
            pub fn store(&self, value: $type, order: Ordering) {
                store(self.id, value.bits(), order);
            }

            /// Writes a value and returns the one before.
            #[track_caller]
            pub fn swap(&self, value: $type, order: Ordering) -> $type {
                Bits::of(update(self.id, "swap", order, &|_| value.bits()))
            }

            /// Writes `new` if the newest value is `current`; returns the one before, as an error
            /// if it was another, which may also be an older one that the order permits.
            ///
            /// # Errors
            ///
            /// The value, if it is not `current`.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $type,
                new: $type,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$type, $type> {
                exchanged(exchange(self.id, false, (current.bits(), new.bits()), (success, failure)))
            }

            /// As `compare_exchange`, and may also fail without a reason: each call that could
            /// succeed is tried both ways, but for one whose last try failed so.
            ///
            /// # Errors
            ///
            /// The value: it may be `current`.
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                current: $type,
                new: $type,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$type, $type> {
                exchanged(exchange(self.id, true, (current.bits(), new.bits()), (success, failure)))
            }

            /// Reads the value and writes what the function makes of it, by
            /// `compare_exchange_weak` again and again, as std does. Returns the value before.
            ///
            /// # Errors
            ///
            /// The value, if the function makes nothing of it.
            #[track_caller]
            pub fn fetch_update(
                &self,
                success: Ordering,
                failure: Ordering,
                mut change: impl FnMut($type) -> Option<$type>,
            ) -> Result<$type, $type> {
                let mut before = self.load(failure);
                while let Some(next) = change(before) {
                    match self.compare_exchange_weak(before, next, success, failure) {
                        Ok(before) => return Ok(before),
                        Err(other) => before = other,
                    }
                }
                Err(before)
            }

            /// The value, through the only reference there is.
            pub fn into_inner(self) -> $type {
                Bits::of(newest(self.id))
            }
        }

        debug_by_name!($name $(<$t>)?);
    };
}

/// One of numbers, with an example.
macro_rules! number {
    ($name:ident, $type:ty, $one:expr, $two:expr) => {
        atomic! {
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
            $name, $type
        }
    };
}

/// The operations that make the new value of the old one and another.
macro_rules! fetches {
    ($name:ident $type:ident: $($(#[$doc:meta])* $fetch:ident |$old:ident, $value:ident| $new:expr;)*) => {
        impl $name {$(
            $(#[$doc])*
            #[track_caller]
            pub fn $fetch(&self, $value: $type, order: Ordering) -> $type {
                let change = |bits| {
                    let $old = <$type>::of(bits);
                    Bits::bits($new)
                };
                Bits::of(update(self.id, stringify!($fetch), order, &change))
            }
        )*}
    };
}

macro_rules! integer {
    ($($name:ident $type:ident),*) => {$(
        impl Bits for $type {
            const SHOW: Show = Show::Value(show::<$type>);
            fn bits(self) -> u64 {
                self as u64
            }
            fn of(bits: u64) -> $type {
                bits as $type
            }
        }

        number!($name, $type, 1, 2);

        fetches! { $name $type:
            /// Adds, wrapping around, and returns the value before.
            fetch_add |old, value| old.wrapping_add(value);
            /// Subtracts, wrapping around, and returns the value before.
            fetch_sub |old, value| old.wrapping_sub(value);
            /// Keeps the greater, and returns the value before.
            fetch_max |old, value| old.max(value);
            /// Keeps the smaller, and returns the value before.
            fetch_min |old, value| old.min(value);
        }
    )*};
}

number!(AtomicBool, bool, true, false);
integer!(
    AtomicI8 i8, AtomicI16 i16, AtomicI32 i32, AtomicI64 i64, AtomicIsize isize,
    AtomicU8 u8, AtomicU16 u16, AtomicU32 u32, AtomicU64 u64, AtomicUsize usize
);

/// What std gives to flags and integers alike, bit by bit.
macro_rules! bitwise {
    ($($name:ident $type:ident),*) => {$(
        fetches! { $name $type:
            /// `and`, bit by bit; returns the value before.
            fetch_and |old, value| old & value;
            /// `or`, bit by bit; returns the value before.
            fetch_or |old, value| old | value;
            /// Either and not both, bit by bit; returns the value before.
            fetch_xor |old, value| old ^ value;
            /// Not both, bit by bit; returns the value before.
            fetch_nand |old, value| !(old & value);
        }
    )*};
}

bitwise!(
    AtomicBool bool,
    AtomicI8 i8, AtomicI16 i16, AtomicI32 i32, AtomicI64 i64, AtomicIsize isize,
    AtomicU8 u8, AtomicU16 u16, AtomicU32 u32, AtomicU64 u64, AtomicUsize usize
);

impl<T> Bits for *mut T {
    const SHOW: Show = Show::Address;
    fn bits(self) -> u64 {
        self.expose_provenance() as u64
    }
    fn of(bits: u64) -> *mut T {
        std::ptr::with_exposed_provenance_mut(bits as usize)
    }
}

atomic! {
    /// `std::sync::atomic::AtomicPtr` of an explored program. Reports call the addresses `&a`, `&b` and so
    /// on, in the order in which they are met.
    ///
    /// What a program frees too early is really freed: leak what another thread may still read.
    ///
    /// ```
    /// use interleavings::{self, sync::atomic::{AtomicPtr, Ordering::SeqCst}};
    ///
    /// let report = interleavings::all(|| {
    ///     let mut value = 5;
    ///     let head = AtomicPtr::new(std::ptr::null_mut());
    ///     head.store(&mut value, SeqCst);
    ///     assert!(!head.load(SeqCst).is_null());
    /// });
    /// assert!(report.passed());
    /// ```
    AtomicPtr<T>, *mut T
}

/// `std::sync::atomic::fence`: relaxed loads before it acquire, and relaxed stores after it release,
/// as the order says. A fence of the order `SeqCst` is a step; any other concerns only its thread.
///
/// # Panics
///
/// With the order `Relaxed`, as std's does, and outside of an explored program.
///
/// ```
/// use interleavings::{self, sync::atomic::{AtomicBool, AtomicU32, Ordering::*, fence}, thread};
///
/// let report = interleavings::all(|| {
///     let (data, ready) = (AtomicU32::new(0), AtomicBool::new(false));
///     thread::scope(|scope| {
///         scope.spawn(|| {
///             data.store(42, Relaxed);
///             fence(Release);
///             ready.store(true, Relaxed);
///         });
///         if ready.load(Relaxed) {
///             fence(Acquire);
///             assert_eq!(data.load(Relaxed), 42);
///         }
///     });
/// });
/// assert!(report.passed());
/// ```
#[track_caller]
pub fn fence(order: Ordering) {
    assert!(order != Ordering::Relaxed, "there is no relaxed fence");
    if order == Ordering::SeqCst {
        point(Op::Fence);
    }
    with(|world| {
        let (memory, thread) = world.own();
        memory.fence(&mut thread.sight, order);
        if order == Ordering::SeqCst {
            world.did(|_| "fence".to_string());
        }
    });
}

#[inline(never)]
#[track_caller]
fn create(name: Option<&str>, value: u64, show: Show) -> Id {
    let place = with(|world| {
        if matches!(show, Show::Address) {
            world.met_address(value);
        }
        world.memory.add(value)
    });
    make(Kind::Atomic { place, show }, name, None)
}

/// Where the atomic is, its place in memory, and how its values are shown.
#[track_caller]
fn find(world: &World, id: Id) -> (usize, usize, Show) {
    let object = id.of(world);
    match world.objects[object].kind {
        Kind::Atomic { place, show } => (object, place, show),
        _ => unreachable!("an atomic's id names an atomic"),
    }
}

/// A value that a step reads or writes, and its text for a report.
fn shown(world: &mut World, show: Show, value: u64) -> String {
    match show {
        Show::Value(_) => world.met(value),
        Show::Address => world.met_address(value),
    }
    if world.record.is_some() {
        show.text(value, &world.addresses)
    } else {
        String::new()
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
#[track_caller]
fn load(id: Id, order: Ordering) -> u64 {
    assert!(
        !matches!(order, Ordering::Release | Ordering::AcqRel),
        "a load cannot have the order {order:?}"
    );
    let (object, place, show) = with(|world| find(world, id));
    point(Op::Load(object, order));
    with(|world| {
        let count = candidates(world, place, order, None).count();
        let pick = world.pick(count);
        let read = nth(world, place, order, None, pick);
        take_value(world, place, order, read);
        let value = shown(world, show, read.value);
        world.did_so(|world| {
            let (name, newest) = (&world.objects[object].name, world.memory.newest(place));
            let newest = show.text(newest, &world.addresses);
            let (mark, stale) = match read.newest {
                true => ("", String::new()),
                false => (", stale", format!("; {newest} is newer")),
            };
            (format!("load {name} → {value}{mark}"), stale)
        });
        world.did_read(read);
        read.value
    })
}

/// What the thread that runs may read, the newest first.
fn candidates(
    world: &mut World,
    place: usize,
    order: Ordering,
    other_than: Option<u64>,
) -> impl Iterator<Item = Candidate> {
    let (memory, thread) = world.own();
    memory.candidates(place, &thread.sight, order, other_than)
}

/// One of them.
fn nth(
    world: &mut World,
    place: usize,
    order: Ordering,
    other_than: Option<u64>,
    pick: usize,
) -> Candidate {
    let mut all = candidates(world, place, order, other_than);
    all.nth(pick)
        .unwrap_or_else(|| unreachable!("{pick} was counted"))
}

/// Reads this store.
fn take_value(world: &mut World, place: usize, order: Ordering, read: Candidate) {
    let (memory, Thread { sight, at, .. }) = world.own();
    memory.load(place, sight, order, read, at);
}

/// Reads the newest store and writes the next.
fn put_value(world: &mut World, place: usize, order: Ordering, value: u64) {
    let step = world.steps;
    let (memory, Thread { sight, at, .. }) = world.own();
    memory.swap(place, sight, order, value, (step, at));
}

#[inline(never)]
#[track_caller]
fn store(id: Id, value: u64, order: Ordering) {
    assert!(
        !matches!(order, Ordering::Acquire | Ordering::AcqRel),
        "a store cannot have the order {order:?}"
    );
    let (object, place, show) = with(|world| find(world, id));
    point(Op::Change(object));
    with(|world| {
        let step = world.steps;
        let (memory, thread) = world.own();
        memory.store(place, &mut thread.sight, order, value, step);
        let value = shown(world, show, value);
        world.did(|world| format!("store {} ← {value}", world.objects[object].name));
    });
}

#[inline(never)]
#[track_caller]
fn update(id: Id, how: &str, order: Ordering, change: &dyn Fn(u64) -> u64) -> u64 {
    let (object, place, show) = with(|world| find(world, id));
    point(Op::Change(object));
    with(|world| {
        let before = world.memory.last(place, order);
        let after = change(before.value);
        put_value(world, place, order, after);
        let values = [before.value, after].map(|value| shown(world, show, value));
        world.did(|world| {
            let name = &world.objects[object].name;
            format!("{how} {name}: {}", values.join(" → "))
        });
        world.did_read(before);
        before.value
    })
}

#[inline(never)]
#[track_caller]
fn exchange(
    id: Id,
    weak: bool,
    (current, new): (u64, u64),
    (success, failure): (Ordering, Ordering),
) -> Result<u64, u64> {
    assert!(
        !matches!(failure, Ordering::Release | Ordering::AcqRel),
        "a compare_exchange that fails is a load, which cannot have the order {failure:?}"
    );
    let (object, place, show) = with(|world| find(world, id));
    point(Op::Change(object));
    with(|world| {
        let now = world.now;
        let count = candidates(world, place, failure, Some(current)).count();
        let newest = nth(world, place, failure, Some(current), 0);
        let could = newest.value == current;
        // A second failure without a reason would be like the first.
        let at = world.threads[now].at;
        let spurious = could && weak && world.threads[now].failed_at != Some(at);
        let pick = world.pick(count + usize::from(spurious));
        let for_nothing = pick == count;
        let read = if for_nothing {
            newest
        } else {
            nth(world, place, failure, Some(current), pick)
        };
        world.threads[now].failed_at = for_nothing.then_some(at);
        let done = could && pick == 0;
        // What a success reads, it reads by its own order.
        let read = if done {
            world.memory.last(place, success)
        } else {
            read
        };
        if done {
            put_value(world, place, success, new);
        } else {
            take_value(world, place, failure, read);
        }
        let before = shown(world, show, read.value);
        let after = if done {
            shown(world, show, new)
        } else if for_nothing {
            "no change, for no reason".to_string()
        } else if read.newest {
            "no change".to_string()
        } else {
            "no change, stale".to_string()
        };
        world.did(|world| {
            let name = &world.objects[object].name;
            format!("compare_exchange {name}: {before} → {after}")
        });
        world.did_read(read);
        if done {
            Ok(read.value)
        } else {
            Err(read.value)
        }
    })
}
