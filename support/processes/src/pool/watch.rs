//! Somebody who follows a pool's workers, such as a trace.

use std::any::Any;

use crate::exit::Exit;

/// Is told when a pool's workers begin and end. See [`Pool::watched`](super::Pool::watched).
pub trait Watch: Send + Sync {
    /// Called in each worker, a forked process, as it begins. What it returns is dropped as the
    /// worker ends by itself.
    fn begins(&self) -> Box<dyn Any>;

    /// Called in the pool's process when a worker has ended that was not dismissed.
    fn ended(&self, pid: i32, exit: Exit);
}
