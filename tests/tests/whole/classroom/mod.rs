//! The classroom: every assignment is sound, nobody gets points without solving, and nbgrader's
//! whole round works.

mod assignments;
mod breaches;
mod command;
mod course;
mod fair;
mod files;
mod hostile;
mod limits;
mod nothing;
mod ordinary;
mod parsers;
mod round;
mod schedules;
mod told;
mod watched;
mod wrong;
