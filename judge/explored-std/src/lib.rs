//! What stands for `std` where a solution is tried in every schedule.
//!
//! `cargo lab grade` compiles the student's text once more, with this crate in the places of `std`,
//! `core`, `alloc` and `support` (rustc's `--extern std=…`, which the injected prelude follows, too). So
//! the same text uses the explorer's locks and threads, and what is not listed here does not exist for it:
//! no file, socket, process, descriptor, environment or clock, no lock or atomic that the explorer would
//! not see, no macro that reads a file. The list is of what is allowed: what std gains later stays out.
//!
//! What std's modules and macros bring of their own (`$crate`) is still the real one: printing is
//! therefore replaced, not passed on.
//!
//! For: solutions that share memory between threads. Not for: a program of one's own, which needs
//! nothing of this and has `interleavings`.

pub use std::{
    any, array, ascii, borrow, boxed, cell, char, clone, cmp, collections, convert, default, error,
    f32, f64, fmt, future, hash, iter, marker, mem, num, ops, option, pin, ptr, rc, result, slice,
    str, string, task,
};
pub use std::{
    assert, assert_eq, assert_ne, cfg, column, compile_error, concat, debug_assert,
    debug_assert_eq, debug_assert_ne, file, format, format_args, line, matches, module_path,
    stringify, todo, unimplemented, unreachable, vec, write, writeln,
};

pub use interleavings::{hint, sync, thread, thread_local};

/// Without hooks, which the explorer needs for itself.
pub mod panic {
    pub use std::panic::{
        AssertUnwindSafe, Location, RefUnwindSafe, UnwindSafe, catch_unwind, panic_any,
        resume_unwind,
    };
}

/// Without clocks: in an explored program there is no time.
pub mod time {
    pub use std::time::Duration;
}

/// Where the macro [`panic!`] finds the real one: core's module of that name has no hooks.
#[doc(hidden)]
pub mod __core {
    pub use core::panic;
}

/// std's, whose name the module [`panic`](mod@panic) bears as well.
#[macro_export]
macro_rules! panic {
    ($($words:tt)*) => { $crate::__core::panic!($($words)*) };
}

/// std's preludes, and what `support::prelude` has of them.
pub mod prelude {
    pub use super::time::Duration;
    pub use super::{any::Any, thread};

    /// For the edition of all solutions.
    pub mod rust_2024 {
        pub use super::v1::*;
        pub use std::future::{Future, IntoFuture};
    }

    /// What each edition has.
    pub mod v1 {
        pub use crate::{
            assert, assert_eq, assert_ne, cfg, column, compile_error, concat, dbg, debug_assert,
            debug_assert_eq, debug_assert_ne, eprint, eprintln, file, format, format_args, line,
            matches, module_path, panic, print, println, stringify, thread_local, todo,
            unimplemented, unreachable, vec, write, writeln,
        };
        // The derive macros among them.
        pub use std::borrow::ToOwned;
        pub use std::boxed::Box;
        pub use std::clone::Clone;
        pub use std::cmp::{Eq, Ord, PartialEq, PartialOrd};
        pub use std::convert::{AsMut, AsRef, From, Into, TryFrom, TryInto};
        pub use std::default::Default;
        pub use std::iter::{
            DoubleEndedIterator, ExactSizeIterator, Extend, FromIterator, IntoIterator, Iterator,
        };
        pub use std::marker::{Copy, Send, Sized, Sync, Unpin};
        pub use std::mem::{align_of, align_of_val, drop, size_of, size_of_val};
        pub use std::ops::{AsyncFn, AsyncFnMut, AsyncFnOnce, Drop, Fn, FnMut, FnOnce};
        pub use std::option::Option::{self, None, Some};
        pub use std::prelude::v1::{Debug, Hash, derive, test};
        pub use std::result::Result::{self, Err, Ok};
        pub use std::string::{String, ToString};
        pub use std::vec::Vec;
    }
}

/// Nobody reads what an explored program prints, so that it is written and dropped.
#[macro_export]
macro_rules! print {
    ($($words:tt)*) => { $crate::mem::drop($crate::format!($($words)*)) };
}

/// As [`print!`].
#[macro_export]
macro_rules! eprint {
    ($($words:tt)*) => { $crate::mem::drop($crate::format!($($words)*)) };
}

/// As [`print!`].
#[macro_export]
macro_rules! println {
    ($($words:tt)*) => { $crate::mem::drop($crate::format!($($words)*)) };
}

/// As [`print!`].
#[macro_export]
macro_rules! eprintln {
    ($($words:tt)*) => { $crate::mem::drop($crate::format!($($words)*)) };
}

/// The value, or the values.
#[macro_export]
macro_rules! dbg {
    () => {};
    ($value:expr $(,)?) => { $value };
    ($($value:expr),+ $(,)?) => { ($($value),+,) };
}
