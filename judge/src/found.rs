//! What the judge asks of a program that tries every schedule, and what comes back: both sides read this.

/// A key that the judge draws; the most schedules to try; a scenario's arguments, encoded; and an end, to
/// see the first schedule that comes to it.
pub type Asked = (u64, u64, Vec<u8>, Option<Vec<u8>>);

/// The key; what was tried; the ends, each encoded; and why one schedule fails, if one does.
pub type Found = (u64, Tried, Vec<Vec<u8>>, Option<Fails>);

/// How many schedules, whether these are all, and the search's own sentence.
pub type Tried = (u64, bool, String);

/// Why; in which thread, if in one; its steps, each with its thread; and its picture.
pub type Fails = (String, String, Vec<(String, String)>, Plain);

/// A picture as plain data: lanes and stretches, as `interleavings::Sketch` has them.
pub type Plain = (Vec<PlainLane>, Vec<PlainStretch>);

/// Name, parent, beginning, end, and whether it ended with a panic.
pub type PlainLane = (String, usize, usize, Option<usize>, bool);

/// Lane, what it did (0 held, 1 waited, 2 a step), label, beginning and end.
pub type PlainStretch = (usize, u8, String, usize, usize);

/// More different ends than this no scenario has: one that has is told so.
pub const MOST_ENDS: usize = 1000;
/// A schedule of more steps is given up, and no picture has room for more.
pub const MOST_STEPS: usize = 200;
