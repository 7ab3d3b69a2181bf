//! Which values may lie in shared memory as they are.

/// Values that mean the same in each process that shares the memory they lie in: numbers, `bool`,
/// `char`, and arrays and tuples of them.
///
/// # Safety
///
/// The type, and all that is in it, holds no address, no reference and no handle: a `String`'s
/// text, for one, lies in the memory of the process that made it.
///
/// ```
/// use processes::{Plain, Shared};
///
/// #[derive(Clone, Copy)]
/// struct Point {
///     x: f64,
///     y: f64,
/// }
/// // SAFETY: two numbers.
/// unsafe impl Plain for Point {}
///
/// let place = Shared::new(Point { x: 1.0, y: 2.0 });
/// place.update(|place| place.x = 3.0);
/// assert_eq!(place.get().x + place.get().y, 5.0);
/// ```
pub unsafe trait Plain: Copy + Send + 'static {}

macro_rules! plain {
    ($($plain:ty)*) => {
        // SAFETY: each is a value without an address in it.
        $(unsafe impl Plain for $plain {})*
    };
}

plain!(() bool char f32 f64 u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

// SAFETY: what holds for each element holds for all.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}
// SAFETY: nothing, or a value for which it holds.
unsafe impl<T: Plain> Plain for Option<T> {}

macro_rules! plain_tuple {
    ($($name:ident)+) => {
        // SAFETY: what holds for each element holds for all.
        unsafe impl<$($name: Plain),+> Plain for ($($name,)+) {}
    };
}

plain_tuple!(A);
plain_tuple!(A B);
plain_tuple!(A B C);
plain_tuple!(A B C D);
