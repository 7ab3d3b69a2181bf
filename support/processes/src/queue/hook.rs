//! Where a test stops a process in the middle of a put, a get or a close. Outside of tests there is nothing.

/// Places in a put, a get and a close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Holds the lock; half of the item's bytes are copied.
    MidPut,
    /// The item is in; who sleeps was not woken yet.
    Put,
    /// Holds the lock; half of the item's bytes are copied.
    MidGet,
    /// The item is out; who sleeps was not woken yet.
    Got,
    /// Nothing comes in any more; who waits for room does not know it yet.
    MidClose,
}

#[cfg(not(test))]
#[inline(always)]
pub fn reach(_: Point) {}

#[cfg(test)]
pub use tests::{reach, stop_at};

#[cfg(test)]
mod tests {
    use super::Point;
    use std::cell::Cell;

    type Stop = (Point, fn());

    thread_local! {
        static STOP: Cell<Option<Stop>> = const { Cell::new(None) };
    }

    /// Has this thread call `stop` whenever it comes to `point`.
    pub fn stop_at(point: Point, stop: fn()) {
        STOP.set(Some((point, stop)));
    }

    pub fn reach(point: Point) {
        if let Some((at, stop)) = STOP.get()
            && at == point
        {
            stop();
        }
    }
}
