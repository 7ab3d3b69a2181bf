//! Coroutines in `for` loops.

use super::handle::Coroutine;
use super::stop::Stop;

/// What a coroutine yields, until it ends; made by `for x in coroutine`.
///
/// ```
/// use support::coroutine::Coroutine;
///
/// let two: Coroutine<u32> = Coroutine::new(|co| { co.yield_(1); co.yield_(2); });
/// assert_eq!(two.into_iter().map(|n| 10 * n).collect::<Vec<_>>(), [10, 20]);
/// ```
#[derive(Debug)]
pub struct IntoIter<Y, S, R>(Coroutine<Y, S, R>);

/// What a coroutine yields, until it ends; made by `for x in &coroutine`.
///
/// ```
/// use support::coroutine::Coroutine;
///
/// let endless: Coroutine<u32> = Coroutine::new(|co| loop { co.yield_(1); });
/// assert_eq!((&endless).into_iter().take(3).sum::<u32>(), 3);
/// assert_eq!(endless.next(), Ok(1));
/// ```
#[derive(Debug)]
pub struct Iter<'a, Y, S, R>(&'a Coroutine<Y, S, R>);

/// The next value; none when the coroutine is over. What it returned is dropped.
fn next<Y: 'static, S: 'static, R: 'static>(coroutine: &Coroutine<Y, S, R>) -> Option<Y> {
    match coroutine.next() {
        Ok(value) => Some(value),
        Err(Stop::Returned(_) | Stop::Over(_)) => None,
        Err(stop) => panic!("{stop}"),
    }
}

/// # Panics
///
/// With the panic that leaves the body, and if it is the body that calls.
impl<Y: 'static, S: 'static, R: 'static> Iterator for IntoIter<Y, S, R> {
    type Item = Y;

    fn next(&mut self) -> Option<Y> {
        next(&self.0)
    }
}

/// # Panics
///
/// With the panic that leaves the body, and if it is the body that calls.
impl<Y: 'static, S: 'static, R: 'static> Iterator for Iter<'_, Y, S, R> {
    type Item = Y;

    fn next(&mut self) -> Option<Y> {
        next(self.0)
    }
}

impl<Y: 'static, S: 'static, R: 'static> IntoIterator for Coroutine<Y, S, R> {
    type Item = Y;
    type IntoIter = IntoIter<Y, S, R>;

    fn into_iter(self) -> IntoIter<Y, S, R> {
        IntoIter(self)
    }
}

impl<'a, Y: 'static, S: 'static, R: 'static> IntoIterator for &'a Coroutine<Y, S, R> {
    type Item = Y;
    type IntoIter = Iter<'a, Y, S, R>;

    fn into_iter(self) -> Iter<'a, Y, S, R> {
        Iter(self)
    }
}
