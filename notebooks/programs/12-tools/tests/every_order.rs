//! Runs the program in every order that loom knows:
//! `RUSTFLAGS="--cfg loom" cargo test --release`.
#![cfg(loom)]

use tools::{BROKEN, RIGHT, two_add};

#[test]
fn broken() {
    loom::model(|| assert_eq!(two_add(BROKEN), 2));
}

#[test]
fn right() {
    loom::model(|| assert_eq!(two_add(RIGHT), 2));
}
