//! The classroom: every assignment is sound, nobody gets points without solving, and nbgrader's
//! whole round works.

mod assignments;
mod command;
mod course;
mod hostile;
mod round;
mod wrong;
