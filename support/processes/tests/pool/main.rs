//! Pools of worker processes: what comes back, in which order, and what becomes of tasks and
//! processes when workers die, pools end, and values are large.

#[allow(dead_code, reason = "the tests of processes need more of it")]
#[path = "../process/alone.rs"]
mod alone;
mod deaths;
mod ends;
mod help;
mod values;
