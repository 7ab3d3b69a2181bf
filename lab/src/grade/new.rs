//! `cargo lab new-assignment`.
