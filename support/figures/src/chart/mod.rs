//! Charts of numbers, by plotters' chart API: bars, lines or distributions.

mod axis;
mod bars;
mod field;
mod head;
mod histogram;
mod lines;
mod shared;

pub use bars::Bars;
pub use histogram::Histogram;
pub use lines::Lines;
