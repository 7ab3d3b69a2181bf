//! Runs the program many times, as an ordinary test does.
#![cfg(not(loom))]

use tools::{BROKEN, Orders, RIGHT, two_add};

fn ten_thousand_times(orders: Orders) {
    let wrong = (0..10_000).filter(|_| two_add(orders) != 2).count();
    assert_eq!(wrong, 0, "so many of 10,000 runs came to a wrong sum");
}

#[test]
fn broken() {
    ten_thousand_times(BROKEN);
}

#[test]
fn right() {
    ten_thousand_times(RIGHT);
}
