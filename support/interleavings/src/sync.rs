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
pub mod channel;
mod condvar;
mod lock;
pub mod mpsc;
mod mutex;
mod once;
mod rwlock;

pub use std::sync::{Arc, LockResult, PoisonError, TryLockError, TryLockResult, Weak};

pub use barrier::{Barrier, BarrierWaitResult};
pub use condvar::{Condvar, WaitTimeoutResult};
pub use mutex::{Mutex, MutexGuard};
pub use once::{Once, OnceLock};
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
