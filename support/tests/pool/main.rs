//! Pools of worker processes: what comes back, in which order, and what becomes of tasks and
//! processes when workers die, pools end, and values are large.

mod deaths;
mod ends;
mod help;
mod values;
