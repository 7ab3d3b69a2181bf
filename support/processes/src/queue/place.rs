//! Where in the ring the next item goes.

/// Items begin at multiples of this many bytes, so that small ones do not straddle cache lines.
pub const UNIT: usize = 16;

/// Where an item's bytes lie in the ring.
#[derive(Clone, Copy)]
pub struct Item {
    pub start: usize,
    pub length: usize,
}

impl Item {
    fn end(self) -> usize {
        self.start + taken(self.length)
    }
}

/// The bytes that an item of this length takes. One of no length takes some too: so no two items
/// begin at one place.
fn taken(length: usize) -> usize {
    length.max(1).next_multiple_of(UNIT)
}

/// Where an item of `length` bytes fits in one piece into a ring of `size` bytes, of which the
/// items from `first` to `last` take a part.
///
/// If all of these take no more than half of the ring, there is always a place: what stays unused
/// at the ring's end is less than the item that did not fit there.
pub fn place(first: Item, last: Item, length: usize, size: usize) -> Option<usize> {
    let (end, need) = (last.end(), taken(length));
    if last.start < first.start {
        // They go over the ring's end: free is what lies between.
        (end + need <= first.start).then_some(end)
    } else if end + need <= size {
        Some(end)
    } else {
        (need <= first.start).then_some(0)
    }
}
