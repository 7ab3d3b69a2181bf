//! The classroom: every assignment is sound, nobody gets points without solving, and nbgrader's
//! whole round works.

mod assignments;
mod breaches;
mod command;
pub mod course;
mod environment;
mod fair;
mod fifty;
mod files;
mod hostile;
mod landlock;
mod limits;
mod nothing;
mod ordinary;
mod parsers;
mod round;
mod schedules;
mod scope;
mod told;
mod watched;
mod wrong;
