//! The explorer: what it counts, what it finds, what it proves, what bounds it.

mod bounds;
mod broken;
mod counts;
mod locks;
mod orders;
mod reports;
mod waits;
