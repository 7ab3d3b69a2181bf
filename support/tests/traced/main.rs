//! What a trace shows of processes and pools.

mod pool;
mod process;
