//! The explorer: what it counts, what it finds, what it proves, what bounds it.

mod axioms;
mod bounds;
mod broken;
mod counts;
mod litmus;
mod locks;
mod made_by_hand;
mod orders;
mod outcomes;
mod passed_on;
mod random;
mod reports;
mod small;
mod waiting_in_vain;
mod waits;
